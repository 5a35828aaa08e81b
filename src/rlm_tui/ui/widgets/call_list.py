"""The table of all calls of a run: virtual, so that ten thousand cost no more than ten at a key."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

from textual import events
from textual.message import Message

from rlm_tui.core.call_listing import CallListing, Column, ListedCall
from rlm_tui.ui.widgets.call_list_columns import CallListColumns
from rlm_tui.ui.widgets.listed_blocks import ListedBlocks
from rlm_tui.ui.widgets.row import Line, Row, cut_line
from rlm_tui.ui.widgets.row_blocks import Place
from rlm_tui.ui.widgets.row_view import RowView
from rlm_tui.ui.widgets.span_line import SpanLine
from rlm_tui.ui.widgets.targets import CallLine


@dataclass(slots=True, eq=False)
class ListedCallRow:
    """One line of the table; what it shows is read from the fold when it is painted."""

    line: ListedCall
    columns: CallListColumns

    @property
    def target(self) -> CallLine:
        return CallLine(self.line.call.span, opens=self.line.call.is_batch)

    def sameness(self) -> Hashable:
        return None

    def height(self, width: int) -> int:
        return 1

    def layout(self, width: int) -> Sequence[Line]:
        return [cut_line(self.columns.line(self.line, width), width)]


class CallList(RowView):
    """Shows what a `CallListing` says. It computes nothing of it."""

    class Chosen(Message):
        """Enter or a click chose a call."""

        def __init__(self, listed: ListedCall) -> None:
            super().__init__()
            self.listed = listed

    class Moved(Message):
        """The cursor stands on another call."""

        def __init__(self, listed: ListedCall | None) -> None:
            super().__init__()
            self.listed = listed

    def __init__(
        self,
        *,
        id: str | None = None,  # noqa: A002 - Textual's own name
    ) -> None:
        super().__init__(id=id, follow=False)
        self.columns = CallListColumns()
        self.listed: ListedBlocks[ListedCall] = ListedBlocks(self._row, lambda line: line.call.span)
        self.blocks = self.listed

    def _row(self, line: ListedCall) -> Row:
        return ListedCallRow(line, self.columns)

    def show(self, listing: CallListing, now: float) -> None:
        """Show this list; the cursor stays on its call if it is still there."""
        self.columns.begin, self.columns.end = listing.begin, listing.end
        self.columns.now = now
        self.columns.set_numbers(listing.of)
        before = self.current
        self.listed.take(listing.lines, listing.places)
        self.painter.forget_rows()
        if self.cursor is None or self.cursor.key not in self.listed:
            self.cursor = self.listed.locate(0)
        self.rows_changed()
        if self.current is not before:
            self.post_message(self.Moved(self.current))

    def tick(self, now: float) -> None:
        """Time has gone on: calls in flight have taken longer."""
        self.columns.now = now
        self.columns.end = max(self.columns.end, now)
        self.painter.forget_rows()
        self.refresh()

    @property
    def current(self) -> ListedCall | None:
        """The call under the cursor."""
        if self.cursor is None or (place := self.listed.place_of(self.cursor.key)) is None:
            return None
        return self.listed.line(place)

    def go_to(self, span: str) -> bool:
        """Put the cursor on a call; False if it is not listed."""
        place = self.listed.place_of(span)
        if place is None:
            return False
        self.following = False
        self.move_cursor(Place(span, 0))
        return True

    def cursor_moved(self, place: Place | None) -> None:
        self.post_message(self.Moved(self.current))

    def chosen(self, place: Place, row: Row) -> None:
        if isinstance(row, ListedCallRow):
            self.post_message(self.Chosen(row.line))


class CallListHeading(SpanLine):
    """The names of the columns; a click on one sorts by it."""

    class SortWanted(Message):
        """The person clicked on the name of a column."""

        def __init__(self, column: Column) -> None:
            super().__init__()
            self.column = column

    def __init__(self, calls: CallList) -> None:
        super().__init__()
        self._calls = calls

    def _room(self, width: int) -> int:
        return max(0, width - 1 - self._calls.scrollbar_size_vertical)

    def line(self, width: int) -> Line:
        room = self._room(width)
        return cut_line(self._calls.columns.heading(room), room)

    def on_click(self, event: events.Click) -> None:
        column = self._calls.columns.column_at(event.x, self._room(self.content_size.width))
        if column is not None:
            self.post_message(self.SortWanted(column))
