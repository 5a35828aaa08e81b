"""What the events do to the namespaces of a run: its own, and those of nested RLMs."""

from __future__ import annotations

from collections.abc import Iterator

from rlm_tui.core.change import ChangeKind, IterationChanged, VariablesUpdated
from rlm_tui.core.events import VariablesChanged
from rlm_tui.core.iterations import Call, Cell, VariableMark
from rlm_tui.core.trajectory_state import TrajectoryState


def variables_changed(state: TrajectoryState, event: VariablesChanged) -> Iterator[ChangeKind]:
    call = _nested_run_of(state, event)
    if call is not None:
        state.touch(call)
    space = state if call is None else call
    ends_cell = event.span in state.cells_by_span and event.span != space.marked_by
    if ends_cell:
        space.marked_by = event.span
    variables = space.variables
    marks: dict[str, VariableMark] = {} if ends_cell else dict(space.variable_marks)
    for item in event.changed:
        if variables.get(item.name) != item:
            marks.setdefault(item.name, "changed" if item.name in variables else "new")
    variables.update((item.name, item) for item in event.changed)
    for name in event.removed:
        variables.pop(name, None)
        marks.pop(name, None)
    space.variable_marks = marks
    yield VariablesUpdated(None if call is None else call.span)
    iteration = state.iteration_of(event.span)
    if iteration is not None:
        state.touch(iteration)
        iteration.variables_changed += event.changed
        iteration.variables_removed += event.removed
        yield IterationChanged(iteration.span)


def forget_marks(state: TrajectoryState, cell: Cell) -> Iterator[ChangeKind]:
    """The cell has ended: if it changed nothing, nothing is marked. Touch its iteration before."""
    space = state.namespace(cell.iteration)
    if space.marked_by == cell.span:
        return
    space.marked_by = cell.span
    if space.variable_marks:
        space.variable_marks = {}
        yield VariablesUpdated(space.span if isinstance(space, Call) else None)


def _nested_run_of(state: TrajectoryState, event: VariablesChanged) -> Call | None:
    """The nested run whose namespace it is: that of the cell, or of the sandbox that told it."""
    iteration = state.iteration_of(event.span)
    if iteration is not None:
        return state.rlm_of(iteration)
    sandbox = state.sandboxes.get(event.span)
    owner = event.parent if sandbox is None or sandbox.parent_call is None else sandbox.parent_call
    return state.calls_by_span.get(owner)
