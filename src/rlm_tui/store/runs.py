"""The folder of one run while it is written: what was asked, what happens, and long texts by their hash."""

from __future__ import annotations

import fcntl
import os
import re
import secrets
import shutil
import threading
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from rlm_tui.core.blobs import blob_value, storable
from rlm_tui.core.event_codec import encode, encode_value
from rlm_tui.core.events import AnyEvent, DocumentReference, Value
from rlm_tui.core.paths import private_directory, runs_directory
from rlm_tui.store.blob_files import BlobFiles
from rlm_tui.store.errors import StoreError, cannot
from rlm_tui.store.files import PRIVATE_FILE, PRIVATE_FOLDER, write_all, write_whole

EVENTS = "events.jsonl"
ASKED = "run.json"
DOCUMENTS = "documents.json"
BLOBS = "blobs"
_RUN_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,199}")


def new_run_id(task: str, now: datetime | None = None) -> str:
    """A name for a run that sorts by time (UTC) and says which task it was: `20260206-141503-basic-a1b2`."""
    subject = re.sub(r"[^a-z0-9]+", "-", task.lower()).strip("-")[:60] or "task"
    return f"{now or datetime.now(UTC):%Y%m%d-%H%M%S}-{subject}-{secrets.token_hex(2)}"


def is_run_id(name: str) -> bool:
    """Whether `name` can be a run's folder: no separator, no dot in front."""
    return _RUN_ID.fullmatch(name) is not None


class RunFolder:
    """A run's folder, open for writing by one process. Methods may be called from any thread.

    Its log is locked until `close` or the end of the process, by which others know that the run goes on.
    """

    def __init__(self, path: Path, descriptor: int) -> None:
        """Use `create`."""
        self.path = path
        self.run_id = path.name
        self.events_path = path / EVENTS
        self._descriptor = descriptor
        self._lock = threading.Lock()
        self._length = 0
        self._failure: StoreError | None = None
        self._blobs = BlobFiles(path / BLOBS)

    @classmethod
    def create(cls, run_id: str, asked: Mapping[str, Any], *, runs: Path | None = None) -> RunFolder:
        """Make the folder and write `asked` to its run.json. Raises StoreError.

        If another run has taken `run_id`, a suffix is added: read the folder's own `run_id`.
        """
        if not is_run_id(run_id):
            raise StoreError(
                f"{run_id!r} can't name a run: use letters, digits, dots, dashes and underscores."
            )
        root = runs_directory() if runs is None else runs
        path = _make_folder(root, run_id)
        events = path / EVENTS
        flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
        try:
            write_whole(path / ASKED, msgspec.json.format(encode_value(dict(asked)), indent=2) + b"\n")
            descriptor = os.open(events, flags, PRIVATE_FILE)
        except OSError as error:
            shutil.rmtree(path, ignore_errors=True)  # a folder without a log is no run, and in no list
            if isinstance(error, StoreError):
                raise
            raise cannot("written", events, error) from error
        # Some network file systems have no locks: a run there is listed as interrupted while it goes on.
        with suppress(OSError):
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        return cls(path, descriptor)

    def append(self, event: AnyEvent) -> None:
        """Write `event` as the log's next line, at once. Raises StoreError, and again ever after.

        A line that could not be written whole is taken back, so what stands in the log stays readable.
        """
        line = encode(event) + b"\n"
        with self._lock:
            if self._failure is not None:
                raise self._failure
            try:
                write_all(self._descriptor, line)
            except OSError as error:
                self._failure = cannot("written", self.events_path, error)
                self._take_back()
                raise self._failure from error
            self._length += len(line)

    def _take_back(self) -> None:
        try:
            os.ftruncate(self._descriptor, self._length)
        except OSError:
            return  # a cut last line is what readers expect of a run that died

    def write_documents(self, documents: Mapping[str, DocumentReference]) -> None:
        """Say which documents went in, by their input; replaces what was said. Raises StoreError."""
        data = encode_value(msgspec.to_builtins(dict(documents)))
        write_whole(self.path / DOCUMENTS, msgspec.json.format(data, indent=2) + b"\n")

    def value(self, text: str) -> Value:
        """`text` as a Value; a long one is written to blobs/ unless it is there. Raises StoreError."""
        data = storable(text)
        value = blob_value(data.decode(), data)
        if value.blob is not None:
            self._blobs.write(value.blob, data)
        return value

    def text(self, value: Value) -> str:
        """The whole text of `value`. Raises StoreError if its blob is missing or was changed."""
        return self._blobs.text(value)

    def close(self) -> None:
        """Nothing more will be written. May be called again."""
        with self._lock:
            if self._descriptor >= 0:
                # Closing alone keeps the lock while a child that is just being started holds the descriptor.
                with suppress(OSError):
                    fcntl.flock(self._descriptor, fcntl.LOCK_UN)
                os.close(self._descriptor)
                self._descriptor = -1
                self._failure = self._failure or StoreError(
                    f"{self.events_path} is closed: the run has ended."
                )


def _make_folder(root: Path, run_id: str) -> Path:
    try:
        private_directory(root)
    except OSError as error:
        raise cannot("made", root, error) from error
    name = run_id
    for _ in range(100):
        path = root / name
        try:
            path.mkdir(mode=PRIVATE_FOLDER)
            (path / BLOBS).mkdir(mode=PRIVATE_FOLDER)
        except FileExistsError:
            name = f"{run_id}-{secrets.token_hex(2)}"
        except OSError as error:
            raise cannot("made", path, error) from error
        else:
            return path
    raise StoreError(f"{root} holds too many runs named {run_id}: start the run again in a second.")
