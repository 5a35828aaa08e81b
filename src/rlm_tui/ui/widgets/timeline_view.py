"""Bars on one time axis, a line each; the part of the axis that is seen can be widened and moved."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from textual.message import Message

from rlm_tui.core.text import human_seconds, one_line
from rlm_tui.core.timeline import Bar, SpanKind
from rlm_tui.ui.widgets.row import Line, Span
from rlm_tui.ui.widgets.span_line import SpanLine
from rlm_tui.ui.widgets.text_view import TextView

LABEL_CELLS = 26
SECONDS_CELLS = 10
ROLES: dict[SpanKind, str] = {
    "plan": "label",
    "cell": "good",
    "call": "call",
    "tool": "busy",
    "failed": "bad",
}
LEAST_SECONDS = 0.001


class Window:
    """The part of the run that is seen, in seconds; `whole` is the run's length."""

    def __init__(self) -> None:
        self.start, self.end, self.whole = 0.0, 1.0, 1.0

    def show_all(self, whole: float) -> None:
        """See the whole run."""
        self.start, self.end, self.whole = 0.0, max(whole, LEAST_SECONDS), max(whole, LEAST_SECONDS)

    def zoom(self, factor: float) -> None:
        """See `factor` times as much, round the same middle."""
        middle, half = (self.start + self.end) / 2, (self.end - self.start) / 2 * factor
        half = min(max(half, LEAST_SECONDS), self.whole / 2)
        self._place(middle - half, half * 2)

    def pan(self, share: float) -> None:
        """Move by that share of what is seen."""
        length = self.end - self.start
        self._place(self.start + share * length, length)

    def _place(self, start: float, length: float) -> None:
        self.start = min(max(start, 0.0), max(self.whole - length, 0.0))
        self.end = self.start + length

    def column(self, seconds: float, cells: int) -> int:
        """Where a time is, among `cells`; it may lie outside of them."""
        return int((seconds - self.start) / (self.end - self.start) * cells)


@dataclass(frozen=True, slots=True, eq=False)
class BarRow:
    """One bar."""

    bar: Bar
    window: Window

    @property
    def target(self) -> Bar:
        return self.bar

    def sameness(self) -> None:
        return None

    def height(self, width: int) -> int:
        return 1

    def layout(self, width: int) -> Sequence[Line]:
        bar, cells = self.bar, max(1, width - LABEL_CELLS - SECONDS_CELLS - 1)
        role = ROLES[bar.kind]
        label = "  " * min(bar.depth, 5) + one_line(bar.label, LABEL_CELLS)
        first, last = self.window.column(bar.start, cells), self.window.column(bar.end, cells)
        if last < 0 or first >= cells:
            drawn: list[Span] = [("‹" if last < 0 else "", "faint"), (" " * (cells - 1), "text")]
        else:
            first, last = max(first, 0), min(last, cells - 1)
            drawn = [(" " * first, "text"), ("█" * (last - first + 1) if last > first else "▌", role)]
            drawn.append((" " * (cells - max(last, first) - 1), "text"))
        took = human_seconds(bar.took)
        return [
            ((f"{label[:LABEL_CELLS]:<{LABEL_CELLS}} ", "dim"), *drawn, (f"{took:>{SECONDS_CELLS}}", "dim"))
        ]


class TimelineView(TextView):
    """The bars; Enter or a click on one tells it as `TextView.RowChosen`."""

    class WindowChanged(Message):
        """Another part of the axis is seen."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's own name
        super().__init__(id=id)
        self.window = Window()

    def show(self, bars: Sequence[Bar], whole: float) -> None:
        """Show these, all of them in sight."""
        self.window.show_all(whole)
        self.fill((BarRow(bar, self.window) for bar in bars), choosable=bool(bars))

    def look(self, *, zoom: float = 1.0, pan: float = 0.0) -> None:
        """See more or less of the axis, or another part of it."""
        self.window.zoom(zoom)
        self.window.pan(pan)
        self._strips.clear()
        self.refresh()
        self.post_message(self.WindowChanged())


class TimelineAxis(SpanLine):
    """The times over the bars."""

    def __init__(self, window: Window) -> None:
        super().__init__(id="timeline-axis")
        self._window = window

    def line(self, width: int) -> Line:
        cells = max(1, width - LABEL_CELLS - SECONDS_CELLS - 3)
        window, parts = self._window, 4
        text = " " * (LABEL_CELLS + 1)
        for step in range(parts):
            at = window.start + (window.end - window.start) * step / parts
            text += f"{'│' + human_seconds(at):<{cells // parts}}"
        return (
            (text[: width - SECONDS_CELLS], "dim"),
            (f"{human_seconds(window.end):>{SECONDS_CELLS}}", "dim"),
        )
