"""The Trajectory: every iteration a fold that opens by key and by mouse."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import BindingType

from rlm_tui.ui.widgets.row import Row
from rlm_tui.ui.widgets.row_blocks import Place
from rlm_tui.ui.widgets.run_messages import CallSelected, IterationSelected, MoreWanted
from rlm_tui.ui.widgets.targets import CallLine, Fold, More, Reasoning, StepFold
from rlm_tui.ui.widgets.trajectory_bindings import TRAJECTORY_BINDINGS
from rlm_tui.ui.widgets.trajectory_blocks import RESULT, TrajectoryBlocks


class TrajectoryView(TrajectoryBlocks):
    """Shows a `Trajectory`: `show` it once, then give each `Change` to `apply`."""

    BINDINGS: ClassVar[list[BindingType]] = TRAJECTORY_BINDINGS

    @property
    def selected(self) -> str:
        """The span of the iteration under the cursor; of the newest while following; "" for the Result."""
        return self._looked_at or ""

    @property
    def current_row(self) -> Row | None:
        """The row under the cursor."""
        return None if self.cursor is None else self.blocks.row(self.cursor)

    def cursor_moved(self, place: Place | None) -> None:
        span = "" if place is None or place.key == RESULT else self._span_at(place)
        if span != self._looked_at:
            self._looked_at = span
            self.post_message(IterationSelected(self, span))

    def _span_at(self, place: Place) -> str:
        """The iteration that a row belongs to: the nested one where it is one's header or below it."""
        block = self.blocks.block(place.key)
        for index in range(place.row, -1, -1):
            target = block.rows[index].target
            if isinstance(target, Fold):
                return target.span
        return place.key

    def chosen(self, place: Place, row: Row) -> None:
        match row.target:
            case Fold(span=span):
                self._folds.toggle(span)
            case StepFold(key=key):
                self._folds.toggle(key)
            case Reasoning(span=span):
                self._folds.toggle_reasoning(span)
            case CallLine(span=span, opens=opens):
                if opens:
                    self._folds.toggle(span)
                self.post_message(CallSelected(self, span))
            case More(span=span, tab=tab):
                self.post_message(MoreWanted(self, span, tab))
                return
            case _:
                return
        self._draw(place.key)

    def open_iteration(self, span: str, *, go: bool = False) -> None:
        """Open the iteration of `span` with all that it lies in. The view goes there while it follows, or
        to `go` there in any case.
        """
        trajectory = self._trajectory
        inner = "" if trajectory is None else self._folds.open_path(trajectory, span)
        root = self._folds.roots.get(inner, "")
        if not inner or root not in self.blocks:
            return
        self._dirty.add(root)
        self._flush()
        if go or (self.following and inner != root):
            self.move_cursor(self._header_of(root, inner), reveal=go)

    def _draw(self, key: str) -> None:
        """Draw one iteration anew, with the cursor where it was, not following: the person is reading."""
        if (trajectory := self._trajectory) is None:
            return
        self._dirty.update(iteration.span for iteration in trajectory.iterations if iteration.span == key)
        following, self.following = self.following, False
        self._flush()
        self.move_cursor(self.cursor)
        self.following = following and trajectory.finished is None

    def action_iteration(self, by: int) -> None:
        """Go to the header of another iteration; beyond the last one lies the Result."""
        spans = [block.key for block in self.blocks if block.key in self._folds.roots or block.key == RESULT]
        if not spans:
            return
        key = self.cursor.key if self.cursor is not None else spans[-1]
        here = spans.index(key) if key in spans else len(spans) - 1
        if by < 0 and self.cursor is not None and self.cursor.row > 0:
            here += 1
        span = spans[min(max(here + by, 0), len(spans) - 1)]
        self.following = False
        self.move_cursor(Place(span, 0))
        top = self.blocks.start(span)
        block = self.blocks.block(span)
        if top + block.height > self.scroll_offset.y + self.scrollable_content_region.height:
            self.scroll_to(y=top, animate=False, force=True)

    def action_toggle_all(self) -> None:
        if (trajectory := self._trajectory) is None:
            return
        self._folds.toggle_all(trajectory)
        self._dirty.update(iteration.span for iteration in trajectory.iterations)
        if self.cursor is not None:
            self.cursor = Place(self.cursor.key, 0)
        self.following = False
        self._flush()
        self.move_cursor(self.cursor)

    def action_toggle_reasoning(self) -> None:
        if self._looked_at:
            self._folds.toggle_reasoning(self._looked_at)
            self._draw(self._folds.roots.get(self._looked_at, self._looked_at))
