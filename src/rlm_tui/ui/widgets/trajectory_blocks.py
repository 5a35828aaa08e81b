"""What the Trajectory draws of a run: a block an iteration, the newest open, the Result at the end.

What a person does with it is in `trajectory_view`.
"""

from __future__ import annotations

from rlm_tui.core.change import (
    CallAdded,
    CallChanged,
    CellAppended,
    Change,
    HoldChanged,
    IterationAdded,
    IterationChanged,
    PlanAppended,
    PrefixDone,
)
from rlm_tui.core.trajectory import Trajectory
from rlm_tui.ui.clock import Now
from rlm_tui.ui.widgets.folds import Folds
from rlm_tui.ui.widgets.highlight import highlight_python
from rlm_tui.ui.widgets.note_rows import add_notes
from rlm_tui.ui.widgets.output_tail import OutputTails
from rlm_tui.ui.widgets.result_block import result_rows
from rlm_tui.ui.widgets.row import Row, TextRow
from rlm_tui.ui.widgets.row_blocks import Place
from rlm_tui.ui.widgets.row_view import RowView
from rlm_tui.ui.widgets.shown import Shown
from rlm_tui.ui.widgets.start_rows import start_rows
from rlm_tui.ui.widgets.targets import Fold
from rlm_tui.ui.widgets.trajectory_rows import block_rows, iterations_to_draw

TICK_SECONDS = 0.2
RESULT = "result"
EMPTY = "empty"


class TrajectoryBlocks(RowView):
    """Draws a `Trajectory`: `show` it once, then give each `Change` to `apply`."""

    def __init__(
        self,
        *,
        id: str | None = None,  # noqa: A002 - Textual's own name
        classes: str | None = None,
        empty: str = "",
    ) -> None:
        """`empty` says what to do next where there is no run yet."""
        super().__init__(id=id, classes=classes)
        self._empty = empty or "Nothing has run yet. ^R runs the task on the document."
        self._trajectory: Trajectory | None = None
        self._now: Now = lambda: 0.0
        self._ticked_at = -1.0
        self._folds = Folds()
        self._tails = OutputTails()
        self._dirty: set[str] = set()
        self._flush_waits = False
        self._looked_at: str | None = None
        self._offer = ""

    def on_mount(self) -> None:
        self.set_interval(TICK_SECONDS, self._tick)
        self.run_worker(
            lambda: highlight_python("pass"), thread=True, group="warm-up"
        )  # its import takes a while
        if self._trajectory is None:
            self._show_empty()

    def show(self, trajectory: Trajectory, now: Now | None = None) -> None:
        """Show this run from now on. `now` gives the seconds since it began, as the screen counts them."""
        self._trajectory = trajectory
        self._now = now or (lambda: trajectory.now)
        self._folds = Folds()
        self._tails = OutputTails()
        self._dirty.clear()
        self._looked_at = None
        self._offer = ""
        self.clear_rows()
        self.following = trajectory.finished is None
        for iteration in trajectory.iterations:
            self._folds.add(iteration)
            self._dirty.add(iteration.span)
        if trajectory.finished is None or _failed(trajectory):
            self._folds.newest(trajectory)
        self._flush()
        if trajectory.finished is not None:
            self.scroll_to(y=0, animate=False, force=True)

    def move(self, trajectory: Trajectory) -> None:
        """Show another moment of the run: what is open stays open, what is the same is not drawn again."""
        before = self._trajectory
        if before is None:
            self.show(trajectory)
            return
        drawn = {one.span: one for one in before.iterations if one.span in self.blocks}
        there = {one.span: one for one in trajectory.iterations}
        for block in reversed(list(self.blocks)):
            if block.key not in there:
                self.blocks.remove(block.key)
        self._trajectory = trajectory
        self._now = lambda: trajectory.now
        for span, iteration in there.items():
            if drawn.get(span) is not iteration:
                self._tails.forget(span)
                self._folds.add(iteration)
                self._dirty.add(span)
        self._folds.newest(trajectory, shut=True)
        self._dirty.update(self._folds.moved & there.keys())
        self.following = True
        self._flush()

    def open_all(self) -> None:
        """Open all iterations, and stay where the person is."""
        if (trajectory := self._trajectory) is not None:
            spans = {iteration.span for iteration in trajectory.iterations}
            self._folds.open |= spans
            self._dirty |= spans
            self._flush()

    def look_again(self) -> None:
        """Take up what has changed in a trajectory whose changes are not told."""
        trajectory = self._trajectory
        if trajectory is None:
            return
        for iteration in trajectory.iterations:
            if iteration.span not in self.blocks:
                self._folds.add(iteration)
                self._dirty.add(iteration.span)
        self._dirty.update(iteration.span for iteration in trajectory.iterations[-2:])
        for iteration in trajectory.iterations[-1:]:
            self._folds.add(iteration)
            self._tails.forget(iteration.span)
        self._folds.newest(trajectory, shut=self.following)
        self._dirty.update(self._folds.moved)
        self._flush()

    def apply(self, change: Change) -> None:
        """Take up a change. Several in a row cost one redraw."""
        if self._trajectory is None:
            return
        folds = self._folds
        for kind in change.kinds:
            match kind:
                case IterationAdded(span=span, parent_call=None):
                    folds.roots[span] = span
                    folds.newest(self._trajectory, shut=self.following)
                    self._dirty.update(folds.moved)
                case IterationAdded(span=span, parent_call=str(call)):
                    folds.roots[span] = folds.roots.get(call, "")
                case CallAdded(span=span, iteration=iteration, parent_call=call):
                    folds.roots[span] = folds.roots.get(iteration or call or "", "")
                case CellAppended(span=span, stream=stream, text=text, step=step):
                    self._tails.feed(step or span, stream, text)
                case IterationChanged() | PlanAppended() | CallChanged():
                    pass
                case HoldChanged() | PrefixDone():
                    if self.following:
                        folds.ran_last(self._trajectory)
                        self._dirty.update(folds.moved)
                    self._dirty.update(iteration.span for iteration in self._trajectory.iterations[-1:])
                    continue
                case _:
                    continue
            self._dirty.add(folds.roots.get(kind.span, ""))
        if not self._flush_waits:
            self._flush_waits = True
            self.call_later(self._flush)

    def _flush(self) -> None:
        self._flush_waits = False
        trajectory = self._trajectory
        if trajectory is None:
            return
        self._ticked_at = self._now()
        if not trajectory.iterations and trajectory.finished is None and not trajectory.notes:
            self._show_empty()
            return
        if EMPTY in self.blocks:
            self.blocks.remove(EMPTY)
        self._dirty.discard("")
        shown = self._shown()
        for iteration in iterations_to_draw(trajectory, self._dirty, self.blocks):
            self.blocks.set(iteration.span, block_rows(trajectory, iteration, shown))
        self._dirty.clear()
        add_notes(self.blocks, trajectory.notes)
        ended = trajectory.finished is not None and RESULT not in self.blocks
        if ended:
            self._end(trajectory)
        self.rows_changed()
        self._follow()
        if ended and self.following:
            self._show_result()

    def _end(self, trajectory: Trajectory) -> None:
        """The run is over: the Result stands at the end, and nothing above it keeps the eye.

        Of a run that failed the last iteration stays open: what it printed last tells more than the error.
        """
        shown = self._shown()
        if self.following and not _failed(trajectory):
            for iteration in trajectory.iterations[-1:]:
                if self._folds.shut(iteration.span):
                    self.blocks.set(iteration.span, block_rows(trajectory, iteration, shown))
        self.blocks.set(RESULT, result_rows(trajectory, offer=self._offer))

    def offer(self, words: str) -> None:
        """Say under the Result what can be done with a run that ended without one."""
        self._offer = words
        if self._trajectory is not None and RESULT in self.blocks:
            self.blocks.set(RESULT, result_rows(self._trajectory, offer=words))
            self.rows_changed()

    def _show_result(self) -> None:
        """Bring the beginning of the Result into view, in the upper half where it is long."""
        self.following = False
        above = self.blocks.start(RESULT)
        self.scroll_to(
            y=max(0, above - self.scrollable_content_region.height // 2), animate=False, force=True
        )

    def _shown(self) -> Shown:
        return Shown(self._folds.open, self._folds.reasoning, self._now(), self._tails, not self.following)

    def _show_empty(self) -> None:
        trajectory = self._trajectory
        rows: list[Row] = [TextRow(((self._empty, "dim"),))]
        if trajectory is not None and trajectory.started is not None:
            rows = start_rows(trajectory.sandbox, self._now())
        self.blocks.set(EMPTY, rows)
        self.rows_changed()

    def _tick(self) -> None:
        """What counts seconds counts on, also while nothing is printed."""
        trajectory = self._trajectory
        if trajectory is None or trajectory.finished is not None or self._now() == self._ticked_at:
            return  # at a moment of a saved run the time stands still
        if not trajectory.iterations:
            if trajectory.started is not None:
                self._flush()
            return
        last = trajectory.iterations[-1]
        if last.phase != "done" and last.span in self.blocks:
            self._dirty.add(last.span)
            self._flush()

    def _follow(self) -> None:
        """While following, the newest iteration is the one that is looked at, or the one that is held; at the
        end, the Result.
        """
        trajectory = self._trajectory
        if trajectory is None or not self.following:
            return
        if trajectory.finished is not None:
            self.move_cursor(Place(RESULT, 0), reveal=False)
        elif trajectory.iterations:
            held = trajectory.held
            iteration = None if held is None else trajectory.iteration_of(held.span)
            span = trajectory.iterations[-1].span if iteration is None else iteration.span
            root = self._folds.roots.get(span, "")
            if root in self.blocks:
                self.move_cursor(self._header_of(root, span), reveal=False)

    def followed_y(self) -> int:
        """While the run is held before a cell, code is read from its beginning, however long it is."""
        trajectory, end = self._trajectory, super().followed_y()
        held = None if trajectory is None else trajectory.held
        if trajectory is None or held is None or held.before != "cell":
            return end
        root = self._folds.roots.get(held.span, "")
        if root not in self.blocks:
            return end
        return min(end, self.blocks.line_of(self._header_of(root, held.span)))

    def _header_of(self, root: str, span: str) -> Place:
        """The row of an iteration's header in the block of the one that it lies in."""
        if span == root:
            return Place(root, 0)
        rows = self.blocks.block(root).rows
        return Place(root, next((at for at, row in enumerate(rows) if row.target == Fold(span)), 0))


def _failed(trajectory: Trajectory) -> bool:
    return trajectory.finished is not None and trajectory.finished.status == "failed"
