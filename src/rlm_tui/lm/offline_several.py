"""Several documents in one variable, a dict of texts by their names: the strategies read them as one text."""

from __future__ import annotations

from rlm_tui.lm.offline_cell import Cell
from rlm_tui.lm.offline_prompt import PlannerTurn

_DOCUMENTS = ("docs", "document", "text", "logs")


def several_documents(turn: PlannerTurn) -> str | None:
    """The name of the variable that holds several documents; None where there is no such variable."""
    found = (one.name for one in turn.inputs if one.name in _DOCUMENTS and one.type.startswith("dict"))
    return next(found, None)


def read_as_one(cell: Cell, turn: PlannerTurn, *, headed: bool) -> Cell:
    """The cell, begun by joining the documents where there are several: `headed` puts its name above each.

    It stands in every cell, because an interpreter may bind its inputs anew for each.
    """
    name = several_documents(turn)
    if name is None:
        return cell
    one = 'f"# {title}\\n\\n{content}"' if headed else "content"
    joined = (
        f"if not isinstance({name}, str):  # several documents are read as one text\n"
        f"    by_name = dict({name})\n"
        f'    {name} = "\\n\\n".join({one} for title, content in by_name.items())\n'
    )
    return Cell(cell.reasoning, f"{joined}\n{cell.code}")
