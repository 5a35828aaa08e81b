"""The iterations of a run as a record to be executed again: what was planned, decided, run and answered.

Read from the fold of a log, or of the run that goes on; nothing here executes anything.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any, assert_never

from msgspec import Struct

from rlm_tui.core.events import CallKind, CellAuthor, CellStatus, ErrorDetail, Value, Variable
from rlm_tui.core.iterations import Call, Cell, Iteration
from rlm_tui.core.trajectory import Trajectory
from rlm_tui.core.turn_steps import CellStep, PlanStep, RemarkStep, SkipStep

Resolve = Callable[[Value], str]


class RecordedCall(Struct, frozen=True):
    """A call that a cell made, and what it was given. `result` is the answer as JSON where it is no text.

    `requests` is how many LM calls it counts for. A batch is here for its error alone: its items are calls of
    their own, and `prompt` is that of the first.
    """

    kind: CallKind
    name: str
    prompt: str = ""
    arguments: dict[str, Any] = {}
    answer: str = ""
    result: str = ""
    error: ErrorDetail | None = None
    seconds: float = 0.0
    requests: int = 1

    @property
    def asked(self) -> str:
        """What was asked, as one text: the prompt, or the arguments as JSON."""
        return self.prompt or arguments_text(self.arguments)


class RecordedCell(Struct, frozen=True):
    """A cell that ran: `text` is all that it printed. `status` None: it had not ended."""

    code: str
    by: CellAuthor = "planner"
    text: str = ""
    value: str | None = None
    status: CellStatus | None = "ok"
    error: ErrorDetail | None = None
    seconds: float = 0.0
    dropped: int = 0
    calls: tuple[RecordedCall, ...] = ()


class Planned(Struct, frozen=True):
    """The planner's answer; `remark` says what was wrong with it, `prompt` what was asked."""

    reasoning: str
    code: str
    remark: str = ""
    prompt: Value = Value()


class Told(Struct, frozen=True):
    """A remark of a person before a plan."""

    text: str


class SentBack(Struct, frozen=True):
    """The planned code was not run, and the planner planned again with `text`."""

    text: str


class Ran(Struct, frozen=True):
    """A cell ran, the planner's or a person's."""

    cell: RecordedCell


class Skipped(Struct, frozen=True):
    """The planned code was not run; the planner read `note`."""

    note: str


RecordedStep = Planned | Told | SentBack | Ran | Skipped


class RecordedIteration(Struct, frozen=True):
    """One iteration: its steps in the order they happened, and the paths of the volume that it changed.

    `volume_unknown`: it may have changed more of the volume than is known.
    `variables` are those that its cells set, as they were at its end; `unset` the names that they deleted.
    """

    n: int
    steps: tuple[RecordedStep, ...] = ()
    volume_changed: tuple[str, ...] = ()
    volume_unknown: bool = False
    variables: tuple[Variable, ...] = ()
    unset: tuple[str, ...] = ()

    @property
    def is_complete(self) -> bool:
        """Whether it came to its end: its cell ended, or was skipped."""
        match self.steps[-1] if self.steps else None:
            case Ran(cell):
                return cell.by == "planner" and cell.status is not None
            case Skipped():
                return True
            case _:
                return False

    @property
    def submitted(self) -> bool:
        """Whether its cell submitted the run's outputs."""
        return any(isinstance(step, Ran) and step.cell.status == "submitted" for step in self.steps)

    @property
    def cells(self) -> list[RecordedCell]:
        """Those that ran in it, a person's too."""
        return [step.cell for step in self.steps if isinstance(step, Ran)]


def recorded_iterations(
    trajectory: Trajectory, resolve: Resolve, *, call: str = ""
) -> list[RecordedIteration]:
    """The iterations of the run, or of the nested RLM whose call has the span `call`.

    `resolve` gives the whole text of a Value; what it raises is raised.
    """
    if not call:
        return [recorded_iteration(trajectory, iteration, resolve) for iteration in trajectory.iterations]
    nested = trajectory.call(call)
    return (
        []
        if nested is None
        else [recorded_iteration(trajectory, iteration, resolve) for iteration in nested.nested]
    )


def recorded_iteration(trajectory: Trajectory, iteration: Iteration, resolve: Resolve) -> RecordedIteration:
    """One iteration as a record."""
    steps: list[RecordedStep] = []
    for step in iteration.steps:
        match step:
            case PlanStep(reasoning=reasoning, code=code, remark=remark, prompt=prompt):
                steps.append(Planned(resolve(reasoning), resolve(code), remark, prompt))
            case RemarkStep(by="program"):
                pass  # the planner says it again when it is given the same answer
            case RemarkStep(text=text, sent_back=sent_back):
                steps.append(SentBack(text) if sent_back else Told(text))
            case CellStep(span=span):
                cell = trajectory.cell(span)
                if cell is not None:
                    steps.append(Ran(recorded_cell(cell, resolve)))
            case SkipStep(text=note):
                steps.append(Skipped(note))
            case _:
                assert_never(step)
    return RecordedIteration(
        iteration.n,
        tuple(steps),
        (*iteration.volume_written, *iteration.volume_removed),
        iteration.volume_unknown,
        tuple({item.name: item for item in iteration.variables_changed}.values()),
        tuple(iteration.variables_removed),
    )


def recorded_cell(cell: Cell, resolve: Resolve) -> RecordedCell:
    """A cell as a record, with the calls that it made."""
    calls = (call for call in cell.iteration.calls if call.cell == cell.span)
    return RecordedCell(
        code=resolve(cell.code_value),
        by=cell.by,
        text=cell.text,
        value=None if cell.value is None else resolve(cell.value),
        status=cell.status,
        error=cell.error,
        seconds=cell.seconds,
        dropped=cell.dropped,
        calls=tuple(recorded for call in calls for recorded in _recorded_calls(call, resolve)),
    )


def _recorded_calls(call: Call, resolve: Resolve) -> Iterator[RecordedCall]:
    """The call, and the items of a batch; what was never answered is left out."""
    if call.state == "running" or (call.error is not None and call.error.kind == "Abandoned"):
        return
    items = sorted(call.items, key=lambda item: item.index or 0)
    yield RecordedCall(
        kind=call.kind,
        name=call.name,
        prompt=resolve(items[0].prompt if items else call.prompt),
        arguments=call.arguments,
        answer=resolve(call.answer),
        result=resolve(call.result),
        error=call.error,
        seconds=call.seconds,
        requests=_requests(call),
    )
    for item in items:
        yield from _recorded_calls(item, resolve)


def _requests(call: Call) -> int:
    match call.kind:
        case "llm_query":
            return 1
        case "llm_query_batched" | "tool":
            return 0
        case "predict" | "sub_rlm":
            spent = call.spent()
            if spent is None:
                return 0 if call.error is not None else 1
            return max(1, spent.requests)
        case _:
            assert_never(call.kind)


def arguments_text(arguments: dict[str, Any]) -> str:
    """Arguments as one text, the same for the same arguments in whatever order."""
    return json.dumps(arguments, ensure_ascii=False, sort_keys=True, default=str)
