"""dspy's `CodeInterpreter` over any transport to a driver."""

from __future__ import annotations

import contextlib
import itertools
import logging
import threading
import time
from collections.abc import Callable
from typing import Any

from dspy.primitives.code_interpreter import CodeInterpreterError
from dspy.primitives.facade import SHIM_SETUP
from dspy.utils.callback import BaseCallback, with_callbacks
from dspy.utils.callback_context import ACTIVE_CALL_ID

from rlm_tui.core.events import SandboxDescription, Variable
from rlm_tui.sandbox import wire
from rlm_tui.sandbox.bindings import Bindings
from rlm_tui.sandbox.cells import Cell, CellResult, outcome_for_dspy
from rlm_tui.sandbox.connection import Connection
from rlm_tui.sandbox.document_input import FileInput, assigned_document
from rlm_tui.sandbox.errors import ExecutionCancelledError, SandboxError, SandboxLostError
from rlm_tui.sandbox.interrupts import stop_cell
from rlm_tui.sandbox.listener import InterpreterListener, InterruptStep, SandboxReadiness
from rlm_tui.sandbox.tool_calls import ToolCalls
from rlm_tui.sandbox.transport import Transport, TransportError

# The driver enforces a cell's time limit itself; the host waits this much longer before it does.
TIMEOUT_GRACE_SECONDS = 0.5

# Of frames that are no cells, so that cells are numbered in a row in their tracebacks.
OTHER_IDS = 1_000_000

logger = logging.getLogger(__name__)


class DriverInterpreter:
    """Runs cells in a driver: keeps what they print on every kind of end, streams it while they run, and can
    stop a cell without losing its variables.

    One instance is one session of one RLM. `tools` and `output_fields` are dspy's; `cell_timeout` in seconds.
    `redact` passes over the text of a tool's error on its way into the sandbox. Errors: `SandboxError` and
    its kinds (the session is over), dspy's `CodeExecutionError` and `SyntaxError` (the planner's to mend).
    """

    execution_instructions = ""

    def __init__(
        self,
        transport: Transport,
        *,
        tools: dict[str, Callable[..., Any]] | None = None,
        output_fields: list[dict[str, Any]] | None = None,
        cell_timeout: float | None = None,
        listener: InterpreterListener | None = None,
        callbacks: list[BaseCallback] | None = None,
        redact: Callable[[str], str] = str,
    ) -> None:
        self.tools = dict(tools or {})
        self.output_fields = output_fields
        self.cell_timeout = cell_timeout
        self.callbacks = list(callbacks or [])
        self.last_cell: CellResult | None = None
        self.readiness: SandboxReadiness | None = None
        self._transport = transport
        self._listener = listener or InterpreterListener()
        self._redact = redact
        self._ids = itertools.count(1)
        self._other_ids = itertools.count(OTHER_IDS)
        self._execute_lock = threading.Lock()
        self._clock_lock = threading.Lock()
        self._cancelled = False
        self._shut_down = False
        self._cell: Cell | None = None
        self._connection = Connection(transport, self._take, self._lost)
        self._bindings = Bindings(transport, self._connection.send_lines)
        self._tool_calls = ToolCalls(self, self._connection.send_lines)

    @property
    def description(self) -> SandboxDescription:
        """Which sandbox this is; known before it is started."""
        return self._transport.description

    def take_private_file(self, name: str) -> str:
        """The text of a file that the driver left in the volume's `.rlm/` for the host; it is deleted."""
        return self._transport.take_private_file(name)

    @property
    def documents(self) -> dict[str, FileInput]:
        """The documents bound in this sandbox, by the name of their variable."""
        return dict(self._bindings.documents)

    @staticmethod
    def is_setup(code: str) -> bool:
        """Whether an `execute` of this code is no cell: dspy's facade shim or the binding of a document."""
        return code == SHIM_SETUP or assigned_document(code) is not None

    @with_callbacks
    def start(self) -> None:
        """Start the sandbox and wait until it answers. Idempotent.

        Raises `SandboxStartError`, `SandboxLostError` for one that has ended.
        """
        if self._cancelled:
            raise ExecutionCancelledError("The run was cancelled.")
        if self._connection.ended is not None:
            raise self._connection.ended
        if self.readiness is not None:
            return
        began = time.monotonic()
        try:
            ready = self._connection.open(lambda *phase: self._tell(self._listener.on_starting, *phase))
        except SandboxError as error:
            if self._is_cancelled() and not isinstance(error, ExecutionCancelledError):
                raise ExecutionCancelledError("The run was cancelled.") from error
            raise
        self.readiness = SandboxReadiness(
            self._transport.description,
            ready.python,
            ready.platform,
            time.monotonic() - began,
            tuple(ready.unset),
        )
        self._tell(self._listener.on_ready, self.readiness)

    @with_callbacks
    def execute(self, code: str, variables: dict[str, Any] | None = None) -> Any:
        """Run one cell in the persistent namespace.

        Gives back what it showed (printed text, then the value of a last expression), None for nothing, or a
        `FinalOutput` for SUBMIT. A variable is sent once, and again when the caller's object has changed.
        """
        if not isinstance(code, str):
            raise CodeInterpreterError(f"code must be a string, not {type(code).__name__}.")
        if not self._execute_lock.acquire(blocking=False):
            raise CodeInterpreterError("This sandbox is already running a cell.")
        try:
            self._ensure_started()
            assigned = assigned_document(code)
            if assigned is not None:
                self._bindings.bind_document(*assigned)
                return None
            self._bindings.bind_values(variables or {})
            number = next(self._ids)
            reported = not self.is_setup(code)
            cell = Cell(number, ACTIVE_CALL_ID.get() or f"cell-{number}", reported=reported)
            frame = wire.Execute(
                id=number,
                code=code,
                tools=list(self.tools),
                outputs=list(self.output_fields or []),
                timeout=self.cell_timeout,
            )
            result = self._run(cell, frame, self.cell_timeout)
        finally:
            self._execute_lock.release()
        if cell.failure is not None:
            raise cell.failure
        return outcome_for_dspy(result, self.cell_timeout)

    @with_callbacks
    def invoke_tool(self, tool_name: str, args: list[Any], kwargs: dict[str, Any]) -> Any:
        """Call one host tool for the sandbox; named so, and public, for dspy's callbacks."""
        return self._tool_calls.invoke(tool_name, args, kwargs)

    @with_callbacks
    def shutdown(self) -> None:
        """End the sandbox and all it started. Idempotent; a running cell ends with `SandboxLostError`."""
        self._shut_down = True
        self._connection.close()
        self._tool_calls.close()

    def publish_volume(self) -> None:
        """Let everybody see what cells wrote in the volume, and cells what was changed from outside.

        Raises `SandboxError`.
        """
        try:
            self._transport.publish_volume()
            self._transport.reload_volume()
        except TransportError as error:
            raise SandboxError(error.message, error.hint) from error

    def bind_document(self, name: str, document: FileInput) -> None:
        """Make `document` the variable `name`, read inside the sandbox."""
        self._ensure_started()
        self._bindings.bind_document(name, document)

    def interrupt(self) -> None:
        """Stop the running cell, keep its variables; returns at once. No cell: does nothing."""
        self._stop("interrupt")

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

    def cancel_pending(self) -> None:
        """Let a blocked `start` or `execute` raise `ExecutionCancelledError` now; nothing runs after it."""
        self._cancelled = True
        cell = self._cell
        if cell is not None:
            self._stop("cancel")
            cell.fail(ExecutionCancelledError("The run was cancelled while a cell ran."))
        self._connection.stop_waiting(ExecutionCancelledError("The run was cancelled."))
        if self.readiness is None:
            # A start in the cloud may take minutes; nobody waits for it any more.
            self._connection.close()

    def inspect(
        self, name: str | None = None, start: int = 0, length: int = 2000, *, patience: float = 5.0
    ) -> list[wire.VariableItem]:
        """The variables; with `name` that one alone, with `length` characters of its text from `start`.

        Raises `SandboxError` when no answer comes within `patience` seconds.
        """
        self._ensure_started()
        number = next(self._other_ids)
        frame = (
            wire.Inspect(id=number)
            if name is None
            else wire.Inspect(id=number, name=name, start=start, length=length)
        )
        return self._connection.ask(number, frame, patience).items

    def evaluate(self, code: str, *, timeout: float | None = None) -> CellResult:
        """Run code of the console in the namespace; no part of the trajectory, never reported as a cell."""
        if not self._execute_lock.acquire(blocking=False):
            raise SandboxError("A cell is running: wait for it or interrupt it first.")
        try:
            self._ensure_started()
            number = next(self._other_ids)
            cell = Cell(number, f"console-{number}", reported=False)
            result = self._run(cell, wire.Evaluate(id=number, code=code, timeout=timeout), timeout)
        finally:
            self._execute_lock.release()
        if cell.failure is not None:
            raise cell.failure
        return result

    def redacted(self, text: str) -> str:
        """`text` without secrets, for what goes into the sandbox."""
        return self._redact(text)

    def _is_cancelled(self) -> bool:
        return self._cancelled

    def _ensure_started(self) -> None:
        if self.readiness is None or self._cancelled or self._connection.ended is not None:
            self.start()

    def _run(self, cell: Cell, frame: wire.HostFrame, timeout: float | None) -> CellResult:
        self._cell = cell
        try:
            self._connection.send(frame)
            if timeout is None:
                cell.finished.wait()
            elif not cell.wait(timeout + TIMEOUT_GRACE_SECONDS):
                self._stop("timeout")
                cell.finished.wait()
        except SandboxLostError as error:
            cell.fail(error)
        except BaseException:
            self._stop("cancel")
            raise
        finally:
            self._cell = None
        result = cell.result()
        if cell.reported:
            self.last_cell = result
            self._tell(self._listener.on_cell_done, cell.name, result)
        return result

    def _stop(self, reason: str) -> None:
        cell = self._cell
        if cell is not None:
            stop_cell(self._transport, cell, reason, lambda step: self._interrupting(cell, step))

    def _interrupting(self, cell: Cell, step: InterruptStep) -> None:
        if cell.reported:
            self._tell(self._listener.on_interrupting, cell.name, step)

    def _take(self, frame: wire.AnyDriverFrame) -> None:
        """One frame from the reader thread; what belongs to a cell that is over is dropped."""
        cell = self._cell
        match frame:
            case wire.Call():
                self._tool_calls.take(frame, cell)
            case wire.Output() if cell is not None and frame.id == cell.number:
                cell.add_output(frame.text)
                if cell.reported:
                    self._tell(self._listener.on_output, cell.name, frame.stream, frame.text)
            case wire.Variables() if cell is not None and frame.id == cell.number and cell.reported:
                items = [Variable(item.name, item.type, item.size, item.preview) for item in frame.items]
                self._tell(self._listener.on_variables, cell.name, items)
            case wire.Done() if cell is not None and frame.id == cell.number:
                cell.end(frame)
            case _:
                pass

    def _lost(self, error: SandboxLostError) -> None:
        cell = self._cell
        if cell is not None:
            cell.fail(error)
        if not self._shut_down:
            self._tell(self._listener.on_lost, str(error))

    def _tell(self, method: Callable[..., None], *details: object) -> None:
        """A listener that fails must not end the reader thread, nor the cell."""
        try:
            method(self, *details)
        except Exception:
            logger.exception("A listener of the sandbox failed")
