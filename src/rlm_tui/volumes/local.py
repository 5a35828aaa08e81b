"""A volume that is a directory of this machine. No path leaves it, whatever a cell has put there."""

from __future__ import annotations

import contextlib
import errno
import os
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path

from rlm_tui.core.text import one_line
from rlm_tui.volumes.protocol import VolumeEntry, VolumeError

# Where the sandbox puts what is too long for a frame; no business of a person's.
PRIVATE = ".rlm"
_READ = (
    os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0)
)
_WALK = (
    os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_DIRECTORY", 0) | getattr(os, "O_CLOEXEC", 0)
)


class LocalVolume:
    """The files under `directory`, which need not be there yet.

    Every part of a path is opened below the part before and no symbolic link is followed, so a link that a
    running cell puts in the way between looking and opening leads nowhere either.
    """

    kind = "local"

    def __init__(self, directory: Path, name: str = "") -> None:
        self.directory = directory
        self.name = name or directory.name

    def list(self, path: str = "") -> list[VolumeEntry]:
        """What is in the folder `path`, not below it. A volume that isn't there yet is empty."""
        parts = _parts(path)
        found: list[VolumeEntry] = []
        try:
            with self._opened(parts) as folder, os.scandir(folder) as entries:
                for item in entries:
                    if not parts and item.name == PRIVATE:
                        continue
                    with contextlib.suppress(FileNotFoundError):
                        found.append(_entry(item, parts))
        except FileNotFoundError:
            if parts:
                raise VolumeError(f"{_shown(path)} is no longer in the volume: refresh it.") from None
            return []
        except OSError as error:
            raise _translated(path, error) from error
        return sorted(found, key=lambda entry: (not entry.is_directory, entry.name.casefold(), entry.name))

    def read(self, path: str, start: int = 0, length: int = 64 * 1024) -> bytes:
        """At most `length` bytes of a file from byte `start`; fewer at its end."""
        parts = _parts(path)
        if not parts:
            raise VolumeError("The volume itself is a folder: choose a file in it.")
        try:
            with self._opened(parts[:-1]) as folder:
                descriptor = os.open(parts[-1], _READ, dir_fd=folder)
            try:
                mode = os.fstat(descriptor).st_mode
                if not stat.S_ISREG(mode):
                    kind = "a folder" if stat.S_ISDIR(mode) else "a pipe or a device"
                    raise VolumeError(f"{_shown(path)} is {kind}: choose a file.")
                return os.pread(descriptor, max(length, 0), max(start, 0))
            finally:
                os.close(descriptor)
        except VolumeError:
            raise
        except FileNotFoundError:
            raise VolumeError(f"{_shown(path)} is no longer in the volume: refresh it.") from None
        except OSError as error:
            raise _translated(path, error) from error

    def total_size(self) -> int:
        """The bytes of all files; links and what is private to the sandbox not counted."""
        total = 0
        try:
            with self._opened([]) as root:
                for folder, folders, files, descriptor in os.fwalk(".", dir_fd=root):
                    if folder == "." and PRIVATE in folders:
                        folders.remove(PRIVATE)
                    for name in files:
                        with contextlib.suppress(OSError):
                            found = os.stat(name, dir_fd=descriptor, follow_symlinks=False)
                            total += found.st_size if stat.S_ISREG(found.st_mode) else 0
        except FileNotFoundError:
            return 0
        except OSError as error:
            raise _translated("", error) from error
        return total

    @contextlib.contextmanager
    def _opened(self, parts: Sequence[str]) -> Iterator[int]:
        """A descriptor of the folder, reached step by step."""
        current = os.open(self.directory, os.O_RDONLY | getattr(os, "O_DIRECTORY", 0))
        try:
            for part in parts:
                below = os.open(part, _WALK, dir_fd=current)
                os.close(current)
                current = below
            yield current
        finally:
            os.close(current)


def _entry(item: os.DirEntry[str], parts: list[str]) -> VolumeEntry:
    found = item.stat(follow_symlinks=False)
    is_directory = stat.S_ISDIR(found.st_mode)
    return VolumeEntry(
        path="/".join([*parts, item.name]),
        name=item.name,
        is_directory=is_directory,
        size=0 if is_directory else found.st_size,
        modified=found.st_mtime,
    )


def _parts(path: str) -> list[str]:
    """The names of a relative path. Raises VolumeError for one that would leave the volume."""
    parts = [part for part in path.split("/") if part not in ("", ".")]
    if path.startswith("/") or ".." in parts or "\0" in path:
        raise VolumeError(f"{_shown(path)} leads out of the volume: give a path inside it.")
    return parts


def _translated(path: str, error: OSError) -> VolumeError:
    shown = _shown(path) or "The volume"
    if error.errno in (errno.ELOOP, errno.EMLINK):
        return VolumeError(f"{shown} is a symbolic link, and links in a volume are not followed.")
    if error.errno == errno.ENOTDIR:
        return VolumeError(f"{shown} is no folder, or a symbolic link stands in its path; none is followed.")
    return VolumeError(f"{shown} can't be read: {error.strerror or error}.")


def _shown(path: str) -> str:
    return one_line(path, 200)
