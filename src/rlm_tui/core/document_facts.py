"""What a person wants to know of documents before a run: lines, words, characters and tokens, at any size."""

from __future__ import annotations

import codecs
from collections.abc import Callable, Iterator
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from rlm_tui.core.document import Document
from rlm_tui.core.document_set import AnyDocument, DocumentSet
from rlm_tui.core.text import human_cost, human_count, human_size

BYTES_A_TOKEN = 4
"""Of UTF-8. A rule of thumb: English prose has a little more, code a little less, other scripts about 3."""

COUNTED_BYTES = 32 * 1024**2
"""Up to this size everything is counted; beyond it, samples of as much in all."""

_SAMPLES = 64
_BLOCK = 256 * 1024


class DocumentFacts(Struct, frozen=True):
    """Counts of one document or of a set; `tokens` is always an estimate.

    `exact` False: lines, words and characters are estimates too, from samples spread over the text.
    """

    documents: int
    bytes: int
    lines: int
    words: int
    characters: int
    tokens: int
    exact: bool
    passed_over: str = ""

    def cost(self, price_per_token: float | None) -> float | None:
        """US dollars for sending it all as one prompt; None where the price is not known."""
        return None if price_per_token is None else self.tokens * price_per_token


class CountingStopped(Exception):
    """Nobody waits for the counts any more."""


def look_at(document: AnyDocument, stop: Callable[[], bool] = lambda: False) -> DocumentFacts:
    """The facts of a document or a set; reads 32 MiB at most. Raises OSError, or CountingStopped."""
    if isinstance(document, Document):
        return _facts(document, COUNTED_BYTES, stop)
    return _facts_of_set(document, stop)


def facts_words(facts: DocumentFacts, price_per_token: float | None = None) -> str:
    """The facts on one line."""
    about = "" if facts.exact else "≈ "
    parts = [] if facts.documents == 1 else [f"{facts.documents:,} documents"]
    parts += [
        human_size(facts.bytes),
        f"≈ {human_count(facts.tokens)} tokens",
        f"{about}{human_count(facts.lines)} lines",
        f"{about}{human_count(facts.words)} words",
    ]
    cost = facts.cost(price_per_token)
    if cost is not None:
        parts.append(f"all in one prompt ≈ {human_cost(cost)}")
    if facts.passed_over:
        parts.append(f"passed over: {facts.passed_over}")
    return " · ".join(parts)


def _facts_of_set(documents: DocumentSet, stop: Callable[[], bool]) -> DocumentFacts:
    """Counted member by member until enough was read; the rest by its size."""
    read = lines = words = characters = tokens = 0
    exact = True
    for member in documents.members:
        if read >= COUNTED_BYTES:
            exact = False
            continue
        found = _facts(member.document, COUNTED_BYTES - read, stop)
        read += found.bytes
        lines, words = lines + found.lines, words + found.words
        characters, tokens = characters + found.characters, tokens + found.tokens
        exact = exact and found.exact
    whole = documents.size / read if read else 1.0
    return DocumentFacts(
        documents=len(documents.members),
        bytes=documents.size,
        lines=round(lines * whole),
        words=round(words * whole),
        characters=round(characters * whole),
        tokens=round(tokens * whole),
        exact=exact,
        passed_over=documents.remark,
    )


def _facts(document: Document, most: int, stop: Callable[[], bool]) -> DocumentFacts:
    exact = document.size <= most
    pieces = _whole(document.path) if exact else _spread(document, most)
    encoding = document.encoding if exact else _without_mark(document)
    read = lines = words = characters = utf8 = 0
    ends_open = False
    last = ""
    decoder = codecs.getincrementaldecoder(encoding)("replace")
    for piece in pieces:
        if stop():
            raise CountingStopped
        read += len(piece)
        text = decoder.decode(piece) if exact else piece.decode(encoding, "replace")
        lines += text.count("\n")
        words += len(text.split())
        # A word that goes on across two pieces was counted twice.
        if exact and last and text and not last.isspace() and not text[0].isspace():
            words -= 1
        last = text[-1] if text else last
        characters += len(text)
        utf8 += len(text) if text.isascii() else len(text.encode("utf-8", "replace"))
        ends_open = bool(last) and last != "\n"
    facts = DocumentFacts(
        documents=1,
        bytes=document.size,
        lines=lines + (1 if ends_open and exact else 0),
        words=words,
        characters=characters,
        tokens=-(-utf8 // BYTES_A_TOKEN),
        exact=exact,
    )
    return facts if exact or not read else _scaled(facts, document.size / read)


def _without_mark(document: Document) -> str:
    """The encoding for a piece from the midst, which has no mark that tells the order of its bytes."""
    if document.encoding not in ("utf-16", "utf-32"):
        return document.encoding
    with document.path.open("rb") as file:
        head = file.read(4)
    little = head.startswith(codecs.BOM_UTF16_LE)  # that of UTF-32 begins so too
    return f"{document.encoding}-{'le' if little else 'be'}"


def _scaled(facts: DocumentFacts, by: float) -> DocumentFacts:
    return replace(
        facts,
        lines=round(facts.lines * by),
        words=round(facts.words * by),
        characters=round(facts.characters * by),
        tokens=round(facts.tokens * by),
    )


def _whole(path: Path) -> Iterator[bytes]:
    with path.open("rb", buffering=0) as file:
        while block := file.read(_BLOCK):
            yield block


def _spread(document: Document, most: int) -> Iterator[bytes]:
    """Samples from all over the file, of `most` bytes in all, each from an even place."""
    length = max(4, most // _SAMPLES // 4 * 4)
    step = max(length, document.size // _SAMPLES // 4 * 4)
    with document.path.open("rb", buffering=0) as file:
        for start in range(0, document.size, step):
            file.seek(start)
            if block := file.read(length):
                yield block
