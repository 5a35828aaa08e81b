"""The one place where a run can be held: before each plan and before each cell, at every depth."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import assert_never

from rlm_tui.core.events import CodeEdited, Held, HeldBefore, HoldReason, Released
from rlm_tui.engine.control import RunControl
from rlm_tui.engine.decisions import (
    Before,
    Boundary,
    CellDecision,
    Decision,
    Finish,
    Go,
    Insert,
    PlanDecision,
    Run,
    SendBack,
    Skip,
    Tell,
)
from rlm_tui.engine.holding import BreakpointWords, Holding
from rlm_tui.engine.python_code import check_code
from rlm_tui.engine.recorder import Recorder
from rlm_tui.engine.waiting import Waiting


class Gate:
    """Open by default. `hold` stops whoever comes next until `release`; `step` lets exactly one pass.

    With `hold_nested` False the boundaries of nested RLMs are passed by. `on_held` is told when the first
    starts to wait (True) and when the last has gone on (False); it must be quick.
    """

    def __init__(
        self,
        recorder: Recorder,
        breakpoints: BreakpointWords | None = None,
        *,
        held: bool = False,
        hold_nested: bool = True,
    ) -> None:
        self.on_held: Callable[[bool], None] = lambda _held: None
        self._recorder = recorder
        self._breakpoints = breakpoints
        self._hold_nested = hold_nested
        self._changed = threading.Condition()
        self._calling = threading.Lock()
        self._waiting = Waiting("hold" if held else None, self._tell_held)
        self._found_at: tuple[str, str] | None = None
        self._found = ""

    @property
    def is_held(self) -> bool:
        """Whether somebody is waiting at the gate now."""
        return self._waiting.is_held

    @property
    def held_rlm(self) -> str:
        """The span of the RLM that a person's verbs reach now; "" where none waits between its cells."""
        with self._changed:
            newest = self._waiting.newest
            return newest.rlm if newest is not None else ""

    @property
    def held_seconds(self) -> float:
        """How long the run has been held so far, in all."""
        return self._waiting.held_seconds

    @property
    def finishing(self) -> bool:
        """Whether the person asked for the end of the run, with an answer that is extracted."""
        return self._waiting.finishing

    # What a person does

    def hold(self) -> None:
        """Hold the run at the next plan or cell."""
        with self._changed:
            if self._waiting.why is None:
                self._waiting.why = "hold"

    def release(self) -> None:
        """Let the run go on. Raises BudgetUsedUpError where a budget has to be decided on first."""
        with self._changed:
            self._waiting.check_budgets()
            self.open()

    def open(self) -> None:
        """Nobody is there any more: let go on whoever waits, for a budget too."""
        with self._changed:
            self._waiting.open()
            self._changed.notify_all()

    def step(self) -> None:
        """Let one waiting plan or cell pass and hold again before the next. Raises BudgetUsedUpError."""
        with self._changed:
            self._waiting.check_budgets()
            self._waiting.step(None)
            self._changed.notify_all()

    def step_iteration(self) -> None:
        """Let the run go on to its next plan: its cell, and nested RLMs in it, are passed by.

        Raises BudgetUsedUpError.
        """
        with self._changed:
            self._waiting.check_budgets()
            newest = self._waiting.newest
            self._waiting.step(newest.depth if newest is not None else 0)
            self._changed.notify_all()

    def edit(self, code: str) -> None:
        """Have `code` run in place of the planner's. Raises NotHeldError or CodeError."""
        check_code(code)
        with self._changed:
            holding = self._waiting.to_decide(
                "cell", "Code can be edited while the run is held before a cell"
            )
            before, holding.code = holding.code, code
            if before != code:
                value = self._recorder.value
                self._recorder.emit(CodeEdited, span=holding.span, before=value(before), after=value(code))

    def skip(self, note: str) -> None:
        """Don't run the cell, tell the planner why, and hold before its next plan. Raises NotHeldError."""
        with self._changed:
            holding = self._waiting.to_decide("cell", "A cell can be skipped while the run is held before it")
            self._decide(holding, Skip(note))

    def remark(self, text: str) -> None:
        """Before a plan: tell the planner, and stay held. Before a cell: send the planner back, and hold
        before its new cell. Raises NotHeldError.
        """
        with self._changed:
            holding = self._waiting.to_decide(None, "The planner can be told something while the run is held")
            self._decide(holding, SendBack(text) if holding.before == "cell" else Tell(text))

    def insert(self, code: str) -> None:
        """Run `code` as a step of the person's, and stay held. Raises NotHeldError or CodeError."""
        check_code(code)
        with self._changed:
            holding = self._waiting.to_decide(
                None, "A step can be inserted while the run is held before a plan or a cell"
            )
            self._decide(holding, Insert(code))

    def finish(self) -> None:
        """Let the run end at its next boundary, with an answer that is extracted."""
        with self._changed:
            self._waiting.finishing = True
            self._changed.notify_all()

    def budget_raised(self, name: str) -> None:
        """The budget `name` has room again: let go on who waits for it."""
        with self._changed:
            self._waiting.budget_raised(name)
            self._changed.notify_all()

    # What a run does

    def before_plan(self, where: Boundary, control: RunControl) -> PlanDecision:
        """Wait here while the run is held; what to do then. Raises `RunStopped` when `control` says stop."""
        decision = self._pass(where, "plan", "", control)
        match decision:
            case Go() | Tell() | Insert() | Finish():
                return decision
            case Run() | Skip() | SendBack():
                raise AssertionError(f"{decision} is no decision before a plan")
            case _:
                assert_never(decision)

    def before_cell(self, where: Boundary, code: str, control: RunControl) -> CellDecision:
        """Wait here while the run is held; what to do then. Raises `RunStopped` when `control` says stop."""
        decision = self._pass(where, "cell", code, control)
        match decision:
            case Run() | Skip() | SendBack() | Insert() | Finish():
                return decision
            case Go() | Tell():
                raise AssertionError(f"{decision} is no decision before a cell")
            case _:
                assert_never(decision)

    def before_call(self, span: str, depth: int, control: RunControl) -> bool:
        """Wait here if an earlier call met a breakpoint; False when the run is to be finished.

        However many threads come, one of them is held, and the others wait for it. Raises `RunStopped` when
        `control` says stop.
        """
        if self._breakpoints is None or (depth and not self._hold_nested):
            return True
        with self._calling:
            found = self._recorder.text(self._breakpoints.before_call())
            return not found or self.ask(span, control, why="breakpoint", before="call", detail=found)

    def ask(
        self,
        span: str,
        control: RunControl,
        *,
        why: HoldReason,
        before: HeldBefore,
        detail: str,
        budget: str = "",
        needs: float | None = None,
    ) -> bool:
        """Hold here, whatever is set, until a person lets the run go on (True) or finishes it (False).

        `needs` is the least limit of `budget` with which the run can go on. Raises `RunStopped` when
        `control` says stop.
        """
        control.check()
        with self._changed, control.on_stop(self._wake):
            if self.finishing:
                return False
            self._recorder.emit(
                Held, span=span, why=why, before=before, detail=detail, budget=budget, needs=needs
            )
            with self._waiting.holding(Holding(span, before, budget=budget)) as holding:
                while holding.decision is None and not self.finishing and control.reason is None:
                    self._changed.wait()
            self._tell_release(span, holding, control)
        control.check()
        return not self.finishing

    def _pass(self, where: Boundary, before: Before, code: str, control: RunControl) -> Decision:
        control.check()
        go: Decision = Go() if before == "plan" else Run(code)
        # Not under the lock: a pattern may search for a while, and a person's verbs must not wait for it.
        found = "" if where.recorded else self._breakpoint(where, before, code)
        with self._changed, control.on_stop(self._wake):
            if self.finishing:
                return Finish()
            if where.depth and not self._hold_nested:
                return go
            if found:
                self._waiting.why = "breakpoint"
            elif self._waiting.lets_pass(where, before):
                control.check()
                return go
            self._waiting.end_step()
            why = self._waiting.why
            assert why is not None, "the gate is shut here"
            place = (where.span, before)
            if not found and self._found_at == place and why == "breakpoint":
                found = self._found  # asked again after a remark or a step of the person's
            self._found_at, self._found = place, found
            self._recorder.emit(Held, span=where.span, why=why, before=before, detail=found)
            waiting = Holding(where.span, before, where.depth, code, where.recorded, rlm=where.rlm)
            with self._waiting.holding(waiting) as holding:
                while not self._waiting.is_settled(holding) and control.reason is None:
                    self._changed.wait()
            self._tell_release(where.span, holding, control)
        control.check()
        match holding.decision:
            case None | Go() | Run():
                return Finish() if self.finishing else Go() if before == "plan" else Run(holding.code)
            case decided:
                return decided

    def _tell_held(self, held: bool) -> None:
        self.on_held(held)

    def _tell_release(self, span: str, holding: Holding, control: RunControl) -> None:
        verb = "cancel" if control.reason is not None else self._waiting.verb_of(holding)
        self._recorder.emit(Released, span=span, verb=verb)

    def _breakpoint(self, where: Boundary, before: Before, code: str) -> str:
        if self._breakpoints is None or (where.depth and not self._hold_nested):
            return ""
        if before == "plan":
            return self._recorder.text(self._breakpoints.before_plan(where.n, where.depth))
        return self._recorder.text(self._breakpoints.before_cell(where.n, where.depth, code))

    def _decide(self, holding: Holding, decision: Decision) -> None:
        holding.decision = decision
        if not isinstance(decision, Tell | Insert):
            self._waiting.why = "step"
        self._changed.notify_all()

    def _wake(self) -> None:
        # Called on a thread of its own, or within `_pass` itself: its lock is reentrant.
        with self._changed:
            self._changed.notify_all()
