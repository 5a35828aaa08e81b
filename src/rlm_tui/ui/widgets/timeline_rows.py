"""A bar of the timeline as a row: its sign and name, where it lies on the axis, how long it took."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

from rlm_tui.core.text import human_seconds, one_line, width_of
from rlm_tui.core.time_spent import PartKind
from rlm_tui.core.timeline import Bar, SpanKind
from rlm_tui.ui.widgets.call_words import call_asked, state_sign
from rlm_tui.ui.widgets.row import Line, Span, cut_line, line_width
from rlm_tui.ui.widgets.timeline_window import Window

SECONDS_CELLS = 12
LEAST_NAME, LEAST_ASKED = 8, 6
ROLES: dict[SpanKind | PartKind, str] = {
    "plan": "label",
    "cell": "good",
    "call": "call",
    "batch": "call",
    "tool": "busy",
    "rlm": "nested",
    "sandbox": "dim",
    "held": "held",
    "other": "faint",
}
GLYPHS: dict[SpanKind | PartKind, str] = {
    "plan": "▒",
    "cell": "█",
    "call": "━",
    "batch": "━",
    "tool": "╍",
    "rlm": "▀",
    "sandbox": "░",
    "held": "┄",
    "other": "·",
}
"""Kinds differ by more than their colour."""


def label_cells(width: int) -> int:
    """How many cells the names have in a width."""
    return min(max(width // 4, 16), 44)


def bar_cells(width: int) -> int:
    """How many cells the axis has in a width."""
    return max(1, width - label_cells(width) - SECONDS_CELLS - 1)


@dataclass(slots=True, eq=False)
class BarRow:
    """One bar; `opened` None: it opens into nothing."""

    bar: Bar
    window: Window
    opened: bool | None = None

    @property
    def target(self) -> Bar:
        return self.bar

    def sameness(self) -> Hashable:
        return None

    def height(self, width: int) -> int:
        return 1

    def layout(self, width: int) -> Sequence[Line]:
        names, took = label_cells(width), human_seconds(self.bar.seconds)
        return [(*self._name(names), *self._drawn(bar_cells(width)), (f"{took:>{SECONDS_CELLS}}", "dim"))]

    def inset(self, cells: int) -> int:
        """How many of the `cells` lie before the name: the sign of the state, and how deep it is."""
        return 2 + min(2 * self.bar.depth, max(cells - LEAST_NAME - 2, 0))

    def _name(self, cells: int) -> Line:
        bar = self.bar
        fold = "" if self.opened is None else "▾ " if self.opened else "▸ "
        inset = self.inset(cells)
        call = bar.call
        label = bar.label
        if call is not None and call.number == 0:  # an item of a batch, which tells its name
            label = str((call.index or 0) + 1)
        name = one_line(f"{fold}{label}", cells - inset)
        room = cells - inset - width_of(name) - 1
        asked = call_asked(call, room) if call is not None and room >= LEAST_ASKED else ""
        role = "bad" if bar.state == "failed" else "text"
        lead: Line = (state_sign(bar.state), (" " * (inset - 1), "text"))
        line = cut_line((*lead, (name, role), (f" {asked}" if asked else "", "dim")), cells)
        return (*line, (" " * (cells + 1 - line_width(line)), "text"))

    def _drawn(self, cells: int) -> list[Span]:
        bar, window = self.bar, self.window
        first, last = window.column(bar.start, cells), window.column(bar.end, cells)
        if bar.end < window.start or last < 0:
            return [("‹", "faint"), (" " * (cells - 1), "text")]
        if bar.start > window.end or first > cells:
            return [(" " * (cells - 1), "text"), ("›", "faint")]
        role = "bad" if bar.state == "failed" else ROLES[bar.kind]
        if not bar.known:
            first = min(max(first, 0), cells - 1)
            return [(" " * first, "text"), ("?", role), (" " * (cells - first - 1), "text")]
        begins, ends = max(first, 0), min(max(last, first + 1), cells)
        begins = min(begins, cells - 1)
        drawn = GLYPHS[bar.kind] * max(ends - begins, 1)
        if first < 0:
            drawn = "‹" + drawn[1:]
        if last > cells:
            drawn = drawn[:-1] + "›"
        return [(" " * begins, "text"), (drawn, role), (" " * (cells - begins - len(drawn)), "text")]
