"""The last lines of each cell's output, kept as they are printed: showing them never costs the whole."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from itertools import islice

from rlm_tui.core.events import Stream
from rlm_tui.core.text import visible
from rlm_tui.core.trajectory import Cell, Iteration

TAIL_LINES = 100
"""Lines that are shown while the end is followed."""
KEPT_LINES = 500
"""Lines that stay, counted from the end, while the person reads and more is printed."""
LONGEST_LINE = 2_000
"""Characters of one line that are kept: a line of megabytes is for the Inspector."""


class OutputTail:
    """The last lines of one cell's output. `above` counts the lines before those that are shown."""

    def __init__(self, shown: int = TAIL_LINES, kept: int = KEPT_LINES) -> None:
        self._lines: deque[tuple[Stream, str, int]] = deque(maxlen=kept)
        self._shown = shown
        self._dropped = 0
        self._ended = True
        self.above = 0

    def settle(self, *, reading: bool) -> None:
        """Choose what is shown: the last lines, or, while the person reads, all from where it began."""
        first = self.above if reading else self._dropped + len(self._lines) - self._shown
        self.above = max(first, self._dropped, 0)

    def feed(self, stream: Stream, text: str) -> None:
        """Add what was printed. A line goes on until its newline, or until the other stream prints."""
        pieces = text.split("\n")
        last = len(pieces) - 1
        for index, piece in enumerate(pieces):
            if index == last and not piece:
                break
            if not self._ended and self._lines and self._lines[-1][0] == stream:
                _, kept, length = self._lines.pop()
                room = max(0, LONGEST_LINE - len(kept))
                self._lines.append((stream, kept + piece[:room], length + len(piece)))
            elif not self._ended and not piece:
                pass  # the other stream's line ends here
            else:
                if len(self._lines) == self._lines.maxlen:
                    self._dropped += 1
                self._lines.append((stream, piece[:LONGEST_LINE], len(piece)))
            self._ended = index < last

    def lines(self) -> Iterator[tuple[Stream, str]]:
        """Stream and text of each line that is shown, made visible."""
        for stream, text, length in islice(self._lines, self.above - self._dropped, None):
            text = text.removesuffix("\r")
            if length > len(text) + 1:
                yield stream, f"{visible(text)}… ({length - len(text):,} more characters)"
            else:
                yield stream, visible(text)


class OutputTails:
    """The tails of a run's cells, by the span of their iteration; of a person's steps by their own."""

    def __init__(self) -> None:
        self._tails: dict[str, OutputTail] = {}
        self._cells: dict[str, str] = {}

    def feed(self, span: str, stream: Stream, text: str) -> None:
        """The cell of iteration `span`, or the step `span`, printed `text`.

        Nothing to do before its tail was first looked at.
        """
        if (tail := self._tails.get(span)) is not None:
            tail.feed(stream, text)

    def of_cell(self, cell: Cell) -> OutputTail:
        """The tail of a cell that is a person's step."""
        return self._made(cell.span, cell)

    def forget(self, span: str) -> None:
        """The cell of iteration `span` stands at another moment now."""
        self._tails.pop(span, None)

    def of(self, iteration: Iteration) -> OutputTail:
        """The tail of this iteration's cell, made from its whole output when it is first asked for.

        A cell that was lost with its sandbox has another after it.
        """
        return self._made(iteration.span, iteration.cell)

    def _made(self, key: str, cell: Cell | None) -> OutputTail:
        tail = self._tails.get(key)
        of = cell.span if cell is not None else ""
        if tail is None or self._cells[key] != of:
            tail = self._tails[key] = OutputTail()
            self._cells[key] = of
            for piece in cell.output if cell is not None else ():
                tail.feed(piece.stream, piece.text)
        return tail
