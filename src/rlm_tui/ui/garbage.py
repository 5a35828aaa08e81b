"""What Python's collector of garbage need not look at: what stays until the end, such as all of dspy.

A full collection looks at every object that there is, on whichever thread it falls due: with dspy imported
that took 110 ms, in which no key is answered.
"""

from __future__ import annotations

import gc

_YOUNG = 5_000
"""So many more new objects than are freed have the young ones looked at. Python's 700 come by so fast when a
run is folded that looking costs a third of it."""


def collect_seldom() -> None:
    """Have the young objects looked at in fewer goes."""
    gc.set_threshold(_YOUNG, 20, 100)


def leave_alone() -> None:
    """Let collections pass by all that is there now. What nobody refers to any more is freed as before."""
    gc.freeze()


def look_again() -> None:
    """Collect what is garbage among what was left alone, and leave the rest alone again (for a thread)."""
    gc.unfreeze()
    gc.collect()
    gc.freeze()
