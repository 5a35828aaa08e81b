"""The events of a run: the only vocabulary that the layers share.

A run is an append-only log of these; `core.trajectory` is the only code that interprets them.
Each event stands on one line of `events.jsonl` and carries `seq` (from 0, no gaps), `at` (seconds since
the run began, monotonic) and, where it belongs to something that lasts, `span` (that thing's id) and
`parent` (the id of what it happened in). Format: version 1, named in `RunStarted.format`.

Spans: the run is "run"; a sandbox, an iteration, a cell, a call and a batch have ids of their own. A nested
RLM is a call of kind `sub_rlm` whose span is the parent of its own iterations.
"""

from __future__ import annotations

from typing import Any, Literal

from rlm_tui.core.event_parts import (
    Budgets,
    DocumentMember,
    DocumentReference,
    ErrorDetail,
    Event,
    ForkedFrom,
    SandboxDescription,
    Totals,
    Usage,
    Value,
    Variable,
)
from rlm_tui.core.events_of_holding import (
    BudgetRaised,
    CellSkipped,
    CodeEdited,
    Held,
    HeldBefore,
    HoldReason,
    PrefixReplayed,
    Released,
    RemarkAuthor,
    Remarked,
)

__all__ = [
    "FORMAT",
    "AnyEvent",
    "BudgetRaised",
    "Budgets",
    "CallFinished",
    "CallKind",
    "CallStarted",
    "CellAuthor",
    "CellFinished",
    "CellOutput",
    "CellSkipped",
    "CellStarted",
    "CellStatus",
    "CodeEdited",
    "DocumentMember",
    "DocumentReference",
    "ErrorDetail",
    "Event",
    "ForkedFrom",
    "Held",
    "HeldBefore",
    "HoldReason",
    "IterationStarted",
    "Note",
    "NoteLevel",
    "PlanDelta",
    "PlanField",
    "PlanReady",
    "PlanStarted",
    "PrefixReplayed",
    "Released",
    "RemarkAuthor",
    "Remarked",
    "RunFinished",
    "RunStarted",
    "RunStatus",
    "SandboxDescription",
    "SandboxLost",
    "SandboxReady",
    "SandboxRecovered",
    "SandboxStarting",
    "Stream",
    "Totals",
    "UnknownEvent",
    "Usage",
    "Value",
    "Variable",
    "VariablesChanged",
    "VolumeChanged",
]

FORMAT = 1

CallKind = Literal["llm_query", "llm_query_batched", "predict", "sub_rlm", "tool"]
CellStatus = Literal["ok", "error", "submitted", "interrupted", "timeout", "lost"]
RunStatus = Literal["submitted", "extracted", "failed", "cancelled", "budget"]
Stream = Literal["stdout", "stderr"]
PlanField = Literal["reasoning", "code"]
CellAuthor = Literal["planner", "person"]
NoteLevel = Literal["info", "warning", "error"]


class RunStarted(Event, frozen=True, tag="run_started", kw_only=True):
    run_id: str
    task: str
    signature: str
    instructions: str = ""
    inputs: dict[str, Value] = {}
    documents: dict[str, DocumentReference] = {}
    planner: str = ""
    sub_lm: str = ""
    offline: bool = False
    streaming: bool = True
    sandbox: SandboxDescription = SandboxDescription(kind="local", confined=False)
    budgets: Budgets = Budgets()
    forked: ForkedFrom | None = None
    imported: str = ""  # the format of the log that it was imported from
    versions: dict[str, str] = {}
    started: str = ""  # ISO 8601, UTC
    format: int = FORMAT


class SandboxStarting(Event, frozen=True, tag="sandbox_starting", kw_only=True):
    """A phase of the start begins; told again with `done` of `total` bytes while something is transferred."""

    kind: str
    phase: str = ""
    done: int = 0
    total: int = 0


class SandboxReady(Event, frozen=True, tag="sandbox_ready", kw_only=True):
    kind: str
    confined: bool
    detail: str = ""
    volume: str = ""
    python: str = ""
    seconds: float = 0.0


class SandboxLost(Event, frozen=True, tag="sandbox_lost", kw_only=True):
    kind: str
    reason: str


class SandboxRecovered(Event, frozen=True, tag="sandbox_recovered", kw_only=True):
    """A lost sandbox was replaced, and `cells` were run again with the recorded answers of their calls.

    `differed` says in a sentence each what came out otherwise; `volume` names the copy that is `/data` since.
    """

    kind: str
    seconds: float = 0.0
    cells: int = 0
    volume: str = ""
    differed: list[str] = []


class IterationStarted(Event, frozen=True, tag="iteration_started", kw_only=True):
    """`span` is the iteration, `parent` the run or the sub_rlm call. `n` is from 1; `of` the budget."""

    n: int
    of: int


class PlanStarted(Event, frozen=True, tag="plan_started", kw_only=True):
    """`span` is the iteration. `streaming` False: nothing will be seen until `plan_ready`."""

    streaming: bool = True


class PlanDelta(Event, frozen=True, tag="plan_delta", kw_only=True):
    field: PlanField
    text: str


class PlanReady(Event, frozen=True, tag="plan_ready", kw_only=True):
    """`code` is what will run unless it is edited; `remark` what was wrong with an answer that had none.

    `origin` is the run whose record the answer is from; "" is a live one.
    """

    reasoning: Value
    code: Value
    prompt: Value = Value()
    usage: Usage | None = None
    seconds: float = 0.0
    cached: bool = False
    remark: str = ""
    origin: str = ""


class CellStarted(Event, frozen=True, tag="cell_started", kw_only=True):
    """`span` is the cell; `parent` its iteration. `origin`: the run whose record it executes again."""

    code: Value
    by: CellAuthor = "planner"
    origin: str = ""


class CellOutput(Event, frozen=True, tag="cell_output", kw_only=True):
    stream: Stream
    text: str


class CellFinished(Event, frozen=True, tag="cell_finished", kw_only=True):
    """`dropped` counts the bytes of output beyond the cap. `value` is the text of the last expression."""

    status: CellStatus
    value: Value | None = None
    submitted: dict[str, Any] | None = None
    error: ErrorDetail | None = None
    seconds: float = 0.0
    dropped: int = 0


class VariablesChanged(Event, frozen=True, tag="variables_changed", kw_only=True):
    """The difference to the namespace before. `changed` holds new and changed names; `total` counts all."""

    changed: list[Variable] = []
    removed: list[str] = []
    total: int = 0


class CallStarted(Event, frozen=True, tag="call_started", kw_only=True):
    """`span` is the call; `parent` the cell, a call, or (items of a batch) the batch's call.

    The batch itself is a call of kind `llm_query_batched` with `size` set and no prompt of its own; its items
    are calls of kind `llm_query` with `batch` (the batch's span) and `index` (from 0) set.
    """

    kind: CallKind
    name: str
    prompt: Value = Value()
    arguments: dict[str, Any] = {}
    model: str = ""
    batch: str = ""
    index: int | None = None
    size: int | None = None


class CallFinished(Event, frozen=True, tag="call_finished", kw_only=True):
    """`result` is the answer as JSON, where the cell got no text: of tools, predictors and nested RLMs.

    `origin` is the run whose record the answer is from; "" is a live one.
    """

    answer: Value = Value()
    result: Value = Value()
    usage: Usage | None = None
    cached: bool = False
    origin: str = ""
    seconds: float = 0.0
    error: ErrorDetail | None = None


class VolumeChanged(Event, frozen=True, tag="volume_changed", kw_only=True):
    """Paths written under the volume, relative to its root, in POSIX form.

    `unknown`: the cell may have written more, and the volume could not be looked over.
    """

    written: list[str] = []
    removed: list[str] = []
    unknown: bool = False


class Note(Event, frozen=True, tag="note", kw_only=True):
    level: NoteLevel
    text: str


class RunFinished(Event, frozen=True, tag="run_finished", kw_only=True):
    status: RunStatus
    outputs: dict[str, Any] = {}
    error: ErrorDetail | None = None
    totals: Totals = Totals()


class UnknownEvent(Event, frozen=True, tag="unknown", kw_only=True):
    """A line of a newer format: kept whole and shown as such."""

    raw: dict[str, Any] = {}


AnyEvent = (
    RunStarted
    | SandboxStarting
    | SandboxReady
    | SandboxLost
    | SandboxRecovered
    | IterationStarted
    | PlanStarted
    | PlanDelta
    | PlanReady
    | Held
    | Released
    | CodeEdited
    | Remarked
    | CellSkipped
    | BudgetRaised
    | PrefixReplayed
    | CellStarted
    | CellOutput
    | CellFinished
    | VariablesChanged
    | CallStarted
    | CallFinished
    | VolumeChanged
    | Note
    | RunFinished
    | UnknownEvent
)
