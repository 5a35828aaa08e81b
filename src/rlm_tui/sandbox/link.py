"""The way to one sandbox: what is bound there, the cell that runs there, and the calls it makes.

An interpreter that is renewed has another link. What still comes from the old sandbox belongs to the old
link, and can't touch a cell of the new one.
"""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from rlm_tui.core.events import Variable
from rlm_tui.sandbox import wire
from rlm_tui.sandbox.bindings import Bindings
from rlm_tui.sandbox.cells import Cell, CellResult
from rlm_tui.sandbox.connection import Connection
from rlm_tui.sandbox.errors import SandboxError, SandboxLostError
from rlm_tui.sandbox.interrupts import stop_cell
from rlm_tui.sandbox.listener import InterpreterListener, InterruptStep, SandboxReadiness
from rlm_tui.sandbox.tool_calls import ToolCalls
from rlm_tui.sandbox.transport import Transport

if TYPE_CHECKING:
    from rlm_tui.sandbox.interpreter import DriverInterpreter

# The driver enforces a cell's time limit itself; the host waits this much longer before it does.
TIMEOUT_GRACE_SECONDS = 0.5
RETIRE_SECONDS = 5.0
"""For the reader of a sandbox that is given up to see its end."""

logger = logging.getLogger(__name__)


class Link:
    """One sandbox of `interpreter`, reached over `transport`."""

    def __init__(
        self,
        transport: Transport,
        interpreter: DriverInterpreter,
        listener: InterpreterListener,
    ) -> None:
        self.transport = transport
        self.readiness: SandboxReadiness | None = None
        self._interpreter = interpreter
        self._listener = listener
        self._cell: Cell | None = None
        self._closed = False
        self._lost_lock = threading.Lock()
        self._lost_told = False
        self._start_lock = threading.Lock()
        self._clock_lock = threading.Lock()
        self._connection = Connection(transport, self._take, self.lost)
        self.bindings = Bindings(transport, self._connection.send_lines)
        self.tool_calls = ToolCalls(interpreter, self._connection.send_lines)

    @property
    def is_busy(self) -> bool:
        """Whether a cell runs there, or what the console evaluates."""
        return self._cell is not None

    @property
    def ended(self) -> SandboxLostError | None:
        """How the sandbox ended; None while that is not known."""
        return self._connection.ended

    def start(self) -> None:
        """Start the sandbox and wait until it answers. Idempotent; raises `SandboxError`."""
        with self._start_lock:
            if self._connection.ended is not None:
                raise self._connection.ended
            if self.readiness is not None:
                return
            began = time.monotonic()
            ready = self._connection.open(lambda *phase: self._tell(self._listener.on_starting, *phase))
            self.readiness = SandboxReadiness(
                self.transport.description,
                ready.python,
                ready.platform,
                time.monotonic() - began,
                tuple(ready.unset),
            )
            self._tell(self._listener.on_ready, self.readiness)

    def run(self, cell: Cell, frame: wire.HostFrame, timeout: float | None) -> CellResult:
        """Run `cell` to its end; what raised, if anything did, is its `failure`."""
        self._cell = cell
        try:
            self._connection.send(frame)
            if timeout is None:
                cell.finished.wait()
            elif not cell.wait(timeout + TIMEOUT_GRACE_SECONDS):
                self.stop("timeout")
                cell.finished.wait()
        except SandboxLostError as error:
            cell.fail(error)
        except BaseException:
            self.stop("cancel")
            raise
        finally:
            self._cell = None
        result = cell.result()
        if cell.reported:
            self._tell(self._listener.on_cell_done, cell.name, result)
        return result

    def ask(self, number: int, frame: wire.HostFrame, patience: float) -> wire.Variables:
        """Send `frame` and wait for its answer. Raises `SandboxError`."""
        return self._connection.ask(number, frame, patience)

    def stop(self, reason: str) -> None:
        """Stop the running cell for `reason`; returns at once. No cell: does nothing."""
        cell = self._cell
        if cell is not None:
            stop_cell(self.transport, cell, reason, lambda step: self._interrupting(cell, step))

    def hold_clock(self, held: bool) -> None:
        """Stop the time limit of the cell that runs now, or let it go on; returns at once."""
        cell = self._cell
        if cell is not None and cell.reported and cell.clock_runs == held:
            cell.hold_clock(held)
            threading.Thread(target=self._send_clock, args=(cell,), name="sandbox-clock", daemon=True).start()

    def _send_clock(self, cell: Cell) -> None:
        # What holds by then: of several on their way the last one is right whatever their order.
        with self._clock_lock, contextlib.suppress(SandboxError):
            self._connection.send(wire.Clock(id=cell.number, running=cell.clock_runs))

    def cancel(self, error: SandboxError) -> None:
        """Whoever waits for this sandbox gets `error` now; one that has not answered yet is ended."""
        cell = self._cell
        if cell is not None:
            self.stop("cancel")
            cell.fail(error)
        self._connection.stop_waiting(error)
        if self.readiness is None:
            # A start in the cloud may take minutes; nobody waits for it any more.
            self._connection.close()

    def close(self) -> None:
        """End the sandbox; nothing is told as lost after it. Idempotent."""
        self._closed = True
        self._connection.close()
        self.tool_calls.close()

    def retire(self) -> None:
        """Give the sandbox up for another one: it ends if it still lives, and has been told as lost."""
        self._connection.close()
        if not self._connection.over.wait(RETIRE_SECONDS) and self._connection.ended is None:
            self.lost(SandboxLostError("The sandbox was lost: it did not end when it was given up."))
        self.tool_calls.close()

    def lost(self, error: SandboxLostError) -> None:
        """Tell the end of the sandbox, once, before the cell that ran in it ends with it."""
        with self._lost_lock:
            first, self._lost_told = not self._lost_told, True
            if first and not self._closed:
                self._tell(self._listener.on_lost, str(error))
        cell = self._cell
        if cell is not None:
            cell.fail(error)

    def _tell(self, method: Callable[..., None], *details: object) -> None:
        """A listener that fails must not end the reader thread, nor the cell."""
        try:
            method(self._interpreter, *details)
        except Exception:
            logger.exception("A listener of the sandbox failed")

    def _interrupting(self, cell: Cell, step: InterruptStep) -> None:
        if cell.reported:
            self._tell(self._listener.on_interrupting, cell.name, step)

    def _take(self, frame: wire.AnyDriverFrame) -> None:
        """One frame from the reader thread; what belongs to a cell that is over is dropped."""
        cell = self._cell
        match frame:
            case wire.Call():
                self.tool_calls.take(frame, cell)
            case wire.Output() if cell is not None and frame.id == cell.number:
                cell.add_output(frame.text)
                if cell.reported:
                    self._tell(self._listener.on_output, cell.name, frame.stream, frame.text)
            case wire.Variables() if cell is not None and frame.id == cell.number:
                if not (cell.reported or cell.console):
                    return
                items = [Variable(item.name, item.type, item.size, item.preview) for item in frame.items]
                self._tell(self._listener.on_variables, cell.name, items)
            case wire.Done() if cell is not None and frame.id == cell.number:
                cell.end(frame)
            case _:
                pass
