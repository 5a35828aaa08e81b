"""Find in everything of a run; a hit that is chosen is gone to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from rlm_tui.core.events import Value
from rlm_tui.core.find import MOST_HITS, MOST_PER_TEXT, Hit, find, pattern_of
from rlm_tui.core.text import number_of, one_line
from rlm_tui.core.trajectory import Trajectory
from rlm_tui.ui.screens.find_dialog import FindDialog, hit_rows
from rlm_tui.ui.widgets.targets import TabName
from rlm_tui.ui.widgets.text_view import TextView


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


class FindScreen(FindDialog[Found]):
    """Answers with the hit that was chosen, among all."""

    def __init__(
        self, trajectory: Trajectory, whole: Callable[[Value], str], last: Found | None = None
    ) -> None:
        """`last` is what was found before: it is looked for again."""
        super().__init__("" if last is None else last.text, is_regex=last is not None and last.is_regex)
        self._trajectory = trajectory
        self._whole = whole
        self._hits: tuple[Hit, ...] = ()

    def search(self, text: str, is_over: Callable[[], bool]) -> None:
        pattern = pattern_of(text, is_regex=self.is_regex)
        found = tuple(find(self._trajectory, pattern, self._whole, is_over))
        self.tell(is_over, lambda: self._take(found))

    def _take(self, found: tuple[Hit, ...]) -> None:
        self._hits = found
        self.say(f"{number_of(len(found), 'hit')}{left_out(found)}")
        self.query_one("#find-hits", TextView).fill(hit_rows(found, int), choosable=bool(found))

    def on_text_view_row_chosen(self, event: TextView.RowChosen) -> None:
        event.stop()
        if isinstance(event.target, int):
            self.dismiss(Found(self.text, self.is_regex, self._hits, event.target))


def left_out(found: Sequence[Hit]) -> str:
    """What of the hits is not among those that were found, in words."""
    more = " and more" if len(found) >= MOST_HITS else ""
    if MOST_PER_TEXT in Counter((hit.span, hit.where) for hit in found).values():
        more += f", of one text the first {MOST_PER_TEXT}"
    return more
