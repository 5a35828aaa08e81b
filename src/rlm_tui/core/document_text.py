"""Reading a document: a page of it, its fingerprint, its length; only `read_text` holds the whole."""

from __future__ import annotations

import codecs
import contextlib
import hashlib
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec

from rlm_tui.core.document import Document
from rlm_tui.core.paths import cache_directory, private_directory

PAGE_BYTES = 64 * 1024
_BLOCK = 1024 * 1024
_CACHE_FROM = 4 * 1024 * 1024
_LONGEST_CHARACTER = 4
_CONTINUATION = bytes(range(0x80, 0xC0))


def preview(document: Document, start_byte: int = 0, length: int = PAGE_BYTES) -> str:
    """The characters that begin in `length` bytes from `start_byte`; pages laid end to end give the whole
    text.

    In a legacy encoding of several bytes a character, one at the edge of a page may read as "�". Raises
    OSError.
    """
    start = max(start_byte, 0)
    wanted = max(length, 0)
    encoding = document.encoding
    with document.path.open("rb") as file:
        if encoding in ("utf-16", "utf-32"):
            encoding, mark = _without_mark(encoding, file.read(4))
            # The mark is no character: a page that begins in it begins after it.
            skipped = max(mark - start, 0)
            start, wanted = start + skipped, max(wanted - skipped, 0)
        if encoding in ("utf-8", "utf-8-sig"):
            file.seek(start)
            return _utf8_page(file.read(wanted + _LONGEST_CHARACTER - 1), wanted, start)
        unit = 4 if encoding.startswith("utf-32") else 2 if encoding.startswith("utf-16") else 1
        first = -(-start // unit) * unit
        last = -(-(start + wanted) // unit) * unit
        file.seek(first)
        block = file.read(max(last - first, 0) + 2)
        return _unit_page(block, max(last - first, 0), encoding, unit)


def _utf8_page(block: bytes, wanted: int, start: int) -> str:
    """A character belongs to the page in which its first byte lies."""
    if start == 0 and block.startswith(codecs.BOM_UTF8):
        block, wanted = block[3:], max(wanted - 3, 0)
    begin = 0
    if start:
        while begin < min(_LONGEST_CHARACTER - 1, len(block)) and block[begin] & 0xC0 == 0x80:
            begin += 1
    end = min(wanted, len(block))
    while end < len(block) and block[end] & 0xC0 == 0x80:
        end += 1
    return block[begin:end].decode("utf-8", "replace")


def _unit_page(block: bytes, wanted: int, encoding: str, unit: int) -> str:
    begin, end = 0, min(wanted, len(block))
    if unit == 2:
        # The second half of a surrogate pair belongs to the page of the first.
        high = 1 if encoding.endswith("le") else 0
        if len(block) > high and 0xDC <= block[high] < 0xE0:
            begin = 2
        if len(block) >= end + 2 and end >= 2 and 0xDC <= block[end + high] < 0xE0:
            end += 2
    return block[begin:end].decode(encoding, "replace")


def _without_mark(encoding: str, head: bytes) -> tuple[str, int]:
    """The encoding with its byte order as its mark names it, and the mark's length."""
    little = (
        head.startswith((codecs.BOM_UTF16_LE,))
        if encoding == "utf-16"
        else head.startswith(codecs.BOM_UTF32_LE)
    )
    return f"{encoding}-{'le' if little else 'be'}", 2 if encoding == "utf-16" else 4


def read_text(document: Document) -> str:
    """The whole text, as the sandbox has it: line ends kept, broken bytes as "�". As large as the file."""
    with document.path.open(encoding=document.encoding, errors="replace", newline="") as file:
        return file.read()


def sha256(document: Document, progress: Callable[[int], None] | None = None) -> str:
    """The file's fingerprint in hex, read in blocks; `progress` hears the bytes so far. Raises OSError."""
    digest = hashlib.sha256()
    done = 0
    for block in _blocks(document.path):
        digest.update(block)
        done += len(block)
        if progress is not None:
            progress(done)
    return digest.hexdigest()


def character_count(document: Document) -> int:
    """How many characters `read_text` would give, without holding them; remembered for large files. Raises
    OSError.
    """
    if document.size < _CACHE_FROM:
        return _count(document)
    key = f"{document.path}\0{document.size}\0{document.modified!r}\0{document.encoding}"
    remembered = cache_directory() / "character-counts" / hashlib.sha256(os.fsencode(key)).hexdigest()[:32]
    with contextlib.suppress(OSError, msgspec.DecodeError):
        return msgspec.json.decode(remembered.read_bytes(), type=int)
    count = _count(document)
    with contextlib.suppress(OSError):
        private_directory(remembered.parent)
        _write_whole(remembered, msgspec.json.encode(count))
    return count


def _count(document: Document) -> int:
    if document.encoding == "utf-8" and not document.broken:
        count = 0
        for block in _blocks(document.path):
            # In UTF-8 each character has one byte that continues none.
            count += len(block) if block.isascii() else len(block.translate(None, _CONTINUATION))
        return count
    decoder = codecs.getincrementaldecoder(document.encoding)("replace")
    count = sum(len(decoder.decode(block)) for block in _blocks(document.path))
    return count + len(decoder.decode(b"", final=True))


def _blocks(path: Path) -> Iterator[bytes]:
    with path.open("rb", buffering=0) as file:
        while block := file.read(_BLOCK):
            yield block


def _write_whole(path: Path, content: bytes) -> None:
    """Whole or not at all, also when two processes write at once."""
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    part.write_bytes(content)
    part.replace(path)
