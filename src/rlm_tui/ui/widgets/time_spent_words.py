"""What the time went into, as a bar that is cut into its parts and as words with figures."""

from __future__ import annotations

from collections.abc import Sequence

from rlm_tui.core.time_spent import TimePart, part_words
from rlm_tui.ui.widgets.row import Line, Span, line_width
from rlm_tui.ui.widgets.timeline_rows import GLYPHS, ROLES

GAP = "  "
ROOMY = 100
"""The width from which what ran at once is told."""


def spent_text(spent: Sequence[TimePart], length: float) -> str:
    """The parts on one line of plain text."""
    return " · ".join(part_words(part, length) for part in spent)


def spent_bar(spent: Sequence[TimePart], length: float, cells: int) -> Line:
    """The whole as a bar of `cells`; a part too small for one has none."""
    spans: list[Span] = []
    seconds, drawn = 0.0, 0
    for part in spent:
        seconds += part.seconds
        end = min(round(seconds / length * cells), cells) if length > 0 else 0
        if end > drawn:
            spans.append((GLYPHS[part.kind] * (end - drawn), ROLES[part.kind]))
            drawn = end
    return (*spans, (" " * (cells - drawn), "text"))


def spent_lines(spent: Sequence[TimePart], length: float, width: int) -> list[Line]:
    """The parts with their signs and figures, on as many lines as they need."""
    lines: list[Line] = []
    brief = width < ROOMY
    for part in spent:
        entry: Line = (
            (f"{GLYPHS[part.kind]} ", ROLES[part.kind]),
            (part_words(part, length, brief=brief), "text"),
        )
        if lines and line_width(lines[-1]) + len(GAP) + line_width(entry) <= width:
            lines[-1] = (*lines[-1], (GAP, "text"), *entry)
        else:
            lines.append(entry)
    return lines
