"""The names of the Inspector's tabs on one line; the one that is shown stays in sight at any width."""

from __future__ import annotations

from typing import get_args

from textual import events
from textual.message import Message

from rlm_tui.ui.widgets.row import Line, Span, line_width
from rlm_tui.ui.widgets.span_line import SpanLine
from rlm_tui.ui.widgets.targets import TabName

TAB_NAMES: tuple[TabName, ...] = get_args(TabName)


class InspectorTabs(SpanLine):
    """A row of tabs. `marked` are those with something a person should see (an error)."""

    DEFAULT_CSS = "InspectorTabs { height: 1; margin-bottom: 1; }"

    class Chosen(Message):
        """A tab was clicked."""

        def __init__(self, tab: TabName) -> None:
            super().__init__()
            self.tab = tab

    def __init__(
        self,
        *,
        id: str | None = None,  # noqa: A002 - Textual's own name
    ) -> None:
        super().__init__(id=id)
        self.active: TabName = "result"
        self.tabs: tuple[TabName, ...] = TAB_NAMES[:-1]
        self.marked: frozenset[TabName] = frozenset()
        self._places: list[tuple[int, int, TabName]] = []

    def set_tabs(self, tabs: tuple[TabName, ...], active: TabName, marked: frozenset[TabName]) -> None:
        if (tabs, active, marked) != (self.tabs, self.active, self.marked):
            self.tabs, self.active, self.marked = tabs, active, marked
            self.refresh()

    def line(self, width: int) -> Line:
        first, last = self._window(width)
        spans: list[Span] = [("‹ ", "dim")] if first else []
        self._places = []
        for index in range(first, last):
            tab = self.tabs[index]
            role = "chosen" if tab == self.active else "bad" if tab in self.marked else "dim"
            start = line_width(spans)
            spans.append((tab.capitalize(), role))
            self._places.append((start, start + len(tab), tab))
            if index < last - 1:
                spans.append(("  ", "text"))
        if last < len(self.tabs):
            spans.append((" ›", "dim"))
        return tuple(spans)

    def _window(self, width: int) -> tuple[int, int]:
        """The tabs that there is room for, the active one among them."""
        here = self.tabs.index(self.active)
        first, last = 0, len(self.tabs)

        def cells() -> int:
            shown = self.tabs[first:last]
            return sum(map(len, shown)) + 2 * (len(shown) - 1) + 2 * (first > 0) + 2 * (last < len(self.tabs))

        while cells() > width and last - first > 1:
            if last - 1 > here:
                last -= 1
            else:
                first += 1
        return first, last

    def on_click(self, event: events.Click) -> None:
        offset = event.get_content_offset(self)
        if offset is None:
            return
        for start, end, tab in self._places:
            if start <= offset.x < end:
                self.post_message(self.Chosen(tab))
