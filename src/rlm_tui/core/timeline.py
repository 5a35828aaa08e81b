"""What the time of a run went into: plans, cells, calls and nested runs as bars on one axis."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Literal, NamedTuple

from rlm_tui.core.iterations import Call, Iteration
from rlm_tui.core.text import UNKNOWN_SECONDS
from rlm_tui.core.trajectory import Trajectory

SpanKind = Literal["plan", "cell", "call", "tool", "failed"]


class Bar(NamedTuple):
    """Something that took from `start` to `end`, in seconds of the run; `depth` counts nested runs.

    Of an imported log it may not be known how long it took: then it is no longer than a moment.
    """

    label: str
    kind: SpanKind
    start: float
    end: float
    depth: int = 0
    span: str = ""
    known: bool = True

    @property
    def took(self) -> float:
        """Its seconds, UNKNOWN_SECONDS where nobody told them."""
        return max(self.end - self.start, 0.0) if self.known else UNKNOWN_SECONDS


def bars(trajectory: Trajectory) -> Iterator[Bar]:
    """Every plan, cell and call of the run, in the order in which they began within their iteration."""
    yield from _iterations(trajectory.iterations, trajectory.now, 0)
    yield from _calls((call for call in trajectory.calls if call.iteration is None), trajectory.now, 0)


def _iterations(iterations: Iterable[Iteration], now: float, depth: int) -> Iterator[Bar]:
    for one in iterations:
        if one.phase == "planning":
            yield Bar(f"{one.n} plan", "plan", one.started_at, now, depth, one.span)
        elif one.plan_seconds > 0:
            yield Bar(
                f"{one.n} plan", "plan", one.started_at, one.started_at + one.plan_seconds, depth, one.span
            )
        for cell in (*one.person_cells, *one.earlier_cells, *([one.cell] if one.cell else [])):
            end = now if cell.status is None else cell.started_at + max(cell.seconds, 0.0)
            kind: SpanKind = "cell" if cell.status in (None, "ok", "submitted") else "failed"
            known = cell.seconds != UNKNOWN_SECONDS
            yield Bar(f"{one.n} cell", kind, cell.started_at, end, depth, one.span, known)
        yield from _calls(one.calls, now, depth)


def _calls(calls: Iterable[Call], now: float, depth: int) -> Iterator[Bar]:
    for call in calls:
        end = now if call.state == "running" else call.started_at + max(call.seconds, 0.0)
        kind: SpanKind = "failed" if call.error else "tool" if call.kind == "tool" else "call"
        name = f"{call.name} × {call.expected}" if call.is_batch else call.name
        known = call.seconds != UNKNOWN_SECONDS
        yield Bar(f"  {name}", kind, call.started_at, end, depth, call.span, known)
        yield from _calls(call.items, now, depth + 1)
        yield from _iterations(call.nested, now, depth + 1)
        yield from _calls(call.calls, now, depth + 1)


def time_spent(trajectory: Trajectory) -> dict[SpanKind, float]:
    """The seconds of the run itself by what they went into; what ran at once counts once for each."""
    spent: dict[SpanKind, float] = {}
    for bar in bars(trajectory):
        if bar.depth == 0 and bar.known:
            spent[bar.kind] = spent.get(bar.kind, 0.0) + max(bar.end - bar.start, 0.0)
    return spent
