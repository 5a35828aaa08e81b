"""What the time of a run went into, as a picture (SVG) in a page: plans, cells, calls, nested runs."""

from __future__ import annotations

import html
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from rlm_tui.core.text import human_seconds, number_of, one_line
from rlm_tui.core.timeline import Bar, bars
from rlm_tui.core.trajectory import Trajectory

WIDTH, ROW, LEFT = 1000, 16, 150
MOST_ROWS = 300
"""Bars that have a row each; of a run with more, each iteration has one, with its calls in it."""
LEAST_WIDTH = 1.5


class _Row(NamedTuple):
    words: str
    title: str
    depth: int
    bars: list[Bar]


def timeline_svg(trajectory: Trajectory) -> str:
    """The picture; "" for a run in which nothing took time, or of which no time is known."""
    found = list(bars(trajectory))
    whole = max((bar.end for bar in found), default=0.0)
    if whole <= 0:
        return ""
    rows = list(_each(found)) if len(found) <= MOST_ROWS else list(_by_iteration(found))
    left_out = len(rows) - MOST_ROWS
    rows = rows[:MOST_ROWS]
    height = (len(rows) + 1) * ROW + (ROW if left_out > 0 else 0)
    parts = [
        f'<svg class="timeline" viewBox="0 0 {WIDTH} {height}" role="img" aria-label="Timeline of the run">',
        *_axis(whole, height),
    ]
    for number, row in enumerate(rows, 1):
        y = number * ROW
        parts.append(f"<g><title>{html.escape(row.title)}</title>")
        parts.append(f'<text x="{4 + min(row.depth, 8) * 8}" y="{y + 12}">{html.escape(row.words)}</text>')
        parts += _rectangles(row.bars, whole, y)
        parts.append("</g>")
    if left_out > 0:
        parts.append(f'<text x="4" y="{height - 4}">and {left_out:,} more</text>')
    return "".join([*parts, "</svg>"])


def _each(found: Iterable[Bar]) -> Iterator[_Row]:
    for bar in found:
        title = f"{one_line(bar.label, 200).strip()}: {human_seconds(bar.end - bar.start)}"
        yield _Row(one_line(bar.label, 20 - min(bar.depth, 4)), title, bar.depth, [bar])


def _by_iteration(found: Iterable[Bar]) -> Iterator[_Row]:
    """The bars of each iteration of the run in one row; a call stands in that of the cell that made it."""
    row: list[Bar] = []
    for bar in found:
        begins = bar.depth == 0 and not bar.label.startswith(" ")
        if begins and row and bar.span != row[0].span:
            yield _row_of(row)
            row = []
        row.append(bar)
    if row:
        yield _row_of(row)


def _row_of(row: list[Bar]) -> _Row:
    # A batch is its items, which have bars of their own.
    calls = sum(bar.label.startswith(" ") and " × " not in bar.label for bar in row)
    took = human_seconds(max(bar.end for bar in row) - row[0].start)
    number = row[0].label.strip().partition(" ")[0]
    words = f"{number}  {number_of(calls, 'call')}" if calls else number
    return _Row(one_line(words, 20), f"iteration {one_line(words, 80)}: {took}", 0, row)


def _rectangles(row: list[Bar], whole: float, y: int) -> Iterator[str]:
    """One for each bar that can be seen apart; in a row of many the calls are thin, over their cell."""
    end_of: dict[tuple[str, bool], float] = {}
    for bar in row:
        thin = len(row) > 1 and bar.label.startswith(" ")
        x = _x(bar.start, whole)
        width = max(LEAST_WIDTH, _x(bar.end, whole) - x)
        last = end_of.get((bar.kind, thin), -1.0)
        if thin and x + width <= last + 0.5:
            continue
        end_of[bar.kind, thin] = max(last, x + width)
        top, high = (y + 6, ROW - 9) if thin else (y + 2, ROW - 4)
        place = f'x="{x:.1f}" y="{top}" width="{width:.1f}" height="{high}"'
        yield f'<rect class="{bar.kind}" {place} rx="{1 if thin else 2}"/>'


def _axis(whole: float, height: int) -> Iterator[str]:
    for step in range(5):
        seconds = whole * step / 4
        x = _x(seconds, whole)
        anchor = "end" if step == 4 else "start"
        yield f'<line x1="{x:.1f}" y1="0" x2="{x:.1f}" y2="{height}"/>'
        words = f'x="{x + 3 if step < 4 else x - 3:.1f}" y="10" text-anchor="{anchor}"'
        yield f'<text class="axis" {words}>{human_seconds(seconds)}</text>'


def _x(seconds: float, whole: float) -> float:
    return LEFT + max(0.0, min(seconds / whole, 1.0)) * (WIDTH - LEFT - 4)
