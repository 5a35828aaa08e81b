"""Variables that the host sets in a sandbox: sent once, and again when the caller's object has changed."""

from __future__ import annotations

import keyword
from collections.abc import Callable
from typing import Any

from dspy.primitives.code_interpreter import CodeInterpreterError

from rlm_tui.sandbox.document_input import FileInput
from rlm_tui.sandbox.errors import SandboxError
from rlm_tui.sandbox.transport import Transport, TransportError
from rlm_tui.sandbox.wire import Bind, FrameError, encode

# A small mutable value is compared by what it says; a large one by identity.
SMALL_BYTES = 64 * 1024
_RESERVED = ("SUBMIT", "__builtins__", "__name__")
_IMMUTABLE = (str, int, float, bool, type(None))


class Bindings:
    """What is bound in one sandbox. `send_lines` sends encoded frames and raises when the sandbox is gone."""

    def __init__(self, transport: Transport, send_lines: Callable[[bytes], None]) -> None:
        self._transport = transport
        self._send_lines = send_lines
        self._values: dict[str, tuple[Any, bytes]] = {}
        self.documents: dict[str, FileInput] = {}

    def bind_document(self, name: str, document: FileInput) -> None:
        """Raises `SandboxError` for a document that this sandbox was not started with."""
        _check_name(name)
        try:
            path = self._transport.document_path(document.file)
        except TransportError as error:
            raise SandboxError(error.message, error.hint) from error
        fields: dict[str, Any] = document.bind_fields(path)
        self._send_lines(encode(Bind(name=name, **fields)))
        self._values.pop(name, None)
        self.documents[name] = document

    def bind_values(self, variables: dict[str, Any]) -> None:
        """Raises `CodeInterpreterError` for a name or a value that can't be a variable of the sandbox."""
        for name, value in variables.items():
            if isinstance(value, FileInput):
                if self.documents.get(name) != value:
                    self.bind_document(name, value)
            else:
                self._bind_value(name, value)

    def _bind_value(self, name: str, value: Any) -> None:
        before = self._values.get(name)
        if before is not None and _same(before[0], value):
            return
        _check_name(name)
        try:
            line = encode(Bind(name=name, value=value))
        except FrameError as error:
            raise CodeInterpreterError(f"The input {name!r} can't enter the sandbox: {error}") from error
        small = line if len(line) <= SMALL_BYTES else b""
        if before is None or not small or small != before[1]:
            self._send_lines(line)
        self._values[name] = (value, small)
        self.documents.pop(name, None)


def _same(before: Any, value: Any) -> bool:
    """Whether `value` needs no second look: an unchanged immutable, or the same large object."""
    if isinstance(value, _IMMUTABLE):
        return type(before) is type(value) and (before is value or bool(before == value))
    return False


def _check_name(name: str) -> None:
    if not name.isidentifier() or keyword.iskeyword(name) or name in _RESERVED:
        raise CodeInterpreterError(f"{name!r} can't be the name of a variable in the sandbox.")
