"""The list of saved runs: it opens at once with ten thousand, and fills in slices."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import UTC, datetime

from textual.message import Message

from rlm_tui.core.run_record import RunRecord
from rlm_tui.ui.widgets.row import Line
from rlm_tui.ui.widgets.row_blocks import Place
from rlm_tui.ui.widgets.run_rows import RunRow, beside, heading
from rlm_tui.ui.widgets.span_line import SpanLine
from rlm_tui.ui.widgets.text_view import BODY, TextView


class RunsList(TextView):
    """`show` it runs. A row that is chosen is told as `TextView.RowChosen`, with the record as its target."""

    class Highlighted(Message):
        """The cursor stands on another run; None: on none."""

        def __init__(self, run: RunRecord | None) -> None:
            super().__init__()
            self.run = run

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's own name
        super().__init__(id=id)
        self._shown = 0

    def show(self, runs: Sequence[RunRecord], marked: Collection[str] = (), *, keep: bool = False) -> None:
        """List these; `keep`: stay at the run and the line where the person is."""
        now = datetime.now(UTC)
        stood, above = (self.highlighted if keep else None), 0
        if stood is not None and self.cursor is not None:
            above = self.cursor.row - self.scroll_offset.y
        self.fill(
            (RunRow(run, now, run.run_id in marked) for run in runs), keep_place=keep, choosable=bool(runs)
        )
        self._shown += 1
        at = None
        if stood is not None:
            at = next((at for at, run in enumerate(runs) if run.run_id == stood.run_id), None)
        if at is not None:
            self._stand_on(at, above, self._shown)
        self.post_message(self.Highlighted(self.highlighted))

    def _stand_on(self, row: int, above: int, shown: int) -> None:
        """Put the cursor on a row as soon as it is there, `above` lines below the top."""
        if shown != self._shown:
            return
        there = len(self.blocks.block(BODY).rows) if BODY in self.blocks else 0
        if row >= there:
            if self.filling:
                self.set_timer(0.01, lambda: self._stand_on(row, above, shown))
            return
        self.move_cursor(Place(BODY, row), reveal=False)
        self.scroll_to(y=max(row - above, 0), animate=False, force=True)

    @property
    def highlighted(self) -> RunRecord | None:
        """The run under the cursor."""
        row = self.blocks.row(self.cursor) if self.cursor is not None else None
        return row.run if isinstance(row, RunRow) else None

    def cursor_moved(self, place: Place | None) -> None:
        self.post_message(self.Highlighted(self.highlighted))


class RunsHeading(SpanLine):
    """The names of the columns."""

    def line(self, width: int) -> Line:
        return heading(width)


class RunsWords(SpanLine):
    """How many runs there are, and in what order they stand."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's own name
        super().__init__(id=id)
        self._left = self._right = ""
        self._bad = False

    def say(self, left: str, right: str = "", *, bad: bool = False) -> None:
        """Say this."""
        self._left, self._right, self._bad = left, right, bad
        self.stale()

    def line(self, width: int) -> Line:
        return beside(((self._left, "bad" if self._bad else "dim"),), ((self._right, "faint"),), width)
