"""Where and why a run is held, in words for a person across the room."""

from __future__ import annotations

from typing import NamedTuple, assert_never

from rlm_tui.core.events import Held
from rlm_tui.core.text import one_line
from rlm_tui.core.trajectory import Trajectory

WHY_CELLS = 200


class HeldWords(NamedTuple):
    """`place`: "before the cell of iteration 4"; `why` is a sentence; `comes`: it goes on until then."""

    place: str
    why: str
    comes: bool = False


COMING = HeldWords(
    "at the next boundary", "The run goes on to its next plan or cell, and is held there.", comes=True
)


def held_words(trajectory: Trajectory, held: Held) -> HeldWords:
    """What to say of `held`."""
    return HeldWords(_place(trajectory, held), _why(held))


def _place(trajectory: Trajectory, held: Held) -> str:
    iteration = trajectory.iteration_of(held.span)
    where = "" if iteration is None else f" of iteration {iteration.n}"
    if iteration is not None and iteration.depth:
        where += " of a nested RLM"
    match held.before:
        case "plan":
            return f"before the plan{where}"
        case "cell":
            return f"before the cell{where}"
        case "call":
            return f"before a call{where}"
        case "answer":
            return "before an answer is extracted"
        case _:
            assert_never(held.before)


def _why(held: Held) -> str:
    detail = one_line(held.detail, WHY_CELLS)
    match held.why:
        case "hold":
            return detail or "You held it."
        case "step":
            return detail or "One step was taken."
        case "breakpoint":
            return f"Breakpoint: {detail}" if detail else "At a breakpoint."
        case "budget":
            return f"Budget: {detail}" if detail else f"The budget {held.budget} is used up."
        case "sandbox":
            return f"Sandbox: {detail}" if detail else "Its sandbox was lost."
        case _:
            assert_never(held.why)
