"""What the time of a run went into, as a picture (SVG) in a page: plans, cells, calls, nested runs."""

from __future__ import annotations

import html
from collections.abc import Iterable, Iterator
from typing import Literal, NamedTuple

from rlm_tui.core.iterations import Call, Iteration
from rlm_tui.core.text import human_seconds, one_line
from rlm_tui.core.trajectory import Trajectory

WIDTH, ROW, LEFT = 1000, 14, 130
MOST_ROWS = 400
SpanKind = Literal["plan", "cell", "call", "tool", "failed"]


class Bar(NamedTuple):
    """Something that took from `start` to `end`, seconds into the run; `depth` in nested runs."""

    label: str
    kind: SpanKind
    start: float
    end: float
    depth: int = 0


def bars(trajectory: Trajectory) -> Iterator[Bar]:
    """Every plan, cell and call of the run, in the order in which they began within their iteration."""
    yield from _iterations(trajectory.iterations, trajectory.now, 0)
    yield from _calls((call for call in trajectory.calls if call.iteration is None), trajectory.now, 0)


def _iterations(iterations: Iterable[Iteration], now: float, depth: int) -> Iterator[Bar]:
    for one in iterations:
        if one.phase == "planning":
            yield Bar(f"{one.n} plan", "plan", one.started_at, now, depth)
        elif one.plan_seconds:
            yield Bar(f"{one.n} plan", "plan", one.started_at, one.started_at + one.plan_seconds, depth)
        for cell in (*one.person_cells, *one.earlier_cells, *([one.cell] if one.cell else [])):
            end = now if cell.status is None else cell.started_at + cell.seconds
            kind: SpanKind = "cell" if cell.status in (None, "ok", "submitted") else "failed"
            yield Bar(f"{one.n} cell", kind, cell.started_at, end, depth)
        yield from _calls(one.calls, now, depth)


def _calls(calls: Iterable[Call], now: float, depth: int) -> Iterator[Bar]:
    for call in calls:
        end = now if call.state == "running" else call.started_at + call.seconds
        kind: SpanKind = "failed" if call.error else "tool" if call.kind == "tool" else "call"
        name = f"{call.name} × {call.expected}" if call.is_batch else call.name
        yield Bar(f"  {name}", kind, call.started_at, end, depth)
        yield from _calls(call.items, now, depth + 1)
        yield from _iterations(call.nested, now, depth + 1)
        yield from _calls(call.calls, now, depth + 1)


def timeline_svg(trajectory: Trajectory) -> str:
    """The picture; "" for a run in which nothing took time."""
    found = list(bars(trajectory))
    whole = max((bar.end for bar in found), default=0.0)
    if whole <= 0:
        return ""
    left_out = len(found) - MOST_ROWS
    found = found[:MOST_ROWS]
    height = (len(found) + 1) * ROW + (ROW if left_out > 0 else 0)
    parts = [
        f'<svg class="timeline" viewBox="0 0 {WIDTH} {height}" role="img" aria-label="Timeline of the run">',
        *_axis(whole, height),
    ]
    for row, bar in enumerate(found, 1):
        y = row * ROW
        x = _x(bar.start, whole)
        width = max(1.5, _x(bar.end, whole) - x)
        words = html.escape(one_line(bar.label, 18 - min(bar.depth, 4)))
        title = html.escape(f"{one_line(bar.label, 200).strip()}: {human_seconds(bar.end - bar.start)}")
        place = f'x="{x:.1f}" y="{y + 2}" width="{width:.1f}" height="{ROW - 4}"'
        parts.append(
            f'<g><title>{title}</title><text x="{4 + min(bar.depth, 8) * 8}" y="{y + 10}">{words}</text>'
            f'<rect class="{bar.kind}" {place} rx="2"/></g>'
        )
    if left_out > 0:
        parts.append(f'<text x="4" y="{height - 3}">and {left_out:,} more</text>')
    return "".join([*parts, "</svg>"])


def _axis(whole: float, height: int) -> Iterator[str]:
    for step in range(5):
        seconds = whole * step / 4
        x = _x(seconds, whole)
        anchor = "end" if step == 4 else "start"
        yield f'<line x1="{x:.1f}" y1="0" x2="{x:.1f}" y2="{height}"/>'
        yield f'<text class="axis" x="{x:.1f}" y="10" text-anchor="{anchor}">{human_seconds(seconds)}</text>'


def _x(seconds: float, whole: float) -> float:
    return LEFT + max(0.0, min(seconds / whole, 1.0)) * (WIDTH - LEFT - 4)
