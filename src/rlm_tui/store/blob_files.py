"""Long texts as files named by the SHA-256 of their UTF-8."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

from rlm_tui.core.events import Value
from rlm_tui.store.errors import StoreError, cannot
from rlm_tui.store.files import write_whole

_HASH = re.compile(r"[0-9a-f]{64}")


class BlobFiles:
    """The blobs of one run. A text that is there already is not written again."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._written: set[str] = set()

    def write(self, name: str, data: bytes) -> None:
        """Keep `data` under `name`, its hash. Raises StoreError."""
        if name in self._written:
            return
        path = self._folder / name
        if not path.exists():
            write_whole(path, data)
        self._written.add(name)

    def head(self, value: Value, characters: int) -> str:
        """The beginning of the text of `value`, unchecked; what it shows itself, if there is no more."""
        if value.blob is None or _HASH.fullmatch(value.blob) is None:
            return value.text
        try:
            with (self._folder / value.blob).open("rb") as file:
                return file.read(4 * characters).decode("utf-8", "replace")[:characters]
        except OSError:
            return value.text

    def text(self, value: Value) -> str:
        """The whole text of `value`. Raises StoreError; a hash that is none is never used as a path."""
        if value.blob is None:
            return value.text
        if _HASH.fullmatch(value.blob) is None:
            raise StoreError(f"{value.blob[:80]!r} is no hash of a text: the log was changed or is damaged.")
        path = self._folder / value.blob
        try:
            data = path.read_bytes()
        except OSError as error:
            raise cannot("read", path, error) from error
        if hashlib.sha256(data).hexdigest() != value.blob:
            raise StoreError(f"{path} is not the text it was: the run folder was changed or is damaged.")
        return data.decode("utf-8", "replace")
