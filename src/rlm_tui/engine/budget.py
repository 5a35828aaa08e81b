"""The budgets of a run: what is spent of each, checked as it is spent, and raised by a person."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import msgspec

from rlm_tui.core.budget_use import checked_amount
from rlm_tui.core.events import Budgets, HeldBefore, Usage
from rlm_tui.engine.budget_end import BudgetEnd
from rlm_tui.engine.control import RunControl, RunStopped, Stop
from rlm_tui.engine.over_budget import (
    Over,
    over_calls,
    over_cell_seconds,
    over_cost,
    over_iterations,
    over_seconds,
    over_tokens,
    refused_calls,
)

LEAST_WAIT = 0.05


class RunBudget:
    """Adds up what is spent; what happens at the end of a budget is for `end` to say.

    `limits` are the budgets that hold now. Time during which the run is held does not count as seconds.
    """

    def __init__(self, budgets: Budgets, control: RunControl, end: BudgetEnd | None = None) -> None:
        self.limits = budgets
        self.iterations = 0
        self._control = control
        self._end = end or BudgetEnd(control)
        self._changed = threading.Condition(threading.RLock())
        self._tokens = 0
        self._cost = 0.0
        self._calls = 0
        self._cell_ran_over = 0.0
        self._began: float | None = None
        self._seconds = 0.0

    # What is spent

    def charge(self, usage: Usage) -> None:
        """Count one answered request."""
        with self._changed:
            self._tokens += (usage.prompt_tokens or 0) + (usage.completion_tokens or 0)
            self._cost += usage.cost_usd or 0.0

    def cell_ran_over(self) -> None:
        """A cell was stopped at its time limit: who is there is asked before the next plan."""
        if self._end.asks:
            self._cell_ran_over = self.limits.cell_seconds or 0.0

    def reserve(self, count: int, span: str, control: RunControl) -> None:
        """Count `count` calls before they are made.

        Raises dspy's RuntimeError, for the cell, when the budget has no room for them and nobody gives it
        more; `RunStopped` when the run ends instead.
        """
        while True:
            with self._changed:
                calls, limit = self._calls, self.limits.max_llm_calls
                if calls + count <= limit:
                    self._calls += count
                    return
            if self._end.is_left_to_the_cell:
                raise RuntimeError(refused_calls(calls, count, limit))
            over = over_calls(calls, count, limit)
            if not self._end.reach(over, self._has_no_room_for(count), span, "call", control):
                control.check()
                raise RunStopped(Stop("cancelled", over.error))

    def enforce(self, span: str = "", before: HeldBefore = "call", control: RunControl | None = None) -> bool:
        """Hold, stop or finish the run when a budget is used up: False when it is to end.

        Called once an answer has been recorded and before the next request: what was paid for is never lost.
        """
        if self._end.finishing:
            return False
        while (over := self._over(before)) is not None:
            name = over.budget

            def still(name: str = name) -> bool:
                now = self._over(before)
                return now is not None and now.budget == name

            if not self._end.reach(over, still, span, before, control or self._control):
                return False
            if name == "cell_seconds":
                self._cell_ran_over = 0.0
        return not self._end.finishing

    def enforce_unasked(self) -> bool:
        """As `enforce`, where nobody is asked: a run that is held is held before what comes next."""
        return self._end.asks or self.enforce()

    def allows_iteration(self, span: str, control: RunControl) -> bool:
        """Whether one iteration more may begin; asks where somebody is there."""

        def is_over() -> bool:
            return self.iterations >= self.limits.max_iterations

        while is_over():
            if self._end.is_left_to_the_cell:
                return False
            over = over_iterations(self.iterations)
            if not self._end.reach(over, is_over, span, "answer", control):
                return False
        return True

    # What a person gives

    def raise_to(self, name: str, amount: float, tell: Callable[[Budgets], None]) -> None:
        """Make `amount` the limit of the budget `name`, `tell` of it, and let go on who waits for it.

        Raises BudgetError.
        """
        with self._changed:
            limit = checked_amount(name, amount, self._used(name))
            self.limits = msgspec.structs.replace(self.limits, **{name: limit})
            tell(self.limits)
            self._changed.notify_all()
        self._end.raised(name)

    def leave(self) -> None:
        """Nobody is there any more who could be asked: who waits for an answer goes on without one."""
        self._end.leave()
        with self._changed:
            self._changed.notify_all()

    # Time

    @contextmanager
    def clock(self) -> Iterator[None]:
        """Within the block the run's seconds count."""
        with self._changed:
            self._began = time.monotonic() - self._end.held_seconds
        # Where somebody is asked nothing is interrupted: the next plan, cell or call looks at the clock.
        threading.Thread(target=self._watch, name="rlm-clock", daemon=True).start()
        try:
            yield
        finally:
            with self._changed:
                self._seconds, self._began = self._elapsed(), None
                self._changed.notify_all()

    def _watch(self) -> None:
        with self._changed:
            while self._began is not None:
                limit = self.limits.max_seconds
                if limit is None or self._end.asks:
                    self._changed.wait()
                    continue
                left = limit - self._elapsed()
                if left <= 0:
                    break
                self._changed.wait(max(left, LEAST_WAIT))
            else:
                return
            over = over_seconds(self._elapsed(), limit)
        self._end.end(over)

    def _elapsed(self) -> float:
        if self._began is None:
            return self._seconds
        return time.monotonic() - self._began - self._end.held_seconds

    # What is over

    def _over(self, before: HeldBefore) -> Over | None:
        with self._changed:
            limits, tokens, cost, seconds = self.limits, self._tokens, self._cost, self._elapsed()
        if limits.max_tokens is not None and tokens > limits.max_tokens:
            return over_tokens(tokens, limits.max_tokens)
        if limits.max_cost_usd is not None and cost > limits.max_cost_usd:
            return over_cost(cost, limits.max_cost_usd)
        if self._end.asks and limits.max_seconds is not None and seconds >= limits.max_seconds:
            return over_seconds(seconds, limits.max_seconds)
        if self._end.asks and before == "plan" and self._cell_ran_over:
            return over_cell_seconds(self._cell_ran_over)
        return None

    def _has_no_room_for(self, count: int) -> Callable[[], bool]:
        def has_none() -> bool:
            with self._changed:
                return self._calls + count > self.limits.max_llm_calls

        return has_none

    def _used(self, name: str) -> float:
        match name:
            case "max_iterations":
                return self.iterations
            case "max_llm_calls":
                return self._calls
            case "max_tokens":
                return self._tokens
            case "max_cost_usd":
                return self._cost
            case "max_seconds":
                return self._elapsed()
            case _:
                return self._cell_ran_over
