"""Rows of one line each that are made when they are looked at: a list of any length is shown at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Generic, TypeVar

from rlm_tui.ui.widgets.row import Row
from rlm_tui.ui.widgets.row_blocks import Block, Place, RowBlocks

T = TypeVar("T")


class ListedBlocks(RowBlocks, Generic[T]):
    """Stands in for the blocks of a `RowView` whose rows are a list, a key of its own for each."""

    def __init__(self, row_of: Callable[[T], Row], key_of: Callable[[T], str]) -> None:
        super().__init__()
        self._row_of = row_of
        self._key_of = key_of
        self._lines: Sequence[T] = ()
        self._places: Mapping[str, int] = {}
        self._rows: dict[str, Row] = {}

    def take(self, lines: Sequence[T], places: Mapping[str, int]) -> None:
        """Show these lines; `places` says where each key stands. Costs the same for any number of them."""
        self._lines, self._places = lines, places
        self._rows = {}
        self.height = len(lines)

    def forget_rows(self) -> None:
        """Make each row anew when it is looked at: what they show has moved."""
        self._rows = {}

    def place_of(self, key: str) -> int | None:
        """The number of its line, from 0."""
        return self._places.get(key)

    def line(self, number: int) -> T | None:
        """What stands in a line."""
        return self._lines[number] if 0 <= number < len(self._lines) else None

    def __len__(self) -> int:
        return len(self._lines)

    def __contains__(self, key: str) -> bool:
        return key in self._places

    def block(self, key: str) -> Block:
        return Block(key, self._places[key], [self._row(key)], [1])

    def row(self, place: Place) -> Row | None:
        return self._row(place.key) if place.key in self._places and place.row == 0 else None

    def _row(self, key: str) -> Row:
        row = self._rows.get(key)
        if row is None:
            row = self._rows[key] = self._row_of(self._lines[self._places[key]])
        return row

    def clear(self) -> None:
        self.take((), {})

    def lay_out(self, width: int) -> None:
        self.width = width

    def locate(self, line: int) -> Place | None:
        found = self.line(line)
        return None if found is None else Place(self._key_of(found), 0)

    def line_of(self, place: Place) -> int:
        return self._places.get(place.key, 0) + place.line
