"""What the time of a run went into: every moment of it counted once, so that the parts make the whole."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal, NamedTuple

from rlm_tui.core.text import human_seconds
from rlm_tui.core.timeline import Bar, SpanKind

PartKind = Literal["plan", "cell", "call", "tool", "rlm", "held", "sandbox", "other"]
PARTS: tuple[PartKind, ...] = ("plan", "cell", "call", "tool", "rlm", "sandbox", "held", "other")
PART_WORDS: dict[PartKind, str] = {
    "plan": "planner",
    "cell": "code",
    "call": "calls",
    "tool": "tools",
    "rlm": "nested RLMs",
    "sandbox": "sandbox",
    "held": "held",
    "other": "the rest",
}
AT_ONCE = 1.05
"""From which multiple of its time the work of a part is told."""
_FIRST: tuple[PartKind, ...] = ("held", "rlm", "call", "tool", "cell", "plan", "sandbox")
"""Of what goes on at once, the first here has the moment: a cell waits for its calls, all for a person."""


class TimePart(NamedTuple):
    """A part of the time. `work` is what its bars took one by one: more than `seconds` if some ran at once.

    `bars` is how many it has: plans, cells, requests of calls, tools, nested runs.
    """

    kind: PartKind
    seconds: float
    work: float
    bars: int


def part_of_kind(kind: SpanKind) -> PartKind:
    """The part in which a bar counts: a batch is calls."""
    return "call" if kind == "batch" else kind


def time_spent(found: Iterable[Bar], length: float, *, start: float = 0.0, level: int = 0) -> list[TimePart]:
    """The parts of the `length` seconds from `start`, of the run itself or of a nested run of that `level`
    whose bars these are. Their seconds add up to `length`; parts of nothing are left out.
    """
    own = [bar for bar in found if bar.level == level]
    end = start + length
    edges: list[tuple[float, int, int]] = []
    work = dict.fromkeys(PARTS, 0.0)
    count = dict.fromkeys(PARTS, 0)
    for bar in own:
        part = part_of_kind(bar.kind)
        first, last = min(max(bar.start, start), end), min(max(bar.end, start), end)
        if last > first:
            rank = _FIRST.index(part)
            edges.append((first, 1, rank))
            edges.append((last, -1, rank))
        if bar.kind != "batch" or not bar.opens:  # the items of a batch count, if they are told
            work[part] += last - first
            count[part] += 1
    seconds = _shares(edges, start, end)
    return [
        TimePart(part, seconds[part], work[part], count[part])
        for part in PARTS
        if count[part] or seconds[part] > 1e-9
    ]


def _shares(edges: list[tuple[float, int, int]], start: float, end: float) -> dict[PartKind, float]:
    """The seconds of each part, of what begins (1) and ends (-1) when, by its rank in `_FIRST`."""
    seconds = [0.0] * (len(_FIRST) + 1)
    going_on = [0] * len(_FIRST)
    at, first = start, len(_FIRST)
    for when, step, rank in sorted(edges):
        if when > at:
            seconds[first] += when - at
            at = when
        going_on[rank] += step
        if step > 0:
            first = min(first, rank)
        elif rank == first and not going_on[rank]:
            first = next((one for one, count in enumerate(going_on) if count), len(_FIRST))
    seconds[-1] += max(end - at, 0.0)
    return dict(zip((*_FIRST, "other"), seconds, strict=True))


def inside(found: Sequence[Bar], at: int) -> Sequence[Bar]:
    """The bars that are parts of the one at `at`."""
    end = at + 1
    while end < len(found) and found[end].depth > found[at].depth:
        end += 1
    return found[at + 1 : end]


def share_words(seconds: float, length: float) -> str:
    """`12%`, `<1%`."""
    share = 100 * seconds / length if length > 0 else 0.0
    return f"{share:.0f}%" if share >= 0.5 or seconds <= 0 else "<1%"


def part_words(part: TimePart, length: float, *, brief: bool = False) -> str:
    """`calls 4.1 s 33% (14 took 12.3 s)`; `brief`: without what they took one by one."""
    words = f"{PART_WORDS[part.kind]} {human_seconds(part.seconds)} {share_words(part.seconds, length)}"
    if not brief and part.bars > 1 and part.work > part.seconds * AT_ONCE:
        words += f" ({part.bars:,} took {human_seconds(part.work)})"
    return words
