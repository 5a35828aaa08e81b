"""Which files of a local volume a cell wrote, seen by looking before and after."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from msgspec import Struct

if TYPE_CHECKING:
    from rlm_tui.engine.volume_copy import VolumeCopy
    from rlm_tui.sandbox.interpreter import DriverInterpreter

MOST_ENTRIES = 5_000
MOST_SECONDS = 0.05
MOST_MISSES = 3
_OURS = ".rlm"

Marks = dict[str, tuple[int, int]]


class VolumeLook(Struct, frozen=True):
    """Paths written and removed since the last look, relative to the volume, in POSIX form.

    `known` False: it could not be looked over, and nobody knows.
    """

    written: list[str] = []
    removed: list[str] = []
    known: bool = True


def compared(before: Marks | None, after: Marks | None) -> VolumeLook:
    """What happened between two looks; None is one that could not be made."""
    if before is None or after is None:
        return VolumeLook(known=False)
    return VolumeLook(
        sorted(path for path, mark in after.items() if before.get(path) != mark),
        sorted(path for path in before if path not in after),
    )


class VolumeWatch(Protocol):
    """Tells what cells wrote in the volume."""

    def prepare(self, sandbox: DriverInterpreter) -> None:
        """Called before each cell of `sandbox`."""

    def changes(self, sandbox: DriverInterpreter) -> VolumeLook:
        """What happened since the last look."""
        ...

    def renewed(self, sandbox: DriverInterpreter, directory: Path | None = None) -> None:
        """The sandbox was replaced: what is there now is how it was before the next cell.

        `directory` is where the volume lies from now on, if elsewhere.
        """


class LocalVolumeWatch:
    """Compares the volume with how it was at the last look. One that is too large to look over, three times,
    is not watched any more.

    No cell runs before `kept`, the copy of the volume as it was at the start, is made.
    """

    def __init__(self, directory: Path | None, kept: VolumeCopy | None = None) -> None:
        self._directory = directory
        self._kept = kept
        self._lock = threading.Lock()
        self._misses = 0
        self._marks: Marks | None = self._look()

    def prepare(self, sandbox: DriverInterpreter) -> None:
        """Nothing but to wait for the copy: the first look was the constructor's."""
        if self._kept is not None:
            self._kept.wait()

    def changes(self, sandbox: DriverInterpreter) -> VolumeLook:
        """What happened since the last look that could be made."""
        if self._directory is None:
            return VolumeLook()
        with self._lock:
            before, after = self._marks, self._look()
            self._marks = before if after is None else after
        return compared(before, after)

    def renewed(self, sandbox: DriverInterpreter, directory: Path | None = None) -> None:
        """Look again, at `directory` from now on if it is given."""
        with self._lock:
            self._directory = directory or self._directory
            self._marks = self._look()

    def _look(self) -> Marks | None:
        if self._directory is None or self._misses >= MOST_MISSES:
            return None
        marks: Marks = {}
        until = time.monotonic() + MOST_SECONDS
        for path, entry in _files(self._directory, ""):
            if len(marks) >= MOST_ENTRIES or time.monotonic() > until:
                self._misses += 1
                return None
            try:
                found = entry.stat(follow_symlinks=False)
            except OSError:
                continue
            marks[path] = (found.st_mtime_ns, found.st_size)
        self._misses = 0
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
