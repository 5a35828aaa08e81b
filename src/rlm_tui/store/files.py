"""Files that only their owner may read, written so that a crash or a full disk leaves none half done."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from rlm_tui.store.errors import cannot

PRIVATE_FILE = 0o600
PRIVATE_FOLDER = 0o700
LONGEST_LINE = 32 * 1024 * 1024
"""Bytes of a line of a log that is read; a longer one would fill the memory."""


def write_whole(path: Path, data: bytes) -> None:
    """Write `path` in one go: it holds all of `data`, or what it held before. Raises StoreError."""
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, PRIVATE_FILE)
        try:
            write_all(descriptor, data)
        finally:
            os.close(descriptor)
        draft.replace(path)
    except OSError as error:
        draft.unlink(missing_ok=True)
        raise cannot("written", path, error) from error


def write_all(descriptor: int, data: bytes) -> None:
    """Write all of `data`, in as many writes as it takes. Raises OSError."""
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(descriptor, rest) :]


def lines_of(file: BinaryIO) -> Iterator[bytes | None]:
    """The lines with their ends, or None for one that is longer than LONGEST_LINE."""
    while line := file.readline(LONGEST_LINE + 1):
        if line.endswith(b"\n") or len(line) <= LONGEST_LINE:
            yield line
            continue
        rest = line
        while rest and not rest.endswith(b"\n"):
            rest = file.readline(LONGEST_LINE)
        yield None


def last_lines(path: Path, length: int = 65_536) -> list[bytes]:
    """The whole lines in the last `length` bytes; at least one, if there is any that is not too long.

    Raises OSError.
    """
    with path.open("rb") as file:
        end = file.seek(0, os.SEEK_END)
        while True:
            start = max(end - length, 0)
            file.seek(start)
            tail = file.read(end - start)
            lines = tail.split(b"\n")
            whole = lines[:-1] if start == 0 else lines[1:-1]
            if whole or start == 0 or length > LONGEST_LINE:
                return whole
            length *= 4
