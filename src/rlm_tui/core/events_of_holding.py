"""The events of a run that is held, changed and forked by a person; `core.events` has all."""

from __future__ import annotations

from typing import Literal

from rlm_tui.core.event_parts import Budgets, Event, Value

HoldReason = Literal["hold", "step", "breakpoint", "budget", "sandbox"]
HeldBefore = Literal["plan", "cell", "call", "answer"]
RemarkAuthor = Literal["program", "person"]


class Held(Event, frozen=True, tag="held", kw_only=True):
    """The run waits for a person. `budget` names the field of `Budgets` that is used up, if that is why, and
    `needs` is the least limit of it with which the run can go on.
    """

    why: HoldReason
    before: HeldBefore
    detail: str = ""
    budget: str = ""
    needs: float | None = None


class Released(Event, frozen=True, tag="released", kw_only=True):
    """`verb` is what the person did: release, step, skip, remark, insert, raise_budget, finish or cancel."""

    verb: str = "release"


class CodeEdited(Event, frozen=True, tag="code_edited", kw_only=True):
    before: Value
    after: Value


class Remarked(Event, frozen=True, tag="remarked", kw_only=True):
    """Something that the planner is told. `sent_back`: its code was not run, and it plans again."""

    text: str
    by: RemarkAuthor = "program"
    sent_back: bool = False


class CellSkipped(Event, frozen=True, tag="cell_skipped", kw_only=True):
    """`span` is the iteration, whose code is not run; `text` the person's note to the planner."""

    text: str = ""


class BudgetRaised(Event, frozen=True, tag="budget_raised", kw_only=True):
    """The person raised the budget `name`; `budgets` are all that hold from now on."""

    name: str
    budgets: Budgets


class PrefixReplayed(Event, frozen=True, tag="prefix_replayed", kw_only=True):
    """The recorded iterations of a fork were executed again; from now on the run is live.

    `differed` says in a sentence each what came out otherwise than in the run `run_id`.
    """

    run_id: str
    iterations: int
    cells: int = 0
    calls: int = 0
    seconds: float = 0.0
    differed: list[str] = []
