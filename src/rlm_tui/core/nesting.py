"""The RLMs of a run as a tree: the run itself, the nested RLMs that its cells started, those of theirs."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from rlm_tui.core.counting import Counting
from rlm_tui.core.events import RunFinished, RunStatus
from rlm_tui.core.island_copy import things_in
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
    """Every RLM of the run, the run itself first, each before those that it started. May take long: every
    call is looked at.
    """
    found = list(_nested(trajectory))
    within = [0] * (len(found) + 1)
    inner: list[list[Counting]] = [[] for _ in within]
    for place in range(len(found), 0, -1):
        above = found[place - 1].above
        within[above] += within[place] + 1
        inner[above].append(_counting(found[place - 1].call))
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
        own=_own(trajectory.counting, inner[0]),
        within=within[0],
        parent="",
    )
    every = [run]
    for place, (call, above) in enumerate(found, 1):
        every.append(
            Rlm(
                call=call,
                name=call.name,
                depth=every[above].depth + 1,
                state=call.state,
                started_at=call.started_at,
                seconds=call.seconds,
                iterations=call.nested,
                whole=_counting(call),
                own=_own(_counting(call), inner[place]),
                within=within[place],
                parent=every[above].span,
            )
        )
    return every


class _Nested(NamedTuple):
    """A call that started an RLM; `above` is the place of the RLM that it is in, 0 for the run."""

    call: Call
    above: int


def _nested(trajectory: Trajectory) -> Iterator[_Nested]:
    """However deeply a log nests: nothing here is recursive."""
    waiting = [_Nested(call, 0) for one in reversed(trajectory.iterations) for call in reversed(one.calls)]
    place = 0
    while waiting:
        call, above = one = waiting.pop()
        if call.counting is not None:
            yield one
            place += 1
            above = place
        if call.contains:
            inner = [*call.items, *(made for turn in call.nested for made in turn.calls), *call.calls]
            waiting += [_Nested(made, above) for made in reversed(inner)]


def _counting(call: Call) -> Counting:
    assert call.counting is not None, "only the call of an RLM is one"
    return call.counting


def _own(whole: Counting, nested: Iterable[Counting]) -> Counting:
    """The run's iterations never count those of nested RLMs."""
    own = whole.without(nested)
    own.iterations = whole.iterations
    return own


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
    inside = [one for one in things_in(call) if isinstance(one, Call) and one.number and one is not call]
    part.calls = sorted(inside, key=lambda one: one.number)
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
