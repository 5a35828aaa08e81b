"""A run on disk, read back: as much of it as is there, and what was wrong with the rest."""

from __future__ import annotations

import fcntl
import math
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import msgspec

from rlm_tui.core.event_codec import EventLineError, decode
from rlm_tui.core.events import AnyEvent, DocumentReference, Note, Value
from rlm_tui.core.paths import runs_directory
from rlm_tui.core.redaction import Redactor
from rlm_tui.core.text import number_of
from rlm_tui.core.trajectory import Trajectory
from rlm_tui.store.blob_files import BlobFiles
from rlm_tui.store.errors import StoreError, cannot
from rlm_tui.store.event_lines import MOST_BYTES, READ_BYTES, beyond
from rlm_tui.store.files import LONGEST_LINE, lines_of
from rlm_tui.store.redacted import redacted_event, redacted_text
from rlm_tui.store.runs import ASKED, BLOBS, DOCUMENTS, EVENTS, is_run_id

MOST_NAMED = 20
"""Damaged lines that are named one by one."""


class RunLog:
    """The record of one run. Reading changes nothing, and a run that goes on can be read."""

    def __init__(self, path: Path, events: str = EVENTS) -> None:
        """Use `open_run`."""
        self.path = path
        self.run_id = path.name
        self.events_path = path / events
        self._blobs = BlobFiles(path / BLOBS)

    def events(
        self, problems: list[EventLineError] | None = None, *, most_bytes: int | None = None
    ) -> Iterator[AnyEvent]:
        """The events in order, read as they are asked for. Raises StoreError if the log can't be read.

        After `most_bytes` of the log comes a note that says how much more there is, then how the run ended.

        A last line without its end was cut by whatever ended the run, and is left out. Any other line that is
        no event is skipped, and added to `problems`.
        """
        try:
            with self.events_path.open("rb", buffering=READ_BYTES) as file:
                left = math.inf if most_bytes is None else most_bytes
                for number, line in enumerate(lines_of(file), 1):
                    left -= LONGEST_LINE if line is None else len(line)
                    if left < 0 and most_bytes is not None:
                        yield from beyond(self.events_path, self.events_path.stat().st_size - most_bytes)
                        return
                    if line is None:
                        if problems is not None:
                            problems.append(EventLineError("it is too long", number))
                        continue
                    if not line.endswith(b"\n"):
                        return
                    try:
                        yield decode(line, number)
                    except EventLineError as error:
                        if problems is not None:
                            problems.append(error)
        except OSError as error:
            raise cannot("read", self.events_path, error) from error

    def trajectory(self, *, whole: bool = False, redactor: Redactor | None = None) -> Trajectory:
        """The run as far as its log goes; marked as interrupted if it neither ended nor goes on.

        Of a log longer than what is shown (MOST_BYTES) the rest is left out, unless the `whole` is wanted.
        What is left out and what is no event is named in notes. A `redactor` takes out what it knows now.
        """
        trajectory = Trajectory(self.text if redactor is None else redacted_text(self.text, redactor))
        going_on = is_being_written(self.events_path)
        problems: list[EventLineError] = []
        for event in self.events(problems, most_bytes=None if whole else MOST_BYTES):
            trajectory.apply(event if redactor is None else redacted_event(event, redactor))
        for problem in problems[:MOST_NAMED]:
            trajectory.apply(Note(level="warning", text=str(problem)))
        if (more := len(problems) - MOST_NAMED) > 0:
            words = f"{number_of(more, 'more line')} of the log can't be read."
            trajectory.apply(Note(level="warning", text=words))
        if not going_on:
            trajectory.mark_interrupted()
        return trajectory

    def asked(self) -> dict[str, Any]:
        """What was asked (run.json). Raises StoreError."""
        asked: dict[str, Any] = _read(self.path / ASKED, dict[str, Any])
        return asked

    def documents(self) -> dict[str, DocumentReference]:
        """The documents that went in, by input; empty while they are not described yet. Raises StoreError."""
        path = self.path / DOCUMENTS
        if not path.exists():
            return {}
        documents: dict[str, DocumentReference] = _read(path, dict[str, DocumentReference])
        return documents

    def text(self, value: Value) -> str:
        """The whole text of `value`. Raises StoreError if its blob is missing or was changed."""
        return self._blobs.text(value)


def open_run(run: str | Path, *, runs: Path | None = None) -> RunLog:
    """The run with that id, or in that folder, or of that log. Raises StoreError if there is none."""
    if isinstance(run, Path) and run.name != EVENTS and run.is_file():
        return RunLog(run.parent, run.name)
    if isinstance(run, Path):
        path = run.parent if run.name == EVENTS else run
    elif is_run_id(run):
        path = (runs_directory() if runs is None else runs) / run
    else:
        raise StoreError(f"{run!r} is no run's id; give one as the list of runs shows it.")
    if not (path / EVENTS).is_file():
        raise StoreError(f"There is no run in {path}: it has no {EVENTS}.")
    return RunLog(path)


def is_own_log(file: Path) -> bool:
    """Whether one of its first lines begins a run of ours. Raises StoreError."""
    try:
        with file.open("rb") as lines:
            return any(
                line is not None and line.startswith(b'{"type":"run_started"')
                for line in islice(lines_of(lines), 10)
            )
    except OSError as error:
        raise cannot("read", file, error) from error


def is_being_written(events: Path) -> bool:
    """Whether the process that writes this log still lives: it holds a lock on it."""
    try:
        with events.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False


def _read(path: Path, kind: Any) -> Any:
    try:
        return msgspec.json.decode(path.read_bytes(), type=kind)
    except OSError as error:
        raise cannot("read", path, error) from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise StoreError(f"{path} is damaged: {error}.") from error
