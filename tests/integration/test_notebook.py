"""The notebook: its thirty cells, run in a fresh kernel offline and local, and on a real LM at Modal."""

from __future__ import annotations

import re
from pathlib import Path

import nbformat
import pytest

from rlm_tui.core.redaction import Redactor
from rlm_tui.lm.offline import answer_prompt
from tests.contract.sandboxes import needs_bubblewrap
from tests.integration.notebooks import (
    NOTEBOOK,
    Executed,
    execute,
    execute_once,
    jupyter_home,
    kernel_environment,
    read_notebook,
)
from tests.lm_server import Answer, Kind, LMRequest, planner_script
from tests.lm_server.answers import Reply
from tests.lm_server.fixtures import StartLM
from tests.modal_server import LoopbackModal

KEY = "planted-key-of-the-notebook-4711"
SHAPED = "sk-" + "n0tebook" * 5
MARKDOWN, CODE = "markdown", "code"
CELLS = [
    (MARKDOWN, "title", "# Recursive Language Models, from the inside"),
    (MARKDOWN, "dependencies", "## 1 · What has to be there"),
    (CODE, "versions", ""),
    (MARKDOWN, "configuration", "## 2 · Which model, which sandbox"),
    (CODE, "explorer", ""),
    (MARKDOWN, "secret", "## 3 · Modal's secret"),
    (CODE, "secret-there", ""),
    (MARKDOWN, "secret-filled", "A secret can have the right key"),
    (CODE, "secret-value", ""),
    (MARKDOWN, "driver", "## 4 · The driver"),
    (CODE, "driver-by-hand", ""),
    (MARKDOWN, "interpreter", "## 5 · The interpreter"),
    (CODE, "two-sandboxes", ""),
    (MARKDOWN, "demonstrations", "# Demonstrations"),
    (CODE, "basic", 'basic = explorer.run("basic"'),
    (MARKDOWN, "architecture", "## B · A document too long for a prompt"),
    (CODE, "long-document", 'architecture = explorer.run(\n    "architecture"'),
    (MARKDOWN, "volume", "## C · What a run derives, the next one finds"),
    (CODE, "volume-caching", ""),
    (MARKDOWN, "parallel", "## D · Many questions at once"),
    (CODE, "api-endpoints", 'endpoints = explorer.run("api-endpoints")'),
    (MARKDOWN, "steps", "## E · Several steps over variables that last"),
    (CODE, "error-patterns", 'errors = explorer.run("error-patterns")'),
    (MARKDOWN, "history", "## F · The whole history"),
    (CODE, "trajectory", ""),
    (MARKDOWN, "tools", "## G · A tool of your own"),
    (CODE, "custom-tools", ""),
    (CODE, "compare", "# H · Was it worth it?"),
    (MARKDOWN, "best-practices", "# Best practices"),
    (MARKDOWN, "summary", "# What you saw"),
]
DEMONSTRATIONS = [name for kind, name, _ in CELLS[14:28] if kind == CODE]
ABSOLUTE_PATH = re.compile(r"""(?:^|[\s"'`(=])(/[a-z][\w.-]*/[\w.-]+|[A-Z]:\\|~/)""", re.MULTILINE)
NO_PATH_OF_A_MACHINE = ("/data/", "/v1/", "/v2/")


@pytest.fixture(scope="module")
def offline(tmp_path_factory: pytest.TempPathFactory) -> Executed:
    """Run once with nothing configured, in a home that was never used, beside a key that is nobody's."""
    home = tmp_path_factory.mktemp("home")
    shared = tmp_path_factory.getbasetemp().parent
    with pytest.MonkeyPatch.context() as patch, jupyter_home(home, patch):
        return execute_once(shared, kernel_environment(home, SOME_API_KEY=KEY, OTHER_TOKEN=SHAPED))


def test_the_thirty_cells_stand_in_their_order() -> None:
    cells = read_notebook().cells
    assert [(cell.cell_type, cell.id) for cell in cells] == [(kind, name) for kind, name, _ in CELLS]
    for cell, (_, name, begins) in zip(cells, CELLS, strict=True):
        assert cell.source.startswith(begins), name


def test_the_committed_file_holds_no_output_no_path_and_no_key() -> None:
    text = NOTEBOOK.read_text(encoding="utf-8")
    notebook = read_notebook()
    nbformat.validate(notebook)
    for cell in notebook.cells:
        assert not cell.metadata, cell.id
        if cell.cell_type == CODE:
            assert cell.outputs == [], cell.id
            assert cell.execution_count is None, cell.id
        paths = [
            path for path in ABSOLUTE_PATH.findall(cell.source) if not path.startswith(NO_PATH_OF_A_MACHINE)
        ]
        assert not paths, (cell.id, paths)
    assert notebook.metadata.kernelspec.name == "python3"
    assert set(notebook.metadata) == {"kernelspec", "language_info"}
    assert Redactor().text(text) == text
    assert text == nbformat.writes(notebook) + "\n", "the file is written as nbformat writes it"


@pytest.mark.slow
def test_offline_and_local_every_cell_runs(offline: Executed) -> None:
    nbformat.validate(offline.notebook)
    for cell in offline.notebook.cells:
        if cell.cell_type == CODE:
            assert cell.execution_count is not None, cell.id
            assert cell.outputs, f"{cell.id} shows nothing"
            assert not [output for output in cell.outputs if output.output_type == "error"], cell.id
            assert not [output for output in cell.outputs if output.get("name") == "stderr"], cell.id
    assert "planner  offline demo: no LM is called" in offline.text("explorer")
    assert "ok       local cell" in offline.text("explorer")
    for cell in ("secret-there", "secret-value"):
        assert offline.text(cell).startswith("Modal is not configured"), cell
        assert offline.text(cell).count("\n") == 1, cell


@pytest.mark.slow
def test_offline_the_inside_is_shown_at_work(offline: Executed) -> None:
    spoken = offline.text("driver-by-hand")
    assert '"text":"8 words\\n"' in spoken
    assert '← {"type":"call","call":1,"name":"llm_query","args":["Where is it? the third stair."]' in spoken
    sandboxes = offline.text("two-sandboxes")
    first, _, second = sandboxes.partition("second: ProcessInterpreter")
    assert first.startswith("first: ProcessInterpreter")
    assert "\n285\n" in first
    assert "IndexError: list index out of range\n>>> len(squares)\n10\n" in first
    assert ">>> 'squares' in globals()\nFalse\n" in second
    assert "'[0, 1, 4, 9, 16, 25, 36, 49, 64, 81]'" in second


@pytest.mark.slow
def test_offline_what_it_shows_is_true(offline: Executed) -> None:
    assert "{'answer': '0, 1, 1, 2, 3, 5, 8, 13, 21, 34, 55, 89'}" in offline.text("basic")
    check_findings(offline)
    assert re.search(r"^first +False", offline.text("volume-caching"), re.MULTILINE)
    calls = re.findall(
        r"^(?:first|second) +(?:True|False) +(\d+)", offline.text("volume-caching"), re.MULTILINE
    )
    first, second = map(int, calls)
    assert second < first / 4
    assert "With a real model" in offline.text("custom-tools")
    truth = re.search(r"^truth +(\d+) of 66 +(\d+) of 66", offline.text("compare"), re.MULTILINE)
    assert truth is not None
    assert int(truth[1]) == 66
    assert int(truth[2]) < 66
    assert "31% cut: " in offline.text("compare")


@pytest.mark.slow
def test_a_run_shows_its_reasoning_code_output_calls_answer_and_numbers(offline: Executed) -> None:
    for cell in DEMONSTRATIONS:
        assert "<details open" in offline.html(cell), cell
        assert "iterations" in offline.html(cell), cell
        assert "<script" not in offline.html(cell), cell
    shown = offline.html("api-endpoints")
    for words in (
        "Each section may define endpoints",  # the planner's reasoning
        "chunk_by_headers",  # its code
        "34,987 characters, 85 sections",  # what a cell printed
        "llm_query_batched × 23",
        "Until 2024 this was `POST /v1/trees`, which is gone.",  # an answer of the sub-LM
        "DELETE /v2/sensors/{sensor_id}",  # the answer
        "23 sub-LM calls",
        "truth: 66 of 66 facts found",
    ):
        assert words in shown, words


@pytest.mark.slow
def test_no_key_and_no_path_is_in_what_was_executed(offline: Executed) -> None:
    assert KEY not in offline.everything
    assert SHAPED not in offline.everything
    shown = "".join(offline.text(name) + offline.html(name) for kind, name, _ in CELLS if kind == CODE)
    assert str(NOTEBOOK.parents[1]) not in shown
    assert not re.search(r"/(?:home|tmp|root|Users|var)/", shown)


@pytest.mark.slow
@pytest.mark.bubblewrap
@needs_bubblewrap
@pytest.mark.timeout(300)
def test_on_modal_and_a_real_lm_when_they_are_configured(
    loopback_modal: LoopbackModal, loopback_lm: StartLM, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = loopback_lm(provider, key=KEY)
    environment = kernel_environment(
        tmp_path,
        **loopback_modal.environment,
        RLM_TUI_SANDBOX_KIND="modal",
        DSPY_LM_MODEL="openai/test-model",
        DSPY_LM_API_BASE=server.api_base,
        DSPY_LLM_API_KEY=KEY,
    )
    with jupyter_home(tmp_path, monkeypatch):
        done = execute(environment)

    assert "planner  openai/test-model" in done.text("explorer")
    assert "sandbox  modal" in done.text("explorer")
    assert done.text("secret-there") == "ok: LITELLM has DSPY_LLM_API_KEY.\n"
    assert done.text("secret-value") == "ok: DSPY_LLM_API_KEY of LITELLM has a value (not shown).\n"
    assert "second: ModalInterpreter" in done.text("two-sandboxes")
    assert "'[0, 1, 4, 9, 16, 25, 36, 49, 64, 81]'" in done.text("two-sandboxes")
    kept = loopback_modal.volume("rlm-volume-dspy")
    assert (kept / "notebook" / "squares.json").read_text() == "[0, 1, 4, 9, 16, 25, 36, 49, 64, 81]"
    check_findings(done)
    assert "'field': 14" in done.text("custom-tools").splitlines()[-1]
    assert "status         submitted" in done.text("compare")
    assert "all of 35 K characters" in done.text("compare")

    assert server.planner_calls > 20
    assert server.sub_calls > 100
    assert len(loopback_modal.sandboxes) > 10
    assert not [sandbox for sandbox in loopback_modal.sandboxes if sandbox.alive]
    for secret in (KEY, *loopback_modal.environment.values(), "sk-loopback-planted-key"):
        assert secret.startswith(("http", "/")) or secret not in done.everything
    assert "The key is [redacted]." in done.html("basic"), "the planner said it, and it was taken out"


def check_findings(done: Executed) -> None:
    """What the demonstrations found, by the truth beside their documents; the same here and at Modal."""
    assert "66 of 66 facts found (api_endpoints 66/66)\n" in done.text("api-endpoints")
    assert "6 of 6 facts found (error_categories 5/5; total_errors_found 1/1)\n" in done.text(
        "error-patterns"
    )
    assert "truth: 2 of 2 facts found (headers 2/2)\n" in done.text("custom-tools")
    found = re.search(r"^(\d+) modules, (\d+) optimizers$", done.text("long-document"), re.MULTILINE)
    assert found is not None
    assert int(found[1]) > 5
    assert int(found[2]) > 5
    sizes = re.search(r"the document: ([\d,]+) bytes; .* ([\d,]+) characters", done.text("long-document"))
    assert sizes is not None
    document, prompt = (int(size.replace(",", "")) for size in sizes.groups())
    assert prompt < document / 5
    assert re.search(r"^second +True", done.text("volume-caching"), re.MULTILINE)
    assert re.search(r"cache/\w{16}/index\.json  [\d,]+ bytes", done.text("volume-caching"))
    assert "docs, a str of 2,000,039" in done.text("error-patterns")
    assert "events; the same numbers: True\n" in done.text("trajectory")
    assert "the cells called {'regex_extract': 2}\n" in done.text("custom-tools")
    assert "by team: {'platform': 41, 'field': 14, 'money': 11}\n" in done.text("custom-tools")


TEAM_CELLS = planner_script(
    [
        (
            "Look.",
            "import re\nfound = sorted(set(re.findall(r'^`([A-Z]+ /v2/\\S+)`$', docs, re.M)))\nlen(found)",
        ),
        (
            "Count.",
            "from collections import Counter\n"
            "SUBMIT(endpoints_by_team=dict(Counter(team_of(endpoint) for endpoint in found)))",
        ),
    ]
)


def provider(request: LMRequest) -> Reply:
    """Answers over HTTP as the offline demo does, and knows how to use the notebook's own tool."""
    if request.kind is Kind.PLANNER and "endpoints_by_team" in request.system:
        return TEAM_CELLS(request)
    answer = answer_prompt(request.system, request.prompt)
    return Answer(answer.replace("[[ ## reasoning ## ]]\n", f"[[ ## reasoning ## ]]\nThe key is {KEY}. ", 1))
