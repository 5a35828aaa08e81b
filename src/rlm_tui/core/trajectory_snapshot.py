"""A moment of a trajectory, kept so that any later one can be reached without folding from the start.

Taking one costs a reference for each iteration of the run: what lies below them is shared with the living
trajectory and copied only when that changes it (see `Island`).
"""

from __future__ import annotations

from typing import Any

import msgspec

from rlm_tui.core.counting import Counting
from rlm_tui.core.island_copy import copy_island, things_in
from rlm_tui.core.iterations import Box, Call, Cell, Iteration, Known
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
    "held_span",
    "held_at_cell",
    "cell_seconds",
    "marked_by",
    "odd_events",
)
_DICTS = ("sandboxes", "variables", "variable_marks", "volume_files", "holds")
_GROWING = ("notes", "unknown", "problems", "stretches")
_OPEN = ("open_iterations", "open_cells", "open_calls")


class Snapshot(msgspec.Struct, frozen=True):
    """The trajectory as it stood after the event `seq`, `at` seconds into the run.

    `going_on` are the places of the `boxes` in which something is open.
    """

    seq: int
    at: float
    fixed: dict[str, Any]
    dicts: dict[str, dict[str, Any]]
    growing: dict[str, tuple[list[Any], int]]
    open: dict[str, tuple[str, ...]]
    counting: Counting
    boxes: tuple[Box, ...]
    going_on: frozenset[int]


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
        going_on=_going_on(state),
    )


def _going_on(state: TrajectoryState) -> frozenset[int]:
    things: tuple[Iteration | Call, ...] = (
        *state.open_iterations.values(),
        *(cell.iteration for cell in state.open_cells.values()),
        *state.open_calls.values(),
    )
    islands = {id(thing.island) for thing in things}
    with_root = (island for island in state.islands if island.root is not None)
    return frozenset(place for place, island in enumerate(with_root) if id(island) in islands)


def put_back(state: TrajectoryState, snapshot: Snapshot, *, borrow: bool = False) -> None:
    """Make the fresh `state` what it was at `snapshot`. It shares nothing that changes with it.

    `borrow`: what is over is not copied before an event changes it, which `own` sees to. Only for a snapshot
    whose trajectory takes no more events.
    """
    for name in _FIXED:
        setattr(state, name, snapshot.fixed[name])
    for name in _DICTS:
        setattr(state, name, dict(snapshot.dicts[name]))
    for name, (items, length) in snapshot.growing.items():
        setattr(state, name, items[:length])
    state.counting = snapshot.counting.copy()
    last = next((box for box in reversed(snapshot.boxes) if not isinstance(box.root, Call)), None)
    for place, box in enumerate(snapshot.boxes):
        root = box.root
        if borrow and box is not last and place not in snapshot.going_on:
            state.borrowed[id(root.island)] = root
            known = box.known = box.known or _known(root)
        else:
            root = copy_island(root)
            known = _known(root)
        state.islands.append(root.island)
        if not isinstance(root, Call):
            state.iterations.append(root)
        state.calls += _know(state, known)
    state.calls.sort(key=lambda call: call.number)
    _reopen(state, snapshot)


def own(state: TrajectoryState, span: str) -> None:
    """Copy what `span` belongs to, if it is borrowed: it may change now."""
    thing = state.calls_by_span.get(span) or state.iteration_of(span)
    root = None if thing is None else state.borrowed.pop(id(thing.island), None)
    if root is None:
        return
    twin = copy_island(root)
    state.islands[state.islands.index(root.island)] = twin.island
    if not isinstance(twin, Call):
        state.iterations[state.iterations.index(root)] = twin  # type: ignore[arg-type]
    _know(state, _known(twin))
    state.calls = [state.calls_by_span[call.span] for call in state.calls]


def _know(state: TrajectoryState, known: Known) -> list[Call]:
    """Have everything that is known found by its span; the calls that have a number."""
    state.iterations_by_span.update(known.iterations)
    state.cells_by_span.update(known.cells)
    state.calls_by_span.update(known.calls)
    return known.numbered


def _known(root: Iteration | Call) -> Known:
    known = Known({}, {}, {}, [])
    for thing in things_in(root):
        if isinstance(thing, Call):
            known.calls[thing.span] = thing
            if thing.number:
                known.numbered.append(thing)
            continue
        known.iterations[thing.span] = thing
        for cell in _cells([*thing.earlier_cells, *thing.person_cells], thing.cell):
            known.cells[cell.span] = cell
    return known


def _cells(earlier: list[Cell], last: Cell | None) -> list[Cell]:
    return earlier if last is None else [*earlier, last]


def _reopen(state: TrajectoryState, snapshot: Snapshot) -> None:
    state.open_iterations = {
        span: state.iterations_by_span[span] for span in snapshot.open["open_iterations"]
    }
    state.open_cells = {span: state.cells_by_span[span] for span in snapshot.open["open_cells"]}
    state.open_calls = {span: state.calls_by_span[span] for span in snapshot.open["open_calls"]}
