"""Who waits at the gate, why it is shut, and what may pass it all the same."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rlm_tui.core.events import HeldBefore, HoldReason
from rlm_tui.engine.decisions import Before, Boundary, Go
from rlm_tui.engine.holding import PLACES, HeldClock, Holding, NotHeldError


class Waiting:
    """Everybody who waits, the newest last. `why` the gate is shut is None while it is open; `finishing`: a
    person asked for the end of the run.

    Nothing here blocks or wakes anybody: that is the gate's, whose lock is held by whoever changes something.
    `on_held` is told when the first starts to wait (True) and when the last has gone on (False).
    """

    def __init__(self, why: HoldReason | None, on_held: Callable[[bool], None]) -> None:
        self.why = why
        self.finishing = False
        self._on_held = on_held
        self._clock = HeldClock()
        self._steps = 0
        self._step_over: int | None = None
        self._holdings: list[Holding] = []

    @property
    def is_held(self) -> bool:
        """Whether somebody waits."""
        return bool(self._holdings)

    @property
    def newest(self) -> Holding | None:
        """Who came last; None where nobody waits."""
        return self._holdings[-1] if self._holdings else None

    @property
    def held_seconds(self) -> float:
        """How long somebody has waited so far, in all."""
        return self._clock.seconds

    # What shuts the gate and opens it

    def open(self) -> None:
        """Let go on whoever waits, and whoever comes."""
        self.why, self._steps, self._step_over = None, 0, None
        for holding in self._holdings:
            holding.decision = holding.decision or Go()

    def step(self, over: int | None) -> None:
        """Let one pass. With `over`, go on to the next plan at that depth or above."""
        # In the middle of a cell nothing waits at a boundary: the next one is where the step ends.
        at_boundary = not self._holdings or self._holdings[-1].before in ("plan", "cell")
        self.why, self._steps, self._step_over = "step", int(at_boundary), over
        for holding in self._holdings:
            if holding.before in ("call", "answer"):
                holding.decision = Go()

    def end_step(self) -> None:
        """Somebody is held: nobody else passes by a step that was taken before."""
        self._step_over = None
        self._steps = 0

    def budget_raised(self, name: str) -> None:
        """Let go on who waits for the budget `name`."""
        for holding in self._holdings:
            if holding.budget == name and holding.decision is None:
                holding.decision, holding.raised = Go(), True

    # Who passes

    def lets_pass(self, where: Boundary, before: Before) -> bool:
        """Whether who comes here now goes on; that may be the one whom a step lets pass."""
        return self.why is None or self._passes_by(where, before) or self._take_step()

    def is_settled(self, holding: Holding) -> bool:
        """Whether who waits at a boundary goes on; the newest may be the one whom a step lets pass."""
        if holding.decision is not None or self.finishing or self.why is None:
            return True
        if holding is self._holdings[-1] and self._take_step():
            holding.decision = Go()
            return True
        return False

    def verb_of(self, holding: Holding) -> str:
        """What the person did that let it go on."""
        return holding.verb or ("finish" if self.finishing else "release" if self.why is None else "step")

    @contextmanager
    def holding(self, holding: Holding) -> Iterator[Holding]:
        """It waits meanwhile."""
        self._holdings.append(holding)
        if len(self._holdings) == 1:
            self._clock.begin()
            self._on_held(True)
        try:
            yield holding
        finally:
            self._holdings.remove(holding)
            if not self._holdings:
                self._clock.end()
                self._on_held(False)

    # Who can be decided on

    def to_decide(self, before: HeldBefore | None, sentence: str) -> Holding:
        """The newest, where it waits before `before`, or, with None, before a plan or a cell.

        Raises NotHeldError, which begins with `sentence`.
        """
        holding = self.newest
        if holding is None or holding.decision is not None:
            raise NotHeldError(f"{sentence}; it is not held now.")
        if holding.recorded:
            raise NotHeldError(f"{sentence}; what comes now is the record of the run that was forked.")
        if holding.before not in ((before,) if before else ("plan", "cell")):
            raise NotHeldError(f"{sentence}; it is held before {PLACES[holding.before]}.")
        return holding

    def check_budgets(self) -> None:
        """Raise BudgetUsedUpError where nothing can go on before a budget is decided on."""
        for holding in self._holdings:
            holding.check_budget()

    def _passes_by(self, where: Boundary, before: Before) -> bool:
        """Whether a step over a whole iteration goes on here."""
        if self._step_over is None or self._steps:
            return False
        return before == "cell" or where.depth > self._step_over

    def _take_step(self) -> bool:
        if self._steps == 0:
            return False
        self._steps -= 1
        return True
