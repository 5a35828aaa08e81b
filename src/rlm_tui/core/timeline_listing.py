"""The timeline as it is listed: batches shut or open, what is below each, and what the time went into."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from rlm_tui.core.time_spent import TimePart, time_spent
from rlm_tui.core.timeline import Bar, bars, length_of
from rlm_tui.core.trajectory import Trajectory


class Folding(NamedTuple):
    """Which bars are open: all but batches, these too if `batches`; the `turned` ones are the other way."""

    batches: bool = False
    turned: frozenset[str] = frozenset()

    def is_open(self, bar: Bar) -> bool:
        """Whether what is below this bar is listed."""
        return (bar.kind != "batch" or self.batches) != (bar.key in self.turned)


AT_FIRST = Folding()


@dataclass(frozen=True, slots=True, eq=False)
class TimelineListing:
    """The bars that are listed, and where each stands; `found` are all, `untold` of them without a duration.

    `spent` are the parts of the `length` seconds of the run.
    """

    lines: Sequence[Bar] = ()
    places: dict[str, int] = field(default_factory=dict)
    found: Sequence[Bar] = ()
    length: float = 0.0
    spent: Sequence[TimePart] = ()
    untold: int = 0
    folding: Folding = AT_FIRST


def list_timeline(
    trajectory: Trajectory, now: float | None = None, folding: Folding = AT_FIRST
) -> TimelineListing:
    """The timeline of a run at this moment. May take long: every call has a bar."""
    found = list(bars(trajectory, now))
    lines = listed(found, folding)
    length = length_of(trajectory, found, now)
    return TimelineListing(
        lines=lines,
        places={bar.key: place for place, bar in enumerate(lines)},
        found=found,
        length=length,
        spent=time_spent(found, length) if found else (),
        untold=sum(not bar.known for bar in found),
        folding=folding,
    )


def listed(found: Sequence[Bar], folding: Folding) -> list[Bar]:
    """Those of the bars that are not below a shut one."""
    lines: list[Bar] = []
    shut_at: int | None = None
    for bar in found:
        if shut_at is not None and bar.depth > shut_at:
            continue
        shut_at = None if not bar.opens or folding.is_open(bar) else bar.depth
        lines.append(bar)
    return lines
