"""A set of documents as one file, so that it enters any sandbox by one path: a zip of UTF-8 texts."""

from __future__ import annotations

import contextlib
import os
import time
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rlm_tui.core.document import Document, DocumentError, DocumentMissing
from rlm_tui.core.document_set import DocumentSet
from rlm_tui.core.paths import cache_directory, private_directory
from rlm_tui.core.text import one_line

_BLOCK_CHARACTERS = 1024 * 1024
_SAME_DATE = (1980, 1, 1, 0, 0, 0)
_FORGOTTEN_SECONDS = 24 * 3600.0


@contextmanager
def packed(documents: DocumentSet, name: str) -> Iterator[Document]:
    """The set as one file for as long as the block lasts; the file is named after `name`.

    The same texts under the same keys make the same bytes, whenever they are packed: a volume that has the
    pack by its hash needs no second upload. Raises a DocumentError when a file of the set can't be read
    any more, and OSError when the pack can't be written.
    """
    folder = private_directory(cache_directory() / "packs")
    _forget_old(folder)
    path = folder / f"{name}.zip"
    try:
        _write(documents, path)
        found = path.stat()
        yield Document(documents.name, path, found.st_size, "utf-8", found.st_mtime)
    finally:
        with contextlib.suppress(OSError):
            path.unlink()


def _write(documents: DocumentSet, path: Path) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as pack:
        for member in documents.members:
            entry = zipfile.ZipInfo(member.key, _SAME_DATE)
            large = member.document.size > zipfile.ZIP64_LIMIT // 4
            with pack.open(entry, "w", force_zip64=large) as target:
                for piece in _pieces(member.document):
                    target.write(piece.encode("utf-8", "replace"))


def _pieces(document: Document) -> Iterator[str]:
    try:
        with document.path.open(encoding=document.encoding, errors="replace", newline="") as file:
            while piece := file.read(_BLOCK_CHARACTERS):
                yield piece
    except FileNotFoundError as error:
        shown = one_line(str(document.path), 200)
        raise DocumentMissing(
            document.path, f"{shown} is gone since it was chosen: choose the documents again."
        ) from error
    except OSError as error:
        shown = one_line(str(document.path), 200)
        raise DocumentError(
            document.path, f"{shown} can't be read any more ({error.strerror or error}): choose again."
        ) from error


def _forget_old(folder: Path) -> None:
    """Delete what crashed runs left; a run that still lasts after a day has read its pack long ago."""
    with contextlib.suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            with contextlib.suppress(OSError):
                if entry.stat().st_mtime < time.time() - _FORGOTTEN_SECONDS:
                    Path(entry.path).unlink()
