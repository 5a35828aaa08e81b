"""Where and why a run is held, in words for a person across the room."""

from __future__ import annotations

from typing import NamedTuple, assert_never

from rlm_tui.core.events import Held
from rlm_tui.core.text import one_line
from rlm_tui.core.trajectory import Iteration, Trajectory
from rlm_tui.core.turn_steps import PlanStep, RemarkStep

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
    return HeldWords(_place(trajectory, held), _why(trajectory, held))


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


def _why(trajectory: Trajectory, held: Held) -> str:
    detail = one_line(held.detail, WHY_CELLS)
    match held.why:
        case "hold":
            return detail or "You held it."
        case "step":
            return detail or _stepped(trajectory, held)
        case "breakpoint":
            return f"Breakpoint: {detail}" if detail else "At a breakpoint."
        case "budget":
            return f"Budget: {detail}" if detail else f"The budget {held.budget} is used up."
        case "sandbox":
            return f"Sandbox: {detail}" if detail else "Its sandbox was lost."
        case _:
            assert_never(held.why)


def _stepped(trajectory: Trajectory, held: Held) -> str:
    """What the step was: verbs that leave the run held make one, too."""
    iteration = trajectory.iteration_of(held.span)
    if held.before == "cell" and iteration is not None:
        match iteration.steps[-2:]:
            case [RemarkStep(sent_back=True), PlanStep()]:
                return "You sent the planner back: this is its new code."
    if held.before == "plan" and iteration is not None and iteration.depth == 0:
        match trajectory.iterations[-2:]:
            case [Iteration(skipped=str()), _]:
                return "You skipped the cell: the planner is told so."
    return "One step was taken."
