"""Which iterations of a run changed the volume, by themselves or in their nested RLMs."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct

from rlm_tui.core.events import AnyEvent, VolumeChanged
from rlm_tui.core.iterations import Iteration
from rlm_tui.core.trajectory import Trajectory


class VolumeWrites(Struct):
    """How many paths were written or removed, and how many of these by nested RLMs.

    `unknown`: more may have been, and the volume could not be looked over.
    """

    paths: int = 0
    nested: int = 0
    unknown: bool = False


def volume_writes(events: Iterable[AnyEvent], trajectory: Trajectory) -> dict[int, VolumeWrites]:
    """The iterations that changed the volume or may have, by number; `trajectory` is the events' fold."""
    found: dict[int, VolumeWrites] = {}
    for event in events:
        if not isinstance(event, VolumeChanged):
            continue
        iteration = trajectory.iteration_of(event.span)
        top = None if iteration is None else iteration.island.root
        if iteration is None or not isinstance(top, Iteration):
            continue
        writes = found.setdefault(top.n, VolumeWrites())
        paths = len(event.written) + len(event.removed)
        writes.paths += paths
        writes.nested += paths if iteration is not top else 0
        writes.unknown |= event.unknown
    return found
