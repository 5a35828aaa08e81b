"""All runs on disk, each by the first and the last lines of its log alone: thousands are listed quickly."""

from __future__ import annotations

import os
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import msgspec

from rlm_tui.core.event_codec import EventLineError, decode
from rlm_tui.core.events import AnyEvent, RunFinished, RunStarted, Totals
from rlm_tui.core.paths import runs_directory
from rlm_tui.core.run_record import ListedStatus
from rlm_tui.store.errors import cannot
from rlm_tui.store.files import last_lines
from rlm_tui.store.run_log import is_being_written
from rlm_tui.store.runs import EVENTS

_HEAD_LINES = 10
_HEAD_BYTES = 16 * 1024 * 1024


class RunSummary(msgspec.Struct, frozen=True):
    """One run of the list. `started` and `finished` are None where the log does not tell them.

    `status` "interrupted": it did not end, and nobody writes it any more. `problem`: why it is unreadable.
    """

    run_id: str
    path: Path
    status: ListedStatus
    started: RunStarted | None = None
    finished: RunFinished | None = None
    seconds: float = 0.0
    problem: str = ""

    @property
    def totals(self) -> Totals | None:
        """The numbers of a run that ended."""
        return None if self.finished is None else self.finished.totals


def list_runs(runs: Path | None = None, *, limit: int | None = None) -> list[RunSummary]:
    """The newest `limit` runs, newest first. Folders without a log are no runs. Raises StoreError."""
    root = runs_directory() if runs is None else runs
    return [summarize(path) for path in islice(_folders(root), limit)]


def _folders(root: Path) -> Iterator[Path]:
    try:
        with os.scandir(root) as entries:
            names = [entry.name for entry in entries if entry.is_dir() and can_be_listed(entry.name)]
    except FileNotFoundError:
        return
    except OSError as error:
        raise cannot("read", root, error) from error
    for name in sorted(names, reverse=True):
        if (root / name / EVENTS).exists():
            yield root / name


def can_be_listed(name: str) -> bool:
    """Whether a folder of that name can be shown as a run: it is not hidden, and its name is in UTF-8."""
    try:
        return not name.startswith(".") and bool(name.encode())
    except UnicodeEncodeError:
        return False


def summarize(path: Path) -> RunSummary:
    """The run in the folder `path`. Never raises: a log that can't be read is listed as such."""
    events = path / EVENTS
    # Before its end is read: a run that ends in between is then seen as ended, never as interrupted.
    goes_on = is_being_written(events)
    try:
        started = _started(events)
        last = _last_events(events)
    except OSError as error:
        return RunSummary(path.name, path, "unreadable", problem=str(cannot("read", events, error)))
    finished = next((event for event in reversed(last) if isinstance(event, RunFinished)), None)
    status: ListedStatus = "running" if goes_on else "interrupted"
    if finished is not None:
        status = finished.status
    elif started is None and not goes_on and not last:
        problem = f"{events} holds no event."
        return RunSummary(path.name, path, "unreadable", problem=problem)
    seconds = max((event.at for event in last), default=0.0)
    return RunSummary(path.name, path, status, started, finished, seconds)


def _last_events(events: Path) -> list[AnyEvent]:
    """Those on the last lines, from the one that says how the run ended, if there is one."""
    last: list[AnyEvent] = []
    for line in reversed(last_lines(events)):
        if (event := _event(line)) is not None:
            last.append(event)
            if isinstance(event, RunFinished):
                break
    return last[::-1]


def _started(events: Path) -> RunStarted | None:
    with events.open("rb") as file:
        for _ in range(_HEAD_LINES):
            line = file.readline(_HEAD_BYTES)
            event = _event(line)
            # A line without its end was cut, however much of it stands there.
            if isinstance(event, RunStarted) and line.endswith(b"\n"):
                return event
    return None


def _event(line: bytes) -> AnyEvent | None:
    try:
        return decode(line)
    except EventLineError:
        return None
