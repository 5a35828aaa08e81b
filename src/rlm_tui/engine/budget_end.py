"""What happens when a budget is used up: a person is asked, an answer is extracted, or the run stops."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Literal

from rlm_tui.core.events import HeldBefore
from rlm_tui.engine.control import RunControl, Stop
from rlm_tui.engine.gate import Gate
from rlm_tui.engine.over_budget import Over

AtBudgetEnd = Literal["ask", "finish", "stop"]


class BudgetEnd:
    """The ends of all budgets of a run. `finish` is the session's verb.

    "ask" holds the run at `gate`, while somebody is there (`attended`). Where nobody is, a run whose tokens,
    dollars or seconds are used up stops, a cell that asks for too many calls fails, and after the last
    iteration an answer is extracted.
    """

    def __init__(
        self,
        control: RunControl,
        gate: Gate | None = None,
        *,
        at_end: AtBudgetEnd = "ask",
        attended: bool = False,
        finish: Callable[[], None] = lambda: None,
    ) -> None:
        self._control = control
        self._gate = gate
        self._at_end = at_end
        self._attended = attended and gate is not None
        self._finish = finish
        self._asking = threading.Lock()

    @property
    def asks(self) -> bool:
        """Whether a person is asked."""
        return self._at_end == "ask" and self._attended

    @property
    def is_left_to_the_cell(self) -> bool:
        """Whether too many calls are only the cell's error, and too many iterations the planner's end."""
        return self._at_end == "ask" and not self._attended

    @property
    def finishing(self) -> bool:
        """Whether the run ends now with an answer that is extracted."""
        return self._gate is not None and self._gate.finishing

    @property
    def held_seconds(self) -> float:
        """How long the run has been held so far."""
        return 0.0 if self._gate is None else self._gate.held_seconds

    def leave(self) -> None:
        """From now on nobody is there who could be asked; who waits for an answer goes on without."""
        self._attended = False
        if self._gate is not None:
            self._gate.open()

    def raised(self, name: str) -> None:
        """The budget `name` has room again."""
        if self._gate is not None:
            self._gate.budget_raised(name)

    def reach(
        self, over: Over, still: Callable[[], bool], span: str, before: HeldBefore, control: RunControl
    ) -> bool:
        """Do what is set, once however many threads come: True when the run may go on as far as is known.

        `still` says whether the budget is used up yet. Raises `RunStopped` when `control` stops the wait.
        """
        gate = self._gate
        if not self.asks or gate is None:
            self.end(over)
            return False
        with self._asking:
            control.check()
            if not self.asks or not still():
                return True
            return gate.ask(
                span,
                control,
                why="budget",
                before=before,
                detail=over.error.message,
                budget=over.budget,
                needs=over.needs,
            )

    def end(self, over: Over) -> None:
        """End the run without asking: with an answer from what was found, or at once."""
        if self._at_end == "finish":
            self._finish()
        else:
            self._control.stop(Stop("budget", over.error))
