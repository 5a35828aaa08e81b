"""A transport's bytes as frames: starts the driver, reads in a thread of its own, and notices the end."""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeoutError

from rlm_tui.sandbox import wire
from rlm_tui.sandbox.errors import (
    ExecutionCancelledError,
    SandboxError,
    SandboxLostError,
    SandboxProtocolError,
    SandboxStartError,
)
from rlm_tui.sandbox.phases import TellPhase
from rlm_tui.sandbox.transport import Transport, TransportClosedError, TransportStartError

logger = logging.getLogger(__name__)
LAST_WORDS_SECONDS = 2.0


class Connection:
    """Frames to and from one driver. `on_frame` and `on_end` are called from the reader thread.

    `on_end` gets the error that says how the driver ended; not called after `close`.
    """

    def __init__(
        self,
        transport: Transport,
        on_frame: Callable[[wire.AnyDriverFrame], None],
        on_end: Callable[[SandboxLostError], None],
    ) -> None:
        self._transport = transport
        self._on_frame = on_frame
        self._on_end = on_end
        self._ready: Future[wire.Ready] = Future()
        self._asked: dict[int, Future[wire.Variables]] = {}
        self._lock = threading.Lock()
        self._closing = False
        self.ended: SandboxLostError | None = None
        self._known = threading.Event()  # why the driver ended
        self.over = threading.Event()
        """Set once `on_end` was called; at once when nothing was ever started."""
        self.over.set()

    def open(self, tell: TellPhase) -> wire.Ready:
        """Start the driver, telling the phases, and wait for its greeting. Raises `SandboxStartError`."""
        patience = self._transport.start_seconds
        deadline = time.monotonic() + patience
        try:
            self._transport.start(tell)
            self.over.clear()
            threading.Thread(target=self._read, name="sandbox-reader", daemon=True).start()
            volume = self._transport.description.volume or None
            self._transport.send(wire.encode(wire.Hello(volume=volume, limits=self._transport.limits)))
            return self._ready.result(max(0.0, deadline - time.monotonic()))
        except ExecutionCancelledError:
            # It may have been started after the cancellation ended it.
            self._transport.kill()
            raise
        except TransportStartError as error:
            raise SandboxStartError(error.message, error.hint) from error
        except FutureTimeoutError:
            self.close()
            raise SandboxStartError(f"The sandbox did not answer within {patience:g} s.") from None
        except (TransportClosedError, SandboxLostError):
            # The driver left at once: the reader knows better than the sender what its last words were.
            with contextlib.suppress(SandboxError, FutureTimeoutError):
                self._ready.result(2)
            words = f"The sandbox can't be started: {self._transport.ending()}."
            self.close()
            said = self.ended
            raise SandboxStartError(str(said) if isinstance(said, SandboxProtocolError) else words) from None

    def send(self, frame: wire.HostFrame) -> None:
        """Raises `SandboxLostError` when the driver is gone, `FrameError` for what JSON can't hold."""
        self.send_lines(wire.encode(frame))

    def send_lines(self, data: bytes) -> None:
        try:
            self._transport.send(data)
        except TransportClosedError as error:
            # The driver's last words are still on their way to the reader, which knows better.
            self._known.wait(LAST_WORDS_SECONDS)
            raise self.ended or self._lost() from error

    def ask(self, number: int, frame: wire.HostFrame, patience: float) -> wire.Variables:
        """Send `frame` and wait for the `variables` that carry its id."""
        answer: Future[wire.Variables] = Future()
        with self._lock:
            if self.ended is not None:
                raise self.ended
            self._asked[number] = answer
        try:
            self.send(frame)
            return answer.result(patience)
        except FutureTimeoutError:
            raise SandboxError(
                f"The sandbox did not answer within {patience:g} s; a cell may be running."
            ) from None
        finally:
            with self._lock:
                self._asked.pop(number, None)

    def stop_waiting(self, error: SandboxError) -> None:
        """Whoever waits for the driver's start or for an answer gets `error` instead."""
        with self._lock:
            waiting: list[Future[wire.Ready] | Future[wire.Variables]] = [self._ready, *self._asked.values()]
        for future in waiting:
            if not future.done():
                future.set_exception(error)

    def close(self) -> None:
        """End the driver. Idempotent; nothing is reported as lost after it."""
        with self._lock:
            first, self._closing = not self._closing, True
        if first:
            self._transport.kill()

    def _read(self) -> None:
        reader = wire.FrameReader()
        try:
            while data := self._transport.receive():
                for frame in reader.feed(data):
                    self._take(frame)
        except wire.FrameError as error:
            ended = SandboxProtocolError(str(error))
            self.ended = ended
            self._transport.kill("the sandbox was ended, because it broke the protocol")
            self._end(ended)
        else:
            self._end(self._lost())
        finally:
            # One that broke the protocol was not read to its end.
            self._transport.stop_receiving()

    def _take(self, frame: wire.AnyDriverFrame) -> None:
        match frame:
            case wire.Ready():
                if frame.protocol != wire.PROTOCOL:
                    raise wire.FrameError(
                        f"The driver speaks protocol {frame.protocol} and this program {wire.PROTOCOL}; "
                        "they must be of the same installation"
                    )
                if not self._ready.done():
                    self._ready.set_result(frame)
            case wire.Fault():
                raise wire.FrameError(f"The driver can't go on: {frame.message}")
            case wire.Variables() if frame.id in self._asked:
                with self._lock:
                    answer = self._asked.get(frame.id)
                if answer is not None and not answer.done():
                    answer.set_result(frame)
            case _:
                try:
                    self._on_frame(frame)
                except Exception:
                    logger.exception("A frame of the sandbox could not be handled")

    def _lost(self) -> SandboxLostError:
        return SandboxLostError(f"The sandbox was lost: {self._transport.ending()}.")

    def _end(self, error: SandboxLostError) -> None:
        with self._lock:
            self.ended = error
            closing = self._closing
        self._known.set()
        if not closing:
            # What the driver left behind ends with it.
            self._transport.kill()
        self.stop_waiting(error)
        self._on_end(error)
        self.over.set()
