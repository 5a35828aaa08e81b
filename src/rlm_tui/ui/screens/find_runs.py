"""Find in everything of many saved runs; a hit that is chosen opens its run there, and the hits stay."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import ClassVar, NamedTuple

from rlm_tui.core.find import MOST_HITS, Hit, find, pattern_of
from rlm_tui.core.run_record import RunRecord
from rlm_tui.core.settings import Settings
from rlm_tui.core.text import number_of, one_line
from rlm_tui.store.errors import StoreError
from rlm_tui.store.may_contain import MayContain
from rlm_tui.store.run_log import open_run
from rlm_tui.ui.giving_way import person
from rlm_tui.ui.recorded_run import RecordedRun
from rlm_tui.ui.screens.find import Found, left_out, source_text
from rlm_tui.ui.screens.find_dialog import FindDialog, hit_rows
from rlm_tui.ui.screens.replay_views import ForkAt, NotShown
from rlm_tui.ui.widgets.row import Row, TextRow
from rlm_tui.ui.widgets.text_view import TextView

TELL_SECONDS = 0.2
MOST_SHOWN = 20
"""Hits of one run that are listed; the others are gone through in the run itself."""


class RunHit(NamedTuple):
    """The hit `at` of those in the run in the folder `path`."""

    path: Path
    hits: tuple[Hit, ...]
    at: int


class FindRunsScreen(FindDialog[ForkAt]):
    """Looks through `runs` in their order. Answers where a run is to be forked, if that is wanted."""

    WHERE: ClassVar[str] = "in these runs"

    def __init__(self, runs: Sequence[RunRecord], folder: Path, settings: Settings, begin: str = "") -> None:
        super().__init__(begin)
        self._runs = runs
        self._folder = folder
        self._settings = settings

    def search(self, text: str, is_over: Callable[[], bool]) -> None:
        pattern = pattern_of(text, is_regex=self.is_regex)
        may_contain = MayContain(text, is_regex=self.is_regex)
        rows: list[Row] = []
        hits = with_hits = unread = 0
        told = time.monotonic()
        for number, run in enumerate(self._runs, 1):
            if is_over():
                return
            path = self._folder / run.run_id
            try:
                log = open_run(path)
                found: tuple[Hit, ...] = ()
                if may_contain(log):
                    found = tuple(find(log.trajectory(), pattern, source_text(log.text), is_over))
            except StoreError:
                unread += 1
                continue
            if found:
                hits, with_hits = hits + len(found), with_hits + 1
                rows += _rows(run, path, found)
            if hits >= MOST_HITS:
                break
            if time.monotonic() - told > TELL_SECONDS:
                self._tell(is_over, rows, f"{_found(hits, with_hits)} · {number:,} of {len(self._runs):,} …")
                rows, told = [], time.monotonic()
            person.give_way()
        words = f"{_found(hits, with_hits)} of {len(self._runs):,}"
        if hits >= MOST_HITS:
            words += f": the first {hits:,}, in {number:,} runs; filter the list, or write more"
        if unread:
            words += f" · {number_of(unread, 'run')} can't be read"
        self._tell(is_over, rows, words)

    def _tell(self, is_over: Callable[[], bool], rows: list[Row], words: str) -> None:
        def act() -> None:
            self.say(words)
            self.query_one("#find-hits", TextView).append_rows(rows)

        self.tell(is_over, act)

    def on_text_view_row_chosen(self, event: TextView.RowChosen) -> None:
        from rlm_tui.ui.screens.replay import ReplayScreen

        event.stop()
        if not isinstance(hit := event.target, RunHit):
            return
        found = Found(self.text, self.is_regex, hit.hits, hit.at)
        try:
            log = open_run(hit.path)
        except StoreError as error:
            self.say(str(error), good=False)
            return
        self.app.push_screen(
            ReplayScreen(RecordedRun(log), self._settings, follow=True, found=found), self._run_closed
        )

    def _run_closed(self, answer: ForkAt | NotShown | None) -> None:
        match answer:
            case ForkAt():
                self.dismiss(answer)
            case NotShown(problem=problem):
                self.say(problem, good=False)
            case None:
                return


def _found(hits: int, runs: int) -> str:
    return f"{number_of(hits, 'hit')} in {number_of(runs, 'run')}"


def _rows(run: RunRecord, path: Path, found: tuple[Hit, ...]) -> Iterator[Row]:
    head = (one_line(run.task or run.run_id, 40), "strong"), (f"  {one_line(run.run_id, 80)}", "dim")
    count = (f"  {number_of(len(found), 'hit')}{left_out(found)}", "label")
    yield TextRow((*head, count), target=RunHit(path, found, 0))
    yield from hit_rows(found[:MOST_SHOWN], lambda at: RunHit(path, found, at))
    if len(found) > MOST_SHOWN:
        words = f"    … {len(found) - MOST_SHOWN:,} more in this run: open it, and go on with ."
        yield TextRow(((words, "dim"),), target=RunHit(path, found, MOST_SHOWN))
