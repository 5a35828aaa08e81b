"""Which files of a local volume a cell wrote, seen by looking before and after."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from rlm_tui.engine.volume_copy import VolumeCopy
    from rlm_tui.sandbox.interpreter import DriverInterpreter

MOST_ENTRIES = 5_000
MOST_SECONDS = 0.05
_OURS = ".rlm"

Marks = dict[str, tuple[int, int]]


class VolumeWatch(Protocol):
    """Tells what cells wrote in the volume."""

    def prepare(self, sandbox: DriverInterpreter) -> None:
        """Called before each cell of `sandbox`."""

    def changes(self, sandbox: DriverInterpreter) -> tuple[list[str], list[str]]:
        """Paths written and removed since the last look, relative to the volume, in POSIX form."""
        ...


class LocalVolumeWatch:
    """Compares the volume with how it was at the last look. One too large to look over is not watched.

    No cell runs before `kept`, the copy of the volume as it was at the start, is made.
    """

    def __init__(self, directory: Path | None, kept: VolumeCopy | None = None) -> None:
        self._directory = directory
        self._kept = kept
        self._lock = threading.Lock()
        self._marks: Marks | None = self._look()

    def prepare(self, sandbox: DriverInterpreter) -> None:
        """Nothing but to wait for the copy: the first look was the constructor's."""
        if self._kept is not None:
            self._kept.wait()

    def changes(self, sandbox: DriverInterpreter) -> tuple[list[str], list[str]]:
        """Paths written and removed since the last look, relative to the volume, in POSIX form."""
        with self._lock:
            before = self._marks
            self._marks = after = None if before is None else self._look()
        if before is None or after is None:
            return [], []
        written = sorted(path for path, mark in after.items() if before.get(path) != mark)
        return written, sorted(path for path in before if path not in after)

    def _look(self) -> Marks | None:
        if self._directory is None:
            return None
        marks: Marks = {}
        until = time.monotonic() + MOST_SECONDS
        for path, entry in _files(self._directory, ""):
            if len(marks) >= MOST_ENTRIES or time.monotonic() > until:
                return None
            try:
                found = entry.stat(follow_symlinks=False)
            except OSError:
                continue
            marks[path] = (found.st_mtime_ns, found.st_size)
        return marks


def _files(directory: Path, prefix: str) -> Iterator[tuple[str, os.DirEntry[str]]]:
    try:
        entries = list(os.scandir(directory))
    except OSError:
        return
    for entry in entries:
        if not prefix and entry.name == _OURS:
            continue
        if entry.is_dir(follow_symlinks=False):
            yield from _files(Path(entry.path), f"{prefix}{entry.name}/")
        else:
            yield f"{prefix}{entry.name}", entry
