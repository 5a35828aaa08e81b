"""What a strategy of the offline planner writes: a thought and a cell, and the Python that cells share."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass

from rlm_tui.lm.offline_prompt import PlannerTurn

# Scripts without spaces between their words are read in pairs of characters.
WORDS_OF = r'''
JOINED = "\u3040-\u30ff\u3400-\u9fff"

def words_of(question, least=3):
    """The words of a question, small; of a script that joins its words, each two characters."""
    found = []
    for run in re.findall(rf"[{JOINED}]+|[^\W\d_{JOINED}]+", question.lower()):
        if re.match(f"[{JOINED}]", run):
            found += [run[at:at + 2] for at in range(max(1, len(run) - 1))]
        elif len(run) >= least:
            found.append(run)
    return found
'''


@dataclass(frozen=True)
class Cell:
    """The reasoning and the Python of one planner turn."""

    reasoning: str
    code: str


def cell(reasoning: str, code: str, *, shared: str = "") -> Cell:
    """A cell from an indented block of code; `shared` stands below the imports of the block's first lines."""
    block = textwrap.dedent(code).strip("\n")
    if shared:
        imports, _, rest = block.partition("\n\n")
        block = f"{imports}\n{shared}\n{rest}"
    return Cell(reasoning, block)


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
