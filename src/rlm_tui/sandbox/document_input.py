"""Documents as inputs of an RLM: they enter the sandbox by a path, and their text is never in the host."""

from __future__ import annotations

import re
import secrets
import weakref
from abc import abstractmethod
from typing import Any

from dspy.primitives.sandbox_serializable import SandboxSerializable

from rlm_tui.core.documents import Document, DocumentSet, character_count, preview, read_text
from rlm_tui.core.text import one_line

_ASSIGNMENT = re.compile(r"# rlm-tui binds (\w+) to document ([0-9a-f]{32})\nraise ")
_inputs: weakref.WeakValueDictionary[str, FileInput] = weakref.WeakValueDictionary()


class FileInput(SandboxSerializable):
    """An input whose value is read in the sandbox, from `file`, which the sandbox was started with.

    dspy "executes" `sandbox_assignment` once; a `DriverInterpreter` knows that text by an id that nobody else
    can guess and sends a `bind` frame with the path instead.
    """

    type_name = "str"
    """The type of the variable in the sandbox."""

    def __init__(self, file: Document, characters: int | None = None) -> None:
        self.file = file
        self._characters = characters
        self._id = secrets.token_hex(16)
        _inputs[self._id] = self

    @property
    def characters(self) -> int:
        """The length in characters, of all texts together; counted once."""
        if self._characters is None:
            self._characters = self._count()
        return self._characters

    @property
    @abstractmethod
    def name(self) -> str:
        """What a screen and the planner call it."""

    @abstractmethod
    def _count(self) -> int: ...

    @abstractmethod
    def bind_fields(self, path: str) -> dict[str, str]:
        """The fields of a `bind` frame that reads it from `path`, where the sandbox has `file`."""

    @abstractmethod
    def preview(self, max_chars: int = 1000) -> str:
        """What the planner is shown of it, about `max_chars` characters."""

    @abstractmethod
    def value(self) -> Any:
        """The whole value, as the sandbox has it; for callers that can't do with less."""

    @property
    @abstractmethod
    def size(self) -> int:
        """Bytes of its files."""

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
        return f"{self.type_name} of {self.characters:,} characters ({self.name}):\n{self.preview(max_chars)}"

    def __str__(self) -> str:
        return f"<document {self.name}>"

    __repr__ = __str__


class DocumentInput(FileInput):
    """One document; in the sandbox a plain `str`. Equal when the documents are.

    `within`: it is a member of that set, and lies in the set's pack.
    """

    def __init__(
        self, document: Document, characters: int | None = None, within: DocumentSetInput | None = None
    ) -> None:
        super().__init__(document if within is None else within.file, characters)
        self.document = document
        self._within = within

    @property
    def name(self) -> str:
        return self.document.name

    @property
    def size(self) -> int:
        return self.document.size

    def _count(self) -> int:
        return character_count(self.document)

    def bind_fields(self, path: str) -> dict[str, str]:
        if self._within is None:
            return {"path": path, "encoding": self.document.encoding}
        return {"pack": path, "key": self._within.key_of(self.document)}

    def preview(self, max_chars: int = 1000) -> str:
        """The text's beginning and end, without reading the rest."""
        if self.document.size <= max_chars:
            return preview(self.document, 0, self.document.size)
        half = max_chars // 2
        # Up to four bytes make a character; what is cut inside one at the edge is dropped with the surplus.
        head = preview(self.document, 0, 4 * half)[:half]
        start = max(0, self.document.size - 4 * half)
        tail = preview(self.document, start, 4 * half)[-half:]
        return f"{head}\n…\n{tail}"

    def value(self) -> str:
        return read_text(self.document)

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, DocumentInput) and other.document == self.document and other.file == self.file
        )

    def __hash__(self) -> int:
        return hash(self.document.path)


class DocumentSetInput(FileInput):
    """Several documents; in the sandbox a dict of texts by name. `file` is the pack they lie in."""

    type_name = "dict"

    def __init__(self, documents: DocumentSet, file: Document) -> None:
        super().__init__(file)
        self.documents = documents
        self._by_key = {member.key: member.document for member in documents.members}
        self._keys = {member.document.path: member.key for member in documents.members}

    @property
    def name(self) -> str:
        return self.documents.name

    @property
    def size(self) -> int:
        return self.documents.size

    def _count(self) -> int:
        return sum(character_count(document) for document in self._by_key.values())

    def bind_fields(self, path: str) -> dict[str, str]:
        return {"pack": path}

    def key_of(self, document: Document) -> str:
        """The document's name in the dict."""
        return self._keys[document.path]

    def member(self, key: str) -> DocumentInput | None:
        """One of its documents, as an input of its own."""
        document = self._by_key.get(key)
        return None if document is None else DocumentInput(document, within=self)

    def preview(self, max_chars: int = 1000) -> str:
        """The names with their sizes, as many as there is room for, and the beginning of the first text."""
        lines = ["{"]
        room = max(0, max_chars - 120)
        for at, (key, document) in enumerate(self._by_key.items()):
            line = f"  {key!r}: <str, {document.size:,} bytes>,"
            room -= len(line) + 1
            if room < 0 and at:
                lines.append(f"  … and {len(self._by_key) - at:,} more")
                break
            lines.append(one_line(line, 300))
        return "\n".join([*lines, "}"])

    def value(self) -> dict[str, str]:
        return {key: read_text(document) for key, document in self._by_key.items()}

    def __eq__(self, other: object) -> bool:
        return isinstance(other, DocumentSetInput) and other.documents == self.documents

    def __hash__(self) -> int:
        return hash(self.documents.path)


def assigned_document(code: str) -> tuple[str, FileInput] | None:
    """The variable's name and the document, when `code` is what `sandbox_assignment` gave out."""
    match = _ASSIGNMENT.match(code)
    if match is None:
        return None
    found = _inputs.get(match.group(2))
    return None if found is None else (match.group(1), found)
