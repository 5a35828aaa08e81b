"""The list of saved runs: ten thousand are shown as soon as ten; each row is made when it is looked at."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.message import Message

from rlm_tui.core.run_listing import RunListing
from rlm_tui.core.run_record import RunRecord
from rlm_tui.ui.key_groups import MOVE
from rlm_tui.ui.widgets.listed_blocks import ListedBlocks
from rlm_tui.ui.widgets.row import Line, Row
from rlm_tui.ui.widgets.row_blocks import Place
from rlm_tui.ui.widgets.row_view import RowView
from rlm_tui.ui.widgets.run_rows import RunRow, beside, heading
from rlm_tui.ui.widgets.span_line import SpanLine


class RunsList(RowView):
    """`show` it runs; it tells the one under the cursor, and the one that is chosen."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "choose", "open", id="rows.choose", tooltip="Replay the run", group=MOVE),
    ]

    class Highlighted(Message):
        """The cursor stands on another run; None: on none."""

        def __init__(self, run: RunRecord | None) -> None:
            super().__init__()
            self.run = run

    class Chosen(Message):
        """Enter or a click chose a run."""

        def __init__(self, run: RunRecord) -> None:
            super().__init__()
            self.run = run

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's own name
        super().__init__(id=id, follow=False)
        self._listed: ListedBlocks[RunRecord] = ListedBlocks(self._row, lambda run: run.run_id)
        self.blocks = self._listed
        self._marked: Collection[str] = ()
        self._now = datetime.now(UTC)

    def _row(self, run: RunRecord) -> Row:
        return RunRow(run, self._now, run.run_id in self._marked)

    def show(self, listing: RunListing, marked: Collection[str] = (), *, keep: bool = False) -> None:
        """List these; `keep`: stay at the run and the line where the person is."""
        self._now, self._marked = datetime.now(UTC), marked
        stood, top = self.cursor if keep else None, self.scroll_offset.y if keep else 0
        before = self._line_of(stood)
        self._listed.take(listing.runs, listing.places)
        self.painter.forget_rows()
        self.following = False
        at = self._line_of(stood)
        if at is not None and before is not None:
            top += at - before
        elif before is not None:  # that run is gone: the next one comes to its line
            at = min(before, len(listing.runs) - 1)
        self.cursor = self._listed.locate(at or 0)
        self.rows_changed()
        self.scroll_to(y=max(top, 0), animate=False, force=True)
        self.post_message(self.Highlighted(self.highlighted))

    def _line_of(self, place: Place | None) -> int | None:
        return None if place is None else self._listed.place_of(place.key)

    @property
    def highlighted(self) -> RunRecord | None:
        """The run under the cursor."""
        at = self._line_of(self.cursor)
        return None if at is None else self._listed.line(at)

    def cursor_moved(self, place: Place | None) -> None:
        self.post_message(self.Highlighted(self.highlighted))

    def chosen(self, place: Place, row: Row) -> None:
        if isinstance(row, RunRow):
            self.post_message(self.Chosen(row.run))


class RunsHeading(SpanLine):
    """The names of the columns."""

    def line(self, width: int) -> Line:
        return heading(width)


class RunsWords(SpanLine):
    """How many runs there are, and in what order they stand."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's own name
        super().__init__(id=id)
        self._left = self._right = ""
        self._bad = False

    def say(self, left: str, right: str = "", *, bad: bool = False) -> None:
        """Say this."""
        self._left, self._right, self._bad = left, right, bad
        self.stale()

    def line(self, width: int) -> Line:
        return beside(((self._left, "bad" if self._bad else "dim"),), ((self._right, "faint"),), width)
