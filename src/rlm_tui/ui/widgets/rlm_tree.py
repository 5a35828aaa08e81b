"""The RLMs of a run as a tree, one a row: any number of them is shown at once."""

from __future__ import annotations

from collections.abc import Sequence

from textual.message import Message

from rlm_tui.core.nesting import Rlm
from rlm_tui.ui.widgets.listed_blocks import ListedBlocks
from rlm_tui.ui.widgets.nesting_rows import rlm_row
from rlm_tui.ui.widgets.row import Row
from rlm_tui.ui.widgets.row_blocks import Place
from rlm_tui.ui.widgets.row_view import RowView


class RlmTree(RowView):
    """The cursor stays on its RLM while others come before it."""

    class Moved(Message):
        """The cursor stands on another RLM."""

    class Chosen(Message):
        """Enter or a click chose the RLM under the cursor."""

    def __init__(self) -> None:
        super().__init__(id="nested-tree", follow=False)
        self._time = 0.0
        self.listed: ListedBlocks[Rlm] = ListedBlocks(self._row, lambda rlm: rlm.span)
        self.blocks = self.listed

    def _row(self, rlm: Rlm) -> Row:
        return rlm_row(rlm, self._time)

    def show(self, every: Sequence[Rlm], now: float) -> None:
        """Show these."""
        self._time = now
        above = self.lines_above_cursor()
        self.listed.take(every, {rlm.span: place for place, rlm in enumerate(every)})
        self.painter.forget_rows()
        if self.cursor is None or self.cursor.key not in self.listed:
            self.cursor = self.listed.locate(0)
        self.rows_changed()
        self.keep_above_cursor(above)
        self.refresh(layout=True)

    def tick(self, now: float) -> None:
        """Time has gone on: what runs has taken longer."""
        self._time = now
        self.listed.forget_rows()
        self.paint_again()

    @property
    def highlighted(self) -> Rlm | None:
        """The RLM under the cursor."""
        place = None if self.cursor is None else self.listed.place_of(self.cursor.key)
        return None if place is None else self.listed.line(place)

    def go_to(self, span: str) -> None:
        """Put the cursor on the RLM that the call `span` started, on the run itself for ""."""
        if self.listed.place_of(span) is not None:
            self.move_cursor(Place(span, 0))

    def cursor_moved(self, place: Place | None) -> None:
        self.post_message(self.Moved())

    def chosen(self, place: Place, row: Row) -> None:
        self.post_message(self.Chosen())
