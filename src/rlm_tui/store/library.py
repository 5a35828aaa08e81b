"""All saved runs, for whoever lists them: from the index where it can be used, else from the folders."""

from __future__ import annotations

import hashlib
import sqlite3
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from rlm_tui.core.filter_syntax import Term
from rlm_tui.core.paths import cache_directory, runs_directory
from rlm_tui.core.run_filter import RunFilter
from rlm_tui.core.run_record import RunRecord
from rlm_tui.store.answer_index import is_damage
from rlm_tui.store.errors import StoreError
from rlm_tui.store.listing import list_runs
from rlm_tui.store.run_index import RunIndex
from rlm_tui.store.run_log import is_being_written
from rlm_tui.store.run_reading import read_run
from rlm_tui.store.runs import EVENTS

MOST_UNINDEXED = 200
# Two threads of one process would only read the same logs twice.
_updating = threading.Lock()


class RunLibrary:
    """The runs in one folder. Nothing is raised; where no index can be used, the newest are listed."""

    def __init__(self, runs: Path | None = None, index: Path | None = None) -> None:
        self.runs = (runs_directory() if runs is None else runs).absolute()
        self._index = RunIndex(index or index_path(self.runs), self.runs)
        self._unindexed: list[RunRecord] | None = None
        self._looked_at = 0
        self._going_on: dict[Path, int] = {}

    def records(self) -> list[RunRecord]:
        """What is known now, the newest first."""
        if self._unindexed is not None:
            return self._unindexed
        try:
            return self._index.records()
        except (sqlite3.Error, OSError, ValueError) as error:
            self._mend(error)
            return []

    def update(
        self,
        is_late: Callable[[], bool] = lambda: False,
        tell: Callable[[int, int], None] = lambda _done, _of: None,
    ) -> str:
        """Look at the folders, and read what is new. A sentence if the index can't be used, else ""."""
        self._looked_at = _changed_at(self.runs)
        try:
            return self._update(is_late, tell)
        finally:
            logs = [self.runs / name / EVENTS for name in self._running()]
            self._going_on = {log: _written(log) for log in logs}

    def _running(self) -> list[str]:
        if self._unindexed is not None:
            return [run.run_id for run in self._unindexed if run.status == "running"]
        try:
            return self._index.going_on()
        except (sqlite3.Error, OSError):
            return []

    def _update(self, is_late: Callable[[], bool], tell: Callable[[int, int], None]) -> str:
        with _updating:
            for _attempt in range(2):
                try:
                    self._index.bring_up_to_date(is_late, tell)
                except (sqlite3.Error, OSError) as error:
                    if self._mend(error):
                        continue
                    self._unindexed, known = self._without_index()
                    why = _words(error)
                    what = "what is older is as it was" if known else "only the newest are listed"
                    return f"Saved runs can't be indexed, so {what}: {why}."
                else:
                    self._unindexed = None
                    return ""
        return "The index of the saved runs is damaged, and could not be made anew."

    def has_news(self) -> bool:
        """Whether runs came or went since the last update, or one that goes on did. Cheap."""
        return _changed_at(self.runs) != self._looked_at or any(
            _written(log) != size or not is_being_written(log) for log, size in self._going_on.items()
        )

    def filtered(self, wanted: RunFilter, runs: Sequence[RunRecord] | None = None) -> list[RunRecord]:
        """Those of `runs` (of all) that match. Words are looked for in the runs' texts, too."""
        if not wanted.terms:
            return list(self.records() if runs is None else runs)
        now = datetime.now(UTC)
        found = {term.value: self._found(term.value) for term in wanted.words}
        return [
            run
            for run in (self.records() if runs is None else runs)
            if wanted.matches(run, now, partial(_stands, found, run.run_id))
        ]

    def _without_index(self) -> tuple[list[RunRecord], bool]:
        """The newest as they are on disk, then those that the index knew; whether it knew any."""
        try:
            known = {record.run_id: record for record in self._index.records()}
        except (sqlite3.Error, OSError, ValueError):
            known = {}
        records: list[RunRecord] = []
        with suppress(StoreError):
            for summary in list_runs(self.runs, limit=MOST_UNINDEXED):
                with suppress(OSError):
                    records.append(read_run(summary.path).record)
        oldest = records[-1].run_id if len(records) == MOST_UNINDEXED else ""
        older = [record for name, record in known.items() if name < oldest]
        return records + older, bool(older)

    def _found(self, text: str) -> set[str]:
        try:
            return self._index.found(text)
        except (sqlite3.Error, OSError):
            return set()

    def _mend(self, error: Exception) -> bool:
        """Discard an index that is damaged; whether it was."""
        damaged = isinstance(error, ValueError) or is_damage(error)
        if damaged:
            with suppress(OSError):
                self._index.discard()
        return damaged


def _words(error: Exception) -> str:
    """Why the index can't be used, and what to do."""
    words = (str(error) or type(error).__name__).rstrip(".")
    match getattr(error, "sqlite_errorcode", 0):
        case sqlite3.SQLITE_FULL:
            return f"{words}; free some space"
        case sqlite3.SQLITE_BUSY:
            return f"{words} by another process; look again when it is done"
        case _:
            return words


def _changed_at(folder: Path) -> int:
    try:
        return folder.stat().st_mtime_ns
    except OSError:
        return 0


def _written(log: Path) -> int:
    try:
        return log.stat().st_size
    except OSError:
        return -1


def _stands(found: dict[str, set[str]], name: str, term: Term) -> bool:
    return name in found[term.value]


def index_path(runs: Path) -> Path:
    """The index of the runs in that folder."""
    folder = hashlib.sha256(str(runs).encode("utf-8", "surrogateescape")).hexdigest()[:12]
    return cache_directory() / "library" / f"{folder}.sqlite"
