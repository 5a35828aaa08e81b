"""The documents of a batch, a line each: what its run is doing, and what it took."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.message import Message

from rlm_tui.core.text import human_cost, human_count, human_seconds, one_line, width_of
from rlm_tui.headless.batch import BatchRow
from rlm_tui.headless.batch_table import shown_name, sign
from rlm_tui.ui.widgets.row import Line, Row, Span, TextRow, cut_line
from rlm_tui.ui.widgets.row_blocks import Place
from rlm_tui.ui.widgets.row_view import RowView
from rlm_tui.ui.widgets.span_line import SpanLine

ROLES = {"waiting": "faint", "running": "busy", "kept": "dim", "submitted": "good", "extracted": "good"}
NOTHING = "A run a document, several at a time. Name the documents above; ^R starts."
EMPTY = "empty"
FIGURES = (("it", 3), ("calls", 5), ("tok", 6), ("cost", 7), ("time", 8))
"""The columns at the right and their cells; where there is little room, the last but time goes first."""
LEAST_WORDS = 18


@dataclass(frozen=True, slots=True)
class BatchColumns:
    """Cells of the columns for a width; `figures` are those that there is room for."""

    name: int
    words: int
    figures: tuple[tuple[str, int], ...]


def batch_columns(width: int) -> BatchColumns:
    """What `width` cells have room for: the name and the words always, then as many figures as fit."""
    figures = list(FIGURES)
    while figures and width - 2 - sum(cells + 1 for _, cells in figures) < 2 * LEAST_WORDS:
        figures.pop(-2 if len(figures) > 1 else -1)
    room = max(2, width - 3 - sum(cells + 1 for _, cells in figures))
    name = max(1, min(room - 1, max(room * 2 // 5, min(LEAST_WORDS, room // 2))))
    return BatchColumns(name, room - name, tuple(figures))


def _padded(text: str, cells: int) -> str:
    shown = one_line(text, cells)
    return shown + " " * max(0, cells - width_of(shown))


def heading(width: int) -> Line:
    """The headings of the columns."""
    columns = batch_columns(width)
    words = f"  {_padded('document', columns.name)} {_padded('what', columns.words)}"
    return ((words + "".join(f" {name:>{cells}}" for name, cells in columns.figures), "dim"),)


@dataclass(slots=True, eq=False)
class DocumentRow:
    """One document of the batch."""

    row: BatchRow

    @property
    def target(self) -> BatchRow:
        return self.row

    def sameness(self) -> BatchRow:
        return self.row

    def height(self, width: int) -> int:
        return 1

    def layout(self, width: int) -> Sequence[Line]:
        columns, row = batch_columns(width), self.row
        role = ROLES.get(row.state, "bad")
        spans: list[Span] = [
            (f"{sign(row)} ", role),
            (_padded(shown_name(row.document), columns.name), "faint" if row.state == "waiting" else "text"),
            (f" {_padded(row.words or row.state, columns.words)}", role),
        ]
        totals = row.totals
        shown = {
            "it": str(totals.iterations),
            "calls": str(totals.llm_calls),
            "tok": human_count(totals.prompt_tokens + totals.completion_tokens),
            "cost": human_cost(totals.cost_usd) if totals.cost_known else "?",
            "time": human_seconds(totals.seconds),
        }
        for name, cells in columns.figures:
            value = "" if row.state == "waiting" else shown[name]
            spans.append((f" {value:>{cells}}", "dim"))
        return [cut_line(spans, width)]


class _Heading(SpanLine):
    def __init__(self, rows: RowView) -> None:
        super().__init__(id="batch-heading")
        self._rows = rows

    def line(self, width: int) -> Line:
        return heading(self._rows.blocks.width or width)


class _List(RowView):
    def __init__(self) -> None:
        super().__init__(id="batch-list", follow=False)
        self._shown: list[BatchRow] = []

    def show(self, rows: Sequence[BatchRow]) -> None:
        """Take up these; only those that changed are made anew."""
        if [row.number for row in rows] != [row.number for row in self._shown]:
            self.clear_rows()
            self._shown = []
        before: Sequence[BatchRow | None] = self._shown or [None] * len(rows)
        changed = False
        for old, row in zip(before, rows, strict=True):
            if row != old:
                self.blocks.set(str(row.number), [DocumentRow(row)])
                changed = True
        self._shown = list(rows)
        if not rows and EMPTY not in self.blocks:
            empty: list[Row] = [TextRow(((NOTHING, "dim"),))]
            self.blocks.set(EMPTY, empty)
            changed = True
        if changed:
            self.rows_changed()

    def chosen(self, place: Place, row: Row) -> None:
        if isinstance(row, DocumentRow):
            self.post_message(BatchRows.Chosen(row.row))


class BatchRows(Vertical):
    """The table of a batch. Its cost grows with the documents that changed, not with their runs."""

    class Chosen(Message):
        """This document's answer is to be looked at."""

        def __init__(self, row: BatchRow) -> None:
            super().__init__()
            self.row = row

    def compose(self) -> ComposeResult:
        rows = _List()
        yield _Heading(rows)
        yield rows

    def on_mount(self) -> None:
        self.show([])

    def on_resize(self) -> None:
        self.call_after_refresh(self.query_one(_Heading).refresh)

    def show(self, rows: Sequence[BatchRow]) -> None:
        """Show these documents."""
        self.query_one(_List).show(rows)

    def focus_list(self) -> None:
        """Put the focus on the table."""
        self.query_one(_List).focus()
