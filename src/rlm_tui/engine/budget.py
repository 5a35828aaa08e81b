"""The budgets of a run that end it: seconds, tokens and US dollars. Each is checked as it is spent."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from rlm_tui.core.events import Budgets, ErrorDetail, Usage
from rlm_tui.core.text import human_seconds
from rlm_tui.engine.control import RunControl, Stop


class RunBudget:
    """Adds up what is spent and stops the run when a budget is used up."""

    def __init__(self, budgets: Budgets, control: RunControl) -> None:
        self._budgets = budgets
        self._control = control
        self._lock = threading.Lock()
        self._tokens = 0
        self._cost = 0.0

    def charge(self, usage: Usage) -> None:
        """Count one answered request."""
        with self._lock:
            self._tokens += (usage.prompt_tokens or 0) + (usage.completion_tokens or 0)
            self._cost += usage.cost_usd or 0.0

    def enforce(self) -> None:
        """Stop the run when tokens or dollars are over their budget.

        Called once an answer has been recorded and before the next request: what was paid for is never lost.
        """
        with self._lock:
            tokens, cost = self._tokens, self._cost
        if self._budgets.max_tokens is not None and tokens > self._budgets.max_tokens:
            self._spent(
                "TokenBudget",
                f"The run used {tokens:,} tokens; its budget is {self._budgets.max_tokens:,}.",
                "Give it more with --max-tokens.",
            )
        if self._budgets.max_cost_usd is not None and cost > self._budgets.max_cost_usd:
            self._spent(
                "CostBudget",
                f"The run cost ${cost:.4f}; its budget is ${self._budgets.max_cost_usd:.4f}.",
                "Give it more with --max-cost.",
            )

    @contextmanager
    def clock(self) -> Iterator[None]:
        """Within the block the run's seconds count."""
        seconds = self._budgets.max_seconds
        if seconds is None:
            yield
            return
        timer = threading.Timer(seconds, self._time_is_up, args=(seconds,))
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()

    def _time_is_up(self, seconds: float) -> None:
        self._spent(
            "TimeBudget",
            f"The run took longer than its budget of {human_seconds(seconds)}.",
            "Give it more with --max-seconds.",
        )

    def _spent(self, kind: str, message: str, hint: str) -> None:
        self._control.stop(Stop("budget", ErrorDetail(kind=kind, message=message, hint=hint)))
