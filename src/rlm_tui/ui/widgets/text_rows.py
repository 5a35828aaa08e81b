"""Long text in chunks: each is one row of the view, laid out only when it is looked at."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from rlm_tui.core.text import visible
from rlm_tui.ui.widgets.row import Line, line_width, wrap_line

CHUNK_CHARACTERS = 32_768


@dataclass(slots=True, eq=False)
class ChunkRow:
    """Some tens of kilobytes of text in one role. Its height costs a split; its lines are made when seen."""

    text: str
    role: str = "text"
    gutter: Line = ()
    target: object = None
    words: bool = False
    _lines: list[str] = field(default_factory=list, repr=False)

    def sameness(self) -> None:
        return None

    def lines(self) -> list[str]:
        """The chunk's lines, made visible."""
        if not self._lines:
            self._lines = visible(self.text.removesuffix("\n")).split("\n")
        return self._lines

    def height(self, width: int) -> int:
        room = width - line_width(self.gutter)
        lines = self.lines()
        if all(map(str.isascii, lines)) and max(map(len, lines)) <= room:
            return len(lines)
        return sum(
            1
            if len(line) <= room and line.isascii()
            else len(wrap_line(((line, self.role),), room, words=self.words))
            for line in lines
        )

    def layout(self, width: int) -> Sequence[Line]:
        room = width - line_width(self.gutter)
        return [
            (*self.gutter, *wrapped)
            for line in self.lines()
            for wrapped in wrap_line(((line, self.role),), room, words=self.words)
        ]


def chunk_rows(
    pieces: Iterable[tuple[str, str]], *, gutters: dict[str, Line] | None = None, words: bool = False
) -> Iterator[ChunkRow]:
    """Rows for `pieces` of (role, text) that follow on each other; cut where lines end, or else anywhere."""
    gutters = gutters or {}
    role, kept = "", ""
    for next_role, text in pieces:
        if kept and next_role != role:
            yield ChunkRow(kept, role, gutters.get(role, ()), words=words)
            kept = ""
        role = next_role
        start = 0
        while start < len(text):
            room = CHUNK_CHARACTERS - len(kept)
            piece = text[start : start + room]
            start += len(piece)
            kept += piece
            if len(kept) < CHUNK_CHARACTERS:
                break
            end = kept.rfind("\n") + 1 or len(kept)
            yield ChunkRow(kept[:end], role, gutters.get(role, ()), words=words)
            kept = kept[end:]
    if kept:
        yield ChunkRow(kept, role, gutters.get(role, ()), words=words)
