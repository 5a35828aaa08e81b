"""The gate: who waits, who passes, and what is told of it."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from rlm_tui.core.blobs import MemoryBlobs
from rlm_tui.core.events import AnyEvent, CodeEdited, Held, Released
from rlm_tui.engine.control import RunControl, RunStopped, Stop
from rlm_tui.engine.decisions import Boundary, Finish, Insert, Run, SendBack, Skip, Tell
from rlm_tui.engine.gate import Gate
from rlm_tui.engine.holding import BudgetUsedUpError, NotHeldError
from rlm_tui.engine.python_code import CodeError
from rlm_tui.engine.recorder import Recorder


class Passage:
    """A gate, what it told, and callers who try to pass on threads of their own."""

    def __init__(self) -> None:
        self.events: list[AnyEvent] = []
        self.control = RunControl()
        self.gate = Gate(Recorder(self.events.append, blobs=MemoryBlobs()))
        self.errors: list[BaseException] = []
        self.decided: list[object] = []

    def try_plan(self, span: str = "iteration-1") -> threading.Thread:
        return self._start(lambda: self.gate.before_plan(Boundary(span, 1), self.control))

    def try_cell(self, span: str = "iteration-1") -> threading.Thread:
        return self._start(lambda: self.gate.before_cell(Boundary(span, 1), "x = 1", self.control))

    def _start(self, passing: Callable[[], object]) -> threading.Thread:
        def attempt() -> None:
            try:
                self.decided.append(passing())
            except RunStopped as error:
                self.errors.append(error)

        thread = threading.Thread(target=attempt, daemon=True)
        thread.start()
        return thread

    def waits(self, thread: threading.Thread) -> bool:
        thread.join(0.05)
        return thread.is_alive()

    def passes(self, thread: threading.Thread) -> bool:
        thread.join(5)
        return not thread.is_alive()


def test_an_open_gate_says_nothing() -> None:
    passage = Passage()
    assert passage.passes(passage.try_plan())
    where = Boundary("iteration-1", 1)
    assert passage.gate.before_cell(where, "x = 1", passage.control) == Run("x = 1")
    assert passage.events == []
    assert not passage.gate.is_held


def test_a_held_run_waits_until_it_is_released() -> None:
    passage = Passage()
    passage.gate.hold()
    waiting = passage.try_plan()
    assert passage.waits(waiting)
    assert passage.gate.is_held
    passage.gate.release()
    assert passage.passes(waiting)
    held, released = passage.events
    assert isinstance(held, Held)
    assert (held.why, held.before, held.span) == ("hold", "plan", "iteration-1")
    assert isinstance(released, Released)
    assert released.verb == "release"
    assert passage.passes(passage.try_cell())


def test_a_step_lets_one_pass() -> None:
    passage = Passage()
    passage.gate.hold()
    plan = passage.try_plan()
    assert passage.waits(plan)
    passage.gate.step()
    assert passage.passes(plan)
    cell = passage.try_cell()
    assert passage.waits(cell)
    held = [event for event in passage.events if isinstance(event, Held)]
    assert [(event.why, event.before) for event in held] == [("hold", "plan"), ("step", "cell")]
    passage.gate.release()
    assert passage.passes(cell)


def test_a_step_from_an_open_gate_holds_after_the_next() -> None:
    passage = Passage()
    passage.gate.step()
    assert passage.passes(passage.try_plan())
    cell = passage.try_cell()
    assert passage.waits(cell)
    passage.gate.release()
    assert passage.passes(cell)


def test_of_two_that_wait_a_step_lets_one_pass() -> None:
    passage = Passage()
    passage.gate.hold()
    waiting = [passage.try_plan("iteration-1"), passage.try_plan("iteration-2")]
    assert all(passage.waits(thread) for thread in waiting)
    passage.gate.step()
    waiting[0].join(0.3)
    waiting[1].join(0.3)
    assert sum(thread.is_alive() for thread in waiting) == 1
    passage.gate.release()
    assert all(passage.passes(thread) for thread in waiting)


@pytest.mark.parametrize("late", [True, False], ids=["while it waits", "before it came"])
def test_a_stop_lets_nobody_pass_and_nobody_wait(late: bool) -> None:
    passage = Passage()
    passage.gate.hold()
    stop = Stop("cancelled")
    if not late:
        passage.control.stop(stop)
    waiting = passage.try_plan()
    if late:
        assert passage.waits(waiting)
        passage.control.stop(stop)
    assert passage.passes(waiting)
    assert len(passage.errors) == 1
    assert not passage.gate.is_held


def test_the_first_reason_to_stop_stays() -> None:
    control = RunControl()
    assert control.stop(Stop("budget"))
    assert not control.stop(Stop("cancelled"))
    with pytest.raises(RunStopped) as stopped:
        control.check()
    assert stopped.value.stop.status == "budget"


def test_a_hook_that_comes_late_is_called_at_once() -> None:
    control = RunControl()
    called = threading.Event()
    with control.on_stop(called.set):
        assert not called.is_set()
        control.stop(Stop("cancelled"))
        assert called.wait(5)
    late = threading.Event()
    with control.on_stop(late.set):
        assert late.is_set()


def test_a_parents_stop_reaches_its_children_and_not_the_other_way_round() -> None:
    run = RunControl()
    cell, other = RunControl(run), RunControl(run)
    heard = threading.Event()
    cell.stop(Stop("cancelled"))
    assert cell.reason is not None
    assert run.reason is None
    with other.on_stop(heard.set):
        run.stop(Stop("budget"))
        assert heard.wait(5)
    assert other.reason == Stop("budget")
    assert cell.reason == Stop("cancelled")


def held_before_a_cell() -> tuple[Passage, threading.Thread]:
    passage = Passage()
    passage.gate.hold()
    waiting = passage.try_cell()
    assert passage.waits(waiting)
    return passage, waiting


def test_edited_code_is_what_runs_and_the_change_is_told() -> None:
    passage, waiting = held_before_a_cell()
    passage.gate.edit("x = 2")
    assert passage.waits(waiting)
    passage.gate.release()
    assert passage.passes(waiting)
    assert passage.decided == [Run("x = 2")]
    edited = next(event for event in passage.events if isinstance(event, CodeEdited))
    assert (edited.before.text, edited.after.text) == ("x = 1", "x = 2")


def test_code_that_does_not_parse_changes_nothing() -> None:
    passage, waiting = held_before_a_cell()
    with pytest.raises(CodeError, match=r"does not parse: line 2: ") as refused:
        passage.gate.edit("x = 1\nx = (")
    assert refused.value.line == 2
    assert passage.waits(waiting)
    passage.gate.release()
    assert passage.passes(waiting)
    assert passage.decided == [Run("x = 1")]


@pytest.mark.parametrize(
    ("verb", "decision", "told"),
    [
        (lambda gate: gate.skip("no"), Skip("no"), "skip"),
        (lambda gate: gate.remark("other"), SendBack("other"), "remark"),
        (lambda gate: gate.insert("y = 1"), Insert("y = 1"), "insert"),
        (lambda gate: gate.finish(), Finish(), "finish"),
    ],
    ids=["skip", "remark", "insert", "finish"],
)
def test_what_a_person_decides_before_a_cell(
    verb: Callable[[Gate], None], decision: object, told: str
) -> None:
    passage, waiting = held_before_a_cell()
    verb(passage.gate)
    assert passage.passes(waiting)
    assert passage.decided == [decision]
    released = passage.events[-1]
    assert isinstance(released, Released)
    assert released.verb == told


def test_after_a_remark_before_a_plan_the_run_is_still_held() -> None:
    passage = Passage()
    passage.gate.hold()
    first = passage.try_plan()
    assert passage.waits(first)
    passage.gate.remark("look at the end")
    assert passage.passes(first)
    assert passage.decided == [Tell("look at the end")]
    assert passage.waits(again := passage.try_plan())
    passage.gate.release()
    assert passage.passes(again)


def test_what_needs_a_hold_is_refused_without_one() -> None:
    gate = Passage().gate
    for verb in (
        lambda: gate.edit("x"),
        lambda: gate.skip(""),
        lambda: gate.remark("x"),
        lambda: gate.insert("x"),
    ):
        with pytest.raises(NotHeldError, match=r"held"):
            verb()


def test_a_step_over_an_iteration_passes_its_cell_and_what_is_nested_in_it() -> None:
    passage = Passage()
    passage.gate.hold()
    plan = passage.try_plan()
    assert passage.waits(plan)
    passage.gate.step_iteration()
    assert passage.passes(plan)
    assert passage.passes(passage.try_cell())
    nested = Boundary("iteration-9", 1, depth=1)
    passage.gate.before_plan(nested, passage.control)
    passage.gate.before_cell(nested, "x", passage.control)
    following = passage.try_plan("iteration-2")
    assert passage.waits(following)
    passage.gate.release()
    assert passage.passes(following)


def test_nested_rlms_run_on_where_that_is_set() -> None:
    gate = Gate(Recorder([].append, blobs=MemoryBlobs()), held=True, hold_nested=False)
    decided = gate.before_cell(Boundary("iteration-2", 1, depth=1), "x = 1", RunControl())
    assert decided == Run("x = 1")
    assert not gate.is_held


def test_who_is_asked_waits_for_an_answer_also_at_an_open_gate() -> None:
    passage = Passage()
    answers: list[bool] = []

    def ask() -> None:
        answers.append(
            passage.gate.ask(
                "run", passage.control, why="budget", before="call", detail="all used", budget="max_llm_calls"
            )
        )

    def give_more() -> None:
        with pytest.raises(BudgetUsedUpError, match=r"budget of calls is used up: raise it, finish"):
            passage.gate.release()
        passage.gate.budget_raised("max_tokens")
        assert passage.waits(asking)
        passage.gate.budget_raised("max_llm_calls")

    for verb in (give_more, passage.gate.open, passage.gate.finish):
        asking = passage._start(ask)
        assert passage.waits(asking)
        held = [event for event in passage.events if isinstance(event, Held)][-1]
        assert (held.why, held.before, held.budget) == ("budget", "call", "max_llm_calls")
        verb()
        assert passage.passes(asking)
    assert answers == [True, True, False]
    verbs = [event.verb for event in passage.events if isinstance(event, Released)]
    assert verbs == ["raise_budget", "release", "finish"]
