"""What an event changed in the fold, so that a widget redraws just that."""

from __future__ import annotations

import msgspec

from rlm_tui.core.events import AnyEvent, PlanField, Stream


class Kind(msgspec.Struct, frozen=True, tag=True):
    """One thing that changed. `span` is always that of the iteration or call to redraw."""


class RunBegan(Kind, frozen=True):
    """What was asked is known: `trajectory.started`."""


class SandboxChanged(Kind, frozen=True):
    """A sandbox is starting, ready, lost or recovered."""


class IterationAdded(Kind, frozen=True):
    """`index` is its place in the run's iterations, or in those of the call `parent_call`."""

    span: str
    index: int
    parent_call: str | None = None


class IterationChanged(Kind, frozen=True):
    """Its phase, plan, code, cell or remark."""

    span: str


class PlanAppended(Kind, frozen=True):
    """The planner wrote `text` at the end of `field`."""

    span: str
    field: PlanField
    text: str


class CellAppended(Kind, frozen=True):
    """The cell of the iteration `span` printed `text`; `step` is the span of a person's cell, else ""."""

    span: str
    stream: Stream
    text: str
    step: str = ""


class CallAdded(Kind, frozen=True):
    """`iteration` is the one it was made in, `parent_call` the call it was made in (or its batch)."""

    span: str
    iteration: str | None = None
    parent_call: str | None = None


class CallChanged(Kind, frozen=True):
    """Its answer, its state, or (for a batch) how many items are done."""

    span: str


class VariablesUpdated(Kind, frozen=True):
    """The namespace changed: the run's, or that of the nested run `call`."""

    call: str | None = None


class VolumeUpdated(Kind, frozen=True):
    """Files under the volume were written or removed."""


class HoldChanged(Kind, frozen=True):
    """The run is held, or was released."""


class BudgetsChanged(Kind, frozen=True):
    """A budget was raised: `trajectory.budgets`."""


class PrefixDone(Kind, frozen=True):
    """A fork's record is executed: `trajectory.prefix`."""


class NoteAdded(Kind, frozen=True):
    """`index` is its place in `trajectory.notes`."""

    index: int


class ProblemAdded(Kind, frozen=True):
    """Something failed, or the log said what can't be: the last of `trajectory.problems`."""


class RunEnded(Kind, frozen=True):
    """`trajectory.finished` is set."""


ChangeKind = (
    RunBegan
    | SandboxChanged
    | IterationAdded
    | IterationChanged
    | PlanAppended
    | CellAppended
    | CallAdded
    | CallChanged
    | VariablesUpdated
    | VolumeUpdated
    | HoldChanged
    | BudgetsChanged
    | PrefixDone
    | NoteAdded
    | ProblemAdded
    | RunEnded
)


class Change(msgspec.Struct, frozen=True):
    """What `event` changed. The status line and the totals may have changed with any of them."""

    event: AnyEvent
    kinds: tuple[ChangeKind, ...] = ()
