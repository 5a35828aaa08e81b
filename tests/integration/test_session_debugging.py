"""A held run: what each verb does to the cell, to the planner's next prompt, to the log, and to the end."""

from __future__ import annotations

import pytest

from rlm_tui.core.events import (
    CellFinished,
    CellSkipped,
    CellStarted,
    CodeEdited,
    Held,
    PlanStarted,
    Released,
    Remarked,
)
from rlm_tui.core.trajectory import fold
from rlm_tui.engine.session import RunRequest, SessionError
from tests.integration.session_runs import SUBMIT, WatchedRun, request
from tests.lm_server import LoopbackLM, planner_script
from tests.lm_server.fixtures import StartLM


def held(server: LoopbackLM) -> RunRequest:
    asked = request(server=server)
    return RunRequest(
        task=asked.task, inputs=asked.inputs, documents={}, settings=asked.settings, hold=True, attended=True
    )


def hold_of(watched: WatchedRun, before: str, count: int = 1) -> Held:
    """The `count`th time that the run is held before a plan or a cell."""
    found = [watched.wait_for(Held, lambda event: event.before == before)]

    def is_new(event: Held) -> bool:
        return event.before == before and event not in found

    while len(found) < count:
        found.append(watched.wait_for(Held, is_new))
    return found[-1]


def planner_prompts(server: LoopbackLM) -> list[str]:
    return [asked.prompt for asked in server.requests if asked.kind.value == "planner"]


def test_a_run_that_starts_held_asks_nothing_and_steps_phase_by_phase(loopback_lm: StartLM) -> None:
    server = loopback_lm(planner_script([("Look.", "x = 1"), SUBMIT]))
    with WatchedRun(held(server)) as watched:
        assert hold_of(watched, "plan").why == "hold"
        assert planner_prompts(server) == []
        watched.session.step()
        hold_of(watched, "cell")
        assert len(planner_prompts(server)) == 1
        assert watched.all(CellStarted) == []
        watched.session.step_iteration()
        hold_of(watched, "plan", 2)
        assert len(watched.all(CellFinished)) == 1
        watched.session.release()
        assert watched.finished().status == "submitted"
    assert [event.verb for event in watched.all(Released)] == ["step", "step", "release"]


def test_the_planners_history_holds_the_code_that_really_ran(loopback_lm: StartLM) -> None:
    server = loopback_lm(planner_script([("Look.", "print('as planned')"), SUBMIT]))
    with WatchedRun(held(server)) as watched:
        hold_of(watched, "plan")
        watched.session.step()
        hold_of(watched, "cell")
        with pytest.raises(SessionError, match=r"does not parse: line 1"):
            watched.session.edit("print('as")
        watched.session.edit("print('as edited')")
        watched.session.release()
        assert watched.finished().status == "submitted"
    edited = watched.all(CodeEdited)[0]
    assert (edited.before.text, edited.after.text) == ("print('as planned')", "print('as edited')")
    second = planner_prompts(server)[1]
    assert "print('as edited')" in second
    assert "print('as planned')" not in second
    iteration = fold(watched.events).iterations[0]
    assert iteration.original_code == "print('as planned')"
    assert iteration.code == "print('as edited')"
    assert iteration.cell is not None
    assert iteration.cell.text == "as edited\n"


def test_a_skipped_cell_does_not_run_and_the_planner_reads_why(loopback_lm: StartLM) -> None:
    server = loopback_lm(planner_script([("Look.", "x = 1 / 0"), SUBMIT]))
    with WatchedRun(held(server)) as watched:
        hold_of(watched, "plan")
        watched.session.step()
        hold_of(watched, "cell")
        watched.session.skip("It divides by zero.")
        hold_of(watched, "plan", 2)
        watched.session.release()
        assert watched.finished().status == "submitted"
    assert [event.text for event in watched.all(CellSkipped)] == ["It divides by zero."]
    assert len(watched.all(CellStarted)) == 1
    second = planner_prompts(server)[1]
    assert "x = 1 / 0" in second
    assert "skipped the code. It divides by zero." in second
    assert fold(watched.events).iterations[0].skipped == "It divides by zero."


def test_a_planner_that_is_sent_back_plans_the_same_iteration_again(loopback_lm: StartLM) -> None:
    server = loopback_lm(planner_script([("Look.", "x = 1"), SUBMIT]))
    with WatchedRun(held(server)) as watched:
        hold_of(watched, "plan")
        watched.session.step()
        hold_of(watched, "cell")
        watched.session.remark("Use the name y.")
        hold_of(watched, "cell", 2)
        assert len(watched.all(PlanStarted)) == 2
        watched.session.release()
        assert watched.finished().status == "submitted"
    assert [(event.text, event.by, event.sent_back) for event in watched.all(Remarked)] == [
        ("Use the name y.", "person", True)
    ]
    prompts = planner_prompts(server)
    assert "sent the code back: Use the name y." in prompts[1]
    trajectory = fold(watched.events)
    assert [iteration.n for iteration in trajectory.iterations] == [1, 2]
    assert trajectory.totals.planner_calls == 3


def test_a_remark_before_a_plan_is_in_its_prompt(loopback_lm: StartLM) -> None:
    server = loopback_lm(planner_script([SUBMIT]))
    with WatchedRun(held(server)) as watched:
        hold_of(watched, "plan")
        watched.session.remark("The answer stands at the end.")
        hold_of(watched, "plan", 2)
        watched.session.release()
        assert watched.finished().status == "submitted"
    assert "says: The answer stands at the end." in planner_prompts(server)[0]


def test_a_step_of_the_person_runs_in_the_namespace_and_is_in_the_history(loopback_lm: StartLM) -> None:
    server = loopback_lm(planner_script([("Look.", "print(found)"), SUBMIT]))
    with WatchedRun(held(server)) as watched:
        hold_of(watched, "plan")
        watched.session.insert("found = 'by hand'")
        hold_of(watched, "plan", 2)
        watched.session.release()
        assert watched.finished().status == "submitted"
    assert "found = 'by hand'" in planner_prompts(server)[0]
    iteration = fold(watched.events).iterations[0]
    assert [cell.code for cell in iteration.person_cells] == ["found = 'by hand'"]
    assert iteration.cell is not None
    assert iteration.cell.text == "by hand\n"


def test_a_person_can_submit(loopback_lm: StartLM) -> None:
    server = loopback_lm(planner_script([SUBMIT]))
    with WatchedRun(held(server)) as watched:
        hold_of(watched, "plan")
        watched.session.insert("SUBMIT(answer='mine')")
        finished = watched.finished()
    assert (finished.status, finished.outputs) == ("submitted", {"answer": "mine"})
    assert planner_prompts(server) == []


@pytest.mark.parametrize("where", ["held", "in a cell"])
def test_a_run_is_finished_with_an_answer_from_what_was_found(loopback_lm: StartLM, where: str) -> None:
    cells = [("Look.", "print('a clue')"), ("Loop.", "while True: pass")]
    server = loopback_lm(planner_script(cells, extracted={"answer": "from the clue"}))
    with WatchedRun(held(server)) as watched:
        hold_of(watched, "plan")
        watched.session.step_iteration()
        hold_of(watched, "plan", 2)
        if where == "held":
            watched.session.finish()
        else:
            watched.session.release()
            watched.wait_for(CellStarted, lambda event: "while" in event.code.text)
            watched.session.finish()
        finished = watched.finished()
    assert (finished.status, finished.outputs) == ("extracted", {"answer": "from the clue"})
    extracting = next(asked.prompt for asked in server.requests if asked.kind.value == "extract")
    assert "a clue" in extracting


def test_what_needs_a_hold_says_so_and_the_run_goes_on(loopback_lm: StartLM) -> None:
    server = loopback_lm(planner_script([SUBMIT]))
    with WatchedRun(held(server)) as watched:
        hold_of(watched, "plan")
        with pytest.raises(
            SessionError, match=r"while the run is held before a cell; it is held before a plan"
        ):
            watched.session.edit("x = 1")
        watched.session.release()
        assert watched.finished().status == "submitted"
