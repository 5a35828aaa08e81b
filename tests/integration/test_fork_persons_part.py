"""What a person did in the run that is forked, and does while its record is executed again."""

from __future__ import annotations

import msgspec
import pytest

from rlm_tui.core.events import (
    Budgets,
    CallFinished,
    CallStarted,
    CellFinished,
    CellOutput,
    Held,
    PlanReady,
    PrefixReplayed,
)
from rlm_tui.core.trajectory import fold
from rlm_tui.engine.fork import fork_request
from rlm_tui.engine.session import SessionError
from rlm_tui.store.run_log import open_run
from tests.integration.forks import forked, one, saved, settings
from tests.integration.session_runs import SUBMIT, WatchedRun, request
from tests.lm_server import Answer, Kind, planner_script
from tests.lm_server.fixtures import StartLM

SHORT = [("First.", "x = 1"), ("Second.", "x += 1\nprint('planned', x)"), ("End.", "SUBMIT(answer=str(x))")]


def test_what_a_person_did_in_the_prefix_is_done_again(loopback_lm: StartLM) -> None:
    cells = [("First.", "x = 1"), ("Second.", "print('x is', x)"), ("Third.", "x = 0"), SUBMIT]
    asked = msgspec.structs.replace(request(server=loopback_lm(planner_script(cells))), hold=True)
    with WatchedRun(asked, keep=True) as watched:
        session = watched.session

        def hold(n: int, before: str, more: int = 0) -> None:
            held = watched.wait_for(
                Held,
                lambda event: (
                    event.before == before
                    and event.span == f"iteration-{n}"
                    and len([one for one in watched.events if isinstance(one, Held)]) > more
                ),
            )
            assert held

        hold(1, "plan")
        session.remark("Be brief.")
        hold(1, "plan", 1)
        session.step()
        hold(1, "cell")
        session.edit("x = 2")
        session.step()
        hold(2, "plan")
        session.insert("x += 40")
        hold(2, "plan", 4)
        session.step()
        hold(2, "cell")
        session.remark("Say it again.")
        hold(2, "cell", 6)
        session.step()
        hold(3, "plan")
        session.step()
        hold(3, "cell")
        session.skip("It forgets x.")
        hold(4, "plan")
        session.release()
        assert watched.finished().status == "submitted"
        assert session.events_path is not None
    log = open_run(session.events_path)
    parent = log.trajectory()
    server = loopback_lm(planner_script(cells))
    fork = forked(log, 4, settings(server))
    assert one(fork, PrefixReplayed).differed == []
    assert len(server.requests) == 1
    mine = fold(fork.events)
    steps = [[type(step).__name__ for step in iteration.steps] for iteration in parent.iterations]
    assert [[type(step).__name__ for step in iteration.steps] for iteration in mine.iterations] == steps
    assert mine.iterations[0].original_code == "x = 1"
    assert mine.variables == parent.variables
    prompt = server.requests[0].prompt
    for words in (
        "says: Be brief.",
        "x = 2",
        "x += 40",
        "sent the code back: Say it again.",
        "It forgets x.",
    ):
        assert words in prompt


def test_a_fork_that_starts_held_is_held_where_it_begins_to_be_live(loopback_lm: StartLM) -> None:
    log, _ = saved(loopback_lm(planner_script(SHORT)))
    server = loopback_lm(planner_script(SHORT))
    asked = msgspec.structs.replace(fork_request(log.path, 3, settings(server)), hold=True)
    with WatchedRun(asked) as watched:
        held = watched.wait_for(Held)
        assert (held.span, held.before) == ("iteration-3", "plan")
        assert watched.session.evaluate("x").value == "2"
        assert server.requests == ()
        watched.session.release()
        assert watched.finished().status == "submitted"


def test_a_prefix_can_be_held_and_cancelled_but_not_changed(loopback_lm: StartLM) -> None:
    cells = [("Wait.", "import time\ntime.sleep(0.4)"), *SHORT]
    log, _ = saved(loopback_lm(planner_script(cells)))
    server = loopback_lm(planner_script(cells))
    with WatchedRun(fork_request(log.path, 4, settings(server))) as watched:
        watched.wait_for(PlanReady)
        watched.session.hold()
        held = watched.wait_for(Held)
        assert held.span in ("iteration-1", "iteration-2")
        with pytest.raises(SessionError, match="the record of the run that was forked"):
            watched.session.remark("Change it.")
        watched.session.cancel()
        assert watched.finished().status == "cancelled"
    assert one(watched, PrefixReplayed).iterations < 3
    assert server.requests == ()


def test_a_cell_that_was_interrupted_is_interrupted_again(loopback_lm: StartLM) -> None:
    cells = [("Loop.", "n = 1\nprint('looping')\nwhile True: pass"), ("Go on.", "n += 1"), SUBMIT]
    with WatchedRun(request(server=loopback_lm(planner_script(cells))), keep=True) as watched:
        watched.wait_for(CellOutput)
        watched.session.interrupt()
        assert watched.finished().status == "submitted"
        assert watched.session.events_path is not None
    fork = forked(open_run(watched.session.events_path), 3, settings(loopback_lm(planner_script(cells))))
    assert fork.finished().status == "submitted"
    assert one(fork, PrefixReplayed).differed == []
    assert [event.status for event in fork.all(CellFinished)] == ["interrupted", "ok", "submitted"]


def test_a_cell_that_was_interrupted_while_it_asked_is_interrupted_there_again(loopback_lm: StartLM) -> None:
    cells = [
        ("Ask.", "a = llm_query('soon')\nb = llm_query('never 1')"),
        ("Ask many.", "c = llm_query_batched(['soon, too', 'never 2'])"),
        ("Look.", "print(a)"),
        SUBMIT,
    ]
    server = loopback_lm(
        planner_script(cells, lambda prompt: Answer(prompt, delay=60.0 if "never" in prompt else 0.0))
    )
    with WatchedRun(request(server=server), keep=True) as watched:
        for asked, answered in (("never 1", "soon"), ("never 2", "soon, too")):
            watched.wait_for(CallStarted, lambda event, text=asked: event.prompt.text == text)  # type: ignore[misc]
            watched.wait_for(CallFinished, lambda event, text=answered: event.answer.text == text)  # type: ignore[misc]
            watched.session.interrupt()
        assert watched.finished().status == "submitted"
        assert watched.session.events_path is not None
    server = loopback_lm(planner_script(cells))
    fork = forked(open_run(watched.session.events_path), 4, settings(server))
    assert one(fork, PrefixReplayed).differed == []
    assert [event.status for event in fork.all(CellFinished)] == [
        "interrupted", "interrupted", "ok", "submitted",
    ]  # fmt: skip
    assert server.count(Kind.QUERY) == 0


def test_a_cell_that_ran_over_while_it_asked_runs_over_there_again(loopback_lm: StartLM) -> None:
    cells = [("Ask.", "a = 1\nb = llm_query('never')"), SUBMIT]
    slow = planner_script(cells, lambda prompt: Answer(prompt, delay=60.0))
    log, _ = saved(loopback_lm(slow), budgets=Budgets(cell_seconds=2.0))
    fork = forked(log, 2, settings(loopback_lm(planner_script(cells)), budgets__cell_seconds=60.0))
    prefix = one(fork, PrefixReplayed)
    assert (prefix.differed, prefix.seconds < 2.0) == ([], True)
    assert [event.status for event in fork.all(CellFinished)] == ["timeout", "submitted"]
