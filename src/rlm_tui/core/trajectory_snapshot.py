"""A moment of a trajectory, kept so that any later one can be reached without folding from the start.

Taking one costs a reference for each iteration of the run: what lies below them is shared with the living
trajectory and copied only when that changes it (see `Island`).
"""

from __future__ import annotations

from typing import Any

import msgspec

from rlm_tui.core.counting import Counting
from rlm_tui.core.island_copy import copy_island, things_in
from rlm_tui.core.iterations import Box, Call, Cell
from rlm_tui.core.trajectory_state import TrajectoryState

_FIXED = (
    "started",
    "finished",
    "interrupted",
    "sandbox",
    "now",
    "last_seq",
    "ended_seconds",
    "budgets",
    "prefix",
    "clock_from",
    "held_before",
    "held_since",
    "held_at_cell",
    "cell_seconds",
)
_DICTS = ("sandboxes", "variables", "variable_marks", "volume_files", "holds")
_GROWING = ("notes", "unknown", "problems")
_OPEN = ("open_iterations", "open_cells", "open_calls")


class Snapshot(msgspec.Struct, frozen=True):
    """The trajectory as it stood after the event `seq`, `at` seconds into the run."""

    seq: int
    at: float
    fixed: dict[str, Any]
    dicts: dict[str, dict[str, Any]]
    growing: dict[str, tuple[list[Any], int]]
    open: dict[str, tuple[str, ...]]
    counting: Counting
    boxes: tuple[Box, ...]


def take(state: TrajectoryState) -> Snapshot:
    """A snapshot of `state` as it is now."""
    return Snapshot(
        seq=state.last_seq,
        at=state.now,
        fixed={name: getattr(state, name) for name in _FIXED},
        dicts={name: dict(getattr(state, name)) for name in _DICTS},
        growing={name: (getattr(state, name), len(getattr(state, name))) for name in _GROWING},
        open={name: tuple(getattr(state, name)) for name in _OPEN},
        counting=state.counting.copy(),
        boxes=state.boxes(),
    )


def put_back(state: TrajectoryState, snapshot: Snapshot) -> None:
    """Make the fresh `state` what it was at `snapshot`. It shares nothing that changes with it."""
    for name in _FIXED:
        setattr(state, name, snapshot.fixed[name])
    for name in _DICTS:
        setattr(state, name, dict(snapshot.dicts[name]))
    for name, (items, length) in snapshot.growing.items():
        setattr(state, name, items[:length])
    state.counting = snapshot.counting.copy()
    for box in snapshot.boxes:
        root = copy_island(box.root)
        state.islands.append(root.island)
        if not isinstance(root, Call):
            state.iterations.append(root)
        for thing in things_in(root):
            if isinstance(thing, Call):
                state.calls_by_span[thing.span] = thing
                if thing.number:
                    state.calls.append(thing)
                continue
            state.iterations_by_span[thing.span] = thing
            for cell in _cells([*thing.earlier_cells, *thing.person_cells], thing.cell):
                state.cells_by_span[cell.span] = cell
    state.calls.sort(key=lambda call: call.number)
    _reopen(state, snapshot)


def _cells(earlier: list[Cell], last: Cell | None) -> list[Cell]:
    return earlier if last is None else [*earlier, last]


def _reopen(state: TrajectoryState, snapshot: Snapshot) -> None:
    state.open_iterations = {
        span: state.iterations_by_span[span] for span in snapshot.open["open_iterations"]
    }
    state.open_cells = {span: state.cells_by_span[span] for span in snapshot.open["open_cells"]}
    state.open_calls = {span: state.calls_by_span[span] for span in snapshot.open["open_calls"]}
