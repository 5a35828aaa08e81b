"""Find in everything of a run; a hit that is chosen is gone to."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Input

from rlm_tui.core.events import Value
from rlm_tui.core.find import MOST_HITS, MOST_PER_TEXT, FindError, Hit, find, pattern_of
from rlm_tui.core.text import number_of, one_line, visible
from rlm_tui.core.trajectory import Trajectory
from rlm_tui.ui.key_groups import LOOK
from rlm_tui.ui.screens.dialog import Dialog
from rlm_tui.ui.widgets.check_line import CheckLine, Finding
from rlm_tui.ui.widgets.row import LineRow, Row
from rlm_tui.ui.widgets.targets import TabName
from rlm_tui.ui.widgets.text_view import TextView

PAUSE_SECONDS = 0.15


def source_text(resolve: Callable[[Value], str]) -> Callable[[Value], str]:
    """The whole text of a value, or its beginning where the rest is gone."""

    def whole(value: Value) -> str:
        try:
            return resolve(value)
        except OSError:
            return value.text

    return whole


@dataclass(frozen=True, slots=True)
class Found:
    """What was found, and the hit that is looked at."""

    text: str
    is_regex: bool
    hits: tuple[Hit, ...]
    at: int

    @property
    def hit(self) -> Hit:
        return self.hits[self.at]

    @property
    def words(self) -> str:
        """Which of the hits it is."""
        return f"Hit {self.at + 1:,} of {len(self.hits):,} for {one_line(self.text, 40)}: , and . go on"

    @property
    def tab(self) -> TabName:
        """The tab of the Inspector where the hit stands."""
        match self.hit.where:
            case "planner's prompt":
                return "prompt"
            case "prompt" | "answer":
                return "call"
            case "reasoning" | "code" | "output" | "result":
                return self.hit.where
            case "error":
                return "call" if self.hit.is_of_call else "error"

    @property
    def occurrence(self) -> int:
        """Which one it is of those with the same words in the same tab, from 0."""
        hit, tab = self.hit, self.tab
        return sum(
            1
            for index, one in enumerate(self.hits[: self.at])
            if one.span == hit.span and one.found == hit.found and self._at(index).tab == tab
        )

    def _at(self, index: int) -> Found:
        return Found(self.text, self.is_regex, self.hits, index)

    def moved(self, step: int) -> Found:
        """The hit `step` further; after the last one comes the first."""
        return self._at((self.at + step) % len(self.hits))


class FindScreen(Dialog[Found]):
    """Answers with the hit that was chosen, among all. It looks in a thread, a moment after the typing."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+t", "regex", "regex", priority=True, id="find.regex", group=LOOK,
                tooltip="Take what is written as a regular expression, or as a text"),
        Binding("down", "app.focus_next", show=False, id="find.down", tooltip="To the hits", group=LOOK),
    ]  # fmt: skip

    def __init__(
        self, trajectory: Trajectory, whole: Callable[[Value], str], last: Found | None = None
    ) -> None:
        """`last` is what was found before: it is looked for again."""
        super().__init__()
        self._trajectory = trajectory
        self._whole = whole
        self._begin = "" if last is None else last.text
        self._is_regex = last is not None and last.is_regex
        self._hits: list[Hit] = []
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
        if MOST_PER_TEXT in Counter((hit.span, hit.where) for hit in found).values():
            more += f", of one text the first {MOST_PER_TEXT}"
        self.app.call_from_thread(self._take, asked, found, f"{number_of(len(found), 'hit')}{more}")

    def _take(self, asked: int, found: list[Hit], words: str) -> None:
        if asked != self._asked or not self.is_mounted:
            return
        good = bool(found) or not words or words.startswith("0 ")
        self._hits = found
        self.query_one(CheckLine).say(Finding(words, good=good))
        rows = (_row(at, hit) for at, hit in enumerate(found))
        self.query_one("#find-hits", TextView).fill(rows, choosable=bool(found))

    def on_text_view_row_chosen(self, event: TextView.RowChosen) -> None:
        event.stop()
        if isinstance(event.target, int):
            text = self.query_one(Input).value
            self.dismiss(Found(text, self._is_regex, tuple(self._hits), event.target))


def _row(at: int, hit: Hit) -> Row:
    place = f"{hit.place:>3} {hit.where:<16} "
    before, found, after = (visible(part).replace("\n", " ") for part in (hit.before, hit.found, hit.after))
    return LineRow(
        ((place, "dim"), (before.lstrip(), "text"), (found, "accent"), (after, "text")), (), target=at
    )
