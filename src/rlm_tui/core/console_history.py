"""What was typed into the console, kept for the next time: a private file, bounded, without secrets."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

from rlm_tui.core.paths import data_directory, private_directory

FILE = "console-history.jsonl"
MOST_ENTRIES = 1_000
LONGEST_ENTRY = 20_000
"""Characters. What is longer is not kept: it was pasted, and is somewhere else."""
MOST_BYTES = 4 * 1024 * 1024


class ConsoleHistory:
    """The entries, oldest first. `redact` takes secrets out of what is kept.

    What can't be read is left out, and a file that can't be written is done without.
    """

    def __init__(self, redact: Callable[[str], str], path: Path | None = None) -> None:
        self._redact = redact
        self._path = data_directory() / FILE if path is None else path
        self.entries: list[str] = _read(self._path)

    def add(self, code: str) -> None:
        """Keep `code` as the newest entry, unless it is the newest already."""
        kept = self._redact(code)
        if not kept.strip() or len(kept) > LONGEST_ENTRY or self.entries[-1:] == [kept]:
            return
        self.entries.append(kept)
        try:
            if len(self.entries) > MOST_ENTRIES:
                del self.entries[:-MOST_ENTRIES]
                self._write_all()
            else:
                self._append(kept)
        except OSError:
            return

    def _append(self, entry: str) -> None:
        private_directory(self._path.parent)
        descriptor = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(_line(entry))

    def _write_all(self) -> None:
        part = self._path.with_name(f".{self._path.name}.{os.getpid()}.part")
        descriptor = os.open(part, os.O_WRONLY | os.O_TRUNC | os.O_CREAT | os.O_NOFOLLOW, 0o600)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.writelines(_line(entry) for entry in self.entries)
            part.replace(self._path)
        except OSError:
            part.unlink(missing_ok=True)
            raise


def _line(entry: str) -> bytes:
    return json.dumps(entry).encode("ascii") + b"\n"


def _read(path: Path) -> list[str]:
    try:
        with path.open("rb") as file:
            file.seek(0, os.SEEK_END)
            file.seek(max(0, file.tell() - MOST_BYTES))
            lines = file.read(MOST_BYTES).split(b"\n")
    except OSError:
        return []
    entries = [entry for line in lines if (entry := _entry(line))]
    return entries[-MOST_ENTRIES:]


def _entry(line: bytes) -> str:
    try:
        entry = json.loads(line)
    except (ValueError, RecursionError):
        return ""
    return entry if isinstance(entry, str) and len(entry) <= LONGEST_ENTRY else ""
