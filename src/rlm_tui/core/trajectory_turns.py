"""What the events of an iteration do to the trajectory: its plan, its holding, what a person changes in it.

The events that come by the thousand are answered with tuples: a generator costs as much as all else they do.
"""

from __future__ import annotations

from collections.abc import Iterator

from rlm_tui.core.change import (
    ChangeKind,
    HoldChanged,
    IterationAdded,
    IterationChanged,
    PlanAppended,
)
from rlm_tui.core.events import (
    CellSkipped,
    CodeEdited,
    Held,
    IterationStarted,
    PlanDelta,
    PlanReady,
    PlanStarted,
    Released,
    Remarked,
)
from rlm_tui.core.growing import GrowingText
from rlm_tui.core.iterations import Iteration
from rlm_tui.core.trajectory_ends import close_iteration, end_iteration
from rlm_tui.core.trajectory_state import RUN, TrajectoryState
from rlm_tui.core.turn_steps import PlanStep, RemarkStep, SkipStep
from rlm_tui.core.usage import sum_usage


def iteration_started(state: TrajectoryState, event: IterationStarted) -> Iterator[ChangeKind]:
    if event.span in state.iterations_by_span:
        yield state.odd(event, f"iteration {event.span!r} started twice")
        return
    parent = state.calls_by_span.get(event.parent)
    if parent is None and event.parent not in ("", RUN):
        yield state.odd(event, f"an iteration of {event.parent!r}, which was never called")
    siblings = state.iterations if parent is None else parent.nested
    if siblings and siblings[-1].phase != "done":
        state.touch(siblings[-1])
        yield from close_iteration(state, siblings[-1])
    iteration = Iteration(
        span=event.span,
        n=event.n,
        of=event.of,
        depth=0 if parent is None else parent.depth + 1,
        parent_call=None if parent is None else parent.span,
        started_at=state.now,
    )
    if parent is not None:
        state.touch(parent)
    state.settle(iteration, None if parent is None else parent.island)
    siblings.append(iteration)
    state.iterations_by_span[event.span] = state.open_iterations[event.span] = iteration
    if parent is None:
        state.counting.iterations += 1
        state.begin_clock()
    elif parent.counting is not None:
        parent.counting.iterations += 1
    yield IterationAdded(event.span, len(siblings) - 1, iteration.parent_call)


def plan_started(state: TrajectoryState, event: PlanStarted) -> Iterator[ChangeKind]:
    iteration = state.iterations_by_span.get(event.span)
    for counting in state.countings(iteration):
        counting.plan_started(nested=iteration is not None and iteration.depth > 0)
    if iteration is None:
        yield state.odd(event, f"a plan for the iteration {event.span!r}, which never started")
        return
    state.touch(iteration)
    iteration.streaming = event.streaming
    iteration.plan_started_at = state.now
    iteration.awaits_plan = True
    iteration.written_reasoning, iteration.written_code = GrowingText(), GrowingText()
    if iteration.phase in ("planned", "held"):
        iteration.phase = "planning"
    yield IterationChanged(event.span)


def plan_delta(state: TrajectoryState, event: PlanDelta) -> tuple[ChangeKind, ...]:
    iteration = state.iterations_by_span.get(event.span)
    if iteration is None:
        return (state.odd(event, f"a plan for the iteration {event.span!r}, which never started"),)
    if iteration.phase in ("running", "done"):
        return (state.odd(event, f"more of a plan for the iteration {event.span!r}, which is past it"),)
    state.touch(iteration)
    written = iteration.written_reasoning if event.field == "reasoning" else iteration.written_code
    written.append(event.text)
    return (PlanAppended(event.span, event.field, event.text),)


def plan_ready(state: TrajectoryState, event: PlanReady) -> Iterator[ChangeKind]:
    iteration = state.iterations_by_span.get(event.span)
    was_started = iteration is not None and iteration.awaits_plan
    nested = iteration is not None and iteration.depth > 0
    for counting in state.countings(iteration):
        counting.plan_ready(event.usage, cached=event.cached, was_started=was_started, nested=nested)
    if iteration is None:
        yield state.odd(event, f"a plan for the iteration {event.span!r}, which never started")
        return
    state.touch(iteration)
    iteration.awaits_plan = False
    iteration.reasoning_value, iteration.code_value = event.reasoning, event.code
    iteration.written_reasoning = GrowingText(state.whole_text(event.reasoning, iteration.written_reasoning))
    iteration.written_code = GrowingText(state.whole_text(event.code, iteration.written_code))
    iteration.prompt = event.prompt
    again = any(isinstance(step, PlanStep) for step in iteration.steps)
    iteration.usage = event.usage if not again else sum_usage([iteration.usage, event.usage])
    iteration.plan_seconds = event.seconds + (iteration.plan_seconds if again else 0.0)
    began = iteration.plan_started_at
    if not was_started or began is None:
        began = max(state.now - max(event.seconds, 0.0), 0.0)
    iteration.steps.append(
        PlanStep(event.reasoning, event.code, event.prompt, event.remark, began, event.seconds)
    )
    iteration.original_code = None
    iteration.origin = event.origin
    iteration.cached = event.cached
    iteration.remark = event.remark
    if iteration.phase in ("planning", "held"):
        iteration.phase = "planned"
    yield IterationChanged(event.span)


def held(state: TrajectoryState, event: Held) -> Iterator[ChangeKind]:
    if not state.holds:
        state.held_since, state.held_span = state.now, event.span
    state.holds[event.span] = event
    iteration = state.iteration_of(event.span)
    if iteration is not None and iteration.phase in ("planning", "planned"):
        state.touch(iteration)
        iteration.phase = "held"
        yield IterationChanged(iteration.span)
    yield HoldChanged()


def released(state: TrajectoryState, event: Released) -> Iterator[ChangeKind]:
    spans = [event.span] if event.span in state.holds else list(state.holds)
    if not spans:
        yield state.odd(event, "released while nothing was held")
        return
    for span in spans:
        hold = state.holds.pop(span)
        iteration = state.iteration_of(span)
        if iteration is not None and iteration.phase == "held":
            state.touch(iteration)
            iteration.phase = "planned" if hold.before == "cell" else "planning"
            yield IterationChanged(iteration.span)
    if not state.holds:
        state.end_hold()
    yield HoldChanged()


def code_edited(state: TrajectoryState, event: CodeEdited) -> Iterator[ChangeKind]:
    iteration = state.iteration_of(event.span)
    if iteration is None:
        yield state.odd(event, f"code edited for {event.span!r}, which never started")
        return
    state.touch(iteration)
    if iteration.original_code is None:
        iteration.original_code = state.whole_text(event.before, iteration.written_code)
    iteration.code_value = event.after
    iteration.written_code = GrowingText(state.whole_text(event.after, GrowingText()))
    if iteration.code == iteration.original_code:
        iteration.original_code = None  # it was changed back
    yield IterationChanged(iteration.span)


def remarked(state: TrajectoryState, event: Remarked) -> Iterator[ChangeKind]:
    iteration = state.iteration_of(event.span)
    if iteration is None:
        yield state.odd(event, f"a remark on {event.span!r}, which never started")
        return
    state.touch(iteration)
    iteration.steps.append(RemarkStep(event.text, event.by, event.sent_back))
    if event.text != iteration.remark:
        iteration.remarks.append(event.text)
    yield IterationChanged(iteration.span)


def cell_skipped(state: TrajectoryState, event: CellSkipped) -> Iterator[ChangeKind]:
    iteration = state.iteration_of(event.span)
    if iteration is None:
        yield state.odd(event, f"the cell of {event.span!r} was skipped, which never started")
        return
    state.touch(iteration)
    iteration.steps.append(SkipStep(event.text))
    iteration.skipped = event.text
    end_iteration(state, iteration)
    yield IterationChanged(iteration.span)
