"""The times over the bars of the timeline: the wheel zooms there, a drag moves."""

from __future__ import annotations

from textual import events

from rlm_tui.core.timeline_axis import ticks
from rlm_tui.ui.widgets.row import Line
from rlm_tui.ui.widgets.span_line import SpanLine
from rlm_tui.ui.widgets.timeline_rows import bar_cells, label_cells
from rlm_tui.ui.widgets.timeline_view import TimelineView

TICK_CELLS = 9


class TimelineAxis(SpanLine):
    """Belongs to a view, and has the columns of its rows."""

    def __init__(self, view: TimelineView) -> None:
        super().__init__(id="timeline-axis")
        self._view = view
        self._dragged_from: int | None = None

    def _room(self, width: int) -> int:
        return self._view.blocks.width or width - 1 - self._view.scrollbar_size_vertical

    def line(self, width: int) -> Line:
        room = self._room(width)
        cells, window = bar_cells(room), self._view.window
        text = [" "] * cells
        for at, words in ticks(window.start, window.end, max(cells // TICK_CELLS, 1)):
            column = window.column(at, cells)
            mark = f"│{words}"
            if column >= 0 and column + len(mark) <= cells:
                text[column : column + len(mark)] = mark
            elif column == cells and len(mark) <= cells:
                text[cells - len(mark) :] = f"{words}│"
        return ((" " * (label_cells(room) + 1), "text"), ("".join(text), "dim"))

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        self._wheel(event, -1)

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        self._wheel(event, 1)

    def _wheel(self, event: events.MouseEvent, notches: int) -> None:
        offset = event.get_content_offset(self)
        if offset is not None:
            event.prevent_default()
            event.stop()
            self._view.zoom_at(offset.x, notches)

    def on_mouse_down(self, event: events.MouseDown) -> None:
        self._dragged_from = event.screen_x
        self.capture_mouse()

    def on_mouse_move(self, event: events.MouseMove) -> None:
        if self._dragged_from is not None and event.screen_x != self._dragged_from:
            moved, self._dragged_from = self._dragged_from - event.screen_x, event.screen_x
            self._view.look(pan=moved / bar_cells(self._room(self.content_size.width)))

    def on_mouse_up(self, event: events.MouseUp) -> None:
        self._dragged_from = None
        self.release_mouse()
