"""Find in everything of a run; a hit that is chosen is gone to."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import ClassVar, Protocol

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Input

from rlm_tui.core.events import Value
from rlm_tui.core.find import MOST_HITS, FindError, Hit, find, pattern_of
from rlm_tui.core.text import number_of, visible
from rlm_tui.core.trajectory import Trajectory
from rlm_tui.ui.key_groups import LOOK
from rlm_tui.ui.screens.dialog import Dialog
from rlm_tui.ui.widgets.check_line import CheckLine, Finding
from rlm_tui.ui.widgets.row import LineRow, Row
from rlm_tui.ui.widgets.text_view import TextView

PAUSE_SECONDS = 0.15


class Texts(Protocol):
    """Where a run's long texts are."""

    def text(self, value: Value) -> str: ...


def source_text(texts: Texts) -> Callable[[Value], str]:
    """The whole text of a value, or its beginning where the rest is gone."""

    def whole(value: Value) -> str:
        try:
            return texts.text(value)
        except OSError:
            return value.text

    return whole


class FindScreen(Dialog[Hit]):
    """Answers with the hit that was chosen. It looks in a thread, a moment after the typing."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+t", "regex", "regex", priority=True, id="find.regex", group=LOOK,
                tooltip="Take what is written as a regular expression, or as a text"),
        Binding("down", "app.focus_next", show=False, id="find.down", tooltip="To the hits", group=LOOK),
    ]  # fmt: skip

    def __init__(self, trajectory: Trajectory, whole: Callable[[Value], str], begin: str = "") -> None:
        super().__init__()
        self._trajectory = trajectory
        self._whole = whole
        self._begin = begin
        self._is_regex = False
        self._asked = 0

    def compose(self) -> ComposeResult:
        with Vertical(id="dialog", classes="find large") as box:
            box.border_title = "Find in this run"
            box.border_subtitle = "Enter goes there · ^T regex · Esc closes"
            yield Input(
                self._begin, placeholder="what is to be found, in any case", id="find-text", compact=True
            )
            yield CheckLine(id="find-words")
            yield TextView(id="find-hits")

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        self._look()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.query_one("#find-hits", TextView).focus()

    def action_regex(self) -> None:
        self._is_regex = not self._is_regex
        self.query_one("#dialog").border_title = "Find a pattern" if self._is_regex else "Find in this run"
        self._look()

    def _look(self) -> None:
        self._asked += 1
        asked, text = self._asked, self.query_one(Input).value
        if not text:
            self._take(asked, [], "")
            return
        self.run_worker(
            lambda: self._search(asked, text), thread=True, exclusive=True, group="find", exit_on_error=False
        )

    def _search(self, asked: int, text: str) -> None:
        time.sleep(PAUSE_SECONDS)
        if asked != self._asked:
            return
        try:
            pattern = pattern_of(text, is_regex=self._is_regex)
            found = list(find(self._trajectory, pattern, self._whole))
        except FindError as error:
            self.app.call_from_thread(self._take, asked, [], str(error))
            return
        more = " and more" if len(found) >= MOST_HITS else ""
        self.app.call_from_thread(self._take, asked, found, f"{number_of(len(found), 'hit')}{more}")

    def _take(self, asked: int, found: list[Hit], words: str) -> None:
        if asked != self._asked or not self.is_mounted:
            return
        good = bool(found) or not words or words.startswith("0 ")
        self.query_one(CheckLine).say(Finding(words, good=good))
        self.query_one("#find-hits", TextView).fill(map(_row, found), choosable=bool(found))

    def on_text_view_row_chosen(self, event: TextView.RowChosen) -> None:
        event.stop()
        if isinstance(event.target, Hit):
            self.dismiss(event.target)


def _row(hit: Hit) -> Row:
    place = f"{hit.n or ' ':>3} {hit.where:<16} "
    before, found, after = (visible(part).replace("\n", " ") for part in (hit.before, hit.found, hit.after))
    return LineRow(
        ((place, "dim"), (before.lstrip(), "text"), (found, "accent"), (after, "text")), (), target=hit
    )
