"""Long documents in Modal's volume: by the hash of their content, sent once ever."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from pathlib import PurePosixPath
from typing import Any

from rlm_tui.cloud.deadlines import within
from rlm_tui.cloud.errors import CloudError, CloudMissingError
from rlm_tui.cloud.uploads import upload
from rlm_tui.core.document_text import sha256
from rlm_tui.core.documents import Document
from rlm_tui.core.text import human_size, one_line
from rlm_tui.sandbox.phases import TellPhase

FOLDER = "documents"
MOST_BYTES = 1024**4
"""The largest file that a volume of version 2 holds (Modal's documentation); none is known of version 1."""
TELL_SECONDS = 0.25

_hashes: dict[tuple[str, int, int], str] = {}


def content_hash(document: Document) -> str:
    """The document's SHA-256, counted once while the file stays as it is."""
    stat = document.path.stat()
    key = (str(document.path.resolve()), stat.st_size, stat.st_mtime_ns)
    if key not in _hashes:
        _hashes[key] = sha256(document)
    return _hashes[key]


def check_sizes(documents: Sequence[Document]) -> None:
    """Raise `CloudError` for a document that no volume holds."""
    for document in documents:
        if document.size > MOST_BYTES:
            raise CloudError(
                f"{document.name} is too large for a volume of Modal: it has {human_size(document.size)}, "
                f"and a file may have {human_size(MOST_BYTES)}.",
                "Choose a smaller document, or split it.",
            )


def bring_documents(
    volume: Any,
    documents: Sequence[Document],
    call_seconds: float,
    tell: TellPhase,
    stop: threading.Event,
) -> dict[str, str]:
    """Upload what the volume does not have. `tell` hears what is done, now and then.

    Gives each document's name inside the volume by its path on this machine. Raises `CloudError`, OSError.
    """
    if not documents:
        return {}
    places: dict[str, str] = {}
    there = within(call_seconds, "looking for the documents", lambda: _listed(volume), stop)
    for document in documents:
        name = one_line(document.name, 60)
        if document.size > 64 * 1024**2:
            tell(f"reading {name}")
        digest = content_hash(document)
        places[str(document.path.resolve())] = f"{FOLDER}/{digest}"
        if there.get(digest) == document.path.stat().st_size:
            tell(f"{name} is in the volume already")
            continue
        told = _Progress(name, document.size, tell)
        told(0)
        target = PurePosixPath(FOLDER, digest)
        upload(
            volume,
            [(document.path, target)],
            overwrite=True,
            stall_seconds=call_seconds,
            on_progress=told,
            stop=stop.is_set,
        )
    return places


class _Progress:
    """Tells how much of a file was sent, at most four times a second."""

    def __init__(self, name: str, size: int, tell: TellPhase) -> None:
        self._name, self._size, self._tell = name, size, tell
        self._last = 0.0

    def __call__(self, sent: int) -> None:
        now = time.monotonic()
        if now - self._last >= TELL_SECONDS:
            self._last = now
            shown = min(sent, self._size)
            self._tell(f"uploading {self._name}", shown, self._size)


def _listed(volume: Any) -> dict[str, int]:
    from modal.exception import NotFoundError

    try:
        entries = volume.listdir(f"/{FOLDER}")
    except (NotFoundError, CloudMissingError, FileNotFoundError):
        return {}
    return {PurePosixPath(entry.path).name: entry.size for entry in entries}
