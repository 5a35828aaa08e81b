"""What a person changed in the planner's code: a unified diff as rows, by signs and by colours."""

from __future__ import annotations

from difflib import unified_diff

from rlm_tui.core.text import visible
from rlm_tui.ui.widgets.row import CODE_HANG, Line, Row, TextRow

CONTEXT_LINES = 3
LARGEST_COMPARED = 5_000
"""Lines beyond which two texts are not compared: it would cost a pause."""
_ROLES = {"+": "good", "-": "bad", "@": "label"}


def diff_rows(before: str, after: str, gutter: Line = ()) -> list[Row]:
    """The lines that went ("-") and came ("+"), with those around them; a sentence where none did."""
    lines = visible(before).split("\n"), visible(after).split("\n")
    if max(map(len, lines)) > LARGEST_COMPARED:
        return [TextRow((("The code is too long to be compared here.", "dim"),), gutter)]
    changed = list(unified_diff(*lines, lineterm="", n=CONTEXT_LINES))[2:]
    if not changed:
        return [TextRow((("Nothing is changed: this is what the planner wrote.", "dim"),), gutter)]
    return [
        TextRow(((line, _ROLES.get(line[:1], "code")),), gutter, hang=CODE_HANG, words=False)
        for line in changed
    ]


def changed_lines(before: str, after: str) -> tuple[int, int]:
    """How many lines came and how many went."""
    if max(before.count("\n"), after.count("\n")) > LARGEST_COMPARED:
        return 0, 0
    changed = list(unified_diff(before.split("\n"), after.split("\n"), lineterm="", n=0))[2:]
    return sum(line[:1] == "+" for line in changed), sum(line[:1] == "-" for line in changed)
