"""The sandbox's variables as aligned rows: mark, name, type, size, preview."""

from __future__ import annotations

from collections.abc import Mapping

from rlm_tui.core.events import Variable
from rlm_tui.core.text import one_line, visible, width_of
from rlm_tui.ui.widgets.row import Line, LineRow, Row, Span
from rlm_tui.ui.widgets.targets import VariableLine

MARKS: dict[str, Span] = {"new": ("+", "good"), "changed": ("~", "busy")}
NAME_CELLS, TYPE_CELLS = (6, 24), (4, 20)


def variable_rows(variables: Mapping[str, Variable], marks: Mapping[str, str]) -> list[Row]:
    """One row a variable, in the order they came; `+` is new and `~` changed by the last cell, or since."""
    shown = list(variables.values())
    names = [one_line(variable.name, NAME_CELLS[1]) for variable in shown]
    types = [one_line(variable.type, TYPE_CELLS[1]) for variable in shown]
    sizes = [f"{variable.size:,}" if variable.size is not None else "" for variable in shown]
    name_cells = _column(names, NAME_CELLS)
    type_cells = _column(types, TYPE_CELLS)
    size_cells = _column(sizes, (0, 14))
    rows: list[Row] = []
    for variable, name, kind, size in zip(shown, names, types, sizes, strict=True):
        mark = MARKS.get(marks.get(variable.name, ""), (" ", "text"))
        line: Line = (
            mark,
            (f" {_padded(name, name_cells)}  ", mark[1] if mark[0] != " " else "label"),
            (f"{_padded(kind, type_cells)}  ", "dim"),
            (f"{size:>{size_cells}}  ", "text"),
            (visible(variable.preview).replace("\n", "⏎")[:400], "dim"),
        )
        rows.append(LineRow(line, target=VariableLine(variable.name)))
    return rows


def _column(texts: list[str], limits: tuple[int, int]) -> int:
    least, most = limits
    return max(least, min(most, max(map(width_of, texts), default=least)))


def _padded(text: str, cells: int) -> str:
    return text + " " * (cells - width_of(text))
