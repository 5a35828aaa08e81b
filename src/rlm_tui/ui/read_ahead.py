"""The saved run that a person is about to open, read while they still look at the list."""

from __future__ import annotations

from pathlib import Path
from threading import Event, Thread

from rlm_tui.store.errors import StoreError
from rlm_tui.store.run_log import open_run
from rlm_tui.ui.garbage import free
from rlm_tui.ui.giving_way import person
from rlm_tui.ui.recorded_run import RecordedRun

PAUSE_SECONDS = 0.2
"""How long the cursor rests on a run before its log is read."""
LEAST_BYTES = 256 * 1024
"""A shorter log is read before anybody notices."""
MOST_BYTES = 64 * 1024 * 1024
"""A longer one takes more memory than a guess is worth."""


class ReadAhead:
    """Reads one run at a time, in a thread that gives way to keys. All methods are the UI thread's."""

    def __init__(self) -> None:
        self._reading: _Reading | None = None

    def look_at(self, path: Path | None) -> None:
        """The cursor came to rest on the run in the folder `path`; what was read of another is given up."""
        if self._reading is not None:
            if self._reading.path == path:
                return
            self._reading.stop.set()
        self._reading = None if path is None else _Reading(path)
        if self._reading is not None:
            self._reading.start()

    def take(self, path: Path) -> RecordedRun:
        """The run in the folder `path`, as far as it is read. Who takes it reads on. Raises StoreError."""
        reading, self._reading = self._reading, None
        recorded = None
        if reading is not None:
            if reading.path == path and reading.recorded is not None and reading.recorded.is_there:
                recorded = reading.recorded
            reading.taken = recorded is not None
            reading.stop.set()
        return recorded or RecordedRun(open_run(path))


class _Reading(Thread):
    """Reads the run in the folder `path` until it is to `stop`, and frees it then unless it was `taken`."""

    def __init__(self, path: Path) -> None:
        super().__init__(name="read-ahead", daemon=True)
        self.path = path
        self.stop = Event()
        self.over = Event()
        self.taken = False
        self.recorded: RecordedRun | None = None

    def run(self) -> None:
        try:
            self._read()
        except StoreError:
            self.recorded = None  # whoever opens it is told
        self.over.set()
        self.stop.wait()
        recorded, self.recorded = self.recorded, None
        if recorded is not None and not self.taken:
            free(recorded.let_go())

    def _read(self) -> None:
        if self.stop.wait(PAUSE_SECONDS):
            return
        recorded = RecordedRun(open_run(self.path))
        if not LEAST_BYTES <= recorded.size <= MOST_BYTES:
            return
        self.recorded = recorded
        for _ in recorded.read():
            if self.stop.is_set():
                return
            person.give_way()
        if not self.stop.is_set():
            recorded.settle()
