"""Bars on one time axis, a line each; the part of the axis that is seen can be widened and moved."""

from __future__ import annotations

from textual import events
from textual.message import Message

from rlm_tui.core.timeline import Bar
from rlm_tui.core.timeline_listing import TimelineListing
from rlm_tui.ui.widgets.listed_blocks import ListedBlocks
from rlm_tui.ui.widgets.row import Row
from rlm_tui.ui.widgets.row_blocks import Place
from rlm_tui.ui.widgets.row_view import RowView
from rlm_tui.ui.widgets.timeline_rows import BarRow, bar_cells, label_cells
from rlm_tui.ui.widgets.timeline_window import Window

NOTCH = 0.8
"""How much of what was seen is seen after a notch of the wheel."""
WHEEL_SHARE = 0.1


class TimelineView(RowView):
    """Shows what a `TimelineListing` says, in the `window`. It computes nothing of it."""

    class WindowChanged(Message):
        """Another part of the axis is seen."""

    class Moved(Message):
        """The cursor stands on another bar."""

    class Chosen(Message):
        """Enter or a double click chose a bar."""

        def __init__(self, bar: Bar) -> None:
            super().__init__()
            self.bar = bar

    class FoldWanted(Message):
        """A click on the sign of a bar that opens or shuts."""

        def __init__(self, bar: Bar) -> None:
            super().__init__()
            self.bar = bar

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's own name
        super().__init__(id=id, follow=False)
        self.window = Window()
        self.listing = TimelineListing()
        self.listed: ListedBlocks[Bar] = ListedBlocks(self._row, lambda bar: bar.key)
        self.blocks = self.listed

    def _row(self, bar: Bar) -> Row:
        return BarRow(bar, self.window, self.listing.folding.is_open(bar) if bar.opens else None)

    def show(self, listing: TimelineListing) -> None:
        """Show these bars; the cursor stays on its bar, and the person where they are."""
        first = not self.listing.lines
        self.listing = listing
        if first:
            self.window.show_all(listing.length)
        else:
            self.window.grow(listing.length)
        before, above = self.current, self.lines_above_cursor()
        self.listed.take(listing.lines, listing.places)
        self.painter.forget_rows()
        if self.cursor is None or self.cursor.key not in self.listed:
            self.cursor = self.listed.locate(0)
        self.rows_changed()
        self.keep_above_cursor(above)
        if self.current != before:
            self.post_message(self.Moved())
        self.post_message(self.WindowChanged())

    @property
    def current(self) -> Bar | None:
        """The bar under the cursor."""
        place = None if self.cursor is None else self.listed.place_of(self.cursor.key)
        return None if place is None else self.listed.line(place)

    def go_to(self, key: str) -> None:
        """Put the cursor on a bar, if it is listed."""
        if self.listed.place_of(key) is not None:
            self.move_cursor(Place(key, 0))

    def cursor_moved(self, place: Place | None) -> None:
        bar = self.current
        if bar is not None and (bar.end < self.window.start or bar.start > self.window.end):
            self.window.reveal(bar.start, bar.end)
            self._seen_otherwise()
        self.post_message(self.Moved())

    def chosen(self, place: Place, row: Row) -> None:
        if isinstance(row, BarRow):
            self.post_message(self.Chosen(row.bar))

    # The part of the axis

    def look(self, *, zoom: float = 1.0, pan: float = 0.0, at: float | None = None) -> None:
        """See more or less of the axis round the time `at`, or another part of it."""
        self.window.zoom(zoom, at)
        self.window.pan(pan)
        self._seen_otherwise()

    def look_nearer(self, zoom: float) -> None:
        """See more or less of the axis, round the bar under the cursor if it is in sight."""
        bar, window = self.current, self.window
        middle = None
        if bar is not None and bar.end >= window.start and bar.start <= window.end:
            middle = (max(bar.start, window.start) + min(bar.end, window.end)) / 2
        self.look(zoom=zoom, at=middle)

    def look_at_all(self) -> None:
        """See the whole run."""
        self.window.show_all(self.window.whole)
        self._seen_otherwise()

    def fit(self) -> None:
        """See the bar under the cursor, as large as it can be."""
        if (bar := self.current) is not None:
            self.window.fit(bar.start, bar.end)
            self._seen_otherwise()

    def _seen_otherwise(self) -> None:
        self.paint_again()
        self.post_message(self.WindowChanged())

    # The mouse

    def on_click(self, event: events.Click) -> None:
        event.prevent_default()
        offset = None if self.text_selection is not None else event.get_content_offset(self)
        place = self.blocks.locate(self.scroll_offset.y + offset.y) if offset is not None else None
        row = None if place is None else self.blocks.row(place)
        if offset is None or place is None or not isinstance(row, BarRow):
            return
        self.move_cursor(place, reveal=False)
        inset = row.inset(label_cells(self.blocks.width))
        if row.opened is not None and inset <= offset.x < inset + 2:
            self.post_message(self.FoldWanted(row.bar))
        elif event.chain > 1:
            self.post_message(self.Chosen(row.bar))

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        self._wheel(event, -1)

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        self._wheel(event, 1)

    def _wheel(self, event: events.MouseEvent, notches: int) -> None:
        """With Ctrl the wheel zooms, with Shift it moves in time; else it scrolls."""
        offset = event.get_content_offset(self)
        if not (event.ctrl or event.shift) or offset is None:
            return
        event.prevent_default()
        event.stop()
        if event.ctrl:
            self.zoom_at(offset.x, notches)
        else:
            self.look(pan=WHEEL_SHARE * notches)

    def zoom_at(self, column: int, notches: int) -> None:
        """Zoom round the time at a column of the view."""
        width = self.blocks.width
        cells = bar_cells(width)
        at = min(max(column - label_cells(width) - 1, 0), cells)
        self.look(zoom=NOTCH**-notches, at=self.window.time_at(at, cells))
