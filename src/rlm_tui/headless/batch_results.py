"""The results of a batch as JSON lines: added one at a time, each whole, and read back to go on."""

from __future__ import annotations

import fcntl
import json
import os
from pathlib import Path
from typing import Any

from rlm_tui.core.paths import private_directory
from rlm_tui.headless.batch_request import BatchError

_DONE = ("submitted", "extracted")
_START = b'{"document": '


class BatchResults:
    """The file of a batch's results, held by one batch at a time.

    A line is what `rlm-tui run --json` prints, with `document` (its path), `size` (bytes), `modified`
    (seconds since the epoch) and `batch` (the key of its task, inputs and models). A last line that a killed
    batch left cut off is taken away; a file that holds anything else is refused, so that nobody's file is
    written into.
    """

    def __init__(self, path: Path, key: str = "") -> None:
        """`key` tells whose answers may stand for this batch's: those of its task, inputs and models."""
        self.path = path
        self._key = key
        try:
            private_directory(path.parent)
            self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise BatchError(
                f"The results can't be written to {path}: {error.strerror or error}.",
                "Name another file with --results.",
            ) from error
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(self._descriptor)
            raise BatchError(
                f"Another batch is writing {path}.", "Wait for it, or name another file with --results."
            ) from error
        try:
            self.finished = self._read()
        except BaseException:
            os.close(self._descriptor)
            raise

    def add(self, result: dict[str, Any]) -> None:
        """Add one line. Raises BatchError when it can't be kept."""
        line = json.dumps(result, ensure_ascii=False, default=str).encode("utf-8", "replace") + b"\n"
        size = os.fstat(self._descriptor).st_size
        try:
            while line:
                line = line[os.write(self._descriptor, line) :]
            os.fsync(self._descriptor)
        except OSError as error:
            os.ftruncate(self._descriptor, size)
            raise BatchError(
                f"The results can't be written to {self.path}: {error.strerror or error}.",
                "Make room and run the batch again: what is in the file is not run a second time.",
            ) from error

    def answer_for(self, path: Path) -> dict[str, Any] | None:
        """The kept line of a document that was answered and has not changed since."""
        kept = self.finished.get((str(path), self._key))
        if kept is None or kept.get("status") not in _DONE:
            return None
        try:
            now = path.stat()
        except OSError:
            return None
        return kept if (kept.get("size"), kept.get("modified")) == (now.st_size, now.st_mtime) else None

    def close(self) -> None:
        """Let another batch have the file. Idempotent."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def _read(self) -> dict[tuple[str, str], dict[str, Any]]:
        found: dict[tuple[str, str], dict[str, Any]] = {}
        with os.fdopen(os.dup(self._descriptor), "rb") as file:
            file.seek(0)
            for number, line in enumerate(file, start=1):
                if not line.strip():
                    continue
                if not line.endswith(b"\n") and _is_cut(line):
                    # A batch that was killed while it wrote: the next line must not be glued to the rest.
                    os.ftruncate(self._descriptor, os.fstat(self._descriptor).st_size - len(line))
                    break
                found.update([self._parsed(number, line)])
                if not line.endswith(b"\n"):
                    os.write(self._descriptor, b"\n")
        return found

    def _parsed(self, number: int, line: bytes) -> tuple[tuple[str, str], dict[str, Any]]:
        try:
            value = json.loads(line)
            return (str(value["document"]), str(value.get("batch", ""))), value
        except (ValueError, KeyError, TypeError) as error:
            raise BatchError(
                f"Line {number} of {self.path} is no result of a batch.",
                "Name another file with --results.",
            ) from error


def _is_cut(line: bytes) -> bool:
    """Whether this is the beginning of a result, and not the whole of one."""
    if not line.startswith(_START[: len(line)]):
        return False
    try:
        json.loads(line)
    except ValueError:
        return True
    return False
