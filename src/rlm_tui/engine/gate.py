"""The one place where a run can be held: before each plan and before each cell, at every depth."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
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
from rlm_tui.engine.holding import PLACES, BreakpointWords, HeldClock, Holding, NotHeldError
from rlm_tui.engine.python_code import check_code
from rlm_tui.engine.recorder import Recorder


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
        self._clock = HeldClock()
        self._recorder = recorder
        self._breakpoints = breakpoints
        self._hold_nested = hold_nested
        self._changed = threading.Condition()
        self._calling = threading.Lock()
        self._why: HoldReason | None = "hold" if held else None
        self._steps = 0
        self._step_over: int | None = None
        self._finishing = False
        self._holdings: list[Holding] = []
        self._found_at: tuple[str, str] | None = None
        self._found = ""

    @property
    def is_held(self) -> bool:
        """Whether somebody is waiting at the gate now."""
        return bool(self._holdings)

    @property
    def held_rlm(self) -> str:
        """The span of the RLM that a person's verbs reach now; "" where none waits between its cells."""
        with self._changed:
            return self._holdings[-1].rlm if self._holdings else ""

    @property
    def held_seconds(self) -> float:
        """How long the run has been held so far, in all."""
        return self._clock.seconds

    @property
    def finishing(self) -> bool:
        """Whether the person asked for the end of the run, with an answer that is extracted."""
        return self._finishing

    # What a person does

    def hold(self) -> None:
        """Hold the run at the next plan or cell."""
        with self._changed:
            if self._why is None:
                self._why = "hold"

    def release(self) -> None:
        """Let the run go on. Raises BudgetUsedUpError where a budget has to be decided on first."""
        with self._changed:
            self._refuse_for_budgets()
            self.open()

    def open(self) -> None:
        """Nobody is there any more: let go on whoever waits, for a budget too."""
        with self._changed:
            self._why, self._steps, self._step_over = None, 0, None
            for holding in self._holdings:
                holding.decision = holding.decision or Go()
            self._changed.notify_all()

    def step(self) -> None:
        """Let one waiting plan or cell pass and hold again before the next. Raises BudgetUsedUpError."""
        with self._changed:
            self._refuse_for_budgets()
            self._take_one_step(None)

    def step_iteration(self) -> None:
        """Let the run go on to its next plan: its cell, and nested RLMs in it, are passed by.

        Raises BudgetUsedUpError.
        """
        with self._changed:
            self._refuse_for_budgets()
            self._take_one_step(self._holdings[-1].depth if self._holdings else 0)

    def edit(self, code: str) -> None:
        """Have `code` run in place of the planner's. Raises NotHeldError or CodeError."""
        check_code(code)
        with self._changed:
            holding = self._newest("cell", "Code can be edited while the run is held before a cell")
            before, holding.code = holding.code, code
            if before != code:
                value = self._recorder.value
                self._recorder.emit(CodeEdited, span=holding.span, before=value(before), after=value(code))

    def skip(self, note: str) -> None:
        """Don't run the cell, tell the planner why, and hold before its next plan. Raises NotHeldError."""
        with self._changed:
            holding = self._newest("cell", "A cell can be skipped while the run is held before it")
            self._decide(holding, Skip(note))

    def remark(self, text: str) -> None:
        """Before a plan: tell the planner, and stay held. Before a cell: send the planner back, and hold
        before its new cell. Raises NotHeldError.
        """
        with self._changed:
            holding = self._newest(None, "The planner can be told something while the run is held")
            self._decide(holding, SendBack(text) if holding.before == "cell" else Tell(text))

    def insert(self, code: str) -> None:
        """Run `code` as a step of the person's, and stay held. Raises NotHeldError or CodeError."""
        check_code(code)
        with self._changed:
            holding = self._newest(
                None, "A step can be inserted while the run is held before a plan or a cell"
            )
            self._decide(holding, Insert(code))

    def finish(self) -> None:
        """Let the run end at its next boundary, with an answer that is extracted."""
        with self._changed:
            self._finishing = True
            self._changed.notify_all()

    def budget_raised(self, name: str) -> None:
        """The budget `name` has room again: let go on who waits for it."""
        with self._changed:
            for holding in self._holdings:
                if holding.budget == name and holding.decision is None:
                    holding.decision, holding.raised = Go(), True
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
            if self._finishing:
                return False
            self._recorder.emit(
                Held, span=span, why=why, before=before, detail=detail, budget=budget, needs=needs
            )
            with self._holding(Holding(span, before, budget=budget)) as holding:
                while holding.decision is None and not self._finishing and control.reason is None:
                    self._changed.wait()
            self._tell_release(span, holding, control)
        control.check()
        return not self._finishing

    def _pass(self, where: Boundary, before: Before, code: str, control: RunControl) -> Decision:
        control.check()
        go: Decision = Go() if before == "plan" else Run(code)
        # Not under the lock: a pattern may search for a while, and a person's verbs must not wait for it.
        found = "" if where.recorded else self._breakpoint(where, before, code)
        with self._changed, control.on_stop(self._wake):
            if self._finishing:
                return Finish()
            if where.depth and not self._hold_nested:
                return go
            if found:
                self._why = "breakpoint"
            elif self._why is None or self._passes_by(where, before) or self._take_step():
                control.check()
                return go
            self._step_over = None
            self._steps = 0
            assert self._why is not None, "the gate is shut here"
            place = (where.span, before)
            if not found and self._found_at == place and self._why == "breakpoint":
                found = self._found  # asked again after a remark or a step of the person's
            self._found_at, self._found = place, found
            self._recorder.emit(Held, span=where.span, why=self._why, before=before, detail=found)
            waiting = Holding(where.span, before, where.depth, code, where.recorded, rlm=where.rlm)
            with self._holding(waiting) as holding:
                while not self._is_settled(holding) and control.reason is None:
                    self._changed.wait()
            self._tell_release(where.span, holding, control)
        control.check()
        match holding.decision:
            case None | Go() | Run():
                return Finish() if self._finishing else Go() if before == "plan" else Run(holding.code)
            case decided:
                return decided

    def _is_settled(self, holding: Holding) -> bool:
        if holding.decision is not None or self._finishing or self._why is None:
            return True
        if holding is self._holdings[-1] and self._take_step():
            holding.decision = Go()
            return True
        return False

    def _tell_release(self, span: str, holding: Holding, control: RunControl) -> None:
        self._recorder.emit(Released, span=span, verb=self._verb_of(holding, control))

    def _verb_of(self, holding: Holding, control: RunControl) -> str:
        if control.reason is not None:
            return "cancel"
        return holding.verb or ("finish" if self._finishing else "release" if self._why is None else "step")

    @contextmanager
    def _holding(self, holding: Holding) -> Iterator[Holding]:
        self._holdings.append(holding)
        if len(self._holdings) == 1:
            self._clock.begin()
            self.on_held(True)
        try:
            yield holding
        finally:
            self._holdings.remove(holding)
            if not self._holdings:
                self._clock.end()
                self.on_held(False)

    def _breakpoint(self, where: Boundary, before: Before, code: str) -> str:
        if self._breakpoints is None or (where.depth and not self._hold_nested):
            return ""
        if before == "plan":
            return self._recorder.text(self._breakpoints.before_plan(where.n, where.depth))
        return self._recorder.text(self._breakpoints.before_cell(where.n, where.depth, code))

    def _passes_by(self, where: Boundary, before: Before) -> bool:
        """Whether a step over a whole iteration goes on here."""
        if self._step_over is None or self._steps:
            return False
        return before == "cell" or where.depth > self._step_over

    def _refuse_for_budgets(self) -> None:
        for holding in self._holdings:
            holding.check_budget()

    def _take_one_step(self, over: int | None) -> None:
        # In the middle of a cell nothing waits at a boundary: the next one is where the step ends.
        at_boundary = not self._holdings or self._holdings[-1].before in ("plan", "cell")
        self._why, self._steps, self._step_over = "step", int(at_boundary), over
        for holding in self._holdings:
            if holding.before in ("call", "answer"):
                holding.decision = Go()
        self._changed.notify_all()

    def _take_step(self) -> bool:
        if self._steps == 0:
            return False
        self._steps -= 1
        return True

    def _newest(self, before: HeldBefore | None, sentence: str) -> Holding:
        holding = self._holdings[-1] if self._holdings else None
        if holding is None or holding.decision is not None:
            raise NotHeldError(f"{sentence}; it is not held now.")
        if holding.recorded:
            raise NotHeldError(f"{sentence}; what comes now is the record of the run that was forked.")
        if holding.before not in ((before,) if before else ("plan", "cell")):
            raise NotHeldError(f"{sentence}; it is held before {PLACES[holding.before]}.")
        return holding

    def _decide(self, holding: Holding, decision: Decision) -> None:
        holding.decision = decision
        if not isinstance(decision, Tell | Insert):
            self._why = "step"
        self._changed.notify_all()

    def _wake(self) -> None:
        # Called on a thread of its own, or within `_pass` itself: its lock is reentrant.
        with self._changed:
            self._changed.notify_all()
