"""`from rlm_tui import record`: a person's own `dspy.RLM`, recorded as a saved run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import dspy
import pytest

from rlm_tui import record
from rlm_tui.core.events import RunStarted
from rlm_tui.engine.fork import fork_request
from rlm_tui.store.run_log import open_run
from tests.integration.forks import settings
from tests.integration.session_runs import run as run_request
from tests.lm_server import planner_script
from tests.lm_server.fixtures import StartLM

CELLS = [
    ("I look first.", "print(len(document))"),
    ("I ask.", "a = llm_query('who?')\nb = llm_query_batched(['x?', 'y?'])\nprint(a, len(b))"),
    ("A slip.", "boom()"),
    ("I have it.", "SUBMIT(answer='Maren')"),
]


KEY = "sk-loopback-0123456789"


def lm_of(server: Any, key: str = KEY) -> dspy.LM:
    return dspy.LM("openai/test-model", api_base=server.api_base, api_key=key, cache=False)


def test_a_program_of_its_own_is_recorded(loopback_lm: StartLM, tmp_path: Path) -> None:
    server = loopback_lm(planner_script(CELLS), key=KEY)
    from dspy.primitives.local_interpreter import LocalInterpreter

    rlm = dspy.RLM("document, question -> answer", interpreter_factory=LocalInterpreter)
    with dspy.context(lm=lm_of(server)), record(runs=tmp_path / "runs") as recording:
        found = rlm(document="Maren decides. sk-loopback-0123456789", question="Who decides?")
    assert found.answer == "Maren"
    assert len(recording.paths) == 1
    run = open_run(recording.path).trajectory()
    assert [problem.error.message for problem in run.problems if problem.source == "log"] == []
    assert [one.reasoning for one in run.iterations] == [reasoning for reasoning, _ in CELLS]
    assert [one.cell.status for one in run.iterations if one.cell] == ["ok", "ok", "error", "submitted"]
    assert run.iterations[0].cell is not None
    assert run.iterations[0].cell.text == "37"
    assert sorted(call.answer.text for call in run.iterations[1].calls) == [
        "Answer to: who?", "Answer to: x?", "Answer to: y?",
    ]  # fmt: skip
    assert run.iterations[2].cell is not None
    assert run.iterations[2].cell.error is not None
    assert run.iterations[2].cell.error.kind == "NameError"
    assert run.finished is not None
    assert (run.finished.status, run.finished.outputs) == ("submitted", {"answer": "Maren"})
    assert run.totals.llm_calls == 3
    assert run.totals.prompt_tokens > 0
    assert "variables_info" in run.iterations[0].prompt.text
    written = b"".join(path.read_bytes() for path in recording.path.rglob("*") if path.is_file())
    assert b"sk-loopback" not in written
    # It is forked as any other: here, and with what the record knows of it.
    again = loopback_lm(planner_script([*CELLS[:3], ("Now.", "SUBMIT(answer=a)")]))
    asked = fork_request(recording.path, 4, settings(again, sandbox__confined="off"))
    fork = run_request(asked)
    assert fork.finished().outputs == {"answer": "Answer to: who?"}
    assert (again.planner_calls, again.sub_calls) == (1, 0)
    forked = fork.all(RunStarted)[0].forked
    assert forked is not None
    assert forked.changes[0] == "The sandbox is local; it was the program's own."
    assert "The input document has [redacted] where a secret was taken out of the record." in forked.changes


def test_a_run_that_fails_is_recorded_as_failed(loopback_lm: StartLM, tmp_path: Path) -> None:
    server = loopback_lm(planner_script(CELLS[:1]), key=KEY)
    from dspy.primitives.local_interpreter import LocalInterpreter

    rlm = dspy.RLM("question -> answer", interpreter_factory=LocalInterpreter)
    wrong = lm_of(server, "sk-wrong-0123456789")
    with (
        dspy.context(lm=wrong),
        record(runs=tmp_path) as recording,
        pytest.raises(Exception, match=r"401|key"),
    ):
        rlm(question="Who?")
    run = open_run(recording.path).trajectory()
    assert run.finished is not None
    assert (run.finished.status, run.finished.error is not None) == ("failed", True)


def test_without_a_call_there_is_no_run(tmp_path: Path) -> None:
    with record(runs=tmp_path / "runs") as recording:
        pass
    with pytest.raises(LookupError, match=r"No dspy\.RLM was called"):
        _ = recording.path
    assert not (tmp_path / "runs").exists()
