"""Lists and texts that only grow. A copy costs nothing: both share what was there, and grow apart."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Generic, TypeVar, overload

Item = TypeVar("Item")


class GrowingList(Generic[Item]):
    """Items in the order in which they were added. None is ever changed or taken away."""

    __slots__ = ("_items", "_length")

    def __init__(self) -> None:
        self._items: list[Item] = []
        self._length = 0

    def append(self, item: Item) -> None:
        """Add `item` to the end."""
        if len(self._items) != self._length:  # a copy of this went on already
            self._items = self._items[: self._length]
        self._items.append(item)
        self._length += 1

    def copy(self) -> GrowingList[Item]:
        """One that grows apart from this."""
        twin: GrowingList[Item] = GrowingList()
        twin._items, twin._length = self._items, self._length
        return twin

    def after(self, start: int) -> Iterator[Item]:
        """The items from `start` on."""
        return islice(self._items, start, self._length)

    def __len__(self) -> int:
        return self._length

    def __iter__(self) -> Iterator[Item]:
        return self.after(0)

    def __reversed__(self) -> Iterator[Item]:
        return (self._items[at] for at in range(self._length - 1, -1, -1))

    @overload
    def __getitem__(self, at: int) -> Item: ...
    @overload
    def __getitem__(self, at: slice) -> Sequence[Item]: ...
    def __getitem__(self, at: int | slice) -> Item | Sequence[Item]:
        if isinstance(at, slice):
            return [self._items[one] for one in range(*at.indices(self._length))]
        return self._items[range(self._length)[at]]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, GrowingList | list) and list(self) == list(other)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return repr(list(self))


class GrowingText:
    """Text that arrives in pieces and is joined when it is asked for, by any thread."""

    __slots__ = ("_joined", "_pieces", "length")

    def __init__(self, text: str = "") -> None:
        self._pieces: GrowingList[str] = GrowingList()
        self._joined = (0, "")
        self.length = 0
        if text:
            self.append(text)

    def append(self, piece: str) -> None:
        """Add `piece` to the end, at no cost that grows with the text."""
        self._pieces.append(piece)
        self.length += len(piece)

    def copy(self) -> GrowingText:
        """One that grows apart from this."""
        twin = GrowingText()
        twin._pieces, twin._joined, twin.length = self._pieces.copy(), self._joined, self.length
        return twin

    def __str__(self) -> str:
        done, text = self._joined
        count = len(self._pieces)
        if done < count:
            text += "".join(islice(self._pieces.after(done), count - done))
            self._joined = (count, text)
        return text
