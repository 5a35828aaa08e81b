"""Long texts by their hash: a prompt or an answer is kept once, however often it is named."""

from __future__ import annotations

import hashlib
from typing import Protocol

from rlm_tui.core.events import Value

WHOLE_BYTES = 2_048
"""A text of at most so many bytes in UTF-8 stands whole in its event."""
HEAD_CHARACTERS = 400
"""What a `Value` shows of a text that is kept as a blob."""


class Blobs(Protocol):
    """Keeps long texts. `value` and `text` undo each other; both may raise OSError where there is a disk."""

    def value(self, text: str) -> Value: ...

    def text(self, value: Value) -> str: ...


def storable(text: str) -> bytes:
    """`text` in UTF-8; lone surrogates become U+FFFD, since no file in UTF-8 can hold them."""
    try:
        return text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace").encode()


def blob_value(text: str, data: bytes) -> Value:
    """The `Value` of `text`, whose UTF-8 is `data`: whole, or its head and its hash."""
    if len(data) <= WHOLE_BYTES:
        return Value(text=text, length=len(text))
    return Value(text=text[:HEAD_CHARACTERS], length=len(text), blob=hashlib.sha256(data).hexdigest())


class MemoryBlobs:
    """Blobs of a run without a folder."""

    def __init__(self) -> None:
        self._texts: dict[str, str] = {}

    def value(self, text: str) -> Value:
        """`text` as a Value; long texts are remembered."""
        data = storable(text)
        text = data.decode()
        value = blob_value(text, data)
        if value.blob is not None:
            self._texts[value.blob] = text
        return value

    def text(self, value: Value) -> str:
        """The whole text of `value`; its head alone if the blob came from elsewhere."""
        return value.text if value.blob is None else self._texts.get(value.blob, value.text)
