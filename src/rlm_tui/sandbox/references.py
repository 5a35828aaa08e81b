"""References in a tool call's arguments -> what they stand for on the host.

`{"$document": name}` is a document that was bound under that name; `{"$file": name}` a long text that the
driver laid under the volume's `.rlm/`. The sandbox is not trusted: a name never leads out of that directory.
"""

from __future__ import annotations

import contextlib
import os
import re
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rlm_tui.sandbox.document_input import DocumentInput

DOCUMENT = "$document"
FILE = "$file"
PRIVATE_DIRECTORY = ".rlm"
MAX_FILE_BYTES = 256 * 1024 * 1024

_FILE_NAME = re.compile(r"(?:\.rlm/)?([A-Za-z0-9][A-Za-z0-9._-]{0,200})")


class CallReferenceError(ValueError):
    """A reference to something that is not there, or that the sandbox may not name."""


def resolve(value: Any, documents: Mapping[str, DocumentInput], volume: Path | None, *, keep: bool) -> Any:
    """`value` with every reference replaced.

    `keep`: a document stays a `DocumentInput` (for a predictor that may hand it on); otherwise it becomes its
    text, because a plain tool wants a `str`.
    """
    if isinstance(value, dict):
        if len(value) == 1:
            (key, name) = next(iter(value.items()))
            if key == DOCUMENT and isinstance(name, str) and name in documents:
                return documents[name] if keep else documents[name].text()
            if key == FILE and isinstance(name, str):
                return _read_file(name, volume)
        return {key: resolve(item, documents, volume, keep=keep) for key, item in value.items()}
    if isinstance(value, list):
        return [resolve(item, documents, volume, keep=keep) for item in value]
    return value


def _read_file(name: str, volume: Path | None) -> str:
    """The text of a file the driver left for the host; the file is deleted."""
    match = _FILE_NAME.fullmatch(name)
    if match is None or volume is None:
        raise CallReferenceError(
            f"A call refers to the file {name[:100]!r}, which is no file of the volume's .rlm/."
        )
    try:
        # The sandbox can put links in place of the directory or the file: neither is followed.
        directory = os.open(volume / PRIVATE_DIRECTORY, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    except OSError as error:
        raise CallReferenceError(
            f"A call refers to the file {name!r}, which can't be read: {error.strerror}."
        ) from error
    try:
        return _read_in(directory, match.group(1))
    except OSError as error:
        raise CallReferenceError(
            f"A call refers to the file {name!r}, which can't be read: {error.strerror}."
        ) from error
    finally:
        os.close(directory)


def _read_in(directory: int, name: str) -> str:
    descriptor = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=directory)
    with os.fdopen(descriptor, encoding="utf-8", errors="replace", newline="") as file:
        information = os.fstat(descriptor)
        if not stat.S_ISREG(information.st_mode) or information.st_size > MAX_FILE_BYTES:
            raise CallReferenceError(
                f"A call refers to {name!r}, which is no file of at most {MAX_FILE_BYTES:,} bytes."
            )
        text = file.read()
    with contextlib.suppress(OSError):
        os.unlink(name, dir_fd=directory)
    return text
