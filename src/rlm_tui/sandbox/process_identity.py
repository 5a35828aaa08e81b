"""Which process of which machine this is, as tags may hold it: a process id alone is used again."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

_DIGITS = 12


def machine() -> str:
    """The same for every process of one installation; "" where that isn't known."""
    return _hashed("/etc/machine-id")


def boot() -> str:
    """Another one after each start of the machine; "" where that isn't known."""
    return _hashed("/proc/sys/kernel/random/boot_id")


def namespace() -> str:
    """Another one in each container, where process ids begin anew; "" where that isn't known."""
    try:
        return hashlib.sha256(os.readlink("/proc/self/ns/pid").encode()).hexdigest()[:_DIGITS]  # noqa: PTH115
    except OSError:
        return ""


def began(process_id: int | str) -> str:
    """When a process of this machine began, in the kernel's ticks; "" where that isn't known."""
    if not str(process_id).isdecimal():
        return ""
    try:
        status = Path(f"/proc/{process_id}/stat").read_bytes()
    except OSError:
        return ""
    # The fields follow the name in parentheses, which may hold anything.
    fields = status.rpartition(b")")[2].split()
    return fields[19].decode() if len(fields) > 19 else ""


def _hashed(path: str) -> str:
    try:
        return hashlib.sha256(Path(path).read_bytes().strip()).hexdigest()[:_DIGITS]
    except OSError:
        return ""
