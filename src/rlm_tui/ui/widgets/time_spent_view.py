"""What the time of a run went into, over its timeline: a bar in parts, and below it their figures."""

from __future__ import annotations

from collections.abc import Sequence

from textual.geometry import Size
from textual.strip import Strip

from rlm_tui.core.time_spent import TimePart
from rlm_tui.ui.widgets.row import Line, cut_line
from rlm_tui.ui.widgets.row_roles import paint
from rlm_tui.ui.widgets.span_line import SpanLine
from rlm_tui.ui.widgets.time_spent_words import spent_bar, spent_lines


class TimeSpentView(SpanLine):
    """As high as its figures need."""

    DEFAULT_CSS = "TimeSpentView { height: auto; }"

    def __init__(self) -> None:
        super().__init__(id="time-spent")
        self.tooltip = (
            "Each moment counts once, so that the parts make the whole: while calls are waited for it is "
            "theirs and not the code's, and while the run is held it is nobody else's."
        )
        self._spent: Sequence[TimePart] = ()
        self._length = 0.0

    def show(self, spent: Sequence[TimePart], length: float) -> None:
        """Show these parts of so many seconds."""
        self._spent, self._length = spent, length
        self._stale = True
        self.refresh(layout=True)

    def lines(self, width: int) -> list[Line]:
        """The bar, then the figures."""
        if not self._spent:
            return []
        words = spent_lines(self._spent, self._length, width)
        return [spent_bar(self._spent, self._length, width), *(cut_line(line, width) for line in words)]

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        return len(self.lines(width))

    def render_line(self, y: int) -> Strip:
        self._stale = False
        width = self.content_size.width
        lines = self.lines(width) if width > 0 else []
        if y >= len(lines):
            return Strip.blank(max(width, 0), self.rich_style)
        return paint(lines[y], self.role_style).crop_extend(0, width, None).apply_style(self.rich_style)
