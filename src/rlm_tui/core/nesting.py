"""The RLMs of a run as a tree: the run itself, the nested RLMs that its cells started, those of theirs."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from rlm_tui.core.counting import Counting
from rlm_tui.core.events import RunFinished, RunStatus
from rlm_tui.core.iterations import Call, Iteration
from rlm_tui.core.trajectory import Trajectory

RlmState = Literal["running", "done", "failed"]


@dataclass(frozen=True, slots=True, eq=False)
class Rlm:
    """One RLM of a run. `call` started it, None for the run itself; `depth` counts from 0, the run.

    `whole` are its numbers with all nested RLMs in it, `own` those without. `within` counts the nested ones.
    """

    call: Call | None
    name: str
    depth: int
    state: RlmState
    started_at: float
    seconds: float
    iterations: Sequence[Iteration]
    whole: Counting
    own: Counting
    within: int
    parent: str

    @property
    def span(self) -> str:
        """The span of the call that started it; "" for the run itself."""
        return "" if self.call is None else self.call.span


def rlms(trajectory: Trajectory) -> list[Rlm]:
    """Every RLM of the run, the run itself first, each before those that it started."""
    nested = list(_nested(trajectory.iterations, 1, ""))
    inner = [one for one in nested if one.depth == 1]
    state: RlmState = "running"
    if trajectory.finished is not None or trajectory.interrupted:
        state = "done" if trajectory.finished is not None and trajectory.finished.error is None else "failed"
    run = Rlm(
        call=None,
        name=trajectory.started.task if trajectory.started is not None else "run",
        depth=0,
        state=state,
        started_at=0.0,
        seconds=trajectory.totals.seconds,
        iterations=trajectory.iterations,
        whole=trajectory.counting,
        own=_own(trajectory.counting, inner),
        within=len(nested),
        parent="",
    )
    return [run, *nested]


def _own(whole: Counting, nested: Iterable[Rlm]) -> Counting:
    """The run's iterations never count those of nested RLMs."""
    own = whole.without(one.whole for one in nested)
    own.iterations = whole.iterations
    return own


def _nested(iterations: Iterable[Iteration], depth: int, parent: str) -> Iterator[Rlm]:
    for iteration in iterations:
        yield from _among(iteration.calls, depth, parent)


def _among(calls: Iterable[Call], depth: int, parent: str) -> Iterator[Rlm]:
    for call in calls:
        if call.counting is None:
            yield from _among(call.items, depth, parent)
            yield from _among(call.calls, depth, parent)
            continue
        below = [
            *_nested(call.nested, depth + 1, call.span),
            *_among(call.calls, depth + 1, call.span),
        ]
        yield Rlm(
            call=call,
            name=call.name,
            depth=depth,
            state=call.state,
            started_at=call.started_at,
            seconds=call.seconds,
            iterations=call.nested,
            whole=call.counting,
            own=_own(call.counting, [one for one in below if one.depth == depth + 1]),
            within=len(below),
            parent=parent,
        )
        yield from below


def part_of(trajectory: Trajectory, call: Call) -> Trajectory:
    """A nested RLM as a trajectory of its own, which shares what it shows and takes no events."""
    part = Trajectory(trajectory.resolve)
    part.now = trajectory.now
    part.started = trajectory.started
    part.iterations = call.nested
    part.variables, part.variable_marks = call.variables, call.variable_marks
    part.iterations_by_span = trajectory.iterations_by_span
    part.cells_by_span = trajectory.cells_by_span
    part.calls_by_span = trajectory.calls_by_span
    part.calls = [one for one in trajectory.calls if call in trajectory.rlms_around(one)]
    if call.counting is not None:
        part.counting = call.counting
    if call.state != "running":
        part.ended_seconds = call.seconds
        part.finished = RunFinished(
            span=call.span,
            status=_status(call),
            outputs=_outputs(trajectory, call),
            error=call.error,
            totals=part.totals,
        )
    return part


def _status(call: Call) -> RunStatus:
    if call.error is not None:
        return "failed"
    cell = call.nested[-1].cell if call.nested else None
    return "submitted" if cell is None or cell.status == "submitted" else "extracted"


def _outputs(trajectory: Trajectory, call: Call) -> dict[str, Any]:
    resolve = trajectory.resolve or (lambda value: value.text)
    try:
        fields = json.loads(resolve(call.result))
    except (OSError, ValueError):
        fields = None
    if isinstance(fields, dict):
        return fields
    answer = call.answer.text
    return {"answer": answer} if answer else {}
