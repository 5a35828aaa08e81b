"""What differs between two texts as rows: side by side where there is room, else one under the other."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice, zip_longest

from rlm_tui.core.text import number_of
from rlm_tui.core.text_diff import DiffBlock, common, diff_blocks
from rlm_tui.ui.widgets.pair_rows import LEAST_SIDE_BY_SIDE, SEPARATOR, halves
from rlm_tui.ui.widgets.row import CODE_HANG, Line, Row, TextRow, line_width, wrap_line

MOST_LINES = 60
"""Lines of one difference that are shown before it is opened."""
_NOTHING: Line = ()


@dataclass(slots=True, eq=False)
class SidesRow:
    """A line of each side; None where one has none. Equal ones are quiet, others carry their sign.

    `words`: it is prose, and broken between words.
    """

    left: str | None
    right: str | None
    gutter: Line = ()
    target: object = None
    words: bool = False

    def sameness(self) -> Hashable:
        return (self.left, self.right, self.gutter, self.words)

    def height(self, width: int) -> int:
        return len(self.layout(width))

    def layout(self, width: int) -> Sequence[Line]:
        room = width - line_width(self.gutter)
        if room < LEAST_SIDE_BY_SIDE:
            return [(*self.gutter, *line) for line in self._under(room)]
        first, second = halves(room)
        one, other = self._spans()
        pairs = zip_longest(self._wrapped(one, first), self._wrapped(other, second), fillvalue=_NOTHING)
        return [
            (*self.gutter, *line, (" " * max(0, first - line_width(line)), "text"), SEPARATOR, *right)
            for line, right in pairs
        ]

    def _under(self, room: int) -> Iterator[Line]:
        one, other = self._spans()
        yield from self._wrapped(one, room)
        if self.left != self.right:
            yield from self._wrapped(other, room)

    def _wrapped(self, line: Line, width: int) -> list[Line]:
        return wrap_line(line, width, hang=CODE_HANG, words=self.words) if line else []

    def _spans(self) -> tuple[Line, Line]:
        """Both lines; of two that differ, what differs in them is in colour."""
        left, right = self.left, self.right
        if left is not None and left == right:
            return ((f"  {left}", "dim"),), ((f"  {right}", "dim"),)
        if left is None or right is None:
            return _whole("- ", left, "bad"), _whole("+ ", right, "good")
        head = common(left, right)
        tail = common(left[head:][::-1], right[head:][::-1])
        return _part("- ", left, head, tail, "bad"), _part("+ ", right, head, tail, "good")


def _whole(sign: str, text: str | None, role: str) -> Line:
    return () if text is None else ((sign, role), (text, role))


def _part(sign: str, text: str, head: int, tail: int, role: str) -> Line:
    end = len(text) - tail
    spans = ((sign, role), (text[:head], "text"), (text[head:end], role), (text[end:], "text"))
    return tuple(span for span in spans if span[0])


def diff_rows(
    left: str, right: str, gutter: Line, target: object = None, *, words: bool = False
) -> list[Row]:
    """The rows of a difference, the first MOST_LINES of them; `target` is what Enter opens whole."""
    rows = list(islice(_rows(diff_blocks(left, right), gutter, target, words=words), MOST_LINES + 1))
    if len(rows) > MOST_LINES:
        more = "… there is more of this difference: Enter or a click shows both texts whole"
        rows[MOST_LINES:] = [TextRow(((more, "dim"),), gutter, target=target)]
    return rows


def _rows(blocks: Iterator[DiffBlock], gutter: Line, target: object, *, words: bool) -> Iterator[Row]:
    for block in blocks:
        match block.kind:
            case "gap" | "said":
                sign = "⋮ " if block.kind == "gap" else "! "
                yield TextRow(((f"{sign}{block.left[0]}", "label"),), gutter, target=target)
            case "same":
                yield from (SidesRow(line, line, gutter, target, words) for line in block.left)
            case "changed":
                yield from (
                    SidesRow(one, other, gutter, target, words)
                    for one, other in zip_longest(block.left, block.right)
                )


def alone_rows(text: str, sign: str, gutter: Line, target: object = None) -> Iterator[Row]:
    """A text that one side alone has: on its side, as much of it as of a difference."""
    lines = text.split("\n")
    for line in lines[:MOST_LINES]:
        yield SidesRow(line, None, gutter, target) if sign == "-" else SidesRow(None, line, gutter, target)
    if len(lines) > MOST_LINES:
        words = f"… {number_of(len(lines) - MOST_LINES, 'more line')}: Enter or a click shows all"
        yield TextRow(((words, "dim"),), gutter, target=target)
