"""What happened in an iteration, step by step, as the planner's history holds it."""

from __future__ import annotations

from typing import Literal

import msgspec

from rlm_tui.core.events import RemarkAuthor, Value

NOTHING = Value()


class PlanStep(msgspec.Struct, frozen=True):
    """The planner answered. It was asked at `started_at`, and took `seconds` as the log tells."""

    reasoning: Value
    code: Value
    prompt: Value = NOTHING
    remark: str = ""
    started_at: float = 0.0
    seconds: float = 0.0


class RemarkStep(msgspec.Struct, frozen=True):
    """The planner is told something; `sent_back`: in place of what its code would have shown."""

    text: str
    by: RemarkAuthor
    sent_back: bool


class CellStep(msgspec.Struct, frozen=True):
    """A cell ran, the planner's or a person's."""

    span: str


class SkipStep(msgspec.Struct, frozen=True):
    """The planner's code was not run; `text` is the person's note."""

    text: str


TurnStep = PlanStep | RemarkStep | CellStep | SkipStep
"""What happened in an iteration, each of them something that the planner's history holds."""


class Stretch(msgspec.Struct, frozen=True):
    """A time of the run that is over, in which it was held, or in which a sandbox started.

    `span` is what was held, or the sandbox; `parent_call` the nested RLM whose sandbox it was, if it was.
    """

    kind: Literal["held", "sandbox"]
    span: str
    start: float
    end: float
    parent_call: str | None = None


class Recovery(msgspec.Struct, frozen=True):
    """A lost sandbox was replaced: `cells` were executed again, `differed` says what came out otherwise.

    `reason` is why it was lost; `volume` the copy that is `/data` since, "" for the volume as before.
    """

    reason: str
    cells: int
    seconds: float = 0.0
    volume: str = ""
    differed: tuple[str, ...] = ()
