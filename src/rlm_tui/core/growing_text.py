"""Text that arrives in pieces."""

from __future__ import annotations


class GrowingText:
    """Text that arrives in pieces and is joined when it is asked for."""

    __slots__ = ("_pieces", "length")

    def __init__(self, text: str = "") -> None:
        self._pieces = [text] if text else []
        self.length = len(text)

    def append(self, piece: str) -> None:
        """Add `piece` to the end, at no cost that grows with the text."""
        self._pieces.append(piece)
        self.length += len(piece)

    def copy(self) -> GrowingText:
        """One that grows apart from this."""
        return GrowingText(str(self))

    def __str__(self) -> str:
        if len(self._pieces) > 1:
            self._pieces = ["".join(self._pieces)]
        return self._pieces[0] if self._pieces else ""
