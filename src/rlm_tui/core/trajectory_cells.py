"""What the events of cells do to the trajectory.

What a cell prints comes by the thousand and is answered with a tuple: a generator costs as much as all else.
"""

from __future__ import annotations

from collections.abc import Iterator

from rlm_tui.core.change import CellAppended, ChangeKind, IterationChanged
from rlm_tui.core.events import CellFinished, CellOutput, CellStarted, ErrorDetail
from rlm_tui.core.iterations import Cell
from rlm_tui.core.trajectory_ends import end_iteration
from rlm_tui.core.trajectory_state import TrajectoryState
from rlm_tui.core.trajectory_variables import forget_marks
from rlm_tui.core.turn_steps import CellStep


def cell_started(state: TrajectoryState, event: CellStarted) -> Iterator[ChangeKind]:
    if event.span in state.cells_by_span:
        yield state.odd(event, f"cell {event.span!r} started twice")
        return
    iteration = state.iteration_of(event.parent) or state.iterations_by_span.get(event.span)
    if iteration is None:
        yield state.odd(event, f"a cell of {event.parent!r}, which never started")
        return
    state.touch(iteration)
    code = state.whole_text(event.code, iteration.written_code)
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
