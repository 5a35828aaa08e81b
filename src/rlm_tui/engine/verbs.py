"""What a person can do with a run while it goes on: the only ways into it, for a screen or a prompt alike."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from rlm_tui.core.breakpoints import SetBreakpoint
from rlm_tui.core.budget_use import BudgetError
from rlm_tui.core.events import BudgetRaised, Budgets
from rlm_tui.engine.breakpoint_watch import BreakpointWatch
from rlm_tui.engine.budget import RunBudget
from rlm_tui.engine.control import RunControl, Stop
from rlm_tui.engine.gate import Gate
from rlm_tui.engine.holding import BudgetUsedUpError, NotHeldError
from rlm_tui.engine.python_code import CodeError
from rlm_tui.engine.recorder import Recorder

if TYPE_CHECKING:
    from rlm_tui.engine.program import Program
    from rlm_tui.sandbox.interpreter import DriverInterpreter


class SessionError(RuntimeError):
    """A verb that can't be done now; the message says why."""


class SessionVerbs:
    """The verbs of a session. Only `inspect`, `evaluate` and `refresh_volume` wait."""

    _recorder: Recorder
    _control: RunControl
    _gate: Gate
    _budget: RunBudget
    _watch: BreakpointWatch
    _program: Program | None

    @property
    def done(self) -> bool:
        """Whether the last event, `run_finished`, has been told."""
        raise NotImplementedError

    @property
    def is_held(self) -> bool:
        """Whether the run waits at the gate now."""
        return self._gate.is_held

    def cancel(self) -> None:
        """End the run: stop listening to the planner, interrupt the cell, then kill. Returns at once."""
        self._control.stop(Stop("cancelled"))

    def finish(self) -> None:
        """End the run with an answer that is extracted from what was found; what runs now is interrupted."""
        self._gate.finish()
        if self._program is not None:
            self._program.stop_turn()

    def hold(self) -> None:
        """Hold the run before the next plan or cell."""
        self._gate.hold()

    def release(self) -> None:
        """Let a held run go on. Raises SessionError where a budget has to be decided on first."""
        with _refusals():
            self._gate.release()

    def step(self) -> None:
        """Let a held run go on to the next plan or cell. Raises SessionError as `release` does."""
        with _refusals():
            self._gate.step()

    def step_iteration(self) -> None:
        """Let a held run go on to its next plan, past its cell and nested RLMs.

        Raises SessionError as `release` does.
        """
        with _refusals():
            self._gate.step_iteration()

    def raise_budget(self, name: str, amount: float) -> None:
        """Make `amount` the new limit of the budget `name` (a field of `Budgets`); who waits for it goes on.

        Raises SessionError for what is no number, or not more than what is used.
        """
        if self.done:
            raise SessionError("The run has ended: its budgets can't be raised any more.")

        def tell(budgets: Budgets) -> None:
            self._recorder.emit(BudgetRaised, name=name, budgets=budgets)

        with _refusals():
            self._budget.raise_to(name, amount, tell)

    def leave(self) -> None:
        """Nobody is there any more who could be asked: a held run goes on, and a budget's end ends it."""
        self._budget.leave()

    def edit(self, code: str) -> None:
        """Have `code` run in place of the planner's; the run stays held. Raises SessionError."""
        with _refusals():
            self._gate.edit(code)

    def skip(self, note: str = "") -> None:
        """Don't run the cell that the run is held before; the planner reads `note`. Raises SessionError."""
        with _refusals():
            self._gate.skip(note)

    def remark(self, text: str) -> None:
        """Tell the planner something before its plan, or send it back from its cell. Raises SessionError."""
        with _refusals():
            self._gate.remark(text)

    def insert(self, code: str) -> None:
        """Run `code` as a step of the person's, in the planner's history; stays held. Raises SessionError."""
        with _refusals():
            self._gate.insert(code)

    @property
    def breakpoints(self) -> list[SetBreakpoint]:
        """Those that are set, also those that are off."""
        return self._watch.breakpoints

    def set_breakpoints(self, breakpoints: Sequence[SetBreakpoint]) -> None:
        """Hold the run at these from now on, and at no others."""
        self._watch.set(breakpoints)

    def interrupt(self) -> None:
        """Stop the innermost cell that runs now, keep its variables, and let the planner see it; of an RLM
        that is held, what the console evaluates. Returns at once.
        """
        busy = [] if self._program is None else self._program.sandboxes.busy
        held = self._held_sandbox()
        for sandbox in [held] if held in busy else busy[:1]:
            sandbox.interrupt()

    def inspect(
        self, name: str | None = None, start: int = 0, length: int = 2000, *, rlm: str | None = None
    ) -> Any:
        """The namespace's variables, or `length` characters of one from `start`. Raises SessionError.

        `rlm` is the call of a nested RLM, "" the run itself; without it the RLM that is held.
        """
        return [self._redacted(item) for item in self._sandbox(rlm).inspect(name, start, length)]

    def evaluate(self, code: str, *, timeout: float | None = None) -> Any:
        """Run code of the console in the sandbox, outside of the trajectory. Waits; raises SessionError."""
        return self._redacted(self._sandbox().evaluate(code, timeout=timeout))

    def refresh_volume(self) -> bool:
        """Let everybody see what cells wrote in the volume so far. Waits; False when no sandbox runs now.

        Raises `SandboxError`.
        """
        sandbox = self._program.sandboxes.outermost if self._program is not None else None
        if sandbox is None:
            return False
        sandbox.publish_volume()
        return True

    def _redacted(self, item: Any) -> Any:
        return msgspec.convert(self._recorder.plain(msgspec.to_builtins(item)), type(item))

    def _sandbox(self, rlm: str | None = None) -> DriverInterpreter:
        """That of `rlm`; without it, of the RLM that is held, of the run itself while nothing is."""
        if rlm:
            sandbox = None if self._program is None else self._program.sandboxes.of(rlm)
            if sandbox is None:
                raise SessionError("The nested RLM has ended, and its sandbox with it.")
            return sandbox
        sandbox = self._held_sandbox() if rlm is None else None
        if sandbox is None:
            sandbox = self._running_sandbox("innermost" if rlm is None and self.is_held else "outermost")
        if sandbox is None:
            raise SessionError("There is no sandbox now: the run has not reached it, or has ended.")
        return sandbox

    def _held_sandbox(self) -> DriverInterpreter | None:
        """That of the RLM which waits between two of its cells, if one does."""
        rlm = self._gate.held_rlm
        return None if self._program is None or not rlm else self._program.sandboxes.of(rlm)

    def _running_sandbox(self, which: Literal["innermost", "outermost"]) -> DriverInterpreter | None:
        if self._program is None:
            return None
        sandboxes = self._program.sandboxes
        return sandboxes.innermost if which == "innermost" else sandboxes.outermost


@contextmanager
def _refusals() -> Iterator[None]:
    try:
        yield
    except (NotHeldError, CodeError, BudgetUsedUpError, BudgetError) as error:
        raise SessionError(str(error)) from error
