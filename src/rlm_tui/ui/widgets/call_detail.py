"""A call in full: everything that was asked and answered, to be read, searched, copied and saved."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.message import Message
from textual.widgets import Input

from rlm_tui.core.text import number_of, one_line
from rlm_tui.ui.key_groups import LOOK, MOVE
from rlm_tui.ui.widgets.found_text import mark_found
from rlm_tui.ui.widgets.row import Row
from rlm_tui.ui.widgets.row_blocks import Place
from rlm_tui.ui.widgets.text_view import BODY, TextView


class CallDetail(Vertical):
    """Shows rows; `/` looks for words in them, `n` and `N` go from one to the next."""

    DEFAULT_CSS = """
    CallDetail { height: 1fr; }
    CallDetail > Input { display: none; }
    CallDetail.-searching > Input { display: block; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("slash", "search", "search", key_display="/", id="call.search",
                tooltip="Look for words in the call", group=LOOK),
        Binding("n", "next_found(1)", "next", id="call.next_found", tooltip="To the next place found",
                group=MOVE),
        Binding("N", "next_found(-1)", "previous", id="call.previous_found", show=False,
                tooltip="To the place found before", group=MOVE),
    ]  # fmt: skip

    class Said(Message):
        """Something to be told in a few words."""

        def __init__(self, words: str) -> None:
            super().__init__()
            self.words = words

    def __init__(self) -> None:
        super().__init__(id="call-detail")
        self.text = TextView(id="call-text")
        self._all: Sequence[Row] = ()
        self._choosable = False
        self._words = ""
        self._places: list[int] = []
        self._count = 0
        self._at = -1

    def compose(self) -> ComposeResult:
        yield self.text
        yield Input(placeholder="look for …", id="call-search", compact=True, select_on_focus=True)

    def show(self, rows: Sequence[Row], *, keep_place: bool = False, choosable: bool = False) -> None:
        """Show a call, what was looked for marked in it; its rows are `choosable` where they are calls."""
        self._all = rows
        self._choosable = choosable
        self._mark(keep_place=keep_place)

    def _mark(self, *, keep_place: bool) -> None:
        rows = self._all
        self._places, self._count, self._at = [], 0, -1
        if self._words:
            rows, self._places, self._count = mark_found(rows, self._words)
        self.text.fill(rows, keep_place=keep_place, choosable=self._choosable)
        self.refresh_bindings()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        return bool(self._words) if action == "next_found" else True

    def action_search(self) -> None:
        self.add_class("-searching")
        self.query_one(Input).focus()

    def stop_searching(self) -> bool:
        """Leave the field, or forget what was looked for; whether there was either."""
        if self.has_class("-searching"):
            self.remove_class("-searching")
            self.text.focus()
            return True
        if self._words:
            self._words = ""
            self._mark(keep_place=True)
            return True
        return False

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.remove_class("-searching")
        self.text.focus()
        self._words = event.value
        self._mark(keep_place=True)
        self.action_next_found(1)

    def action_next_found(self, step: int) -> None:
        if not self._words:
            return
        if not self._places:
            self.post_message(self.Said(f"{one_line(self._words, 40)} does not stand in this call."))
            return
        if self._at < 0 and step < 0:
            self._at = 0
        self._at = (self._at + step) % len(self._places)
        number = self._places[self._at]
        line = self.text.blocks.line_of(Place(BODY, number)) if self._is_filled(number) else None
        if line is None:
            self.text.action_last()
        else:
            height = self.text.scrollable_content_region.height
            self.text.scroll_to(y=max(0, line - height // 3), animate=False, force=True)
        found = number_of(self._count, "place")
        self.post_message(self.Said(f"line {self._at + 1} of {len(self._places)}, {found} in all"))

    def _is_filled(self, number: int) -> bool:
        return BODY in self.text.blocks and number < len(self.text.blocks.block(BODY).rows)
