"""Answers of queries in saved runs, found again for a later run that asks the same model the same."""

from __future__ import annotations

import hashlib
import sqlite3
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import msgspec

from rlm_tui.core.events import CallFinished, CallStarted, Value
from rlm_tui.core.paths import cache_directory, runs_directory
from rlm_tui.core.redaction import REDACTED
from rlm_tui.store.answer_index import AnswerIndex, AnswerPlace, answer_key, is_damage, line_event
from rlm_tui.store.errors import StoreError
from rlm_tui.store.run_log import open_run
from rlm_tui.store.runs import EVENTS

UPDATE_SECONDS = 5.0
"""How long the first query of a run may wait for the index; what is left is indexed at a later run."""
_LONGEST_LINE = 1024 * 1024
# Two runs of one process would only read the same logs twice.
_updating = threading.Lock()


class RememberedAnswer(msgspec.Struct, frozen=True):
    """`origin` is the id of the run that got this answer from a model."""

    text: str
    origin: str


class RememberedAnswers:
    """What one run asks before it asks a model. The index is brought up to date at the first question.

    Nothing is raised and nothing is kept open: where the index or a log can't be used there is no answer, and
    `tell` gets one sentence on it.
    """

    def __init__(
        self,
        tell: Callable[[str], None] = lambda _sentence: None,
        *,
        own_run: str = "",
        runs: Path | None = None,
        index: Path | None = None,
        update_seconds: float = UPDATE_SECONDS,
    ) -> None:
        self._tell = tell
        self._own_run = own_run
        self._runs = (runs_directory() if runs is None else runs).absolute()
        self._index = AnswerIndex(index or index_path(self._runs), self._runs)
        self._update_seconds = update_seconds
        self._first = threading.Lock()
        self._is_current = False
        self._telling = threading.Lock()
        self._has_told = False

    def find(self, model: str, prompt: str) -> RememberedAnswer | None:
        """The newest answer of `model` to `prompt` (as recorded) that is not of this run; None: ask it."""
        asked = Value(text=prompt, length=len(prompt))
        key = answer_key(model, asked)
        try:
            with self._first:
                if not self._is_current:
                    self._is_current = True
                    self._update()
            places = self._index.places(key, self._own_run)
        except (sqlite3.Error, OSError) as error:
            if is_damage(error):
                with suppress(OSError):
                    self._index.discard()
            self._say(f"Answers of earlier runs can't be looked up, so the model is asked: {_words(error)}.")
            return None
        for place in places:
            if (answer := self._at(place, key)) is not None:
                return answer
        return None

    def _update(self) -> None:
        with _updating:
            try:
                left = self._index.bring_up_to_date(self._update_seconds)
            except sqlite3.Error as error:
                if not is_damage(error):
                    # Locked, or no space for it: what is indexed may be read nevertheless.
                    return
                self._index.discard()
                left = self._index.bring_up_to_date(self._update_seconds)
                self._say("The index of the answers of earlier runs was damaged; it was made anew.")
        if left:
            self._say(
                f"The answers of {left:,} earlier runs are not indexed yet: that goes on at the next run."
            )

    def _at(self, place: AnswerPlace, key: bytes) -> RememberedAnswer | None:
        """The answer at `place`, if that is still what the index says."""
        try:
            with (self._runs / place.run / EVENTS).open("rb") as log:
                log.seek(place.started)
                started = line_event(log.readline(_LONGEST_LINE))
                log.seek(place.finished)
                finished = line_event(log.readline(_LONGEST_LINE))
            if not isinstance(started, CallStarted) or not isinstance(finished, CallFinished):
                return None
            if answer_key(started.model, started.prompt) != key or started.span != finished.span:
                return None
            if finished.error is not None or not finished.answer.length:
                return None
            text = open_run(self._runs / place.run).text(finished.answer)
        except (StoreError, OSError):
            return None
        # What was taken out of an answer is not known any more.
        return None if REDACTED in text else RememberedAnswer(text, finished.origin or place.run)

    def _say(self, sentence: str) -> None:
        with self._telling:
            has_told, self._has_told = self._has_told, True
        if not has_told:
            self._tell(sentence)


def index_path(runs: Path) -> Path:
    """The index of the runs in that folder."""
    folder = hashlib.sha256(str(runs).encode("utf-8", "surrogateescape")).hexdigest()[:12]
    return cache_directory() / "answers" / f"{folder}.sqlite"


def _words(error: Exception) -> str:
    return (str(error) or type(error).__name__).rstrip(".")
