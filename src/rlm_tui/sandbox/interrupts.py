"""The steps by which a running cell is stopped, each only when the one before did not help."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable

from rlm_tui.sandbox.cells import Cell
from rlm_tui.sandbox.listener import InterruptStep
from rlm_tui.sandbox.transport import Transport, TransportClosedError
from rlm_tui.sandbox.wire import Interrupt, encode

FRAME_SECONDS = 2.5
SIGNAL_SECONDS = 2.0


def stop_cell(transport: Transport, cell: Cell, reason: str, tell: Callable[[InterruptStep], None]) -> None:
    """Stop `cell` for `reason` ("interrupt", "timeout" or "cancel"); returns at once. Again: does nothing.

    An `interrupt` frame, which the driver repeats by itself; after 2.5 s a SIGINT from outside, for code that
    never lets the driver read; after 2 s more (and what the way to the sandbox and back may take) the sandbox
    is killed, and its namespace is lost.
    """
    if cell.interrupted_for:
        return
    cell.interrupted_for = reason
    threading.Thread(
        target=_climb, args=(transport, cell, reason, tell), name="sandbox-interrupt", daemon=True
    ).start()


def _climb(transport: Transport, cell: Cell, reason: str, tell: Callable[[InterruptStep], None]) -> None:
    tell("frame")
    with contextlib.suppress(TransportClosedError):
        # Another sender may be stuck in a driver that does not read: then the next step is due all the same.
        transport.send(encode(Interrupt(id=cell.number)), patience=0.2)
    if cell.finished.wait(FRAME_SECONDS):
        return
    tell("signal")
    transport.interrupt()
    if cell.finished.wait(SIGNAL_SECONDS + transport.way_seconds):
        return
    tell("kill")
    wanted = "its time limit" if reason == "timeout" else "an interrupt"
    transport.kill(f"the sandbox was killed, because the cell did not heed {wanted}")
