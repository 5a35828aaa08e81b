"""What was asked again of a run's calls, kept in its folder: a line of JSON for each, never changed."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec

from rlm_tui.core.call_again import CallAgain
from rlm_tui.store.errors import cannot
from rlm_tui.store.files import PRIVATE_FILE, write_all

ASKED_AGAIN = "asked_again.jsonl"


def keep_call_again(folder: Path, call: CallAgain) -> None:
    """Add `call`, which is redacted, to the file. Raises StoreError."""
    path = folder / ASKED_AGAIN
    line = msgspec.json.encode(call) + b"\n"
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, PRIVATE_FILE)
        try:
            end = os.fstat(descriptor).st_size
            if end and os.pread(descriptor, 1, end - 1) != b"\n":  # a line that was cut stays by itself
                line = b"\n" + line
            write_all(descriptor, line)
        finally:
            os.close(descriptor)
    except OSError as error:
        raise cannot("written", path, error) from error


def read_calls_again(folder: Path) -> tuple[list[CallAgain], int]:
    """What was asked again, in order, and how many lines could not be read. Raises StoreError."""
    path = folder / ASKED_AGAIN
    try:
        lines = path.read_bytes().split(b"\n")
    except FileNotFoundError:
        return [], 0
    except OSError as error:
        raise cannot("read", path, error) from error
    found: list[CallAgain] = []
    damaged = 0
    for line in lines:
        if not line.strip():
            continue
        try:
            found.append(msgspec.json.decode(line, type=CallAgain))
        except (msgspec.DecodeError, UnicodeDecodeError):
            damaged += 1
    return found, damaged
