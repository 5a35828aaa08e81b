"""Two things side by side, or one under the other where the width has no room for two columns."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field
from itertools import islice, zip_longest

from rlm_tui.ui.widgets.row import Line, Row, Span, line_width, wrap_line

LEAST_SIDE_BY_SIDE = 96
"""Cells from which texts stand in two columns; below they stand under each other."""
SEPARATOR: Span = (" │ ", "faint")
LABEL_CELLS = 15


def halves(width: int) -> tuple[int, int]:
    """The cells of the two columns in `width`."""
    room = width - len(SEPARATOR[0])
    return room - room // 2, room // 2


def _filled(line: Line, cells: int) -> Line:
    return (*line, (" " * max(0, cells - line_width(line)), "text"))


@dataclass(slots=True, eq=False)
class FigureRow:
    """A label and two short values, always in columns; a value that is too long wraps in its own.

    Where texts stand in two columns, the second value stands over the second text.
    """

    label: str
    left: Line
    right: Line
    target: object = None
    role: str = "label"

    def sameness(self) -> Hashable:
        return (self.label, self.left, self.right, self.role)

    def height(self, width: int) -> int:
        return len(self.layout(width))

    def layout(self, width: int) -> Sequence[Line]:
        first, second = halves(width)
        first -= LABEL_CELLS
        if width < LEAST_SIDE_BY_SIDE:
            first, second = halves(width - LABEL_CELLS)
        pairs = zip_longest(wrap_line(self.left, first), wrap_line(self.right, second), fillvalue=())
        return [
            (
                (f"{'' if number else self.label:<{LABEL_CELLS}}", self.role),
                *_filled(left, first),
                SEPARATOR,
                *right,
            )
            for number, (left, right) in enumerate(pairs)
        ]


@dataclass(slots=True, eq=False)
class PairRow:
    """Two texts, each of rows of its own, cut after `most` lines; `target` opens them whole.

    In two columns both begin at the same line. In little width the names say whose is whose.
    """

    left: Sequence[Row]
    right: Sequence[Row]
    names: tuple[str, str]
    target: object = None
    most: int = 14
    _laid_out: tuple[int, list[Line]] = field(default=(0, []), repr=False)

    def sameness(self) -> None:
        return None

    def height(self, width: int) -> int:
        return len(self.layout(width))

    def layout(self, width: int) -> Sequence[Line]:
        if self._laid_out[0] != width:
            self._laid_out = (width, self._lines(width))
        return self._laid_out[1]

    def _lines(self, width: int) -> list[Line]:
        if width < LEAST_SIDE_BY_SIDE:
            lines: list[Line] = []
            for name, rows in zip(self.names, (self.left, self.right), strict=True):
                lines += [((name, "accent"),), *self._cut(rows, width)]
            return lines
        first, second = halves(width)
        pairs = zip_longest(self._cut(self.left, first), self._cut(self.right, second), fillvalue=())
        return [(*_filled(left, first), SEPARATOR, *right) for left, right in pairs]

    def _cut(self, rows: Sequence[Row], width: int) -> list[Line]:
        lines = list(islice((line for row in rows for line in row.layout(width)), self.most + 1))
        if len(lines) <= self.most:
            return lines
        return [*lines[: self.most - 1], (("… Enter or a click shows all of it", "dim"),)]
