"""Texts that are read a page at a time, so that one of any size opens at once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from rlm_tui.core.documents import Document, preview
from rlm_tui.core.text import human_size

PAGE_BYTES = 64 * 1024


@dataclass(frozen=True)
class TextPages:
    """A text of `size` in its `unit`. `read(start, length)` may block and raise OSError; it gives text."""

    title: str
    size: int
    read: Callable[[int, int], str]
    detail: str = ""
    unit: Literal["bytes", "characters"] = "bytes"

    @property
    def length_words(self) -> str:
        """How long the text is."""
        return human_size(self.size) if self.unit == "bytes" else f"{self.size:,} characters"

    @property
    def count(self) -> int:
        """How many pages there are; an empty text has one."""
        return max(1, -(-self.size // PAGE_BYTES))

    def page(self, number: int) -> str:
        """The text of page `number`, from 0."""
        return self.read(number * PAGE_BYTES, PAGE_BYTES)


def document_pages(document: Document) -> TextPages:
    """The pages of a document, in the encoding it was found to have."""
    return TextPages(
        document.name,
        document.size,
        lambda start, length: preview(document, start, length),
        detail=document.encoding,
    )


def text_pages(title: str, text: str, detail: str = "") -> TextPages:
    """The pages of a text that is here already."""
    content = text.encode("utf-8", "replace")
    return bytes_pages(title, len(content), lambda start, length: content[start : start + length], detail)


def bytes_pages(title: str, size: int, read: Callable[[int, int], bytes], detail: str = "") -> TextPages:
    """The pages of a file in a volume; what is not UTF-8 shows as replacement signs."""
    return TextPages(title, size, lambda start, length: _whole_characters(read, start, length), detail)


def _whole_characters(read: Callable[[int, int], bytes], start: int, length: int) -> str:
    """A page of UTF-8: a character that lies across its end belongs to it, and not to the next."""
    content = read(start, length + 3)
    first = 0
    while start and first < min(3, len(content)) and content[first] & 0xC0 == 0x80:
        first += 1
    last = length
    while last < len(content) and content[last] & 0xC0 == 0x80:
        last += 1
    return content[first:last].decode("utf-8", "replace")
