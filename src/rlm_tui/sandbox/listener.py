"""What an interpreter tells about itself while it runs, beyond dspy's callbacks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

import msgspec

from rlm_tui.core.events import SandboxDescription, Stream, Variable
from rlm_tui.sandbox.cells import CellResult

if TYPE_CHECKING:
    from rlm_tui.sandbox.interpreter import DriverInterpreter

InterruptStep = Literal["frame", "signal", "kill"]


class SandboxReadiness(msgspec.Struct, frozen=True):
    """A sandbox that answered: what it is, its Python, how many seconds its start took, and which resource
    limits its platform refused (`unset`)."""

    description: SandboxDescription
    python: str
    platform: str
    seconds: float
    unset: tuple[str, ...] = ()


class InterpreterListener:
    """Override what is of interest; everything here does nothing.

    Called from the interpreter's reader thread or from the thread that executes; must not block for long.
    `cell` is dspy's call id of the `execute` it belongs to (what `on_interpreter_execute_start` was given).
    Setup executes are not reported. What is raised here is logged and dropped.
    """

    def on_starting(
        self, interpreter: DriverInterpreter, phase: str, done: int = 0, total: int = 0
    ) -> None: ...

    def on_ready(self, interpreter: DriverInterpreter, readiness: SandboxReadiness) -> None: ...

    def on_output(self, interpreter: DriverInterpreter, cell: str, stream: Stream, text: str) -> None: ...

    def on_variables(self, interpreter: DriverInterpreter, cell: str, items: Sequence[Variable]) -> None:
        """The whole namespace after a cell, before `on_cell_done`; or after what the console evaluated."""

    def on_cell_done(self, interpreter: DriverInterpreter, cell: str, result: CellResult) -> None:
        """Once for every cell, also for one whose sandbox was lost."""

    def on_interrupting(self, interpreter: DriverInterpreter, cell: str, step: InterruptStep) -> None: ...

    def on_lost(self, interpreter: DriverInterpreter, reason: str) -> None:
        """The sandbox ended without having been shut down."""
