"""Lines of standard input, taken when they are there: nobody waits for one while the run goes on."""

from __future__ import annotations

import os
import select

_BLOCK = 65_536
LONGEST_LINE = 1_000_000


class CommandLines:
    """The lines that come in at a descriptor. `ended` once the input is over and every line was taken."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._held = b""
        self._is_over = False

    @property
    def is_terminal(self) -> bool:
        """Whether a person types there."""
        try:
            return os.isatty(self._descriptor)
        except OSError:
            return False

    @property
    def ended(self) -> bool:
        """Whether no line will come any more."""
        return self._is_over and not self._held

    def take(self, seconds: float) -> str | None:
        """The next line without its end; None when there is none within `seconds`, or the input is over."""
        if (line := self._line()) is not None:
            return line
        if not self._is_over and self._is_ready(seconds):
            self._read()
        return self._line()

    def _is_ready(self, seconds: float) -> bool:
        try:
            return bool(select.select([self._descriptor], [], [], seconds)[0])
        except (OSError, ValueError):
            self._is_over = True
            return False

    def _read(self) -> None:
        try:
            block = os.read(self._descriptor, _BLOCK)
        except OSError:
            block = b""
        self._is_over = not block
        self._held = (self._held + block)[:LONGEST_LINE]

    def _line(self) -> str | None:
        line, end, rest = self._held.partition(b"\n")
        if not end and not (self._is_over and line):
            return None
        self._held = rest
        return line.decode("utf-8", "replace").removesuffix("\r")
