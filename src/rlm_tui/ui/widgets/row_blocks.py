"""Where every row of a `RowView` lies: blocks of rows, their heights, and the line each begins at.

A block is what changes together (an iteration, a call with its items). Appending to the last block, and
finding the row of a line, cost the same for ten rows and for a hundred thousand.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from rlm_tui.ui.widgets.row import Row


class Place(NamedTuple):
    """A line of the view: the block's key, the row's index in it, and the line within that row."""

    key: str
    row: int
    line: int = 0


@dataclass(slots=True)
class Block:
    """Rows that change together. `ends[i]` is the line after row `i`, counted from the block's first line."""

    key: str
    index: int
    rows: list[Row] = field(default_factory=list)
    ends: list[int] = field(default_factory=list)

    @property
    def height(self) -> int:
        return self.ends[-1] if self.ends else 0


class RowBlocks:
    """Blocks in order. `height` is the number of lines of all of them in the width they are laid out for."""

    def __init__(self) -> None:
        self.width = 0
        self.height = 0
        self._blocks: list[Block] = []
        self._by_key: dict[str, Block] = {}
        self._starts: list[int] = []  # right up to the block `_valid`
        self._valid = 0

    def __len__(self) -> int:
        return len(self._blocks)

    def __contains__(self, key: str) -> bool:
        return key in self._by_key

    def __iter__(self) -> Iterator[Block]:
        return iter(self._blocks)

    def block(self, key: str) -> Block:
        return self._by_key[key]

    def at(self, index: int) -> Block:
        return self._blocks[index]

    def row(self, place: Place) -> Row | None:
        """The row at `place`, or None when it is gone."""
        block = self._by_key.get(place.key)
        return block.rows[place.row] if block is not None and place.row < len(block.rows) else None

    def nearest(self, place: Place) -> Place | None:
        """The row of its block that comes nearest to `place`, or None when there is none."""
        if place.key in self and (rows := self.block(place.key).rows):
            return Place(place.key, min(place.row, len(rows) - 1))
        return None

    def clear(self) -> None:
        """Take every block away; the width stays."""
        self.height = self._valid = 0
        self._blocks.clear()
        self._by_key.clear()
        self._starts.clear()

    def set(self, key: str, rows: Sequence[Row]) -> None:
        """Give the block `key` these rows; a new key becomes the last block."""
        block = self._by_key.get(key)
        if block is None:
            block = Block(key, len(self._blocks))
            self._by_key[key] = block
            self._blocks.append(block)
            self._starts.append(0)
        before = block.height
        self._take(block, rows)
        self._moved(block, before)

    def extend_lines(self, blocks: Iterable[tuple[str, Row]]) -> None:
        """Add many new blocks, each of one row that takes one line at any width."""
        for key, row in blocks:
            block = Block(key, len(self._blocks), [row], [1])
            self._by_key[key] = block
            self._blocks.append(block)
            self._starts.append(0)
            self.height += 1

    def cut(self, length: int) -> None:
        """Keep the first `length` blocks."""
        for block in self._blocks[length:]:
            del self._by_key[block.key]
            self.height -= block.height
        del self._blocks[length:]
        del self._starts[length:]
        self._valid = min(self._valid, length)

    def append(self, key: str, rows: Sequence[Row]) -> None:
        """Add rows at the end of the block `key`, which is made when there is none."""
        if key not in self._by_key:
            self.set(key, rows)
            return
        block = self._by_key[key]
        before = block.height
        end = before
        for row in rows:
            end += row.height(self.width) if self.width else 1
            block.rows.append(row)
            block.ends.append(end)
        self._moved(block, before)

    def replace_last(self, key: str, row: Row) -> None:
        """Put `row` in the place of the last row of the block `key`."""
        block = self._by_key[key]
        before = block.height
        block.rows.pop()
        block.ends.pop()
        start = block.height
        block.rows.append(row)
        block.ends.append(start + (row.height(self.width) if self.width else 1))
        self._moved(block, before)

    def remove(self, key: str) -> None:
        block = self._by_key.pop(key)
        self.height -= block.height
        del self._blocks[block.index]
        self._starts.pop()
        for index in range(block.index, len(self._blocks)):
            self._blocks[index].index = index
        self._valid = min(self._valid, block.index)

    def lay_out(self, width: int) -> None:
        """Measure every row for a new width."""
        if width == self.width:
            return
        self.width = width
        self.height = 0
        for block in self._blocks:
            self._measure(block)
            self.height += block.height
        self._valid = 0

    def start(self, key: str) -> int:
        """The line at which the block begins."""
        block = self._by_key[key]
        self._settle(block.index)
        return self._starts[block.index]

    def line_of(self, place: Place) -> int:
        """The line at which the row of `place` begins."""
        ends = self._by_key[place.key].ends
        within = ends[place.row - 1] if place.row > 0 else 0
        return self.start(place.key) + within

    def locate(self, line: int) -> Place | None:
        """What lies at `line`, or None beyond the last one."""
        if not 0 <= line < self.height:
            return None
        self._settle(len(self._blocks) - 1)
        block = self._blocks[bisect_right(self._starts, line) - 1]
        while not block.ends or line - self._starts[block.index] >= block.ends[-1]:
            block = self._blocks[block.index + 1]
        within = line - self._starts[block.index]
        row = bisect_right(block.ends, within)
        return Place(block.key, row, within - (block.ends[row - 1] if row else 0))

    def _take(self, block: Block, rows: Sequence[Row]) -> None:
        """Give `block` these rows; one that looks like a row it had is that row, measured and painted."""
        had: dict[Hashable, tuple[Row, int]] = {}
        start = 0
        for row, end in zip(block.rows, block.ends, strict=True):
            had[row.sameness()] = (row, end - start)
            start = end
        had.pop(None, None)
        width, end = self.width, 0
        block.rows, block.ends = [], []
        for row in rows:
            known = had.get(row.sameness())
            same, height = known if known is not None else (row, row.height(width) if width else 1)
            end += height
            block.rows.append(same)
            block.ends.append(end)

    def _measure(self, block: Block) -> None:
        width, end = self.width, 0
        ends: list[int] = []
        for row in block.rows:
            end += row.height(width) if width else 1
            ends.append(end)
        block.ends = ends

    def _moved(self, block: Block, before: int) -> None:
        after = block.height
        self.height += after - before
        if after != before:
            self._valid = min(self._valid, block.index + 1)

    def _settle(self, index: int) -> None:
        """Make the starts right up to the block `index`."""
        if self._valid > index:
            return
        at = self._valid
        line = 0 if at == 0 else self._starts[at - 1] + self._blocks[at - 1].height
        for position in range(at, index + 1):
            self._starts[position] = line
            line += self._blocks[position].height
        self._valid = index + 1
