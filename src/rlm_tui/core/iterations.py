"""The things a trajectory is made of: iterations, their cells, and the calls that cells make.

Widgets read them and never write them; only `core.trajectory` does. Times (`started_at`, `ended_at`) are
seconds since the run began.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import msgspec
from msgspec import field

from rlm_tui.core.events import (
    CallKind,
    CellAuthor,
    CellStatus,
    ErrorDetail,
    Stream,
    Usage,
    Value,
    Variable,
)
from rlm_tui.core.growing import GrowingList, GrowingText
from rlm_tui.core.turn_steps import NOTHING, Recovery, TurnStep
from rlm_tui.core.usage import sum_usage

if TYPE_CHECKING:
    from rlm_tui.core.counting import Counting

IterationPhase = Literal["planning", "planned", "held", "running", "done"]
CallState = Literal["running", "done", "failed"]
VariableMark = Literal["new", "changed"]
"""What became of a variable in the last cell of its namespace, or since."""
LLM_KINDS: frozenset[CallKind] = frozenset({"llm_query", "predict"})
"""Kinds of call that are themselves requests to an LM; a batch and a nested RLM only contain some."""


class Box:
    """What snapshots hold of an island: the living one until it changes, then a copy of how it was.

    `known` is everything in it by its span, once that was asked for.
    """

    __slots__ = ("known", "root")

    def __init__(self, root: Iteration | Call) -> None:
        self.root = root
        self.known: Known | None = None


class Known(NamedTuple):
    """What hangs below a root, by its span; `numbered` are the calls that have a number."""

    iterations: dict[str, Iteration]
    cells: dict[str, Cell]
    calls: dict[str, Call]
    numbered: list[Call]


class Island:
    """An iteration of the run, or a call that the run itself made, with all that hangs below it.

    Nothing in it points outside, so it can be copied by itself. `box` is set while a snapshot shares it.
    """

    __slots__ = ("box", "root")

    def __init__(self) -> None:
        self.root: Iteration | Call | None = None
        self.box: Box | None = None


NOWHERE = Island()
"""Where a thing is until the fold gives it its island."""


class OutputPiece(NamedTuple):
    """Printed text that came in one go."""

    stream: Stream
    text: str


class Cell(msgspec.Struct, eq=False):
    """A piece of code that ran in the sandbox. `status` None means that it is running.

    `by` says whose code it is; `origin` is the run whose record it executes again, if it does. `joined` is
    how many pieces of the output were joined, and to what.
    """

    span: str
    iteration: Iteration
    code: str
    code_value: Value
    started_at: float
    status: CellStatus | None = None
    output: GrowingList[OutputPiece] = field(default_factory=GrowingList)
    output_length: int = 0
    value: Value | None = None
    error: ErrorDetail | None = None
    seconds: float = 0.0
    dropped: int = 0
    submitted: dict[str, Any] | None = None
    by: CellAuthor = "planner"
    origin: str = ""
    joined: tuple[int, str] = (0, "")

    def add_output(self, stream: Stream, text: str) -> None:
        """The cell printed `text`."""
        self.output.append(OutputPiece(stream, text))
        self.output_length += len(text)

    @property
    def text(self) -> str:
        """All that was printed, both streams in the order they came."""
        done, text = self.joined
        if done < (count := len(self.output)):
            text += "".join(piece.text for piece in islice(self.output.after(done), count - done))
            self.joined = (count, text)
        return text

    def tail(self, characters: int) -> str:
        """The last `characters` of what was printed, without joining the rest."""
        pieces: list[str] = []
        left = characters
        for piece in reversed(self.output):
            if left <= 0:
                break
            pieces.append(piece.text[-left:])
            left -= len(piece.text)
        return "".join(reversed(pieces))

    def __repr__(self) -> str:
        return f"<Cell {self.span} {self.status or 'running'}>"


class Call(msgspec.Struct, eq=False):
    """A call that a cell made: to an LM, a tool, or a nested RLM; or a batch, whose `items` are calls.

    `number` counts from 1 in the run's list of calls (0 for an item of a batch); `depth` is 0 in the run
    itself. `iteration` None: the run itself made it, such as the extraction of an answer at its end. `cell`
    is the span of the cell that made it, "" for none. `result` is the answer as JSON where it is no text,
    and `origin` the run whose record it is from, if it is. `rlm` is the span of the nested RLM in which it
    was made, if it was. `counting` are the numbers of a nested RLM, all that it contains included;
    `marked_by` is the cell since which its variables are marked.
    """

    span: str
    kind: CallKind
    name: str
    number: int
    depth: int
    started_at: float
    iteration: Iteration | None = None
    parent: Call | None = None
    rlm: str | None = None
    prompt: Value = NOTHING
    arguments: dict[str, Any] = {}
    model: str = ""
    index: int | None = None
    size: int | None = None
    cell: str = ""
    answer: Value = NOTHING
    result: Value = NOTHING
    origin: str = ""
    usage: Usage | None = None
    cached: bool = False
    seconds: float = 0.0
    error: ErrorDetail | None = None
    state: CallState = "running"
    items: list[Call] = []
    items_done: int = 0
    items_failed: int = 0
    items_cached: int = 0
    calls: list[Call] = []
    nested: list[Iteration] = []
    variables: dict[str, Variable] = {}
    variable_marks: dict[str, VariableMark] = {}
    marked_by: str = ""
    by_planner: bool = False
    counting: Counting | None = None
    island: Island = NOWHERE

    @property
    def is_batch(self) -> bool:
        """Whether its requests are its `items`."""
        return self.kind == "llm_query_batched"

    @property
    def expected(self) -> int:
        """How many items a batch will have, as far as it is known."""
        return max(self.size or 0, len(self.items))

    @property
    def contains(self) -> bool:
        """Whether other requests were made within it."""
        return bool(self.items or self.calls or self.nested)

    def spent(self) -> Usage | None:
        """What it used, all that it contains included; None when nobody said."""
        return sum_usage(_usages(self))

    def __repr__(self) -> str:
        return f"<Call {self.span} {self.kind} {self.state}>"


class Iteration(msgspec.Struct, eq=False):
    """One turn: the planner's reasoning and code, the cell that ran it, and the calls that the cell made.

    `n` counts from 1; `parent_call` is the span of the `sub_rlm` call it belongs to, None in the run itself.
    `remark` says what was wrong with the planner's answer; `remarks` are a person's. `steps` are what
    happened, in order; `person_cells` ran code of a person; `skipped` is the note of one who had the cell not
    run.
    `origin` is the run whose record the plan is from, if it is. `recoveries` are of sandboxes that were lost
    in it; a cell that was lost with one and run again is among `earlier_cells`.
    """

    span: str
    n: int
    of: int
    depth: int
    parent_call: str | None
    started_at: float
    phase: IterationPhase = "planning"
    streaming: bool = True
    original_code: str | None = None
    prompt: Value = NOTHING
    reasoning_value: Value = NOTHING
    code_value: Value = NOTHING
    usage: Usage | None = None
    plan_seconds: float = 0.0
    plan_started_at: float | None = None
    cell: Cell | None = None
    earlier_cells: list[Cell] = []
    person_cells: list[Cell] = []
    steps: list[TurnStep] = []
    skipped: str | None = None
    origin: str = ""
    calls: list[Call] = []
    remark: str = ""
    remarks: list[str] = []
    cached: bool = False
    ended_at: float | None = None
    variables_changed: list[Variable] = []
    variables_removed: list[str] = []
    volume_written: list[str] = []
    volume_removed: list[str] = []
    volume_unknown: bool = False
    recoveries: list[Recovery] = []
    written_reasoning: GrowingText = field(default_factory=GrowingText)
    written_code: GrowingText = field(default_factory=GrowingText)
    awaits_plan: bool = False
    island: Island = NOWHERE

    @property
    def reasoning(self) -> str:
        """As much of it as is written."""
        return str(self.written_reasoning)

    @property
    def code(self) -> str:
        """As much of it as is written; once planned, what will run or ran."""
        return str(self.written_code)

    @property
    def has_words(self) -> bool:
        """Whether the planner has begun to write."""
        return self.written_reasoning.length > 0 or self.written_code.length > 0

    def __repr__(self) -> str:
        return f"<Iteration {self.span} {self.n}/{self.of} {self.phase}>"


def _usages(call: Call) -> Iterator[Usage]:
    waiting = [call]
    while waiting:
        call = waiting.pop()
        if call.usage is not None and (call.kind in LLM_KINDS or not call.contains):
            yield call.usage
        elif call.usage is not None and not _is_told_inside(call):
            yield call.usage
            continue
        waiting += call.items
        waiting += call.calls
        for iteration in call.nested:
            if iteration.usage is not None:
                yield iteration.usage
            waiting += iteration.calls


def _is_told_inside(call: Call) -> bool:
    """Whether anything that a call contains says what it used."""
    within = (*call.items, *call.calls, *(inner for one in call.nested for inner in one.calls))
    return any(one.usage is not None for one in call.nested) or any(one.spent() is not None for one in within)
