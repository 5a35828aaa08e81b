"""How runs end: cancelled, out of budget, with a sandbox that died, with an LM that fails."""

from __future__ import annotations

import os
import signal
import threading
import time

import pytest

from rlm_tui.core.events import (
    Budgets,
    CallStarted,
    CellFinished,
    CellOutput,
    CellStarted,
    Note,
    PlanDelta,
    PlanStarted,
    SandboxLost,
)
from tests.integration.session_runs import SUBMIT, WatchedRun, request, run
from tests.lm_server import Answer, planner_script
from tests.lm_server.fixtures import StartLM

LONGEST_END = 6.0


def cancelled_after(watched: WatchedRun) -> float:
    """Cancel, wait for the end, and say how many seconds it took."""
    began = time.monotonic()
    watched.session.cancel()
    assert time.monotonic() - began < 2, "cancel returns at once"
    finished = watched.finished(LONGEST_END)
    assert finished.status == "cancelled"
    return time.monotonic() - began


def test_cancelled_while_the_planner_writes(loopback_lm: StartLM) -> None:
    slow = ("I think about it for a long time. " * 40, "print(1)")
    server = loopback_lm(planner_script([slow], delta_seconds=0.05))
    with WatchedRun(request(server=server)) as watched:
        watched.wait_for(PlanDelta)
        assert cancelled_after(watched) < 1.5
        assert any("abandoned" in note.text for note in watched.all(Note))


def test_cancelled_while_the_provider_is_silent(loopback_lm: StartLM) -> None:
    server = loopback_lm(planner_script([SUBMIT], delay=30))
    with WatchedRun(request(server=server)) as watched:
        watched.wait_for(PlanStarted)
        time.sleep(0.3)
        assert cancelled_after(watched) < 1.5


@pytest.mark.parametrize(
    "code",
    [
        "print('begun')\nwhile True:\n    pass",
        "import time\nprint('begun')\ntime.sleep(60)",
        "import time\nprint('begun')\nwhile True:\n    try: time.sleep(1)\n    except: pass",
        "print('begun', flush=True)\nsum(iter(int, 1))",
    ],
    ids=["loop", "sleep", "swallows", "deaf"],
)
def test_cancelled_while_a_cell_runs(loopback_lm: StartLM, code: str) -> None:
    server = loopback_lm(planner_script([("Go.", code)]))
    with WatchedRun(request(server=server)) as watched:
        watched.wait_for(CellOutput)
        assert cancelled_after(watched) < LONGEST_END
        cell = watched.all(CellFinished)[0]
        assert cell.status in ("interrupted", "lost")
        assert watched.all(CellOutput)[0].text.startswith("begun")


def test_cancelled_while_a_batch_is_out(loopback_lm: StartLM) -> None:
    code = "print(llm_query_batched([f'{n}' for n in range(40)]))"
    script = planner_script([("Ask.", code)], sub_answer=lambda _prompt: Answer("late", delay=20))
    server = loopback_lm(script)
    with WatchedRun(request(server=server, workers=4)) as watched:
        watched.wait_for(CallStarted, lambda call: call.kind == "llm_query")
        assert cancelled_after(watched) < 2.0
        assert server.sub_calls <= 4


def test_cancelled_before_it_reached_the_planner(loopback_lm: StartLM) -> None:
    server = loopback_lm(planner_script([SUBMIT]))
    with WatchedRun(request(server=server)) as watched:
        cancelled_after(watched)
        assert server.planner_calls == 0


def test_an_endless_cell_ends_at_its_time_limit_and_the_run_goes_on(loopback_lm: StartLM) -> None:
    loop = ("Go.", "kept = 7\nprint('begun')\nwhile True:\n    pass")
    server = loopback_lm(planner_script([loop, ("Look.", "print(kept)"), SUBMIT]))
    watched = run(request(server=server, budgets=Budgets(cell_seconds=0.5)))
    assert watched.finished().status == "submitted"
    assert [cell.status for cell in watched.all(CellFinished)] == ["timeout", "ok", "submitted"]
    assert "begun" in server.requests[1].prompt
    assert "time limit" in server.requests[1].prompt


def test_sys_exit_does_not_end_the_run(loopback_lm: StartLM) -> None:
    server = loopback_lm(planner_script([("Leave.", "import sys\nprint('bye')\nsys.exit(3)"), SUBMIT]))
    watched = run(request(server=server))
    assert watched.finished().status == "submitted"
    assert watched.all(CellFinished)[0].status == "error"


@pytest.mark.parametrize("code", ["import os\nos.kill(os.getpid(), 9)", "import os\nos._exit(0)"])
def test_a_sandbox_that_dies_fails_the_run(loopback_lm: StartLM, code: str) -> None:
    server = loopback_lm(planner_script([("Die.", f"print('last words')\n{code}"), SUBMIT]))
    watched = run(request(server=server, heal=False))
    finished = watched.finished()
    assert finished.status == "failed"
    assert finished.error is not None
    assert finished.error.kind == "SandboxLostError"
    assert len(watched.all(SandboxLost)) == 1
    assert watched.all(CellFinished)[0].status == "lost"
    assert watched.all(CellOutput)[0].text == "last words\n"


def test_a_driver_killed_from_outside_while_the_planner_thinks(loopback_lm: StartLM) -> None:
    slow = ("I think. " * 60, "SUBMIT(answer='I never ran')")
    server = loopback_lm(
        planner_script([("Who?", "import os\nprint(os.getpid())"), slow], delta_seconds=0.01)
    )
    with WatchedRun(request(server=server, heal=False)) as watched:
        watched.wait_for(PlanStarted, lambda event: event.span == "iteration-2")
        os.kill(int(watched.all(CellOutput)[0].text), signal.SIGKILL)
        finished = watched.finished()
    assert finished.status == "failed"
    assert finished.outputs == {}


def test_an_interrupt_ends_the_cell_and_not_the_run(loopback_lm: StartLM) -> None:
    loop = ("Go.", "kept = 7\nprint('begun')\nwhile True:\n    pass")
    server = loopback_lm(planner_script([loop, ("Look.", "print(kept)"), SUBMIT]))
    with WatchedRun(request(server=server)) as watched:
        watched.wait_for(CellOutput)
        watched.session.interrupt()
        assert watched.finished().status == "submitted"
    assert [cell.status for cell in watched.all(CellFinished)] == ["interrupted", "ok", "submitted"]


def test_a_held_run_waits_and_can_be_stepped_and_cancelled(loopback_lm: StartLM) -> None:
    server = loopback_lm(planner_script([("One.", "x = 1"), ("Two.", "y = 2"), SUBMIT]))
    with WatchedRun(request(server=server)) as watched:
        watched.session.hold()
        _until(lambda: watched.session.is_held)
        assert server.planner_calls == 0
        watched.session.step()
        _until(lambda: server.planner_calls == 1 and watched.session.is_held)
        assert not watched.all(CellStarted)
        watched.session.release()
        assert watched.finished().status == "submitted"


def _until(condition: object, seconds: float = 10.0) -> None:
    assert callable(condition)
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, "it did not come to pass"
        threading.Event().wait(0.01)


def test_an_interrupted_cell_asks_no_further(loopback_lm: StartLM) -> None:
    code = "print('asking')\nllm_query_batched([f'{n}' for n in range(40)])"
    script = planner_script([("Ask.", code), SUBMIT], sub_answer=lambda _prompt: Answer("late", delay=0.5))
    server = loopback_lm(script)
    with WatchedRun(request(server=server, workers=2)) as watched:
        watched.wait_for(CallStarted, lambda call: call.kind == "llm_query")
        watched.session.interrupt()
        assert watched.finished().status == "submitted"
        time.sleep(1.2)
        assert server.sub_calls <= 4
    assert watched.all(CellFinished)[0].status == "interrupted"


def test_a_nested_rlm_ends_with_the_cell_that_asked_for_it(loopback_lm: StartLM) -> None:
    code = "import dspy\nprint('asking')\ndspy.RLM('part, wish -> found')(part='p', wish='w')"
    inner = [("Spin.", "import time\nprint('inside')\ntime.sleep(60)"), ("Never.", "SUBMIT(found='x')")]
    server = loopback_lm(planner_script([("Divide.", code), SUBMIT], nested={("part", "wish"): inner}))
    watched = run(request(server=server, budgets=Budgets(cell_seconds=1.0)))
    assert watched.finished().status == "submitted"
    outer = watched.all(CellStarted)[0].span
    statuses = {cell.span: cell.status for cell in watched.all(CellFinished)}
    assert statuses[outer] == "timeout"
    assert "Never." not in "".join(event.text for event in watched.all(PlanDelta))


@pytest.mark.slow
def test_a_run_that_hears_nothing_is_left_behind(
    loopback_lm: StartLM, monkeypatch: pytest.MonkeyPatch
) -> None:
    from rlm_tui.engine.program import Program

    begun, never = threading.Event(), threading.Event()

    def deaf(_self: Program) -> None:
        begun.set()
        never.wait(60)

    monkeypatch.setattr(Program, "run", deaf)
    server = loopback_lm(planner_script([SUBMIT]))
    with WatchedRun(request(server=server)) as watched:
        assert begun.wait(30)
        assert 4 < cancelled_after(watched) < LONGEST_END
    assert any("left behind" in note.text for note in watched.all(Note))
    never.set()
