"""How iterations, cells and calls end, also those of which no event tells it."""

from __future__ import annotations

from collections.abc import Iterator

from rlm_tui.core.change import CallChanged, ChangeKind, IterationChanged
from rlm_tui.core.events import ErrorDetail
from rlm_tui.core.iterations import Iteration
from rlm_tui.core.trajectory_state import TrajectoryState

ABANDONED = ErrorDetail(kind="Abandoned", message="The run ended before this was answered.")
"""The error of a call that was open at the end: no event tells it."""


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
    state.end_hold()
