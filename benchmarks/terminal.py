"""A program in a pseudo-terminal, timed as a person sees it: from a key to the last byte that it changes."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import signal
import statistics
import struct
import termios
import time
from collections.abc import Sequence
from types import TracebackType

DEADLINE = 120.0
QUIET_SECONDS = 0.25
"""So long nothing is painted any more when all is painted; of a time it is no part."""
_ESCAPES = re.compile(rb"\x1b(?:\[[0-?]*[ -/]*[@-~]|[@-Z\\-_])")


class Terminal:
    """Starts `command` in a terminal of its own; leaving the block kills it. Raises TimeoutError."""

    def __init__(self, command: Sequence[str], *, size: tuple[int, int] = (160, 45), **more: str) -> None:
        environment = {**os.environ, "TERM": "xterm-256color", "COLORTERM": "truecolor", **more}
        self.began = time.perf_counter()
        self._child, self._terminal = pty.fork()
        if self._child == 0:
            os.execvpe(command[0], list(command), environment)
        fcntl.ioctl(self._terminal, termios.TIOCSWINSZ, struct.pack("HHHH", size[1], size[0], 0, 0))
        self._seen = b""
        self._painted_at = 0.0

    def __enter__(self) -> Terminal:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        os.kill(self._child, signal.SIGKILL)
        os.waitpid(self._child, 0)
        os.close(self._terminal)

    def until(self, words: str, since: float | None = None) -> float:
        """Seconds until `words` are painted, from `since` or the start of the process."""
        while words.encode() not in _ESCAPES.sub(b"", self._seen):
            if time.perf_counter() - (since or self.began) > DEADLINE:
                raise TimeoutError(f"{words!r} was not painted in {DEADLINE:g} s: {self._seen[-600:]!r}")
            self._read(0.5)
        return time.perf_counter() - (since or self.began)

    @property
    def painted(self) -> str:
        """All the text that was painted since the last key that made it forgotten."""
        return _ESCAPES.sub(b"", self._seen).decode("utf-8", "replace")

    def press(self, keys: str, *, forget: bool = True) -> float:
        """Type `keys`, as a terminal sends them, and forget what was painted; the time at which it was."""
        while self._read(0.0):
            pass
        if forget:
            self._seen = b""
        os.write(self._terminal, keys.encode())
        return time.perf_counter()

    def first(self, since: float) -> float:
        """Seconds from `since` until something is painted, if that is not long ago already."""
        while self._painted_at < since:
            if time.perf_counter() - since > DEADLINE:
                raise TimeoutError(f"Nothing was painted in {DEADLINE:g} s.")
            self._read(0.5)
        return self._painted_at - since

    def whole(self, since: float) -> float:
        """Seconds from `since` until the last of it is painted; nothing comes for QUIET_SECONDS then."""
        self.first(since)
        while self._read(QUIET_SECONDS):
            if time.perf_counter() - since > DEADLINE:
                raise TimeoutError(f"It is painted on and on: {self._seen[-600:]!r}")
        return self._painted_at - since

    def _read(self, seconds: float) -> bool:
        """Take up what is painted within `seconds`; whether something was."""
        if not select.select([self._terminal], [], [], seconds)[0]:
            return False
        self._seen += os.read(self._terminal, 65536)
        self._painted_at = time.perf_counter()
        return True


def spread(times: Sequence[float]) -> str:
    """The median and the worst of some times, for a table."""
    return f"median {milliseconds(statistics.median(times))}, worst {milliseconds(max(times))}"


def milliseconds(seconds: float) -> str:
    return f"{seconds * 1000:,.1f} ms"
