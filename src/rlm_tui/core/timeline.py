"""The time of a run as bars on one axis: sandboxes, plans, cells, calls, nested runs, and what was held."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from operator import itemgetter
from typing import Literal, NamedTuple

from rlm_tui.core.call_facts import seconds_of
from rlm_tui.core.iterations import Call, Cell, Iteration
from rlm_tui.core.text import UNKNOWN_SECONDS
from rlm_tui.core.trajectory import Trajectory
from rlm_tui.core.turn_steps import PlanStep, Stretch

SpanKind = Literal["sandbox", "plan", "held", "cell", "call", "batch", "tool", "rlm"]
BarState = Literal["running", "done", "failed"]


class Bar(NamedTuple):
    """Something that took from `start` to `end`, in seconds of the run. Where `known` is False nobody told
    how long, and `end` is `start`.

    `depth` is how far it is set in, `level` of how many nested runs it is a part; `opens`: others are below
    it, of which it is the whole. `span` is the iteration or the call that it belongs to, `key` its own;
    `call` is set where it is one.
    """

    label: str
    kind: SpanKind
    start: float
    end: float
    key: str
    span: str = ""
    state: BarState = "done"
    known: bool = True
    depth: int = 0
    level: int = 0
    opens: bool = False
    call: Call | None = None

    @property
    def seconds(self) -> float:
        """How long it took; UNKNOWN_SECONDS where nobody told."""
        return self.end - self.start if self.known else UNKNOWN_SECONDS


class _Part(NamedTuple):
    """Something whose bars are still to be made."""

    thing: Iteration | Call
    depth: int
    level: int


class _Bars:
    """Makes the bars of one moment of a run. It nests as deeply as a log says: nothing here is recursive."""

    def __init__(self, trajectory: Trajectory, now: float) -> None:
        self._now = now
        self._held: dict[str | None, list[Bar]] = {}
        self._started: dict[str | None, list[Bar]] = {}
        for number, stretch in enumerate(self._stretches(trajectory)):
            bar = _of_stretch(stretch, number)
            if stretch.kind == "sandbox":
                self._started.setdefault(stretch.parent_call, []).append(bar)
            else:
                iteration = trajectory.iteration_of(stretch.span)
                self._held.setdefault(None if iteration is None else iteration.span, []).append(bar)

    def _stretches(self, trajectory: Trajectory) -> Iterator[Stretch]:
        yield from list(trajectory.stretches)
        if trajectory.held_since is not None:
            yield Stretch("held", trajectory.held_span, trajectory.held_since, self._now)
        over = trajectory.finished is not None or trajectory.interrupted
        for span, sandbox in list(trajectory.sandboxes.items()):
            if sandbox.phases and sandbox.state in ("starting", "lost"):
                end = trajectory.now if over or sandbox.state == "lost" else self._now
                yield Stretch("sandbox", span, sandbox.phases[0].at, end, sandbox.parent_call)

    def of_run(self, trajectory: Trajectory) -> Iterator[Bar]:
        """All bars, each before those that are parts of it."""
        first: list[tuple[float, Bar | _Part]] = [
            *((bar.start, bar) for bar in self._started.get(None, [])),
            *((bar.start, bar) for bar in self._held.get(None, [])),
            *((one.started_at, _Part(one, 0, 0)) for one in list(trajectory.iterations)),
            *(
                (call.started_at, _Part(call, 0, 0))
                for call in list(trajectory.calls)
                if call.iteration is None and call.parent is None
            ),
        ]
        first.sort(key=itemgetter(0))
        waiting = [one for _, one in reversed(first)]
        while waiting:
            one = waiting.pop()
            if isinstance(one, Bar):
                yield one
            elif isinstance(one.thing, Iteration):
                waiting += self._of_iteration(one.thing, one.depth, one.level)[::-1]
            else:
                inside = self._in_call(one.thing, one.depth + 1, one.level)
                yield self._of_call(one.thing, one.depth, one.level, opens=bool(inside))
                waiting += inside[::-1]

    def _of_iteration(self, one: Iteration, depth: int, level: int) -> list[Bar | _Part]:
        own = [*self._plans(one, depth, level)]
        own += [
            held._replace(span=one.span, depth=depth, level=level) for held in self._held.get(one.span, [])
        ]
        cells = [*one.person_cells, *one.earlier_cells, *([one.cell] if one.cell is not None else [])]
        by_cell: dict[str, list[Call]] = {cell.span: [] for cell in cells}
        rest: list[Call] = []
        for call in list(one.calls):
            by_cell.get(call.cell, rest).append(call)
        own += [self._of_cell(cell, one, depth, level) for cell in cells]
        own.sort(key=lambda bar: bar.start)
        found: list[Bar | _Part] = []
        for bar in own:
            found.append(bar)
            calls = by_cell.get(bar.key.removeprefix("cell "), []) if bar.kind == "cell" else []
            found += [_Part(call, depth + 1, level) for call in calls]
        return [*found, *(_Part(call, depth + 1, level) for call in rest)]

    def _plans(self, one: Iteration, depth: int, level: int) -> Iterator[Bar]:
        def bar(number: int, start: float, end: float, state: BarState, *, known: bool = True) -> Bar:
            key = f"plan {one.span} {number}"
            return Bar(f"{one.n} plan", "plan", start, end, key, one.span, state, known, depth, level)

        plans = [step for step in list(one.steps) if isinstance(step, PlanStep)]
        for number, step in enumerate(plans):
            known = step.seconds != UNKNOWN_SECONDS
            yield bar(number, step.started_at, step.started_at + max(step.seconds, 0.0), "done", known=known)
        if one.awaits_plan:
            began = one.started_at if one.plan_started_at is None else one.plan_started_at
            over = one.phase == "done"
            end = self._now if not over or one.ended_at is None else one.ended_at
            yield bar(len(plans), began, end, "failed" if over else "running")

    def _of_cell(self, cell: Cell, one: Iteration, depth: int, level: int) -> Bar:
        state: BarState = "failed"
        if cell.status is None or cell.status in ("ok", "submitted"):
            state = "running" if cell.status is None else "done"
        end = self._now if cell.status is None else cell.started_at + max(cell.seconds, 0.0)
        known = cell.status is None or cell.seconds != UNKNOWN_SECONDS
        label = f"{one.n} cell" if cell.by == "planner" else f"{one.n} a person's cell"
        key = f"cell {cell.span}"
        return Bar(label, "cell", cell.started_at, end, key, one.span, state, known, depth, level)

    def _of_call(self, call: Call, depth: int, level: int, *, opens: bool) -> Bar:
        seconds = seconds_of(call, self._now)
        return Bar(
            label=f"{call.name} × {call.expected}" if call.is_batch else call.name,
            kind=_kind(call),
            start=call.started_at,
            end=call.started_at + max(seconds, 0.0),
            key=f"call {call.span}",
            span=call.span,
            state=call.state,
            known=seconds != UNKNOWN_SECONDS,
            depth=depth,
            level=level,
            opens=opens,
            call=call,
        )

    def _in_call(self, call: Call, depth: int, level: int) -> list[Bar | _Part]:
        if not call.contains and call.span not in self._started:
            return []
        level += call.kind == "sub_rlm"
        return [
            *(
                bar._replace(span=call.span, depth=depth, level=level)
                for bar in self._started.get(call.span, [])
            ),
            *(_Part(item, depth, level) for item in sorted(call.items, key=lambda item: item.index or 0)),
            *(_Part(one, depth, level) for one in list(call.nested)),
            *(_Part(inner, depth, level) for inner in list(call.calls)),
        ]


def _of_stretch(stretch: Stretch, number: int) -> Bar:
    label = "held" if stretch.kind == "held" else "sandbox starts"
    key = f"{stretch.kind} {stretch.span} {number}"
    return Bar(label, stretch.kind, stretch.start, max(stretch.end, stretch.start), key)


def _kind(call: Call) -> SpanKind:
    match call.kind:
        case "tool":
            return "tool"
        case "sub_rlm":
            return "rlm"
        case "llm_query_batched":
            return "batch"
        case _:
            return "plan" if call.by_planner else "call"


def bars(trajectory: Trajectory, now: float | None = None) -> Iterator[Bar]:
    """Everything of the run that took time, in the order in which it began within its iteration, each bar
    before those that are parts of it. `now` ends what still goes on, the last event does without it.
    """
    moment = trajectory.now if now is None else max(now, trajectory.now)
    yield from _Bars(trajectory, moment).of_run(trajectory)


def length_of(trajectory: Trajectory, found: Sequence[Bar], now: float | None = None) -> float:
    """How many seconds the axis has: those of the run, or as long as its bars are if it does not tell."""
    over = trajectory.finished is not None or trajectory.interrupted
    told = trajectory.totals.seconds if over or now is None else now
    return max(0.0, told, *(bar.end for bar in found))
