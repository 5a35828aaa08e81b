"""The columns of the table of all calls: which have room, where each stands, how a line is painted."""

from __future__ import annotations

from dataclasses import dataclass, field

from rlm_tui.core.call_facts import has_failed, seconds_of
from rlm_tui.core.call_listing import Column, ListedCall, Order
from rlm_tui.core.text import one_line, width_of
from rlm_tui.ui.widgets.call_columns import short_seconds
from rlm_tui.ui.widgets.call_list_words import (
    NAMES,
    asked_words,
    cost_words,
    error_words,
    kind_words,
    number_words,
    source_words,
    tokens_words,
    where_words,
)
from rlm_tui.ui.widgets.call_words import state_sign
from rlm_tui.ui.widgets.row import Line, Span

LEAST_ASKED, LEAST_BAR, WIDEST_BAR = 14, 8, 36
SLACK = 4
"""What is left for what was asked before the columns come that are mostly empty."""
_BY_NEED: tuple[tuple[Column, int], ...] = (
    ("kind", 7), ("seconds", 4), ("in", 5), ("out", 5), ("cost", 7), ("start", LEAST_BAR), ("number", 3),
    ("iteration", 4), ("source", 6), ("error", 12),
)  # fmt: skip
_IN_ORDER: tuple[Column, ...] = (
    "number", "iteration", "kind", "asked", "seconds", "in", "out", "cost", "source", "error", "start",
)  # fmt: skip
_TO_THE_RIGHT = frozenset({"number", "seconds", "in", "out", "cost"})


@dataclass(slots=True)
class CallListColumns:
    """What all lines share: the widest number, the time that the bars span, the order."""

    numbers: int = 3
    begin: float = 0.0
    end: float = 0.0
    now: float = 0.0
    order: Order = field(default_factory=Order)
    _widths: dict[int, dict[Column, int]] = field(default_factory=dict)

    def set_numbers(self, count: int) -> None:
        """Make room for numbers up to `count`."""
        wide = max(3, len(str(count)) + 1)
        if wide != self.numbers:
            self.numbers = wide
            self._widths.clear()

    def widths(self, width: int) -> dict[Column, int]:
        """How many cells each column has, in the order they stand; those without room are not there."""
        known = self._widths.get(width)
        if known is not None:
            return known
        room = width - 1 - (1 + LEAST_ASKED)
        given: dict[Column, int] = {"asked": LEAST_ASKED}
        for column, least in _BY_NEED:
            cells = self.numbers if column == "number" else least
            if room < cells + 1 + (SLACK if column in ("source", "error") else 0):
                continue
            given[column] = cells
            room -= cells + 1
        if "start" in given:
            wider = min(room // 3, WIDEST_BAR - LEAST_BAR)
            given["start"] += wider
            room -= wider
        given["asked"] = max(1, given["asked"] + room)
        found = self._widths[width] = {column: given[column] for column in _IN_ORDER if column in given}
        return found

    def column_at(self, x: int, width: int) -> Column | None:
        """The column whose name stands at `x` cells from the left."""
        left = 1
        for column, cells in self.widths(width).items():
            left += cells + 1
            if x < left:
                return column
        return None

    def heading(self, width: int) -> Line:
        """The names of the columns; an arrow says by which the list is sorted, and which way."""
        spans: list[Span] = [(" ", "dim")]
        for column, cells in self.widths(width).items():
            is_sorted = column == self.order.column
            name = NAMES[column] + (("↓" if self.order.descending else "↑") if is_sorted else "")
            name = f"{name:>{cells}}" if column in _TO_THE_RIGHT else f"{name:<{cells}}"
            spans += [(" ", "dim"), (name[:cells], "accent" if is_sorted else "dim")]
        return tuple(spans)

    def line(self, line: ListedCall, width: int) -> Line:
        """A call in its columns."""
        widths = self.widths(width)
        spans: list[Span] = [state_sign(line.call.state)]
        for column, cells in widths.items():
            spans.append((" ", "text"))
            if column == "start":
                spans.extend(self._bar(line, cells))
                continue
            words, role = self._cell(line, column, cells, with_error="error" not in widths)
            words = one_line(words, cells) if column != "asked" else _cut(words, cells)
            blank = " " * (cells - width_of(words))
            spans.append((blank + words if column in _TO_THE_RIGHT else words + blank, role))
        return tuple(spans)

    def _cell(self, line: ListedCall, column: Column, cells: int, *, with_error: bool) -> Span:
        call = line.call
        match column:
            case "number":
                return number_words(line), "faint"
            case "iteration":
                return ("" if line.item else where_words(call)), "dim"
            case "kind":
                return ("item" if line.item else kind_words(call)), "faint" if line.item else "call"
            case "asked":
                role = "bad" if with_error and has_failed(call) else "text"
                return asked_words(line, cells, with_error=with_error), role
            case "seconds":
                role = "busy" if call.state == "running" else "text"
                return short_seconds(seconds_of(call, self.now)), role
            case "in":
                return tokens_words(None if line.usage is None else line.usage.prompt_tokens, call), "dim"
            case "out":
                return tokens_words(None if line.usage is None else line.usage.completion_tokens, call), "dim"
            case "cost":
                return cost_words(line), "dim"
            case "source":
                return source_words(call), "good"
            case "error":
                return error_words(call), "bad"
            case "start":
                return "", "dim"

    def _bar(self, line: ListedCall, cells: int) -> Line:
        call = line.call
        scale = max(self.end - self.begin, 1e-6)
        start = min(max(call.started_at - self.begin, 0.0), scale)
        stop = min(start + seconds_of(call, self.now), scale)
        first = min(int(start / scale * cells), cells - 1)
        last = min(max(first + 1, round(stop / scale * cells)), cells)
        match call.state:
            case "running":
                sign, role = "╍", "bar-flight"
            case "failed":
                sign, role = "━", "bar-failed"
            case "done":
                sign, role = "━", "bar-call"
        return ((" " * first, "text"), (sign * (last - first), role), (" " * (cells - last), "text"))


def _cut(words: str, cells: int) -> str:
    """`words` in `cells`, the blanks that it begins with kept."""
    bare = words.lstrip(" ")
    inset = len(words) - len(bare)
    return " " * min(inset, cells) + one_line(bare, max(0, cells - inset))
