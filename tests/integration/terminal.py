"""`rlm-tui` in a terminal of its own, with what it paints read as a person would see it."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import subprocess
import sys
import termios
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType

import pyte

PATIENCE_SECONDS = 60.0


def _take_terminal() -> None:
    """In the child: lead a session whose terminal is the one on descriptor 1."""
    os.setsid()
    fcntl.ioctl(1, termios.TIOCSCTTY, 0)


class Terminal:
    """Starts the program; leaving the block kills it. `code` is how it ended by itself.

    `piped`: standard input is a pipe with these bytes, and the terminal is the session's, as in a shell.
    `leads`: the terminal is the session's, so that its Ctrl-C is a signal.
    """

    def __init__(
        self,
        *arguments: str,
        cwd: Path,
        size: tuple[int, int] = (120, 36),
        piped: bytes | None = None,
        leads: bool = False,
        program: Sequence[str] = (sys.executable, "-m", "rlm_tui"),
        **more: str,
    ) -> None:
        self._ours, theirs = pty.openpty()
        termios.tcsetwinsize(theirs, (size[1], size[0]))
        self._screen = pyte.Screen(*size)
        self._stream = pyte.ByteStream(self._screen)
        self._over = False
        # They would stand over the size that the terminal has.
        environment = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "LINES")}
        self._process = subprocess.Popen(
            [*program, *arguments],
            stdin=theirs if piped is None else subprocess.PIPE,
            stdout=theirs,
            stderr=theirs,
            cwd=cwd,
            env={**environment, "TERM": "xterm-256color", **more},
            preexec_fn=_take_terminal if leads or piped is not None else None,  # noqa: PLW1509 - as in a shell
        )
        os.close(theirs)
        if piped is not None:
            assert self._process.stdin is not None
            self._process.stdin.write(piped)
            self._process.stdin.close()

    def __enter__(self) -> Terminal:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._process.kill()
        self._process.wait()
        os.close(self._ours)

    @property
    def text(self) -> str:
        """What is on the screen now."""
        return "\n".join(line.rstrip() for line in self._screen.display)

    def press(self, keys: bytes) -> None:
        """Type keys as a terminal sends them."""
        os.write(self._ours, keys)

    def wait_for(self, words: str) -> None:
        """Wait until these words are on the screen."""
        until = time.monotonic() + PATIENCE_SECONDS
        while words not in self.text:
            assert not self._over, f"the program was over before {words!r} was painted:\n{self.text}"
            assert time.monotonic() < until, f"{words!r} was not painted:\n{self.text}"
            self._read(0.5)

    def code(self) -> int:
        """Wait until the program has ended by itself; its exit code."""
        until = time.monotonic() + PATIENCE_SECONDS
        while not self._over:
            assert time.monotonic() < until, f"the program does not end:\n{self.text}"
            self._read(0.5)
        return self._process.wait(PATIENCE_SECONDS)

    def _read(self, seconds: float) -> None:
        until = time.monotonic() + 0.5
        while select.select([self._ours], [], [], seconds)[0]:
            try:
                self._stream.feed(os.read(self._ours, 65536))
            except OSError:
                self._over = True
                return
            if time.monotonic() > until:
                return
            # What comes at once is one picture: it is looked at when it is whole.
            seconds = 0.05
