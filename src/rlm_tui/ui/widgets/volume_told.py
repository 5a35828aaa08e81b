"""What a run has written to its volume by the moment that is looked at, as its log tells it."""

from __future__ import annotations

from collections.abc import Iterator

from rlm_tui.core.change import Change, VolumeUpdated
from rlm_tui.core.iterations import Iteration
from rlm_tui.core.text import one_line
from rlm_tui.core.trajectory import Trajectory
from rlm_tui.ui.widgets.row import LineRow, Row, TextRow
from rlm_tui.ui.widgets.text_view import TextView

NOTHING = "Nothing was written to the volume by now."
MOST_CELLS = 300


class VolumeTold(TextView):
    """A line for each path that was written or removed, and the iteration that did it last."""

    def __init__(self) -> None:
        super().__init__(id="volume-told")
        self._trajectory: Trajectory | None = None
        self._waits = False

    def show(self, trajectory: Trajectory) -> None:
        """Show what this run has written, from now on."""
        self._trajectory = trajectory
        self._refill()

    def move(self, trajectory: Trajectory) -> None:
        """Show another moment of the run."""
        before, self._trajectory = self._trajectory, trajectory
        if before is None or before.volume_files != trajectory.volume_files:
            self._refill()

    def apply(self, change: Change) -> None:
        """Take up a change. Several in a row cost one redraw."""
        if any(isinstance(kind, VolumeUpdated) for kind in change.kinds) and not self._waits:
            self._waits = True
            self.call_later(self._refill)

    def _refill(self) -> None:
        self._waits = False
        if self._trajectory is not None:
            self.fill(volume_rows(self._trajectory), keep_place=True)


def volume_rows(trajectory: Trajectory) -> Iterator[Row]:
    """The paths in the order in which they were first written; then what may have been written too."""
    last: dict[str, Iteration] = {}
    unknown: list[Iteration] = []
    for iteration in trajectory.iterations_by_span.values():
        last.update(dict.fromkeys((*iteration.volume_written, *iteration.volume_removed), iteration))
        if iteration.volume_unknown:
            unknown.append(iteration)
    if not trajectory.volume_files and not unknown:
        yield TextRow(((NOTHING, "dim"),))
    for path, state in trajectory.volume_files.items():
        sign, role = ("+", "good") if state == "written" else ("-", "bad")
        by = f"  {state}, {_place(last[path])}" if path in last else f"  {state}"
        yield LineRow(((f"{sign} ", role), (one_line(path, MOST_CELLS), "text"), (by, "dim")))
    for iteration in unknown:
        words = f"{_place(iteration)} may have written more: the volume could not be looked over"
        yield TextRow(((words, "dim"),))


def _place(iteration: Iteration) -> str:
    nested = " of a nested RLM" if iteration.depth else ""
    return f"iteration {iteration.n}{nested}"
