"""Somebody who waits at the gate: where, for what, what was decided, and how long the run was held in all."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from typing import Protocol

from rlm_tui.core.budget_use import BUDGET_WORDS
from rlm_tui.core.events import HeldBefore
from rlm_tui.engine.decisions import Decision, Insert, SendBack, Skip, Tell


class NotHeldError(RuntimeError):
    """What was asked for can be done only while the run is held; the message says where."""


class BudgetUsedUpError(RuntimeError):
    """The run can't go on before something is decided on its budget; the message says what can be done."""


class BreakpointWords(Protocol):
    """Which breakpoint holds the run at a boundary, in words; "" for none."""

    def before_plan(self, n: int, depth: int) -> str: ...

    def before_cell(self, n: int, depth: int, code: str) -> str: ...

    def before_call(self) -> str: ...


@dataclass
class Holding:
    """Somebody who waits at the gate. `code` is what will run; `decision` what the person decided.

    `budget` is the field of `Budgets` that is used up, `raised` whether the person gave it more. `recorded`:
    what comes is taken from a record, and can't be changed. `rlm` is the span of the RLM that waits, where it
    waits between its cells.
    """

    span: str
    before: HeldBefore
    depth: int = 0
    code: str = ""
    recorded: bool = False
    decision: Decision | None = None
    budget: str = ""
    raised: bool = False
    rlm: str = ""

    @property
    def verb(self) -> str:
        """What the person did, where that was done to this one alone; else ""."""
        if self.raised:
            return "raise_budget"
        match self.decision:
            case Skip():
                return "skip"
            case Tell() | SendBack():
                return "remark"
            case Insert():
                return "insert"
            case _:
                return ""

    def check_budget(self) -> None:
        """Raise BudgetUsedUpError where nothing can go on before a budget is decided on."""
        # A cell's time is used up for the cell that ran over it, and for no other.
        if self.budget not in ("", "cell_seconds") and self.decision is None:
            raise BudgetUsedUpError(
                f"The budget of {BUDGET_WORDS[self.budget]} is used up: raise it, finish the run with an "
                "answer from what was found, or cancel it."
            )


class HeldClock:
    """How long a run has been held. Safe to read from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._before = 0.0
        self._since: float | None = None

    @property
    def seconds(self) -> float:
        """All the time so far."""
        with self._lock:
            return self._before + (0.0 if self._since is None else time.monotonic() - self._since)

    def begin(self) -> None:
        """The run is held now."""
        with self._lock:
            self._since = time.monotonic()

    def end(self) -> None:
        """It goes on."""
        with self._lock:
            if self._since is not None:
                self._before, self._since = self._before + time.monotonic() - self._since, None


PLACES: dict[HeldBefore, str] = {
    "plan": "a plan",
    "cell": "a cell",
    "call": "a call",
    "answer": "the extraction of an answer",
}
