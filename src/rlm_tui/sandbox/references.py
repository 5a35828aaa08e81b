"""References in a tool call's arguments -> what they stand for on the host.

`{"$document": name}` is what was bound from files under that name, with a `key` one text of a dict of them;
`{"$file": name}` a long text that the driver laid under the volume's `.rlm/`. The sandbox is not trusted: a
name never leads out of that directory.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from rlm_tui.sandbox.document_input import DocumentSetInput, FileInput
from rlm_tui.sandbox.transport import TransportError

DOCUMENT = "$document"
FILE = "$file"
TakeFile = Callable[[str], str]
"""Gives the text of a file in `.rlm/` by its name, and deletes it. Raises `TransportError`."""

_FILE_NAME = re.compile(r"(?:\.rlm/)?([A-Za-z0-9][A-Za-z0-9._-]{0,200})")


class CallReferenceError(ValueError):
    """A reference to something that is not there, or that the sandbox may not name."""


def resolve(value: Any, documents: Mapping[str, FileInput], take_file: TakeFile, *, keep: bool) -> Any:
    """`value` with every reference replaced.

    `keep`: a document stays a `FileInput` (for a predictor that may hand it on); otherwise it becomes its
    text, because a plain tool wants a `str`.
    """
    if isinstance(value, dict):
        found = _document(value, documents)
        if found is not None:
            return found if keep else found.value()
        if len(value) == 1 and isinstance(value.get(FILE), str):
            return _take(value[FILE], take_file)
        return {key: resolve(item, documents, take_file, keep=keep) for key, item in value.items()}
    if isinstance(value, list):
        return [resolve(item, documents, take_file, keep=keep) for item in value]
    return value


def _document(value: dict[Any, Any], documents: Mapping[str, FileInput]) -> FileInput | None:
    """The document that this refers to; None when it is an ordinary dict."""
    name, key = value.get(DOCUMENT), value.get("key")
    found = documents.get(name) if isinstance(name, str) else None
    if found is None or not value.keys() <= {DOCUMENT, "key"}:
        return None
    if len(value) == 1:
        return found
    return found.member(key) if isinstance(found, DocumentSetInput) and isinstance(key, str) else None


def _take(name: str, take_file: TakeFile) -> str:
    """The text of a file the driver left for the host; the file is deleted."""
    match = _FILE_NAME.fullmatch(name)
    if match is None:
        raise CallReferenceError(
            f"A call refers to the file {name[:100]!r}, which is no file of the volume's .rlm/."
        )
    try:
        return take_file(match.group(1))
    except TransportError as error:
        raise CallReferenceError(f"A call refers to the file {name!r}: {error.message}") from error
