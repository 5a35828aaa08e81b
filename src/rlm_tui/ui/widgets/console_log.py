"""What was typed into the console and what came back, the newest last."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from rlm_tui.core.text import visible
from rlm_tui.ui.console_session import ConsoleEntry
from rlm_tui.ui.widgets.highlight import highlight_python
from rlm_tui.ui.widgets.row import CODE_HANG, Line, Row, TextRow
from rlm_tui.ui.widgets.text_rows import chunk_rows
from rlm_tui.ui.widgets.text_view import BODY, TextView

INSERTED = "inserted into the run as a step of yours: the Trajectory has it, and the planner reads it"
MOST_CODE_LINES = 60
_FIRST: Line = (("› ", "label"),)
_REST: Line = (("  ", "text"),)


class ConsoleLog(TextView):
    """`fill_entries` once, then `add` each entry."""

    def fill_entries(self, entries: Iterable[ConsoleEntry]) -> None:
        """Show these."""
        self.fill((row for entry in entries for row in entry_rows(entry)), follow=True)

    def add(self, entry: ConsoleEntry) -> None:
        """Show one more, and go to it."""
        self.blocks.append(BODY, list(entry_rows(entry)))
        self.following = True
        self.rows_changed()


def entry_rows(entry: ConsoleEntry) -> Iterator[Row]:
    """The rows of one entry and of the line below it."""
    lines = highlight_python(entry.code)
    for number, line in enumerate(lines[:MOST_CODE_LINES]):
        yield TextRow(line, _REST if number else _FIRST, hang=CODE_HANG)
    if len(lines) > MOST_CODE_LINES:
        yield TextRow(((f"… {len(lines) - MOST_CODE_LINES:,} more lines", "dim"),), _REST)
    if entry.kind == "inserted":
        yield TextRow(((INSERTED, "held"),), _REST)
    if entry.text:
        yield from chunk_rows([("stdout", entry.text)], gutters={"stdout": _REST})
    if entry.problem:
        role = "busy" if entry.kind == "refused" else "bad"
        for words in visible(entry.problem).rstrip().split("\n"):
            yield TextRow(((words, role),), _REST)
    yield TextRow((), ())
