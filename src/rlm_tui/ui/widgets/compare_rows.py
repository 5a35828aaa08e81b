"""An RLM beside one prompt, as rows: what would be asked, then figures, errors, answers field by field."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from textual.binding import Binding, BindingType
from textual.message import Message

from rlm_tui.core.text import visible
from rlm_tui.core.trajectory import Activity
from rlm_tui.headless.comparison_figures import ONE_PROMPT, RLM, Column, figures, output_names
from rlm_tui.headless.truth import FieldCheck
from rlm_tui.ui.key_groups import MOVE
from rlm_tui.ui.widgets.pair_rows import FigureRow, PairRow
from rlm_tui.ui.widgets.result_block import error_rows, listing, output_rows
from rlm_tui.ui.widgets.row import Line, Row, TextRow
from rlm_tui.ui.widgets.row_blocks import Place
from rlm_tui.ui.widgets.row_view import RowView
from rlm_tui.ui.widgets.status_line import state_role

NAMES = (RLM, ONE_PROMPT)
BEGINNING, ITEMS = 4_000, 20
MISSING_SHOWN = 200


class CompareRows(RowView):
    """Both ways of asking beside each other. The figures are made anew at each tick, the answers once."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(key, action, show=False, id=f"rows.{name}", tooltip=tooltip, group=MOVE)
        for key, action, name, tooltip in (
            ("end,f", "last", "follow", "To the last row"),
            ("enter", "choose", "choose", "Look at an answer whole, of both sides"),
        )
    ]

    class Chosen(Message):
        """This output is to be looked at whole; `text` has it from both sides."""

        def __init__(self, name: str, text: str) -> None:
            super().__init__()
            self.name = name
            self.text = text

    def __init__(self) -> None:
        super().__init__(id="compare-rows", follow=False)
        self._types: Mapping[str, str] = {}
        self._columns: tuple[Column, Column] | None = None

    def show_plan(self, lines: Sequence[tuple[str, str]]) -> None:
        """Say what would be asked: labels and words."""
        self.clear_rows()
        self._columns = None
        width = max((len(label) for label, _ in lines), default=0)
        plan: list[Row] = [
            TextRow(((f"{label:<{width}}  ", "label"), (words, "text")), hang=((" " * (width + 2), "text"),))
            for label, words in lines
        ]
        self.blocks.set("plan", plan)
        self.rows_changed()

    def begin(self, types: Mapping[str, str]) -> None:
        """A comparison starts; `types` are the declared ones of the outputs."""
        self.clear_rows()
        self._types, self._columns = types, None

    def show(self, rlm: Column, direct: Column, doing: tuple[Activity, Activity]) -> None:
        """Show how far both are, and what each is doing."""
        head: list[Row] = [FigureRow("", ((RLM, "accent"),), ((ONE_PROMPT, "accent"),))]
        left, right = (_doing(activity) for activity in doing)
        head.append(FigureRow("status", left, right))
        for figure in figures(rlm, direct):
            if figure.name != "status":
                role = "strong" if figure.name == "truth" else "text"
                head.append(FigureRow(figure.name, ((figure.rlm, role),), ((figure.direct, role),)))
        self.blocks.set("figures", head)
        if self._columns is None or _ends(self._columns) != _ends((rlm, direct)):
            self._show_answers(rlm, direct)
        self._columns = (rlm, direct)
        self.rows_changed()

    def _show_answers(self, rlm: Column, direct: Column) -> None:
        columns = (rlm, direct)
        rows: list[Row] = []
        if rlm.error is not None or direct.error is not None:
            left, right = ([] if one.error is None else error_rows(one.error, "") for one in columns)
            rows += [*_heading("error"), PairRow(left, right, NAMES, most=60)]
        for name in output_names(rlm, direct):
            left, right = (self._output(one, name) for one in columns)
            rows += [*_heading(name), PairRow(left, right, NAMES, target=name)]
        self.blocks.set("answers", rows)

    def _output(self, column: Column, name: str) -> list[Row]:
        """One side's value of an output: its type and size, how true it is, and the value."""
        if name not in column.outputs:
            words = "no answer" if column.status not in ("running", "starting") else "not answered yet"
            return [TextRow(((words, "faint"),))]
        (_, *value) = output_rows(name, _beginning(column.outputs[name]), "", indent="")
        return [
            TextRow((*_kind(self._types.get(name, ""), column.outputs[name]), *_truth(column, name))),
            *value,
        ]

    def chosen(self, place: Place, row: Row) -> None:
        if not isinstance(row, PairRow) or not isinstance(row.target, str) or self._columns is None:
            return
        name = row.target
        parts = [_whole(side, column, name) for side, column in zip(NAMES, self._columns, strict=True)]
        self.post_message(self.Chosen(name, "\n\n".join(parts)))


def _ends(columns: tuple[Column, Column]) -> list[tuple[bool, bool]]:
    """Which of them are over and counted: answers change with that alone."""
    return [(one.status in ("running", "starting", "asking"), one.found is None) for one in columns]


def _doing(activity: Activity) -> Line:
    role = state_role(activity.state)
    return ((f"{activity.sign} ", role), (activity.words, role))


def _heading(name: str) -> list[Row]:
    return [TextRow((("", "text"),)), TextRow(((visible(name), "strong"),))]


def _beginning(value: Any) -> Any:
    """As much of an output as may be seen before it is opened: laying out costs what is laid out."""
    match value:
        case str():
            return value[:BEGINNING]
        case list():
            return [_beginning(item) for item in value[:ITEMS]]
        case dict():
            return {key: _beginning(item) for key, item in list(value.items())[:ITEMS]}
        case _:
            return value


def _kind(declared: str, value: object) -> Line:
    size = f" · {len(value):,}" if isinstance(value, (list, dict)) else ""
    return ((f"{visible(declared)}{size}", "dim"),)


def _field(column: Column, name: str) -> FieldCheck | None:
    fields = column.found.fields if column.found is not None else ()
    return next((one for one in fields if one.name == name), None)


def _truth(column: Column, name: str) -> Line:
    found = _field(column, name)
    if found is None:
        return ()
    extra = f", {found.extra} extra" if found.extra else ""
    good = found.found == found.of and not found.extra
    words = f"{'✓' if good else '✗'} {found.found} of {found.of} found{extra}"
    return ((" · ", "faint"), (words, "good" if good else "busy"))


def _whole(side: str, column: Column, name: str) -> str:
    """One side's value as text, and what of the truth it lacks."""
    if name not in column.outputs:
        return f"== {side} ==\nno answer"
    text = f"== {side} ==\n{listing(column.outputs[name])}"
    found = _field(column, name)
    if found is None or not found.missing:
        return text
    missing = "\n".join(f"- {fact}" for fact in found.missing[:MISSING_SHOWN])
    return f"{text}\n\n== {side}: {len(found.missing)} not found ==\n{missing}"
