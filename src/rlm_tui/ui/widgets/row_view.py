"""`RowView`: very many rows in little time. Only the lines that can be seen are laid out and painted.

The base of the trajectory, the calls and every long text. It knows nothing of a run: rows, blocks, a cursor,
and following the end until the person scrolls.
"""

from __future__ import annotations

from typing import ClassVar

from textual import events
from textual.binding import BindingType
from textual.geometry import Region, Size
from textual.message import Message
from textual.reactive import reactive
from textual.scroll_view import ScrollView
from textual.selection import Selection
from textual.strip import Strip

from rlm_tui.ui.widgets.row import Row
from rlm_tui.ui.widgets.row_bindings import ROW_BINDINGS
from rlm_tui.ui.widgets.row_blocks import Place, RowBlocks
from rlm_tui.ui.widgets.row_painter import RowPainter
from rlm_tui.ui.widgets.row_roles import cursor_style
from rlm_tui.ui.widgets.row_selection import laid_over, selected, selected_text


class RowView(ScrollView, can_focus=True):
    """A scrolling list of rows with a cursor. Change the rows in `blocks`, then call `rows_changed`."""

    ALLOW_SELECT = True
    CURSOR: ClassVar[bool] = True
    """Whether rows are chosen one by one; without a cursor the keys scroll."""
    DEFAULT_CSS = """
    RowView {
        background: transparent;
        color: $foreground;
        overflow-x: hidden;
        overflow-y: auto;
        scrollbar-gutter: stable;
        scrollbar-size-vertical: 1;
        height: 1fr;
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = ROW_BINDINGS

    following: reactive[bool] = reactive(True, init=False)
    """Whether the view keeps to the end as rows are added. Ends when the person scrolls away from it."""

    class Following(Message):
        """The view began to follow its end, or ceased to."""

        def __init__(self, view: RowView, following: bool) -> None:
            super().__init__()
            self.view = view
            self.following = following

        @property
        def control(self) -> RowView:
            return self.view

    def __init__(
        self,
        *,
        id: str | None = None,  # noqa: A002 - Textual's own name
        classes: str | None = None,
        follow: bool = True,
    ) -> None:
        super().__init__(id=id, classes=classes)
        self.blocks = RowBlocks()
        self.painter = RowPainter(self)
        self.cursor: Place | None = None
        self.chooses = self.CURSOR
        self.set_reactive(RowView.following, follow)
        self._scrolling_to_end = False

    # What is shown

    def rows_changed(self) -> None:
        """Take up that `blocks` changed: height, cursor, following. The cost doesn't grow with the rows."""
        if self.cursor is not None and self.blocks.row(self.cursor) is None:
            self.cursor = self.blocks.nearest(self.cursor)
        self._take_size(Size(self.blocks.width, self.blocks.height))
        if self.following:
            self._to_end()
        self.refresh()

    def _take_size(self, size: Size) -> None:
        """Have this much to scroll over. Textual lays out the whole screen for it, which paints it anew; that
        is left out where nothing on the screen moves.
        """
        scrolls = size.height > self.container_size.height
        if scrolls != self.show_vertical_scrollbar or not self.container_size or self.styles.auto_dimensions:
            self.virtual_size = size
            return
        self.set_reactive(RowView.virtual_size, size)
        if scrolls:
            self.vertical_scrollbar.window_virtual_size = size.height
        self.scroll_y = self.validate_scroll_y(self.scroll_y)

    def paint_again(self) -> None:
        """Paint all that can be seen anew: some of it shows what moves."""
        self.painter.forget_rows()
        self.refresh()

    def clear_rows(self) -> None:
        """Show nothing, from the top."""
        self.blocks.clear()
        self.painter.forget_rows()
        self.cursor = None
        self.scroll_to(y=0, animate=False, force=True)
        self.rows_changed()

    def on_resize(self) -> None:
        width = self.scrollable_content_region.width - 1  # text doesn't touch the scrollbar
        if width <= 0 or width == self.blocks.width:
            if self.following:
                self._to_end()
            return
        top = None if self.following else self.blocks.locate(self.scroll_offset.y)
        self.painter.forget_rows()
        self.blocks.lay_out(width)
        self.rows_changed()
        if top is not None:  # what stood at the top stays there
            self.scroll_to(y=self.blocks.line_of(top), animate=False, force=True)

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self.painter.forget_styles()

    def render_lines(self, crop: Region) -> list[Strip]:
        base = self.rich_style  # costs as much as a line: asked once, not for each line
        self.painter.set_base(base)
        return super().render_lines(crop)

    def render_line(self, y: int) -> Strip:
        line = self.scroll_offset.y + y
        place = self.blocks.locate(line) if self.blocks.width else None
        row = self.blocks.row(place) if place is not None else None
        if place is None or row is None:
            return self.painter.blank()
        strip = self.painter.line(row, place.line, self.blocks.width)
        if (selection := self.text_selection) is not None and (span := selection.get_span(line)) is not None:
            strip = selected(strip, *span, self.screen.get_component_rich_style("screen--selection"))
        if self.cursor is not None and place[:2] == self.cursor[:2]:
            strip = laid_over(strip, cursor_style(self))
        return strip.apply_offsets(0, line)

    def get_selection(self, selection: Selection) -> tuple[str, str] | None:
        return selected_text(self.blocks, selection), "\n"

    # Where the person is

    def watch_following(self, following: bool) -> None:
        self.post_message(self.Following(self, following))

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        super().watch_scroll_y(old_value, new_value)
        if not self._scrolling_to_end and round(old_value) != round(new_value):
            self.following = new_value >= self.max_scroll_y

    def watch_show_vertical_scrollbar(self, shown: bool) -> None:
        if shown:  # Textual tells one that is not shown nothing, and the first rows may have led to the end
            self.vertical_scrollbar.position = self.scroll_y

    def watch_has_focus(self, has_focus: bool) -> None:
        super().watch_has_focus(has_focus)
        self.refresh()

    def _to_end(self) -> None:
        self._scrolling_to_end = True
        try:
            self.scroll_to(y=self.followed_y(), animate=False, force=True)
        finally:
            self._scrolling_to_end = False

    def followed_y(self) -> int:
        """The line at the top while the end is followed. For subclasses with something to be read first."""
        return int(self.max_scroll_y)

    def _here(self) -> int:
        """The line from which the keys move: the cursor's if it is in sight, else the view's end or top."""
        top = self.scroll_offset.y
        last = min(top + self.scrollable_content_region.height, self.blocks.height) - 1
        line = self.blocks.line_of(self.cursor) if self.cursor is not None else -1
        return line if top <= line <= last else last if self.following else top

    def move_cursor(self, place: Place | None, *, reveal: bool = True) -> None:
        """Put the cursor on a row and bring it into view."""
        if not self.chooses:
            return
        if place is not None:
            place = Place(place.key, place.row)
        if place != self.cursor:
            left, self.cursor = self.cursor, place
            self.cursor_moved(place)
            self._refresh_row(left)
            self._refresh_row(place)
        if reveal and place is not None:
            top = self.blocks.line_of(place)
            row = self.blocks.row(place)
            bottom = top + (row.height(self.blocks.width) if row and self.blocks.width else 1)
            height = self.scrollable_content_region.height
            if top < self.scroll_offset.y:
                self.scroll_to(y=top, animate=False, force=True)
            elif bottom > self.scroll_offset.y + height:
                self.scroll_to(y=min(top, bottom - height), animate=False, force=True)

    def _refresh_row(self, place: Place | None) -> None:
        """Paint one row anew: for a step of its cursor a list needs not be painted whole."""
        if place is None or place.key not in self.blocks or not self.blocks.width:
            return
        row = self.blocks.row(place)
        if row is not None:
            top = self.blocks.line_of(Place(place.key, place.row)) - self.scroll_offset.y
            self.refresh(Region(0, top, self.size.width, row.height(self.blocks.width)))

    def lines_above_cursor(self) -> int | None:
        """How many lines of the view lie over the cursor; None where it is not in sight."""
        if self.cursor is None or self.cursor.key not in self.blocks:
            return None
        above = self.blocks.line_of(self.cursor) - self.scroll_offset.y
        return above if 0 <= above < self.scrollable_content_region.height else None

    def keep_above_cursor(self, above: int | None) -> None:
        """Have as many lines over the cursor again, after others came before it or went."""
        if above is not None and self.cursor is not None:
            self.scroll_to(y=self.blocks.line_of(self.cursor) - above, animate=False, force=True)

    def cursor_moved(self, place: Place | None) -> None:
        """The cursor stands on another row. For subclasses."""

    def chosen(self, place: Place, row: Row) -> None:
        """The person pressed enter or clicked on a row. For subclasses."""

    def action_move(self, rows: int) -> None:
        if not self.blocks.height:
            return
        if not self.chooses:
            self.scroll_to(y=self.scroll_offset.y + rows, animate=False, force=True)
            return
        line = self._here()
        row = self.blocks.row(self.cursor) if self.cursor is not None else None
        line += row.height(self.blocks.width) if rows > 0 and row is not None else rows
        if line >= self.blocks.height:
            self.action_last()
            return
        place = self.blocks.locate(max(0, line))
        self.following = False
        self.move_cursor(place)

    def action_page(self, pages: int) -> None:
        height = max(1, self.scrollable_content_region.height - 1)
        if not self.chooses:
            self.scroll_to(y=self.scroll_offset.y + pages * height, animate=False, force=True)
            return
        line = self._here() + pages * height
        if line >= self.blocks.height:
            self.action_last()
            return
        self.following = False
        self.move_cursor(self.blocks.locate(max(0, line)))

    def action_first(self) -> None:
        self.following = False
        self.move_cursor(self.blocks.locate(0))
        self.scroll_to(y=0, animate=False, force=True)

    def action_last(self) -> None:
        self.move_cursor(self.blocks.locate(self.blocks.height - 1), reveal=False)
        self.following = True
        self._to_end()

    def action_choose(self) -> None:
        if self.cursor is not None and (row := self.blocks.row(self.cursor)) is not None:
            self.chosen(self.cursor, row)

    def on_click(self, event: events.Click) -> None:
        if self.text_selection is not None:
            return
        offset = event.get_content_offset(self)
        place = self.blocks.locate(self.scroll_offset.y + offset.y) if offset is not None else None
        if place is None or (row := self.blocks.row(place)) is None:
            return
        self.move_cursor(place, reveal=False)
        self.chosen(self.cursor or place, row)
