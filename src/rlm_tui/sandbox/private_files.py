"""Long texts that a driver laid under a local volume's `.rlm/` for the host."""

from __future__ import annotations

import contextlib
import os
import stat
from pathlib import Path

from rlm_tui.sandbox.transport import TransportError

PRIVATE_DIRECTORY = ".rlm"
MAX_FILE_BYTES = 256 * 1024 * 1024


def take_file(volume: Path | None, name: str) -> str:
    """The text of a file that the driver left; the file is deleted. Raises `TransportError`.

    The sandbox can put links in place of the directory or the file: neither is followed.
    """
    if volume is None:
        raise TransportError("there is no volume in which it could lie.")
    try:
        directory = os.open(volume / PRIVATE_DIRECTORY, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
        try:
            return _read_in(directory, name)
        finally:
            os.close(directory)
    except OSError as error:
        raise TransportError(f"it can't be read: {error.strerror}.") from error


def _read_in(directory: int, name: str) -> str:
    descriptor = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=directory)
    with os.fdopen(descriptor, encoding="utf-8", errors="replace", newline="") as file:
        information = os.fstat(descriptor)
        if not stat.S_ISREG(information.st_mode) or information.st_size > MAX_FILE_BYTES:
            raise TransportError(f"it is no file of at most {MAX_FILE_BYTES:,} bytes.")
        text = file.read()
    with contextlib.suppress(OSError):
        os.unlink(name, dir_fd=directory)
    return text
