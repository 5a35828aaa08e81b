"""What can be decided at a boundary of a run, before a plan or a cell: by a person, or by a record."""

from __future__ import annotations

from typing import Literal

import msgspec

Before = Literal["plan", "cell"]


class Boundary(msgspec.Struct, frozen=True):
    """Where a run could be held: before the plan or the cell of iteration `n`, whose span is `span`.

    `depth` is 0 in the run itself and 1 in an RLM that one of its cells called; `rlm` is the span that its
    iterations happen in. `recorded`: it is taken from a record, so a person can wait there and change
    nothing.
    """

    span: str
    n: int
    depth: int = 0
    recorded: bool = False
    rlm: str = ""


class Go(msgspec.Struct, frozen=True):
    """Plan now."""


class Run(msgspec.Struct, frozen=True):
    """Run this code: the planner's, or what it was edited to."""

    code: str


class Skip(msgspec.Struct, frozen=True):
    """Run nothing in this iteration; the planner reads `note`."""

    note: str


class Tell(msgspec.Struct, frozen=True):
    """Give the planner `remark` before it plans."""

    remark: str


class SendBack(msgspec.Struct, frozen=True):
    """Don't run the code; let the planner plan again with `remark`."""

    remark: str


class Insert(msgspec.Struct, frozen=True):
    """Run `code` as a step of the person's; then decide again."""

    code: str


class Finish(msgspec.Struct, frozen=True):
    """End here, with an answer that is extracted from what was found."""


PlanDecision = Go | Tell | Insert | Finish
CellDecision = Run | Skip | SendBack | Insert | Finish
Decision = PlanDecision | CellDecision
