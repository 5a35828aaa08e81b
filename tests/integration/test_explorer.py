"""`Explorer`: runs from Python, and how they are shown in a kernel while they go on."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import dspy
import pytest
from jupyter_client.manager import start_new_kernel

from rlm_tui import Explorer
from rlm_tui.core.settings import SettingsError
from rlm_tui.core.task import TaskError
from rlm_tui.core.tasks import MissingInput, make_task
from rlm_tui.headless.explorer import RunEndedError
from rlm_tui.lm.models import build_models
from rlm_tui.store.run_log import open_run
from tests.integration.notebooks import jupyter_home, kernel_environment
from tests.integration.session_runs import KEY
from tests.lm_server import Answer, StatusFailure, by_kind, planner_script
from tests.lm_server.fixtures import StartLM


class Extract(dspy.Signature):
    """Count the words of `docs`."""

    docs: str = dspy.InputField()
    words: int = dspy.OutputField()


def shout(text: str, times: int) -> str:
    """`text`, loud."""
    return text.upper() * times


@pytest.fixture
def model(monkeypatch: pytest.MonkeyPatch, loopback_lm: StartLM) -> Any:
    """Makes a provider with a script the model that settings name."""

    def configure(script: Any) -> Any:
        server = loopback_lm(script, key=KEY)
        monkeypatch.setenv("DSPY_LM_MODEL", "openai/test-model")
        monkeypatch.setenv("DSPY_LM_API_BASE", server.api_base)
        monkeypatch.setenv("DSPY_LLM_API_KEY", KEY)
        return server

    return configure


def test_a_run_gives_its_answer_its_numbers_its_log_and_the_truth(capsys: pytest.CaptureFixture[str]) -> None:
    run = Explorer().run("api-endpoints")
    assert run.status == "submitted"
    assert len(run.outputs["api_endpoints"]) == 66
    assert run.check is not None
    assert (run.check.found, run.check.of) == (66, 66)
    assert run.totals.llm_calls == 23
    assert run.error is None
    assert "api-endpoints" in repr(run)
    assert "submitted · 4 iterations · 23 sub-LM calls" in repr(run)
    assert run.log is not None
    assert open_run(run.log).trajectory().totals == run.totals
    assert "iteration 1/20" in capsys.readouterr().out, "without a notebook it is told in lines"


def test_what_can_be_run(model: Any, tmp_path: Path) -> None:
    document = tmp_path / "notes.md"
    document.write_text("one two three\n")
    cells = [("Count.", "SUBMIT(words=len(docs.split()))")]
    signature = "docs -> words: int"
    own = tmp_path / "count.toml"
    own.write_text('signature = "docs -> words: int"\ndocument_input = "docs"\n')
    for task in (
        signature,
        str(own),
        Extract,
        make_task(name="t", signature=signature, document_input="docs"),
    ):
        model(planner_script(cells))
        assert Explorer().run(task, document).outputs == {"words": 3}, task
    model(planner_script(cells))
    assert Explorer().run(signature, docs="a text, given as it is").outputs == {"words": 6}
    model(planner_script([("Count.", "SUBMIT(modules=[docs], optimizers=[], design_principles=[])")]))
    run = Explorer().run("architecture", docs="in the place of the task's own document")
    assert run.outputs["modules"] == ["in the place of the task's own document"]


def test_a_function_is_a_tool_for_cells_by_name_and_by_position(model: Any) -> None:
    cells = [
        ("By name.", "first = shout(text='a', times=2)"),
        ("By position.", "SUBMIT(answer=first + shout('b', 3) + regex_extract('c+', 'bccd')[0])"),
    ]
    server = model(planner_script(cells))
    run = Explorer().run(
        "question -> answer", question="?", tools=[shout, "regex_extract"], instructions="Be loud."
    )
    assert run.outputs == {"answer": "AABBBcc"}
    assert [call.name for call in run.trajectory.calls] == ["shout", "shout", "regex_extract"]
    assert "`text`, loud." in server.requests[0].system
    assert "Be loud." in server.requests[0].system


def test_what_is_asked_wrongly_is_said_before_anything_runs() -> None:
    def inner(text: str) -> str:
        """Not to be found by its name."""
        return text

    explorer = Explorer()
    with pytest.raises(TaskError, match="inner can't be found by its name"):
        explorer.run("basic", tools=[inner])
    with pytest.raises(TaskError, match="no task named 'basik': did you mean basic"):
        explorer.run("basik")
    with pytest.raises(MissingInput, match="needs a value for question"):
        explorer.run("question -> answer")
    with pytest.raises(SettingsError, match="--sandbox"):
        Explorer(sandbox="elsewhere")


def test_a_run_without_an_answer_is_an_error_that_keeps_the_run(model: Any) -> None:
    model(lambda _: StatusFailure(401, f"Incorrect API key provided: {KEY}.", code="invalid_api_key"))
    with pytest.raises(RunEndedError, match=r"\[redacted\]") as failed:
        Explorer().run("basic")
    assert KEY not in str(failed.value)
    assert failed.value.run.status == "failed"
    model(planner_script([("Wait.", "print('found')")] * 3))
    with pytest.raises(RunEndedError) as ended:
        Explorer(max_tokens=1).run("basic")
    assert ended.value.run.status == "budget"
    assert ended.value.run.trajectory.iterations


def test_a_wrong_setting_is_named_without_the_secret_in_it(monkeypatch: pytest.MonkeyPatch) -> None:
    secret = "sk-" + "4711" * 8
    monkeypatch.setenv("RLM_TUI_SANDBOX_KIND", secret)
    with pytest.raises(SettingsError) as wrong:
        Explorer()
    assert secret not in str(wrong.value) + wrong.value.hint
    assert "RLM_TUI_SANDBOX_KIND" in str(wrong.value)


def test_its_interpreter_takes_tools_and_is_dspys() -> None:
    explorer = Explorer()
    interpreter = explorer.interpreter(tools=[shout])
    try:
        assert interpreter.execute("shout(word, 2)", {"word": "ab"}).strip() == "'ABAB'"
    finally:
        interpreter.shutdown()
    models = build_models(explorer.settings)
    with dspy.context(lm=models.planner):
        rlm = dspy.RLM("question -> answer", interpreter_factory=explorer.interpreter)
        assert "0, 1, 1, 2, 3, 5" in rlm(question="What are the first 12 Fibonacci numbers?").answer


def test_a_comparison_is_a_table_in_text_and_in_html() -> None:
    comparison = Explorer().compare("api-endpoints", window=6_000)
    lines = repr(comparison).splitlines()
    assert lines[0].split() == ["RLM", "one", "prompt"]
    assert any(line.startswith("truth") and "66 of 66" in line for line in lines)
    assert "did not fit into 6,000" in repr(comparison)
    page = comparison._repr_html_()
    assert "<td" in page
    assert "66 of 66" in page


def test_what_is_written_in_settings_is_only_text() -> None:
    assert "␛[31m" in repr(Explorer(lm="openai/\x1b[31mred"))


def test_a_comparison_goes_on_without_the_rlms_answer(model: Any, tmp_path: Path) -> None:
    model(by_kind(planner_script([]), planner=StatusFailure(401, "No.", code="invalid_api_key")))
    failed = Explorer().compare("question -> answer", question="?")
    assert failed.rlm.status == "failed"
    assert failed.direct.outputs == {"answer": "answer found"}
    model(planner_script([("Wait.", "print('found')")] * 3))
    spent = Explorer(max_tokens=1).compare("question -> answer", question="?")
    assert (spent.rlm.status, spent.direct.status) == ("budget", "answered")


def test_ctrl_c_during_the_one_prompt_keeps_the_run(model: Any) -> None:
    def interrupted(_: Any) -> Answer:
        os.kill(os.getpid(), signal.SIGINT)
        return Answer("never read", delay=20)

    model(planner_script([("Done.", "SUBMIT(answer='paid for')")], predict_answer=interrupted))
    comparison = Explorer().compare("question -> answer", question="?")
    assert comparison.rlm.outputs == {"answer": "paid for"}
    assert comparison.direct.status == "cancelled"


@pytest.mark.slow
def test_in_a_kernel_a_run_is_shown_while_it_goes_on_and_the_stop_button_cancels_it(
    model: Any, loopback_lm: StartLM, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cells = [("Look <b>closely</b>.", "print('$5 and <i>6</i>')"), ("Wait.", "import time\ntime.sleep(60)")]
    server = model(planner_script(cells))
    environment = kernel_environment(
        tmp_path,
        DSPY_LM_MODEL="openai/test-model",
        DSPY_LM_API_BASE=server.api_base,
        DSPY_LLM_API_KEY=KEY,
    )
    with jupyter_home(tmp_path, monkeypatch):
        manager, client = start_new_kernel(kernel_name="python3", env=environment)
    try:
        client.execute("from rlm_tui import Explorer\nExplorer().run('basic')")
        pages: list[str] = []

        def until(kind: str, where: Any = lambda _: True) -> Any:
            ends = time.monotonic() + 60
            while time.monotonic() < ends:
                message = client.get_iopub_msg(timeout=60)
                content = message["content"]
                if "text/html" in content.get("data", {}):
                    pages.append(content["data"]["text/html"])
                if message["msg_type"] == kind and where(content):
                    return content
            raise AssertionError(f"no {kind} came")

        until("display_data")
        until("update_display_data", lambda content: "time.sleep" in content["data"]["text/plain"])
        assert "&lt;b&gt;closely&lt;/b&gt;" in pages[-1], "what a model writes is no markup"
        assert "$5 and &lt;i&gt;6&lt;/i&gt;" in pages[-1]
        assert "mathjax_ignore" in pages[-1]
        manager.interrupt_kernel()
        assert until("error")["ename"] == "RunEndedError"
        assert "cancelled" in pages[-1]
        until("status", lambda content: content["execution_state"] == "idle")
        client.execute("print('the kernel lives')")
        assert until("stream")["text"] == "the kernel lives\n"
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


def test_what_the_readme_shows_runs(tmp_path: Path) -> None:
    readme = (Path(__file__).parents[2] / "README.md").read_text("utf-8")
    (code,) = re.findall(r"```python\n# ask\.py\n(.*?)```", readme, re.DOTALL)
    (tmp_path / "notes.md").write_text("# Council\n\nThe harbour master decides who may land.\n")
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "harbour master" in done.stdout
    assert "events.jsonl" in done.stdout
