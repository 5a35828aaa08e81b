"""What can go wrong with runs on disk, in one sentence each."""

from __future__ import annotations

import errno
from pathlib import Path

_HINTS = {
    errno.ENOSPC: "free some space, or move the runs elsewhere with RLM_TUI_HOME",
    errno.EDQUOT: "free some of your quota, or move the runs elsewhere with RLM_TUI_HOME",
    errno.EFBIG: "raise the limit on file sizes (ulimit -f)",
    errno.EACCES: "make it writable, or move the runs elsewhere with RLM_TUI_HOME",
    errno.EPERM: "make it writable, or move the runs elsewhere with RLM_TUI_HOME",
    errno.EROFS: "it is read-only; move the runs elsewhere with RLM_TUI_HOME",
    errno.ENAMETOOLONG: "move the runs to a shorter path with RLM_TUI_HOME",
}


class StoreError(OSError):
    """The store could not be written or read. Its message says what, where, and what to do."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message

    def __str__(self) -> str:
        return self.message


def cannot(what: str, path: Path, error: OSError) -> StoreError:
    """`error` as a sentence: "…/events.jsonl can't be written: no space left on device; free some space"."""
    reason = (error.strerror or str(error)).rstrip(".").lower()
    hint = _HINTS.get(error.errno or 0, "")
    return StoreError(f"{path} can't be {what}: {reason}{f'; {hint}' if hint else ''}.")
