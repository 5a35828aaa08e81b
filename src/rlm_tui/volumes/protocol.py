"""What a volume is to the rest of the program, wherever its files lie."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Literal, Protocol

from msgspec import Struct

VolumeKind = Literal["local", "modal"]
Progress = Callable[[int, int], None]
"""Told while a transfer goes on: bytes done, bytes in all. Called from a transferring thread."""
Stop = Callable[[], bool]
"""Asked between the pieces of a transfer; True ends it."""


class VolumeError(OSError):
    """What was asked of a volume can't be done. The message is one sentence; `hint` says what mends it."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


class VolumeMissingError(VolumeError):
    """There is no such volume: it is made by the first run or upload."""


class VolumePathError(VolumeError):
    """The path is none of this volume's: nothing is there, or it would lead out."""


class VolumeOccupiedError(VolumeError):
    """Something is at the target already, and was left as it is."""


class TransferStoppedError(VolumeError):
    """The person stopped a transfer: nothing of it is left at its target."""


class VolumeEntry(Struct, frozen=True):
    """A file or folder of a volume. `path` is relative to its root, in POSIX form; `size` in bytes, 0 for a
    folder.

    `modified` is in seconds since the epoch. A symbolic link is listed as a file and can't be read.
    """

    path: str
    name: str
    is_directory: bool
    size: int
    modified: float


class VolumeUsage(Struct, frozen=True):
    """What lies in a volume or below one of its folders: bytes, files, folders."""

    size: int
    files: int
    folders: int


class Volume(Protocol):
    """Files that last between runs, as a person looks at them and changes them.

    Paths are relative to the volume's root, in POSIX form; leading slashes mean the root, and no path leaves
    it. Everything may block, may be called from any thread, and raises VolumeError. What is transferred
    appears at its target whole or not at all. Symbolic links are listed, never followed, and left out of
    transfers.
    """

    @property
    def name(self) -> str: ...

    @property
    def kind(self) -> VolumeKind: ...

    def entries(self, path: str = "") -> list[VolumeEntry]:
        """What is in the folder `path`, not below it: folders first, then files, by name."""

    def entry(self, path: str) -> VolumeEntry:
        """The file or folder at `path`; the root has an empty path."""

    def read(self, path: str, start: int = 0, length: int = 64 * 1024) -> bytes:
        """At most `length` bytes of a file from byte `start`; fewer at its end."""

    def pieces(self, path: str, stop: Stop | None = None) -> Iterator[bytes]:
        """All of a file, in pieces of some megabytes at most."""

    def below(self, path: str = "") -> Iterable[VolumeEntry]:
        """Everything below the folder `path`, a folder before what is in it; links are left out."""

    def usage(self, path: str = "") -> VolumeUsage:
        """What lies below the folder `path`; a file counts itself."""

    def search(self, words: str, limit: int = 1_000) -> list[VolumeEntry]:
        """Entries anywhere whose name holds `words` (any case), or fits them as a pattern with * and ?."""

    def download(
        self,
        path: str,
        target: Path,
        *,
        overwrite: bool = False,
        on_progress: Progress | None = None,
        stop: Stop | None = None,
    ) -> Path:
        """Bring a file or a folder to `target` of this machine; into it, if it is a folder. Returns where."""

    def upload(
        self,
        source: Path,
        path: str,
        *,
        overwrite: bool = False,
        on_progress: Progress | None = None,
        stop: Stop | None = None,
    ) -> str:
        """Put a file or a folder of this machine at `path`; into it, when it is a folder or ends with "/".

        Returns the path that was written. With `overwrite` files are replaced and folders merged.
        """

    def copy(self, path: str, to: str) -> str:
        """Copy a file, or a folder with all in it, to `to`, or into it when it is a folder or ends with "/".

        Never over something that is there. Returns the path that was written.
        """

    def rename(self, path: str, to: str) -> str:
        """Move a file or a folder, as `copy` does. Returns where it is now."""

    def remove(self, path: str) -> None:
        """Delete a file, or a folder with all in it. The root itself is refused."""
