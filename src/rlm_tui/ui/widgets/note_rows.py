"""Notes of a run (a retry, a fallback, a lost sandbox) as rows between its iterations."""

from __future__ import annotations

from collections.abc import Sequence

from rlm_tui.core.events import Note
from rlm_tui.core.text import visible
from rlm_tui.ui.widgets.row import Row, Span, TextRow
from rlm_tui.ui.widgets.row_blocks import RowBlocks

_SIGNS: dict[str, Span] = {"info": ("· ", "dim"), "warning": ("! ", "busy"), "error": ("✗ ", "bad")}
_ROLES = {"info": "dim", "warning": "text", "error": "text"}
PREFIX = "note-"


def note_rows(note: Note) -> list[Row]:
    """The lines of a note; what is only for information is quiet."""
    sign = _SIGNS[note.level]
    lines = visible(note.text).rstrip().split("\n")
    return [
        TextRow(((line, _ROLES[note.level]),), (("  ", "text") if number else sign,))
        for number, line in enumerate(lines[:20])
    ]


def add_notes(blocks: RowBlocks, notes: Sequence[Note]) -> None:
    """Give every note that has none yet a block of its own, after what is there."""
    for number in range(len(notes) - 1, -1, -1):
        if f"{PREFIX}{number}" in blocks:
            first = number + 1
            break
    else:
        first = 0
    for number in range(first, len(notes)):
        blocks.set(f"{PREFIX}{number}", note_rows(notes[number]))
