"""Rows of a `RowView`: plain strings with roles, laid out for a width when they are looked at.

A row holds no colour and no markup: a span is `(text, role)`, and the view turns roles into the theme's
styles. Text of a model, a document or a sandbox must have passed `core.text.visible` before it gets here.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Protocol

from rich.cells import cell_len, chop_cells, get_character_cell_size

Span = tuple[str, str]
"""A piece of text and its role (a component class of `RowView` without the prefix)."""
Line = tuple[Span, ...]

ELLIPSIS = "…"
CODE_HANG: Line = (("  ↪ ", "faint"),)
"""What stands before the rest of a line of code that was too long."""
NARROWEST_BODY = 8


class Row(Protocol):
    """What a `RowView` shows: one or more lines of the terminal."""

    @property
    def target(self) -> object:
        """What this row stands for, given back when the row is chosen; None where it is only text."""

    def sameness(self) -> Hashable:
        """Equal for two rows that look alike, so that a painted one can stand for the other; None: never."""

    def height(self, width: int) -> int:
        """How many lines the row takes in `width` cells."""

    def layout(self, width: int) -> Sequence[Line]:
        """The row's lines, none of them wider than `width` cells."""


def line_width(line: Sequence[Span]) -> int:
    """How many cells a line takes."""
    return sum(cell_len(text) for text, _ in line)


def line_text(line: Sequence[Span]) -> str:
    return "".join(text for text, _ in line)


def cut_line(line: Sequence[Span], width: int) -> Line:
    """`line` in at most `width` cells, ending in "…" where something was cut."""
    if width <= 0:
        return ()
    if line_width(line) <= width:
        return tuple(line)
    kept: list[Span] = []
    room = width - 1
    for text, role in line:
        cells = cell_len(text)
        if cells > room:
            if room > 0:
                kept.append((chop_cells(text, room)[0], role))
            kept.append((ELLIPSIS, role))
            break
        kept.append((text, role))
        room -= cells
    return tuple(kept)


def _breaks(text: str, width: int, next_width: int, *, words: bool) -> list[int]:
    """Where to break `text`: the ends of its lines, as positions in characters."""
    ends: list[int] = []
    start, room = 0, width
    ascii_only = text.isascii()
    while True:
        if ascii_only:
            end = min(len(text), start + room)
        else:
            end, used = start, 0
            while end < len(text):
                used += get_character_cell_size(text[end])
                if used > room:
                    break
                end += 1
            end = max(end, start + 1) if start < len(text) else end
        if end < len(text) and words:
            space = text.rfind(" ", start + 1, end + 1)
            if space > start:
                end = space + 1
        ends.append(end)
        if end >= len(text):
            return ends
        start, room = end, next_width


def wrap_line(line: Sequence[Span], width: int, *, hang: Line = (), words: bool = True) -> list[Line]:
    """`line` in lines of `width` cells, `hang` in front of all but the first where there is room for it."""
    text = line_text(line)
    width = max(width, NARROWEST_BODY)
    cells = line_width(hang)
    if cells > width - NARROWEST_BODY:
        hang, cells = (), 0
    if cell_len(text) <= width:
        return [tuple(line)]
    wrapped: list[Line] = []
    spans = iter(line)
    rest, role = next(spans)
    start = 0
    for end in _breaks(text, width, width - cells, words=words):
        pieces: list[Span] = list(hang) if wrapped else []
        need = end - start
        while need > 0:
            while not rest:
                rest, role = next(spans)
            pieces.append((rest[:need], role))
            rest, need = rest[need:], need - len(pieces[-1][0])
        if words and pieces and pieces[-1][0].endswith(" "):  # the blank at which it was broken
            pieces[-1] = (pieces[-1][0].rstrip(" "), pieces[-1][1])
        wrapped.append(tuple(pieces))
        start = end
    return wrapped


@dataclass(slots=True, eq=False)
class TextRow:
    """Text that wraps softly beside a gutter, which every line repeats; `number` is on the first only.

    `hang` stands before what was wrapped; `words` False breaks anywhere (where blanks are content).
    """

    body: Line
    gutter: Line = ()
    target: object = None
    hang: Line = ()
    words: bool = True
    number: str = ""

    def sameness(self) -> Hashable:
        return (self.body, self.gutter, self.target, self.hang, self.words, self.number)

    def height(self, width: int) -> int:
        room = width - line_width(self.gutter) - cell_len(self.number)
        text = self.body[0][0] if len(self.body) == 1 else line_text(self.body)
        if len(text) <= room and text.isascii():
            return 1
        return len(wrap_line(self.body, room, hang=self.hang, words=self.words))

    def layout(self, width: int) -> Sequence[Line]:
        cells = cell_len(self.number)
        room = width - line_width(self.gutter) - cells
        wrapped = wrap_line(self.body, room, hang=self.hang, words=self.words)
        if not cells:
            return [(*self.gutter, *line) for line in wrapped]
        numbers = (self.number, *(" " * cells for _ in wrapped[1:]))
        return [
            (*self.gutter, (number, "faint"), *line) for number, line in zip(numbers, wrapped, strict=True)
        ]


@dataclass(slots=True, eq=False)
class LineRow:
    """One line: `left` is cut with "…"; `right` stands at the right edge, its parts dropped from the last
    when there is no room for them beside `least` cells of `left`."""

    left: Line
    right: tuple[Line, ...] = ()
    target: object = None
    least: int = 24
    separator: Span = (" · ", "dim")

    def sameness(self) -> Hashable:
        return (self.left, self.right, self.target)

    def height(self, width: int) -> int:
        return 1

    def layout(self, width: int) -> Sequence[Line]:
        wanted = min(line_width(self.left), self.least)
        parts = list(self.right)
        while parts:
            right: list[Span] = []
            for index, part in enumerate(parts):
                right.extend(part if not index else (self.separator, *part))
            used = line_width(right)
            if wanted + 2 + used <= width:
                left = cut_line(self.left, width - used - 2)
                blank = " " * (width - used - line_width(left))
                return [(*left, (blank, "text"), *right)]
            parts.pop()
        return [cut_line(self.left, width)]


def progress_bar(total: int, cells: int, *, done: int, failed: int = 0, in_flight: int = 0) -> Line:
    """A bar of `cells` cells: what is done, failed, in flight and yet to come, each with its own sign."""
    if total <= 0 or cells <= 0:
        return ()

    def upto(count: int) -> int:
        return round(cells * min(count, total) / total)

    ends = [upto(done - failed), upto(done), upto(done + in_flight), cells]
    if in_flight and ends[2] == ends[1] and ends[1] < cells:
        ends[2] += 1
    signs = (("█", "bar-done"), ("█", "bar-failed"), ("▓", "bar-flight"), ("░", "bar-todo"))
    bar: list[Span] = []
    start = 0
    for end, (sign, role) in zip(ends, signs, strict=True):
        if end > start:
            bar.append((sign * (end - start), role))
        start = max(start, end)
    return tuple(bar)
