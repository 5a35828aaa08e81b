"""A lost sandbox that was replaced in an iteration: why, how many cells ran again, and what differed."""

from __future__ import annotations

from collections.abc import Iterator

from rlm_tui.core.recovery_words import recovery_words
from rlm_tui.core.text import one_line, visible
from rlm_tui.core.trajectory import Iteration
from rlm_tui.ui.widgets.row import Line, Row, TextRow

MOST_DIFFERED = 8
LOST_LINES = 3
LOST_CHARACTERS = 600
_HANG: Line = (("  ", "text"),)


def recovery_rows(iteration: Iteration, gutter: Line) -> Iterator[Row]:
    """A row for each recovery and for each difference; before them the last words of cells that were lost."""
    if not iteration.recoveries:
        return
    inner: Line = (*gutter, ("▏ ", "faint"))
    for cell in iteration.earlier_cells:
        if cell.status == "lost":
            for line in visible(cell.tail(LOST_CHARACTERS)).rstrip().split("\n")[-LOST_LINES:]:
                if line:
                    yield TextRow(((line, "dim"),), inner)
    for recovery in iteration.recoveries:
        words = recovery_words(
            recovery.cells, len(recovery.differed), recovery.seconds, one_line(recovery.volume, 60)
        )
        yield TextRow((("↻ ", "busy"), (words, "text")), gutter, hang=_HANG)
        if recovery.reason:
            yield TextRow((("  ", "text"), (one_line(recovery.reason, 300), "dim")), gutter, hang=_HANG)
        for sentence in recovery.differed[:MOST_DIFFERED]:
            yield TextRow((("  ≠ ", "busy"), (one_line(sentence, 300), "dim")), gutter, hang=_HANG)
        if len(recovery.differed) > MOST_DIFFERED:
            more = f"  … {len(recovery.differed) - MOST_DIFFERED:,} more differences"
            yield TextRow(((more, "dim"),), gutter)
