"""What the time of a run went into, as a picture (SVG) in a page: plans, cells, calls, nested runs."""

from __future__ import annotations

import html
from collections.abc import Iterator

from rlm_tui.core.text import human_seconds, one_line
from rlm_tui.core.timeline import bars
from rlm_tui.core.trajectory import Trajectory

WIDTH, ROW, LEFT = 1000, 14, 130
MOST_ROWS = 400


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
        title = html.escape(f"{one_line(bar.label, 200).strip()}: {human_seconds(bar.took)}")
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
