"""A text of any length to read: it opens at once and fills in slices, so that no key waits for its end."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import ClassVar

from textual.message import Message
from textual.timer import Timer

from rlm_tui.ui.widgets.row import Row
from rlm_tui.ui.widgets.row_blocks import Place
from rlm_tui.ui.widgets.row_view import RowView
from rlm_tui.ui.widgets.text_rows import CHUNK_CHARACTERS, ChunkRow, chunk_rows

SLICE_SECONDS = 0.008
PAUSE_SECONDS = 0.004
BODY = "body"


class TextView(RowView):
    """Rows to read, without a cursor: the keys scroll. Rows that were filled in as `choosable` have one, and
    the one that is chosen is told as `RowChosen`.
    """

    CURSOR: ClassVar[bool] = False

    class RowChosen(Message):
        """Enter or a click chose a row; `target` is what it stands for."""

        def __init__(self, view: TextView, target: object) -> None:
            super().__init__()
            self.view = view
            self.target = target

        @property
        def control(self) -> TextView:
            return self.view

    def __init__(
        self,
        *,
        id: str | None = None,  # noqa: A002 - Textual's own name
        classes: str | None = None,
    ) -> None:
        super().__init__(id=id, classes=classes, follow=False)
        self._coming: Iterator[Row] = iter(())
        self._timer: Timer | None = None

    @property
    def filling(self) -> bool:
        """Whether more rows are still to come of what `fill` was given."""
        return self._timer is not None

    def fill(
        self,
        rows: Iterable[Row],
        *,
        follow: bool = False,
        keep_place: bool = False,
        choosable: bool = False,
    ) -> None:
        """Show these rows in place of what was there; `keep_place` stays at the line where the person is."""
        place = self.scroll_offset.y
        self._stop()
        cursor = self.cursor if keep_place and choosable else None
        self.chooses, self.cursor = choosable, None
        self.blocks.clear()
        self.painter.forget_rows()
        self.following = follow
        self._coming = iter(rows)
        self._slice()
        if not follow:
            self.scroll_to(y=place if keep_place else 0, animate=False, force=True)
        if choosable and self.blocks.height:
            self.cursor = cursor or Place(BODY, 0)
            self.rows_changed()

    def append_rows(self, rows: Iterable[Row]) -> None:
        """More rows, behind those that were filled in."""
        going_on = self.filling
        self._coming = chain(self._coming, rows) if going_on else iter(rows)
        if not going_on:
            self._slice()
        if self.chooses and self.cursor is None and self.blocks.height:
            self.cursor = Place(BODY, 0)

    def chosen(self, place: Place, row: Row) -> None:
        if self.chooses and row.target is not None:
            self.post_message(self.RowChosen(self, row.target))

    def line_of_row(self, row: int) -> int:
        """The line at which a row of those that were filled in begins; 0 while it is not there yet."""
        there = BODY in self.blocks and row < len(self.blocks.block(BODY).rows)
        return self.blocks.line_of(Place(BODY, row)) if there else 0

    def append_text(self, role: str, text: str) -> None:
        """Go on with text that is being written; it continues the last line."""
        if self.filling:  # what comes must stay behind what is coming
            self._coming = iter((*self._coming, *chunk_rows([(role, text)], words=True)))
            return
        rows = self.blocks.block(BODY).rows if BODY in self.blocks else []
        last = rows[-1] if rows else None
        if isinstance(last, ChunkRow) and last.role == role and len(last.text) < CHUNK_CHARACTERS:
            joined = ChunkRow(f"{last.text}{text}", role, last.gutter, words=last.words)
            self.blocks.replace_last(BODY, joined)
        else:
            self.blocks.append(BODY, list(chunk_rows([(role, text)], words=True)))
        self.rows_changed()

    def _slice(self) -> None:
        self._stop()
        deadline = time.perf_counter() + SLICE_SECONDS
        for row in self._coming:
            self.blocks.append(BODY, [row])
            if time.perf_counter() > deadline:
                self._timer = self.set_timer(PAUSE_SECONDS, self._slice)
                break
        self.rows_changed()

    def _stop(self) -> None:
        if self._timer is not None:
            self._timer.stop()
            self._timer = None
