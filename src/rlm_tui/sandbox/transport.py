"""What carries frames to a driver and back, whatever kind of sandbox it runs in.

A transport moves bytes and ends processes; it knows nothing of cells. Nothing here imports dspy, so a screen
can ask about a sandbox before dspy is loaded.
"""

from __future__ import annotations

import signal
from typing import Protocol

import msgspec

from rlm_tui.core.documents import Document
from rlm_tui.core.events import SandboxDescription
from rlm_tui.sandbox.phases import TellPhase, tell_nobody


class TransportError(Exception):
    """The way to the driver is broken. `hint` says what the person can do, where there is something."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class TransportStartError(TransportError):
    """The sandbox's process could not be started."""


class TransportClosedError(TransportError):
    """The driver is gone: nothing can be sent to it any more."""


class Ending(msgspec.Struct, frozen=True):
    """How a driver's process ended: exit `status` or `signal` (None: not known), its last `words` on stderr,
    and `reason` where the host itself ended it."""

    status: int | None = None
    signal: int | None = None
    words: str = ""
    reason: str = ""

    def __str__(self) -> str:
        if self.reason:
            return self.reason
        last = f": {self.words}" if self.words else ""
        if self.signal == signal.SIGKILL:
            return f"the sandbox was killed (SIGKILL): out of memory?{last}"
        if self.signal is not None:
            return f"the sandbox was ended by {_signal_name(self.signal)}{last}"
        if self.status is not None:
            return f"the sandbox's process left with exit status {self.status}{last}"
        return f"the sandbox's process ended{last}"


class Transport(Protocol):
    """Starts a driver, carries bytes both ways, and stops it. Every method may be called from any thread."""

    @property
    def description(self) -> SandboxDescription:
        """Which sandbox this is; known before `start`."""
        ...

    @property
    def limits(self) -> dict[str, int | float | None]:
        """What `hello.limits` tells the driver to set for itself."""
        ...

    def take_private_file(self, name: str) -> str:
        """The text of a file that the driver left in the volume's `.rlm/`; the file is deleted.

        Raises `TransportError`. `name` has no slash.
        """
        ...

    @property
    def way_seconds(self) -> float:
        """How long a word may take to the driver and back when the way is long."""
        ...

    @property
    def start_seconds(self) -> float:
        """How long a start may take, the driver's greeting included."""
        ...

    def fresh(self, volume: str = "") -> Transport:
        """Another of the same kind with the same options, not started yet.

        `volume` is where its volume lies, if not where this one's does: a directory, in the cloud a name.
        """
        ...

    def start(self, tell: TellPhase = tell_nobody) -> None:
        """Start the driver, telling each phase as it begins. Raises `TransportStartError`.

        `kill` from another thread ends a start that takes long.
        """
        ...

    def send(self, data: bytes, patience: float | None = None) -> bool:
        """Send whole lines. False when another sender held the way for `patience` seconds.

        Raises `TransportClosedError` when the driver is gone.
        """
        ...

    def receive(self) -> bytes:
        """The next bytes as they come; empty when the driver is gone. For one reader thread."""
        ...

    def stop_receiving(self) -> None:
        """Let go of the way from the driver: nothing more is read. For the reader thread. Idempotent."""
        ...

    def publish_volume(self) -> None:
        """Let everybody outside see what cells wrote in the volume so far. Raises `TransportError`."""
        ...

    def reload_volume(self) -> None:
        """Let cells see what was changed in the volume from outside. Raises `TransportError`."""
        ...

    def document_path(self, document: Document) -> str:
        """The document's path as the sandbox sees it. Raises `TransportError` for one it was not given."""
        ...

    def interrupt(self) -> None:
        """Send SIGINT to the driver from outside; for code that never lets the driver read.

        May take seconds: until it has arrived, as far as that can be known.
        """
        ...

    def kill(self, reason: str = "") -> None:
        """End the driver and all it started, at once; leave nothing behind. Idempotent."""
        ...

    def ending(self, patience: float = 2.0) -> Ending:
        """How the process ended; waits up to `patience` seconds for it to be known."""
        ...


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
