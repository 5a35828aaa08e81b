"""What Python's collector of garbage need not look at: what stays until the end, such as all of dspy.

A full collection looks at every object that there is, on whichever thread it falls due: with dspy imported
that took 110 ms, in which no key is answered.
"""

from __future__ import annotations

import gc
from collections.abc import Iterable
from threading import Lock
from time import sleep

from rlm_tui.ui.giving_way import person

IDLE_SECONDS = 3.0
_YOUNG = 5_000
"""So many more new objects than are freed have the young ones looked at. Python's 700 come by so fast when a
run is folded that looking costs a third of it."""


def collect_seldom() -> None:
    """Have the young objects looked at in fewer goes."""
    gc.set_threshold(_YOUNG, 20, 100)


def leave_alone() -> None:
    """Let collections pass by all that is there now. What nobody refers to any more is freed as before."""
    gc.freeze()


def free(steps: Iterable[None], after: float = 0.0) -> None:
    """Go through `steps`, of which each frees something, and give way between them (for a thread)."""
    sleep(after)
    for _ in steps:
        person.give_way()


def look_again() -> None:
    """Collect what is garbage among what was left alone, once nobody waits for a key (for a thread)."""
    if not _looks.acquire(blocking=False):
        return  # another thread waits for it already
    try:
        while person.idle_seconds < IDLE_SECONDS:
            sleep(IDLE_SECONDS / 10)
        gc.unfreeze()
        gc.collect()
        gc.freeze()
    finally:
        _looks.release()


_looks = Lock()
