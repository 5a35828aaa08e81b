"""The timeline of a run as a picture (SVG) in a page: the bars and the figures that the screen shows."""

from __future__ import annotations

import html
from collections.abc import Iterable, Iterator, Sequence

from rlm_tui.core.text import human_seconds, number_of, one_line
from rlm_tui.core.time_spent import TimePart, part_words
from rlm_tui.core.timeline import Bar
from rlm_tui.core.timeline_axis import ticks
from rlm_tui.core.timeline_listing import Folding, TimelineListing, list_timeline, listed
from rlm_tui.core.trajectory import Trajectory

WIDTH, ROW, LEFT, RIGHT = 1000, 14, 180, 60
MOST_ROWS = 400
TICKS = 8


def timeline(trajectory: Trajectory) -> Iterator[str]:
    """What the time went into, and the picture; nothing for a run in which nothing took time."""
    listing = list_timeline(trajectory, folding=Folding(batches=True))
    if listing.length <= 0:
        return
    shown, words = _shown(listing)
    yield "<h2>Timeline</h2>\n"
    yield f"<div class=spent>{''.join(_spent(listing.spent, listing.length))}</div>\n"
    yield "".join(_key(listing.spent, listing.length, listing.untold))
    yield "".join(_picture(shown, listing.length))
    if words:
        yield f"<p class=faint>{html.escape(words)}</p>\n"


def _shown(listing: TimelineListing) -> tuple[Sequence[Bar], str]:
    """The bars there is room for, and what is said of the others: items of batches go first, then what was
    shortest.
    """
    if len(listing.lines) <= MOST_ROWS:
        return listing.lines, ""
    shut = listed(listing.found, Folding())
    words = "The items of batches are left out"
    if len(shut) <= MOST_ROWS:
        return shut, f"{words}."
    longest = sorted(range(len(shut)), key=lambda at: shut[at].end - shut[at].start, reverse=True)
    left_out = len(shut) - MOST_ROWS
    return [shut[at] for at in sorted(longest[:MOST_ROWS])], f"{words}, and the {left_out:,} shortest bars."


def _spent(spent: Iterable[TimePart], length: float) -> Iterator[str]:
    for part in spent:
        if part.seconds > 0:
            title = html.escape(part_words(part, length))
            width = f"width:{100 * part.seconds / length:.2f}%"
            yield f'<i class="{part.kind}" title="{title}" style="{width}"></i>'


def _key(spent: Iterable[TimePart], length: float, untold: int) -> Iterator[str]:
    yield "<div class=key>"
    for part in spent:
        yield f'<span><i class="{part.kind}"></i>{html.escape(part_words(part, length))}</span>'
    yield '<span><i class="failed"></i>failed</span>'
    if untold:
        yield f"<span>how long {number_of(untold, 'bar')} took is not told (?)</span>"
    yield "<span>each moment is counted once</span></div>\n"


def _picture(found: Sequence[Bar], length: float) -> Iterator[str]:
    height = (len(found) + 1) * ROW
    yield "<div class=wide>"
    yield f'<svg class="timeline" viewBox="0 0 {WIDTH} {height}" role="img" aria-label="Timeline of the run">'
    for at, words in ticks(0.0, length, TICKS):
        x = _x(at, length)
        yield f'<line x1="{x:.1f}" y1="0" x2="{x:.1f}" y2="{height}"/>'
        yield f'<text class="axis" x="{x + 2:.1f}" y="10">{words}</text>'
    for row, bar in enumerate(found, 1):
        yield _bar(bar, row * ROW, length)
    yield "</svg></div>\n"


def _bar(bar: Bar, y: int, length: float) -> str:
    x = _x(bar.start, length)
    width = max(1.5, _x(bar.end, length) - x)
    inset = min(bar.depth, 8)
    sign = "✗ " if bar.state == "failed" else "▶ " if bar.state == "running" else ""
    words = html.escape(sign + one_line(bar.label, 30 - 2 * inset))
    took = human_seconds(bar.seconds)
    asked = "" if bar.call is None else one_line(bar.call.prompt.text, 200)
    told = f"{one_line(bar.label, 200)}: {took}, from {human_seconds(bar.start)}"
    title = html.escape(f"{told}. {asked}" if asked else told)
    kinds = bar.kind + (" failed" if bar.state == "failed" else "")
    place = f'x="{x:.1f}" y="{y + 2}" width="{width:.1f}" height="{ROW - 4}"'
    drawn = f'<rect class="{kinds}" {place} rx="2"/>' if bar.known else ""
    return (
        f'<g><title>{title}</title><text x="{4 + inset * 8}" y="{y + 10}">{words}</text>{drawn}'
        f'<text class="axis" x="{WIDTH - 2}" y="{y + 10}" text-anchor="end">{took}</text></g>'
    )


def _x(seconds: float, length: float) -> float:
    return LEFT + max(0.0, min(seconds / length, 1.0)) * (WIDTH - LEFT - RIGHT)
