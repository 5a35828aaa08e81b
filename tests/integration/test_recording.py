"""`from rlm_tui import record`: a person's own `dspy.RLM`, recorded as a saved run."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import dspy
import pytest
from dspy.primitives.local_interpreter import LocalInterpreter
from dspy.utils.callback import BaseCallback

from rlm_tui import record
from rlm_tui.core.events import RunStarted
from rlm_tui.core.trajectory import Trajectory
from rlm_tui.engine import recorded_program
from rlm_tui.engine.fork import fork_request
from rlm_tui.engine.fork_errors import ForkError
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
    asked, batch = run.iterations[1].calls
    assert (asked.answer.text, asked.model) == ("Answer to: who?", "openai/test-model")
    answers = {item.index: item.answer.text for item in batch.items}
    assert answers == {0: "Answer to: x?", 1: "Answer to: y?"}
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
    with pytest.raises(LookupError, match=r"No dspy\.RLM was recorded"):
        _ = recording.path
    assert not (tmp_path / "runs").exists()


NESTED = [("I hand it on.", "SUBMIT(total='2')")]
ALL_KINDS = [
    (
        "I use everything.",
        "sub = dspy.RLM('part -> total')\n"
        "print(sub(part='a b').total, dspy.Predict('word -> kind')(word='x').kind, look_up(word='y'))",
    ),
    ("Nothing is printed.", "x = 1"),
    ("It lacks something.", "SUBMIT(other=1)"),
    ("I have it.", "SUBMIT(answer='Maren')"),
]


def look_up(word: str) -> str:
    """Look it up."""
    return f"found {word}: {dspy.settings.lm(word)[0]}"


def recorded_run(path: Path) -> Trajectory:
    run = open_run(path).trajectory()
    assert [problem.error.message for problem in run.problems if problem.source == "log"] == []
    assert not run.interrupted
    return run


@pytest.fixture
def rlm(loopback_lm: StartLM) -> Callable[..., tuple[dspy.RLM, dspy.LM]]:
    """An RLM of a person's own, and its LM on loopback."""

    def made(cells: Any = CELLS, **options: Any) -> tuple[dspy.RLM, dspy.LM]:
        server = loopback_lm(planner_script(cells, nested={("part",): NESTED}), key=KEY)
        signature = options.pop("signature", "question -> answer")
        return dspy.RLM(signature, interpreter_factory=LocalInterpreter, **options), lm_of(server)

    return made


Made = Callable[..., tuple[dspy.RLM, dspy.LM]]


def test_nested_rlms_predictors_and_tools_are_calls(rlm: Made, tmp_path: Path) -> None:
    own, lm = rlm(ALL_KINDS, tools=[look_up])
    with dspy.context(lm=lm), record(runs=tmp_path) as recording:
        assert own(question="Who?").answer == "Maren"
    run = recorded_run(recording.path)
    assert len(recording.paths) == 1
    first, silent, lacking, last = run.iterations
    nested, predict, tool = first.calls
    assert [call.kind for call in first.calls] == ["sub_rlm", "predict", "tool"]
    assert (nested.answer.text, len(nested.nested), nested.arguments) == ("total: 2", 1, {"part": "a b"})
    assert nested.nested[0].cell is not None
    assert nested.nested[0].cell.status == "submitted"
    assert predict.usage is not None
    assert predict.arguments == {"word": "x"}
    assert [call.prompt.text for call in tool.calls] == ["y"], "what a tool asks is below it"
    assert first.cell is not None
    assert "found y: Answer to: y" in first.cell.text
    assert silent.cell is not None
    assert (silent.cell.status, silent.cell.text) == ("ok", ""), "dspy's remark to the planner is no output"
    assert lacking.cell is not None
    assert lacking.cell.error is not None
    assert "SUBMIT fields do not match" in lacking.cell.error.message
    assert last.code == "SUBMIT(answer='Maren')", "as it ran, without the fence"
    assert run.totals.planner_calls == 5
    assert run.totals.tokens_known


def test_async_and_threads_each_have_their_runs(rlm: Made, tmp_path: Path) -> None:
    own, lm = rlm()

    async def both() -> None:
        await asyncio.gather(own.acall(question="one"), own.acall(question="two"))

    with dspy.context(lm=lm), record(runs=tmp_path) as recording:
        asyncio.run(both())
    asked = sorted(recorded_run(path).started.inputs["question"].text for path in recording.paths)  # type: ignore[union-attr]
    assert asked == ["one", "two"]

    def asks(question: str) -> str:
        with dspy.context(lm=lm):
            return str(own(question=question).answer)

    with record(runs=tmp_path) as recording, ThreadPoolExecutor(2) as pool:
        assert list(pool.map(asks, ["three", "four"])) == ["Maren", "Maren"]
    assert len([recorded_run(path) for path in recording.paths]) == 2

    apart: dict[str, list[Path]] = {}
    ready = threading.Barrier(2)

    def alone(question: str) -> None:
        with record(runs=tmp_path) as mine:
            ready.wait()
            asks(question)
        apart[question] = mine.paths

    threads = [threading.Thread(target=alone, args=(question,)) for question in ("five", "six")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for question, (path,) in apart.items():
        started = recorded_run(path).started
        assert started is not None
        assert started.inputs["question"].text == question
    assert "__call__" not in vars(dspy.RLM), "nothing of ours stays"


def test_the_program_keeps_its_callbacks_its_settings_and_its_exceptions(rlm: Made, tmp_path: Path) -> None:
    class Own(BaseCallback):
        heard = 0

        def on_lm_end(self, call_id: str, outputs: Any, exception: BaseException | None = None) -> None:
            self.heard += 1

    def stops(word: str) -> str:
        """Stop."""
        raise KeyboardInterrupt

    own, lm = rlm([("I stop.", "stops(word='x')")], tools=[stops])
    callback = Own()
    before = dict(dspy.settings.config)
    try:
        with record(runs=tmp_path) as recording:
            dspy.configure(lm=lm)  # must hold within the block, and after it
            with dspy.context(callbacks=[callback]), pytest.raises(KeyboardInterrupt):
                own(question="Who?")
            dspy.Predict("word -> kind")(word="no RLM")
        assert dspy.settings.lm is lm
    finally:
        dspy.configure(lm=before["lm"])
    assert callback.heard == 1
    assert len(recording.paths) == 1
    run = recorded_run(recording.path)
    assert run.finished is not None
    assert run.finished.status == "cancelled"
    assert run.iterations[0].cell is not None
    assert run.iterations[0].cell.status == "interrupted"


def test_a_disk_that_fails_is_told_and_stops_nothing(
    rlm: Made, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    own, lm = rlm(ALL_KINDS, tools=[look_up])
    no_folder = tmp_path / "file"
    no_folder.write_text("not a folder")
    with dspy.context(lm=lm), record(runs=no_folder) as recording:
        assert own(question="Who?").answer == "Maren"
    assert recording.paths == []
    assert len(recording.problems) == 1
    assert "can't be made" in caplog.text
    with pytest.raises(LookupError, match="can't be made"):
        _ = recording.path

    def full(descriptor: int, data: bytes) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("rlm_tui.store.runs.write_all", full)
    with dspy.context(lm=lm), record(runs=tmp_path / "runs") as recording:
        assert own(question="Who?").answer == "Maren"
    assert "no space left on device" in " ".join(recording.problems)


def test_an_answer_is_extracted_and_a_large_input_is_not_copied(rlm: Made, tmp_path: Path) -> None:
    own, lm = rlm(CELLS[:1], max_iters=1, signature="document, question -> answer")
    with dspy.context(lm=lm), record(runs=tmp_path) as recording:
        own(document="Maren. " * 300_000, question="Who?")
    run = recorded_run(recording.path)
    assert run.finished is not None
    assert run.finished.status == "extracted"
    assert [call.name for call in run.calls] == ["extract"]
    assert run.totals.planner_calls == 2
    assert run.started is not None
    kept = run.started.inputs["document"]
    assert kept.length == 2_100_000
    assert len(open_run(recording.path).text(kept)) == 1_000_000
    assert any("Of the input document (2,100,000 characters)" in note.text for note in run.notes)
    assert sum(path.stat().st_size for path in recording.path.rglob("*") if path.is_file()) < 1_200_000


def test_a_program_that_streams_is_recorded_too(rlm: Made, tmp_path: Path) -> None:
    own, lm = rlm(CELLS[::3])

    async def streamed() -> Any:
        return [item async for item in dspy.streamify(own)(question="Who?")][-1]

    with dspy.context(lm=lm), record(runs=tmp_path) as recording:
        found = asyncio.run(streamed())
    assert found.answer == "Maren"
    run = recorded_run(recording.path)
    assert [one.cell.status for one in run.iterations if one.cell] == ["error", "submitted"]


def test_a_run_whose_input_was_too_long_to_keep_is_not_forked(
    loopback_lm: StartLM, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recorded_program, "LONGEST_INPUT", 100)
    server = loopback_lm(planner_script([("Now.", "SUBMIT(answer=document[:5])")]), key=KEY)
    rlm = dspy.RLM("document -> answer", interpreter_factory=LocalInterpreter)
    with dspy.context(lm=lm_of(server)), record(runs=tmp_path) as recording:
        assert rlm(document="Maren " * 100).answer == "Maren"
    with pytest.raises(ForkError, match="kept only 100 of the 600 characters of its input document"):
        fork_request(recording.path, 1, settings(server, sandbox__confined="off"))
