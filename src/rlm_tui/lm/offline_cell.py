"""What a strategy of the offline planner writes: a thought and a cell."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass

from rlm_tui.lm.offline_prompt import PlannerTurn


@dataclass(frozen=True)
class Cell:
    """The reasoning and the Python of one planner turn."""

    reasoning: str
    code: str


def cell(reasoning: str, code: str) -> Cell:
    """A cell from an indented block of code."""
    return Cell(reasoning, textwrap.dedent(code).strip("\n"))


def next_cell(turn: PlannerTurn, cells: list[Cell], finish: Cell) -> Cell:
    """The cell for where `turn` stands: the next one, the same again after a failure, `finish` after two."""
    if turn.failures >= 2 or turn.stage >= len(cells):
        return finish
    planned = cells[turn.stage]
    if turn.failures:
        error = turn.steps[-1].output.strip().splitlines()[-1][:160]
        return Cell(
            f"The last cell failed ({error}). I run that step once more. {planned.reasoning}", planned.code
        )
    return planned
