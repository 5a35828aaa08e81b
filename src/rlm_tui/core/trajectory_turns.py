"""What the events of an iteration do to the trajectory: its plan, its holding, its cell.

The events that come by the thousand are answered with tuples: a generator costs as much as all else they do.
"""

from __future__ import annotations

from collections.abc import Iterator

from rlm_tui.core.change import (
    CallChanged,
    CellAppended,
    ChangeKind,
    HoldChanged,
    IterationAdded,
    IterationChanged,
    PlanAppended,
)
from rlm_tui.core.events import (
    CellFinished,
    CellOutput,
    CellSkipped,
    CellStarted,
    CodeEdited,
    ErrorDetail,
    Held,
    IterationStarted,
    PlanDelta,
    PlanReady,
    PlanStarted,
    Released,
    Remarked,
    Value,
)
from rlm_tui.core.growing import GrowingText
from rlm_tui.core.iterations import Cell, Iteration
from rlm_tui.core.trajectory_state import RUN, TrajectoryState
from rlm_tui.core.trajectory_variables import forget_marks
from rlm_tui.core.turn_steps import CellStep, PlanStep, RemarkStep, SkipStep, Stretch
from rlm_tui.core.usage import sum_usage

ABANDONED = ErrorDetail(kind="Abandoned", message="The run ended before this was answered.")
"""The error of a call that was open at the end: no event tells it."""


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
    iteration.written_reasoning = GrowingText(_whole(state, event.reasoning, iteration.written_reasoning))
    iteration.written_code = GrowingText(_whole(state, event.code, iteration.written_code))
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
        end_hold(state)
    yield HoldChanged()


def end_hold(state: TrajectoryState) -> None:
    """Nothing is held any more: from now on time counts again."""
    if state.held_since is not None:
        state.stretches.append(Stretch("held", state.held_span, state.held_since, state.now))
    state.held_before, state.held_since = state.held_seconds(state.now), None


def code_edited(state: TrajectoryState, event: CodeEdited) -> Iterator[ChangeKind]:
    iteration = state.iteration_of(event.span)
    if iteration is None:
        yield state.odd(event, f"code edited for {event.span!r}, which never started")
        return
    state.touch(iteration)
    if iteration.original_code is None:
        iteration.original_code = _whole(state, event.before, iteration.written_code)
    iteration.code_value = event.after
    iteration.written_code = GrowingText(_whole(state, event.after, GrowingText()))
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


def cell_started(state: TrajectoryState, event: CellStarted) -> Iterator[ChangeKind]:
    if event.span in state.cells_by_span:
        yield state.odd(event, f"cell {event.span!r} started twice")
        return
    iteration = state.iteration_of(event.parent) or state.iterations_by_span.get(event.span)
    if iteration is None:
        yield state.odd(event, f"a cell of {event.parent!r}, which never started")
        return
    state.touch(iteration)
    code = _whole(state, event.code, iteration.written_code)
    cell = Cell(event.span, iteration, code, event.code, state.now, by=event.by, origin=event.origin)
    iteration.steps.append(CellStep(event.span))
    if iteration.depth == 0:
        state.held_at_cell = state.held_seconds(state.now)
    if event.by == "person":
        iteration.person_cells.append(cell)
    else:
        if iteration.cell is not None:
            iteration.earlier_cells.append(iteration.cell)
        iteration.cell = cell
        iteration.phase = "running"
        iteration.ended_at = None
    state.cells_by_span[event.span] = state.open_cells[event.span] = cell
    state.open_iterations[iteration.span] = iteration
    yield IterationChanged(iteration.span)


def cell_output(state: TrajectoryState, event: CellOutput) -> tuple[ChangeKind, ...]:
    cell = state.cells_by_span.get(event.span)
    if cell is None:
        return (state.odd(event, f"output of the cell {event.span!r}, which never started"),)
    state.touch(cell.iteration)
    cell.add_output(event.stream, event.text)
    step = "" if cell.by == "planner" else cell.span
    return (CellAppended(cell.iteration.span, event.stream, event.text, step),)


def cell_finished(state: TrajectoryState, event: CellFinished) -> Iterator[ChangeKind]:
    cell = state.open_cells.pop(event.span, None)
    if cell is None:
        known = event.span in state.cells_by_span
        yield state.odd(
            event, f"cell {event.span!r} {'ended twice' if known else 'ended, but never started'}"
        )
        return
    iteration = cell.iteration
    state.touch(iteration)
    cell.status = event.status
    cell.value, cell.submitted, cell.error = event.value, event.submitted, event.error
    cell.seconds, cell.dropped = event.seconds, event.dropped
    if iteration.depth == 0:
        state.cell_seconds = max(event.seconds - (state.held_seconds(state.now) - state.held_at_cell), 0.0)
    if event.status not in ("ok", "submitted"):
        detail = event.error or ErrorDetail(kind=event.status, message=_CELL_WORDS[event.status])
        yield state.fail("cell", event.span, detail)
    if iteration.cell is cell:
        end_iteration(state, iteration)
    yield IterationChanged(iteration.span)
    yield from forget_marks(state, cell)


_CELL_WORDS = {
    "error": "The cell failed.",
    "interrupted": "The cell was interrupted.",
    "timeout": "The cell took longer than it may.",
    "lost": "The sandbox was lost while the cell ran.",
}


def end_iteration(state: TrajectoryState, iteration: Iteration) -> None:
    """`iteration` is over. Touch it before."""
    iteration.phase = "done"
    iteration.ended_at = state.now
    state.open_iterations.pop(iteration.span, None)


def close_iteration(state: TrajectoryState, iteration: Iteration) -> Iterator[ChangeKind]:
    """End an iteration of which nothing more is to come, its cell too. Touch it before."""
    for cell in (*iteration.person_cells, iteration.cell):
        if cell is None:
            continue
        if cell.status is None:
            cell.status = "interrupted"
            cell.seconds = max(state.now - cell.started_at, 0.0)
        state.open_cells.pop(cell.span, None)
    end_iteration(state, iteration)
    yield IterationChanged(iteration.span)


def close_everything(state: TrajectoryState) -> Iterator[ChangeKind]:
    """The run is over: nothing that is still open will end by itself."""
    for iteration in list(state.open_iterations.values()):
        state.touch(iteration)
        yield from close_iteration(state, iteration)
    for cell in list(state.open_cells.values()):
        state.touch(cell.iteration)
        cell.status = "interrupted"
    for call in list(state.open_calls.values()):
        state.touch(call)
        call.state = "failed"
        call.seconds = max(state.now - call.started_at, 0.0)
        call.error = ABANDONED
        yield CallChanged(call.span)
    for open_things in (state.open_cells, state.open_calls, state.holds):
        open_things.clear()
    end_hold(state)


def _whole(state: TrajectoryState, value: Value, written: GrowingText) -> str:
    """The whole text of `value`: what was streamed if that is it, else what the blob says, else its head."""
    if value.blob is None:
        return value.text
    if written.length == value.length and str(written).startswith(value.text):
        return str(written)
    if state.resolve is None:
        return value.text
    try:
        return state.resolve(value)
    except (OSError, ValueError):
        return value.text
