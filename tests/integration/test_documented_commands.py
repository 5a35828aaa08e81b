"""Every command of README.md, AGENTS.md and docs/ as a person types it, section after section."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.contract.sandboxes import needs_bubblewrap
from tests.documented.expected import EXPECTED, NotRun, Ran, Shown
from tests.documented.pages import Section, files, key, sections
from tests.documented.stage import Stage
from tests.integration.session_runs import KEY, make_task, request, run
from tests.lm_server import Answer, LoopbackLM, always, planner_script
from tests.lm_server.fixtures import StartLM
from tests.modal_server import LoopbackModal

pytestmark = pytest.mark.slow

# Sections in which a person has a model, and what the account at Modal holds before them.
FRESH, ROTATING = "workflows.md: A. A fresh machine", "workflows.md: D. Rotating credentials"
OWN_STATE = (FRESH, ROTATING)
# Sections whose commands look at the runs that they made.
OWN_RUNS = (
    "runs.md: The library",
    "runs.md: Find, time, compare",
    "runs.md: Export and import",
    "debugging.md: Fork",
)
DOTENV, VOLUME = ".env", "rlm-volume-dspy"
OLD_SECRET = {"LITELLM": {"DSPY_LLM_API_KEY": "the-old-key-4711"}}


def plan() -> list[tuple[Section, tuple[str, ...]]]:
    """The lines of each section. What stands in several is run in the first, and the sections with a state
    of their own come first; those and the ones with runs of their own are run whole; what stands in a
    sentence only comes after the blocks.
    """
    in_blocks = {key(line) for section in sections() for line in section.lines}
    before: set[str] = set()
    planned = []
    for section in sorted(sections(), key=lambda one: one.name not in OWN_STATE):
        whole = section.name in (*OWN_STATE, *OWN_RUNS)
        lines = [line for line in section.lines if whole or key(line) not in before]
        lines += [line for line in section.inline if key(line) not in in_blocks | before]
        before.update(map(key, lines))
        lines = [line for line in lines if not isinstance(EXPECTED.get(key(line)), NotRun)]
        if lines:
            planned.append((section, tuple(lines)))
    return planned


def to_modal(lines: tuple[str, ...]) -> bool:
    return any(isinstance(one := EXPECTED.get(key(line)), Ran | Shown) and one.modal for line in lines)


def cases() -> Iterator[Any]:
    for section, lines in plan():
        marks = [pytest.mark.bubblewrap, needs_bubblewrap] if to_modal(lines) else []
        yield pytest.param(section.name, lines, id=section.name, marks=marks)


@pytest.mark.parametrize(("name", "lines"), cases())
def test_a_section_does_what_it_says(name: str, lines: tuple[str, ...], tmp_path: Path) -> None:
    with ExitStack() as stack:
        environment: dict[str, str] = {}
        if to_modal(lines):
            secrets = {FRESH: {}, ROTATING: OLD_SECRET}.get(name)
            account = stack.enter_context(LoopbackModal(tmp_path / "modal", secrets=secrets))
            if name != FRESH:
                account.volume(VOLUME)
            environment = account.environment
        stage = Stage(tmp_path, **environment)
        model = None
        if name in OWN_STATE:
            model = stack.enter_context(LoopbackLM(always(Answer("ready")), key=KEY))
        if name == ROTATING:
            shutil.copy(stage.folder / ".env.example", stage.folder / DOTENV)
        for line in lines:
            if model is not None and (stage.folder / DOTENV).exists():
                fill_in(stage.folder / DOTENV, model)
            do(stage, line)
        if model is not None:
            assert model.requests, "the model of .env was asked"
            assert account.account.secrets["LITELLM"]["DSPY_LLM_API_KEY"] == KEY


def do(stage: Stage, line: str) -> None:
    """Run a line, and see that it does what is said of it."""
    expected = EXPECTED[key(line)]
    if isinstance(expected, Shown):
        assert stage.show(line, expected.steps) == 0, line
        return
    assert isinstance(expected, Ran)
    typed = line
    for whole, part in expected.instead.items():
        typed = typed.replace(whole, part)
    ended = stage.run(typed)
    said = ended.stdout + ended.stderr
    assert ended.code == expected.code, f"{line}\n{said}"
    for words in expected.says:
        assert words in said, f"{line}\n{said}"
    assert "Traceback" not in said, f"{line}\n{said}"


def test_sections_with_a_state_of_their_own_are_there() -> None:
    assert {*OWN_STATE, *OWN_RUNS} <= {section.name for section in sections()}


def fill_in(path: Path, model: LoopbackLM) -> None:
    """What a person writes into a copy of .env.example."""
    text = path.read_text("utf-8").replace("openai/gpt-5-mini", "openai/test-model")
    text = text.replace("DSPY_LLM_API_KEY=\n", f"DSPY_LLM_API_KEY={KEY}\nDSPY_LM_API_BASE={model.api_base}\n")
    path.write_text(text, "utf-8")


def test_the_tool_that_is_shown_is_called(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, loopback_lm: StartLM
) -> None:
    (tmp_path / "shown_tools.py").write_text(files()["my_tools.py"], "utf-8")
    monkeypatch.chdir(tmp_path)
    task = make_task(name="pump", signature="question -> answer: str", tools=("shown_tools:lookup",))
    server = loopback_lm(planner_script([("I look it up.", "SUBMIT(answer=lookup('Pump'))")]), key=KEY)
    finished = run(request(task, server)).finished()
    assert finished.outputs == {"answer": "Maren"}, finished
