"""What is piped into the program, kept as a file: a document like any other, of any size, never in memory."""

from __future__ import annotations

import contextlib
import os
import shutil
import time
from pathlib import Path
from typing import BinaryIO

from rlm_tui.core.document import DocumentEmpty, DocumentUnreadable
from rlm_tui.core.paths import cache_directory, private_directory

STANDARD_INPUT = "-"
"""How a command line names it."""

KEPT = 10
_BLOCK = 1024 * 1024


def keep_standard_input(stream: BinaryIO, *, is_terminal: bool) -> Path:
    """Copy `stream` into a private file of the cache, of which the newest ten are kept; its path.

    Raises a DocumentError when nothing is piped in, and OSError when it can't be kept.
    """
    if is_terminal:
        raise DocumentUnreadable(
            Path(STANDARD_INPUT),
            "Nothing is piped in: write it as in `cat notes.md | rlm-tui … --document -`.",
        )
    folder = private_directory(cache_directory() / "standard-input")
    path = folder / f"standard-input-{time.strftime('%Y%m%d-%H%M%S')}-{os.getpid()}.txt"
    with path.open("xb") as file:
        path.chmod(0o600)
        shutil.copyfileobj(stream, file, _BLOCK)
    if path.stat().st_size == 0:
        path.unlink()
        raise DocumentEmpty(Path(STANDARD_INPUT), "What is piped in is empty: pipe a text in.")
    _forget_old(folder)
    return path


def _forget_old(folder: Path) -> None:
    kept = sorted(folder.iterdir(), reverse=True)
    for path in kept[KEPT:]:
        with contextlib.suppress(OSError):
            path.unlink()
