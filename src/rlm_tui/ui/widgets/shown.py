"""What the person sees of a run: which parts are open, until when, and how much of what was printed."""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from rlm_tui.ui.widgets.output_tail import OutputTails


@dataclass(frozen=True, slots=True)
class Shown:
    """What the person sees of a run: which folds are open, the time, and the ends of the cells' outputs."""

    open: AbstractSet[str]
    reasoning: AbstractSet[str]
    now: float
    tails: OutputTails
    reading: bool = False
    """Whether the person has scrolled away from the end: then no line may move away under their eyes."""
