"""A sandbox that dies under a run is replaced: the namespace is as it was, and nobody pays twice."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from rlm_tui.core.events import (
    CallFinished,
    CallStarted,
    CellFinished,
    CellOutput,
    CellStarted,
    Note,
    PlanStarted,
    SandboxLost,
    SandboxRecovered,
    VariablesChanged,
)
from tests.integration.session_runs import READING, SUBMIT, WatchedRun, request, run
from tests.lm_server import LMRequest, Reply, Script, planner_script
from tests.lm_server.fixtures import StartLM

DIE = "os.kill(os.getpid(), signal.SIGKILL)"
KILL = f"import os, signal\n{DIE}"
NESTED = "import dspy\nr = dspy.RLM('part, wish -> found')(part='a b c', wish='count')"


def once(flag: Path, code: str) -> str:
    """Code that runs the first time alone, however often its cell is run."""
    path = str(flag)
    return f"import os, signal\nif not os.path.exists({path!r}):\n    open({path!r}, 'x').close()\n    {code}"


def listening(script: Script, told: list[str]) -> Script:
    """`script`, which notes in `told` what the planner was told."""

    def answer(asked: LMRequest) -> Reply:
        told.append(asked.prompt)
        return script(asked)

    return answer


def test_a_driver_killed_at_iteration_6_of_8_and_the_run_ends_rightly(
    loopback_lm: StartLM, tmp_path: Path
) -> None:
    die = once(tmp_path / "died", DIE)
    cells = [
        ("One.", "a = [1]\nprint('one')"),
        ("Two.", "b = llm_query('what is b?')\nprint(b)"),
        ("Three.", "c = llm_query_batched(['x', 'y'])\nprint(c)"),
        ("Four.", "import dspy\nd = dspy.Predict('word -> found')(word='w').found\nd"),
        ("Five.", "e = len(docs)\nprint(undefined)"),
        (
            "Six.",
            f"f = llm_query('what is f?')\n{die}\nprint(f)",
        ),
        ("Seven.", "print(a, b, c, d, e, f)"),
        ("Eight.", "SUBMIT(answer=repr([a, b, c, d, e, f]))"),
    ]
    document = tmp_path / "document.txt"
    document.write_text("the text")
    wanted: list[object] = []
    asked: list[tuple[int, int]] = []
    for _ in range(2):  # the second time it does not die
        server = loopback_lm(planner_script(cells, sub_answer=lambda prompt: f"<{prompt}>"))
        watched = run(request(READING, server, document=document))
        assert watched.finished().status == "submitted"
        wanted.append(watched.finished().outputs)
        asked.append((server.planner_calls, server.sub_calls))
        if len(wanted) == 1:
            healed = watched
    assert wanted[0] == wanted[1]
    assert asked[0] == asked[1], "nobody was asked twice"
    recovered = healed.all(SandboxRecovered)
    assert [(event.kind, event.cells, event.differed) for event in recovered] == [("local", 5, [])]
    assert [event.status for event in healed.all(CellFinished)] == [
        *["ok", "ok", "ok", "ok", "error", "lost", "ok", "ok", "submitted"]
    ]
    assert len(healed.all(SandboxLost)) == 1
    lost, again = healed.all(CellStarted)[5:7]
    assert (lost.parent, lost.code) == (again.parent, again.code)
    kept = [event for event in healed.all(CallFinished) if event.origin]
    assert [(event.origin, event.answer.text) for event in kept] == [(healed.session.run_id, "<what is f?>")]
    names = [item.name for event in healed.all(VariablesChanged) for item in event.changed]
    assert names.count("a") == 1, "what was made again silently is no change"


def test_killed_between_two_cells(loopback_lm: StartLM) -> None:
    slow = ("I think. " * 60, "print(os.getpid() != first)")
    cells = [("Who?", "import os\nfirst = os.getpid()\nprint(first)"), slow, SUBMIT]
    server = loopback_lm(planner_script(cells, delta_seconds=0.005))
    with WatchedRun(request(server=server)) as watched:
        watched.wait_for(PlanStarted, lambda event: event.span == "iteration-2")
        os.kill(int(watched.all(CellOutput)[0].text), signal.SIGKILL)
        assert watched.finished().status == "submitted"
    assert [event.status for event in watched.all(CellFinished)] == ["ok", "ok", "submitted"]
    (recovered,) = watched.all(SandboxRecovered)
    assert recovered.cells == 1
    assert "Iteration 1: printed" in recovered.differed[0], "another process has another id"
    assert recovered.differed[1].startswith("The variable first is “")
    changed = watched.all(VariablesChanged)
    assert [item.name for item in changed[1].changed] == ["first"], "its value is another one now"


def test_a_cell_that_dies_each_time_is_told_to_the_planner(loopback_lm: StartLM) -> None:
    told: list[str] = []
    cells = [
        ("Keep.", "kept = 7"),
        ("Die.", f"lost = 1\nprint('begun')\n{KILL}"),
        ("Look.", "print(kept)"),
        SUBMIT,
    ]
    script = planner_script(cells)
    server = loopback_lm(listening(script, told))
    watched = run(request(server=server))
    assert watched.finished().status == "submitted"
    assert [event.status for event in watched.all(CellFinished)] == ["ok", "lost", "lost", "ok", "submitted"]
    assert len(watched.all(SandboxRecovered)) == 2
    assert watched.all(CellOutput)[-1].text == "7\n"
    assert "It was run twice, and the sandbox was lost both times" in told[2]
    assert "begun" in told[2]


def test_a_cell_that_heeds_no_interrupt_is_not_run_again(loopback_lm: StartLM) -> None:
    told: list[str] = []
    cells = [
        ("Keep.", "kept = 7"),
        ("Hang.", "print('begun')\nsum(iter(int, 1))"),
        ("Look.", "print(kept)"),
        SUBMIT,
    ]
    script = planner_script(cells)

    server = loopback_lm(listening(script, told))
    with WatchedRun(request(server=server)) as watched:
        watched.wait_for(CellOutput)
        watched.session.interrupt()
        assert watched.finished().status == "submitted"
    assert [event.status for event in watched.all(CellFinished)] == ["ok", "lost", "ok", "submitted"]
    assert "did not heed an interrupt" in told[2]
    assert "the variables are those before this cell" in told[2]


def test_a_run_that_is_finished_needs_no_other_sandbox(loopback_lm: StartLM) -> None:
    cells = [("Keep.", "kept = 7"), ("Hang.", "print('begun')\nsum(iter(int, 1))")]
    server = loopback_lm(planner_script(cells, extracted={"answer": "found so far"}))
    with WatchedRun(request(server=server)) as watched:
        watched.wait_for(CellOutput)
        watched.session.finish()
        finished = watched.finished()
    assert (finished.status, finished.outputs) == ("extracted", {"answer": "found so far"})
    assert not watched.all(SandboxRecovered)


def test_after_the_third_time_no_more(loopback_lm: StartLM) -> None:
    cells = [("Die.", KILL), ("Die.", KILL), ("Never.", "print('never')"), SUBMIT]
    server = loopback_lm(planner_script(cells))
    watched = run(request(server=server))
    finished = watched.finished()
    assert finished.status == "failed"
    assert finished.error is not None
    assert finished.error.kind == "SandboxLostError"
    assert len(watched.all(SandboxRecovered)) == 3
    assert len(watched.all(SandboxLost)) == 4
    assert any("was replaced 3 times in this run" in note.text for note in watched.all(Note))


def test_switched_off_the_run_ends(loopback_lm: StartLM) -> None:
    server = loopback_lm(planner_script([("Die.", KILL), SUBMIT]))
    watched = run(request(server=server, heal=False))
    assert watched.finished().status == "failed"
    assert not watched.all(SandboxRecovered)


def test_what_a_batch_was_answered_before_the_loss_is_not_asked_again(
    loopback_lm: StartLM, tmp_path: Path
) -> None:
    die = once(tmp_path / "died", DIE)
    cells = [("Ask.", f"b = llm_query_batched(['1', '2', '3'])\n{die}\nprint(b, llm_query('4'))"), SUBMIT]
    server = loopback_lm(planner_script(cells, sub_answer=lambda prompt: f"<{prompt}>"))
    watched = run(request(server=server))
    assert watched.finished().status == "submitted"
    assert server.sub_calls == 4
    assert watched.all(CellOutput)[-1].text == "['<1>', '<2>', '<3>'] <4>\n"
    assert watched.finished().totals.llm_calls == 4, "an answer of the record is no request"


def test_an_interrupted_cell_is_stopped_again_when_it_is_executed_again(
    loopback_lm: StartLM, tmp_path: Path
) -> None:
    die = once(tmp_path / "died", DIE)
    loop = ("Go.", "kept = 7\nprint('begun', flush=True)\nwhile True:\n    pass")
    server = loopback_lm(planner_script([loop, ("Die.", f"{die}\nprint(kept)"), SUBMIT]))
    with WatchedRun(request(server=server)) as watched:
        watched.wait_for(CellOutput)
        watched.session.interrupt()
        assert watched.finished().status == "submitted"
    assert watched.all(CellOutput)[-1].text == "7\n"
    assert watched.all(SandboxRecovered)[0].differed == []


def test_a_nested_rlm_heals_by_itself(loopback_lm: StartLM, tmp_path: Path) -> None:
    die = once(tmp_path / "died", DIE)
    nested = ("Divide.", f"{NESTED}\nprint(r.found)")
    inner = [
        ("Look.", "words = part.split()\nprint(len(words))"),
        ("Die.", die),
        ("Give.", "SUBMIT(found=str(len(words)))"),
    ]
    server = loopback_lm(planner_script([nested, SUBMIT], nested={("part", "wish"): inner}))
    watched = run(request(server=server))
    assert watched.finished().status == "submitted"
    (recovered,) = watched.all(SandboxRecovered)
    call = next(event for event in watched.all(CallStarted) if event.kind == "sub_rlm")
    assert recovered.parent == call.span
    assert recovered.cells == 1
    assert server.planner_calls == 5


def test_the_answer_of_a_nested_rlm_is_kept_when_the_outer_sandbox_dies(
    loopback_lm: StartLM, tmp_path: Path
) -> None:
    die = once(tmp_path / "died", DIE)
    code = (
        f"import dspy\nr = dspy.RLM('part, wish -> found')(part='a b c', wish='count')\n{die}\nprint(r.found)"
    )
    inner = [("Give.", "SUBMIT(found=str(len(part.split())))")]
    server = loopback_lm(planner_script([("Divide.", code), SUBMIT], nested={("part", "wish"): inner}))
    watched = run(request(server=server))
    assert watched.finished().status == "submitted"
    assert watched.all(CellOutput)[-1].text == "3\n"
    assert server.planner_calls == 3


@pytest.mark.parametrize("when", ["renewing", "again"])
def test_cancelled_while_it_heals(loopback_lm: StartLM, tmp_path: Path, when: str) -> None:
    pause = once(tmp_path / "first", "pass") + "\nelse:\n    import time; time.sleep(30)"
    cells = [("Keep.", "pass" if when == "renewing" else pause), ("Die.", KILL), SUBMIT]
    server = loopback_lm(planner_script(cells))
    with WatchedRun(request(server=server)) as watched:
        watched.wait_for(SandboxLost)
        watched.session.cancel()
        assert watched.finished(8).status == "cancelled"
    assert not watched.all(SandboxRecovered)
