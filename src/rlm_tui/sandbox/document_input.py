"""A document as an input of an RLM: it enters the sandbox by its path and its text is never in the host."""

from __future__ import annotations

import re
import secrets
import weakref

from dspy.primitives.sandbox_serializable import SandboxSerializable

from rlm_tui.core.documents import Document, character_count, preview, read_text

_ASSIGNMENT = re.compile(r"# rlm-tui binds (\w+) to document ([0-9a-f]{32})\nraise ")
_inputs: weakref.WeakValueDictionary[str, DocumentInput] = weakref.WeakValueDictionary()


class DocumentInput(SandboxSerializable):
    """A document given to an RLM; in the sandbox a plain `str` variable.

    dspy "executes" `sandbox_assignment` once; a `DriverInterpreter` knows that text by an id that nobody else
    can guess and sends a `bind` frame with the path instead. Equal when the documents are.
    """

    def __init__(self, document: Document, characters: int | None = None) -> None:
        self.document = document
        self._characters = characters
        self._id = secrets.token_hex(16)
        _inputs[self._id] = self

    @property
    def characters(self) -> int:
        """The text's length in characters; counted once."""
        if self._characters is None:
            self._characters = character_count(self.document)
        return self._characters

    def preview(self, max_chars: int = 1000) -> str:
        """The text's beginning and end, about `max_chars` characters, without reading the rest."""
        if self.document.size <= max_chars:
            return preview(self.document, 0, self.document.size)
        half = max_chars // 2
        # Up to four bytes make a character; what is cut inside one at the edge is dropped with the surplus.
        head = preview(self.document, 0, 4 * half)[:half]
        start = max(0, self.document.size - 4 * half)
        tail = preview(self.document, start, 4 * half)[-half:]
        return f"{head}\n…\n{tail}"

    def text(self) -> str:
        """The whole text, as the sandbox has it; for callers that can't do with less."""
        return read_text(self.document)

    def sandbox_setup(self) -> str:
        return ""

    def to_sandbox(self) -> bytes:
        return self._id.encode()

    def sandbox_assignment(self, var_name: str, data_expr: str) -> str:
        return (
            f"# rlm-tui binds {var_name} to document {self._id}\n"
            f"raise RuntimeError('a document can only be bound by a DriverInterpreter')"
        )

    def rlm_preview(self, max_chars: int = 500) -> str:
        return f"str of {self.characters:,} characters ({self.document.name}):\n{self.preview(max_chars)}"

    def __str__(self) -> str:
        return f"<document {self.document.name}>"

    __repr__ = __str__

    def __eq__(self, other: object) -> bool:
        return isinstance(other, DocumentInput) and other.document == self.document

    def __hash__(self) -> int:
        return hash(self.document.path)


def assigned_document(code: str) -> tuple[str, DocumentInput] | None:
    """The variable's name and the document, when `code` is what `sandbox_assignment` gave out."""
    match = _ASSIGNMENT.match(code)
    if match is None:
        return None
    found = _inputs.get(match.group(2))
    return None if found is None else (match.group(1), found)
