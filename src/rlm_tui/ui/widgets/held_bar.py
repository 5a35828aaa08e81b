"""The bar over the panes of a run that is held: large letters, where and why, and the verbs to click."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from textual import events
from textual.content import Content
from textual.message import Message
from textual.widget import Widget

from rlm_tui.ui.widgets.held_words import HeldWords

LETTERS = ("█ █ █▀▀ █   █▀▄", "█▀█ █▀▀ █   █ █", "▀ ▀ ▀▀▀ ▀▀▀ ▀▀ ")
"""HELD, as large as three lines allow."""
LETTERS_FROM = 100
"""The columns from which there is room for the large letters beside the words."""
TALL_FROM = 30
"""The rows of a terminal from which the bar has a line more above and below."""


class HeldVerb(NamedTuple):
    """A verb that can be used now: the screen's action, the key's name, and one word for it."""

    action: str
    key: str
    words: str


class HeldBar(Widget):
    """Takes no room while nothing is held. `show` it what is to be said."""

    ALLOW_SELECT = False
    DEFAULT_CSS = """
    HeldBar { display: none; height: 3; width: 100%; padding: 0 1; background: $accent; color: auto; }
    HeldBar.-shown { display: block; }
    HeldBar.-tall { height: 5; padding: 1 2; }
    HeldBar.-comes { background: $panel; color: $foreground; }
    """

    class VerbChosen(Message):
        """A verb was clicked."""

        def __init__(self, action: str) -> None:
            super().__init__()
            self.action = action

    class PlaceChosen(Message):
        """The words were clicked: the person wants to see what the run is held before."""

    def __init__(self) -> None:
        super().__init__(id="held-bar")
        self.words: HeldWords | None = None
        self.verbs: tuple[HeldVerb, ...] = ()
        self._places: list[tuple[int, int, str]] = []

    def show(self, words: HeldWords | None, verbs: Sequence[HeldVerb] = ()) -> None:
        """Say this from now on; None: the run is not held, nor will it be."""
        verbs = tuple(verbs)
        if (words, verbs) == (self.words, self.verbs):
            return
        self.words, self.verbs = words, verbs
        self.set_class(words is not None, "-shown")
        self.set_class(words is not None and words.comes, "-comes")
        self.refresh()

    def set_rows(self, rows: int) -> None:
        """Be as tall as a terminal of `rows` rows has room for."""
        self.set_class(rows >= TALL_FROM, "-tall")

    def render(self) -> Content:
        self._places = []
        words = self.words
        if words is None:
            return Content()
        width = self.content_size.width
        letters = LETTERS if width >= LETTERS_FROM and not words.comes else ("", "", "")
        left = len(letters[0]) + 3 if letters[0] else 0
        sign = "‖ WILL BE HELD " if words.comes else "‖ HELD "
        lines = [
            Content.assemble((sign, "bold"), (words.place, "bold")),
            Content(words.why),
            self._verb_line(left, width - left),
        ]
        parts = [
            Content.assemble(letter, " " * (left - len(letter)), line.truncate(width - left, ellipsis=True))
            for letter, line in zip(letters, lines, strict=True)
        ]
        return Content("\n").join(parts)

    def _verb_line(self, left: int, room: int) -> Content:
        """The verbs that there is room for, each whole."""
        column = 0
        parts: list[Content] = []
        for verb in self.verbs:
            length = len(verb.key) + len(verb.words) + 3
            if column + length > room:
                break
            self._places.append((left + column, left + column + length, verb.action))
            parts.append(Content.assemble((f" {verb.key} ", "bold reverse"), f" {verb.words}"))
            column += length + 2
        return Content("  ").join(parts)

    def on_click(self, event: events.Click) -> None:
        offset = event.get_content_offset(self)
        if offset is not None and offset.y == 2:
            for start, end, action in self._places:
                if start <= offset.x < end:
                    self.post_message(self.VerbChosen(action))
                    return
        self.post_message(self.PlaceChosen())
