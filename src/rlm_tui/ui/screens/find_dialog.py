"""What every search has: a line to write in, a word on how far it is, and the hits as they are found."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Input

from rlm_tui.core.find import FindError, Hit
from rlm_tui.core.text import visible
from rlm_tui.ui.key_groups import LOOK
from rlm_tui.ui.screens.dialog import Answer, Dialog
from rlm_tui.ui.widgets.check_line import CheckLine, Finding
from rlm_tui.ui.widgets.row import LineRow, Row
from rlm_tui.ui.widgets.text_view import TextView

PAUSE_SECONDS = 0.15
"""How long nothing was typed before it is looked for."""


class FindDialog(Dialog[Answer]):
    """Looks in a thread, a moment after the typing; another letter, or the end of the dialog, ends a look."""

    WHERE: ClassVar[str] = "in this run"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+t", "regex", "regex", priority=True, id="find.regex", group=LOOK,
                tooltip="Take what is written as a regular expression, or as a text"),
        Binding("down", "app.focus_next", show=False, id="find.down", tooltip="To the hits", group=LOOK),
    ]  # fmt: skip

    def __init__(self, begin: str = "", *, is_regex: bool = False) -> None:
        super().__init__()
        self._begin = begin
        self.is_regex = is_regex
        self._asked = 0

    def compose(self) -> ComposeResult:
        with Vertical(id="dialog", classes="find large") as box:
            box.border_title = self._title()
            box.border_subtitle = "Enter goes there · ^T regex · Esc closes"
            yield Input(
                self._begin, placeholder="what is to be found, in any case", id="find-text", compact=True
            )
            yield CheckLine(id="find-words")
            yield TextView(id="find-hits")

    def on_unmount(self) -> None:
        self._asked += 1

    def search(self, text: str, is_over: Callable[[], bool]) -> None:
        """Look for `text` (in a thread), and tell with `tell`. May raise FindError."""
        raise NotImplementedError

    def begin(self) -> None:
        """Another text is looked for: what was found is not shown any more."""
        self.query_one("#find-hits", TextView).fill([], choosable=True)

    def say(self, words: str, *, good: bool = True) -> None:
        """Say how far it is."""
        self.query_one(CheckLine).say(Finding(words, good=good))

    @property
    def text(self) -> str:
        """What is looked for."""
        return self.query_one("#find-text", Input).value

    def tell(self, is_over: Callable[[], bool], act: Callable[[], None]) -> None:
        """Do `act` on the screen (from the thread), if that is still wanted."""

        def acted() -> None:
            if not is_over() and self.is_attached:
                act()

        if not is_over():
            self.app.call_from_thread(acted)

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        self._look()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.query_one("#find-hits", TextView).focus()

    def action_regex(self) -> None:
        self.is_regex = not self.is_regex
        self.query_one("#dialog").border_title = self._title()
        self._look()

    def _title(self) -> str:
        return f"Find {'a pattern ' if self.is_regex else ''}{self.WHERE}"

    def _look(self) -> None:
        self._asked += 1
        asked, text = self._asked, self.text
        self.begin()
        self.say("looking …" if text else "")
        if not text:
            return

        def is_over() -> bool:
            return asked != self._asked

        def look() -> None:
            time.sleep(PAUSE_SECONDS)
            try:
                if not is_over():
                    self.search(text, is_over)
            except FindError as error:
                words = str(error)
                self.tell(is_over, lambda: self.say(words, good=False))

        self.run_worker(look, thread=True, exclusive=True, group="find", exit_on_error=False)


def hit_rows(hits: Sequence[Hit], target: Callable[[int], object]) -> list[Row]:
    """A line for each hit: where it is, and the words round it."""
    return [_row(hit, target(at)) for at, hit in enumerate(hits)]


def _row(hit: Hit, target: object) -> Row:
    place = f"{hit.place:>3} {hit.where:<16} "
    before, found, after = (visible(part).replace("\n", " ") for part in (hit.before, hit.found, hit.after))
    return LineRow(
        ((place, "dim"), (before.lstrip(), "text"), (found, "accent"), (after, "text")), (), target=target
    )
