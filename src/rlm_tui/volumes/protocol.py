"""What a volume is to the rest of the program, wherever its files lie."""

from __future__ import annotations

from typing import Protocol

from msgspec import Struct


class VolumeError(OSError):
    """A path of a volume that can't be listed or read. The message is one sentence."""


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


class Volume(Protocol):
    """Files that last between runs, as a person looks at them. All may block and raise VolumeError."""

    @property
    def name(self) -> str: ...

    @property
    def kind(self) -> str:
        """ "local" or where else its files lie."""

    def list(self, path: str = "") -> list[VolumeEntry]:
        """What is in the folder `path`, not below it: folders first, then files, by name."""

    def read(self, path: str, start: int = 0, length: int = 64 * 1024) -> bytes:
        """At most `length` bytes of a file from byte `start`; fewer at its end."""

    def total_size(self) -> int:
        """The bytes of all files."""
