"""dspy's `CodeInterpreter` over any transport to a driver."""

from __future__ import annotations

import contextlib
import itertools
import threading
from collections.abc import Callable, Iterator
from typing import Any, Literal

from dspy.primitives.code_interpreter import CodeInterpreterError
from dspy.primitives.facade import SHIM_SETUP
from dspy.utils.callback import BaseCallback, with_callbacks
from dspy.utils.callback_context import ACTIVE_CALL_ID

from rlm_tui.core.events import SandboxDescription
from rlm_tui.sandbox import wire
from rlm_tui.sandbox.cells import Cell, CellResult, outcome_for_dspy
from rlm_tui.sandbox.document_input import FileInput, assigned_document
from rlm_tui.sandbox.errors import ExecutionCancelledError, SandboxError, SandboxLostError
from rlm_tui.sandbox.link import Link
from rlm_tui.sandbox.listener import InterpreterListener, SandboxReadiness
from rlm_tui.sandbox.occupancy import OCCUPIED, Occupancy, Occupied
from rlm_tui.sandbox.transport import Transport, TransportError

# Of frames that are no cells, so that cells are numbered in a row in their tracebacks.
OTHER_IDS = 1_000_000


class DriverInterpreter:
    """Runs cells in a driver: keeps what they print on every kind of end, streams it while they run, and can
    stop a cell without losing its variables.

    One instance is one session of one RLM; when its sandbox is lost, `renew` gives it a fresh one.
    `tools` and `output_fields` are dspy's; `cell_timeout` in seconds. `redact` passes over the text of a
    tool's error on its way into the sandbox. Errors: `SandboxError` and its kinds (the session is over, but
    a lost sandbox that is renewed), dspy's `CodeExecutionError` and `SyntaxError` (the planner's to mend).
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
        self._listener = listener or InterpreterListener()
        self._redact = redact
        self._ids = itertools.count(1)
        self._setups: list[tuple[str, dict[str, Any]]] = []
        self._other_ids = itertools.count(OTHER_IDS)
        self._occupancy = Occupancy()
        self._cancelled = False
        self._shut_down = False
        self._link_lock = threading.Lock()
        self._given_up: list[Transport] = []
        self._link = Link(transport, self, self._listener)

    @property
    def description(self) -> SandboxDescription:
        """Which sandbox this is; known before it is started."""
        return self._transport.description

    @property
    def readiness(self) -> SandboxReadiness | None:
        """What the sandbox said of itself when it was started; None before."""
        return self._link.readiness

    @property
    def lost(self) -> SandboxLostError | None:
        """How the sandbox ended that is needed still; None while it lives, as far as is known."""
        return self._link.ended

    def take_private_file(self, name: str) -> str:
        """The text of a file that the driver left in the volume's `.rlm/` for the host; it is deleted."""
        return self._transport.take_private_file(name)

    @property
    def documents(self) -> dict[str, FileInput]:
        """The documents bound in this sandbox, by the name of their variable."""
        return dict(self._link.bindings.documents)

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
        try:
            self._link.start()
        except SandboxError as error:
            if self._is_cancelled() and not isinstance(error, ExecutionCancelledError):
                raise ExecutionCancelledError("The run was cancelled.") from error
            raise

    @with_callbacks
    def execute(self, code: str, variables: dict[str, Any] | None = None) -> Any:
        """Run one cell in the persistent namespace.

        Gives back what it showed (printed text, then the value of a last expression), None for nothing, or a
        `FinalOutput` for SUBMIT. A variable is sent once, and again when the caller's object has changed.
        """
        if not isinstance(code, str):
            raise CodeInterpreterError(f"code must be a string, not {type(code).__name__}.")
        with self._executing():
            self._ensure_started()
            assigned = assigned_document(code)
            if assigned is not None:
                self._link.bindings.bind_document(*assigned)
                return None
            outcome = self._execute(code, variables or {})
            if code == SHIM_SETUP:
                self._setups.append((code, variables or {}))
            return outcome

    def renew(self, volume: str = "") -> None:
        """Start again in a fresh sandbox of the same kind, where everything is set up as it was and no cell
        has run; the old sandbox is ended if it still lives.

        `volume` is where another one lies than the old sandbox had: its directory, in the cloud its name.
        Inputs are bound again with the next cell. Raises `SandboxError`.
        """
        old = self._link
        old.retire()
        # Waited for: what the console evaluates ends with the old sandbox.
        with self._occupancy.by_renewal():
            with self._link_lock:
                self._check_wanted()
                self._given_up.append(old.transport)
                fresh = old.transport.fresh(volume)
                self._link = Link(fresh, self, self._listener)
            # The same cell has the same number again, as tracebacks show it.
            self._ids = itertools.count(1)
            self.start()
            for code, variables in self._setups:
                self._execute(code, variables)
            for name, document in old.bindings.documents.items():
                self._link.bindings.bind_document(name, document)

    @with_callbacks
    def invoke_tool(self, tool_name: str, args: list[Any], kwargs: dict[str, Any]) -> Any:
        """Call one host tool for the sandbox; named so, and public, for dspy's callbacks."""
        return self._link.tool_calls.invoke(tool_name, args, kwargs)

    @with_callbacks
    def shutdown(self) -> None:
        """End the sandbox and all it started. Idempotent; a running cell ends with `SandboxLostError`."""
        with self._link_lock:
            self._shut_down = True
        self._link.close()

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
        self._link.bindings.bind_document(name, document)

    def bind_values(self, variables: dict[str, Any]) -> None:
        """Set variables of the sandbox that are no documents. Raises `CodeInterpreterError`."""
        with self._executing():
            self._ensure_started()
            self._link.bindings.bind_values(variables)

    @property
    def is_busy(self) -> bool:
        """Whether a cell runs now, or what the console evaluates."""
        return self._link.is_busy

    def interrupt(self, reason: Literal["interrupt", "timeout"] = "interrupt") -> None:
        """Stop the running cell, keep its variables; returns at once. No cell: does nothing.

        "timeout": as if its time limit had passed.
        """
        self._link.stop(reason)

    def hold_clock(self, held: bool) -> None:
        """Stop the time limit of the cell that runs now, or let it go on; returns at once."""
        self._link.hold_clock(held)

    def cancel_pending(self) -> None:
        """Let a blocked `start`, `renew` or `execute` raise `ExecutionCancelledError`; nothing runs after."""
        with self._link_lock:
            self._cancelled = True
        self._link.cancel(ExecutionCancelledError("The run was cancelled."))

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
        return self._link.ask(number, frame, patience).items

    def evaluate(self, code: str, *, timeout: float | None = None, console: bool = True) -> CellResult:
        """Run code in the namespace that is no cell. That of the `console` calls no tools, and what it sets
        is told.
        """
        try:
            with self._occupancy.by_evaluation():
                self._ensure_started()
                number = next(self._other_ids)
                cell = Cell(number, f"console-{number}", reported=False, console=console)
                result = self._link.run(cell, wire.Evaluate(id=number, code=code, timeout=timeout), timeout)
        except Occupied as other:
            raise SandboxError(OCCUPIED[str(other)]) from None
        if cell.failure is not None:
            raise cell.failure
        return result

    def redacted(self, text: str) -> str:
        """`text` without secrets, for what goes into the sandbox."""
        return self._redact(text)

    @property
    def _transport(self) -> Transport:
        return self._link.transport

    @contextlib.contextmanager
    def _executing(self) -> Iterator[None]:
        try:
            with self._occupancy.by_cell():
                yield
        except Occupied:
            raise CodeInterpreterError("This sandbox is already running a cell.") from None

    def _execute(self, code: str, variables: dict[str, Any]) -> Any:
        self._link.bindings.bind_values(variables)
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
        result = self._link.run(cell, frame, self.cell_timeout)
        if reported:
            self.last_cell = result
        if cell.failure is not None:
            raise cell.failure
        return outcome_for_dspy(result, self.cell_timeout)

    def _is_cancelled(self) -> bool:
        return self._cancelled

    def _check_wanted(self) -> None:
        """Raise when nobody wants another sandbox any more."""
        if self._cancelled:
            raise ExecutionCancelledError("The run was cancelled.")
        if self._shut_down:
            raise SandboxLostError("The sandbox was shut down.")

    def _ensure_started(self) -> None:
        if self.readiness is None or self._cancelled or self._link.ended is not None:
            self.start()
