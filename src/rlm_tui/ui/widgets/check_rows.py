"""What the doctor found, a row for each check, in groups: sign, name, words, and what mends it."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

from rlm_tui.core.text import human_seconds, width_of
from rlm_tui.engine.checks.check import BAD, GROUPS, CheckResult
from rlm_tui.ui.widgets.row import Line, Row, Span, TextRow, line_width, wrap_line
from rlm_tui.ui.widgets.row_blocks import Place
from rlm_tui.ui.widgets.row_view import RowView

SHOWN_SECONDS = 0.05
"""What took less is not worth a figure."""
_SIGNS: dict[str, Span] = {
    "ok": ("✓", "good"),
    "missing": ("!", "busy"),
    "failing": ("✗", "bad"),
    "skipped": ("–", "dim"),
    "waiting": ("·", "faint"),
}
_LOOKING: Span = ("▶", "busy")


def sign(result: CheckResult) -> Span:
    """A sign and its role; what is waiting and what is being looked at differ."""
    return _LOOKING if result.outcome == "waiting" and result.words else _SIGNS[result.outcome]


@dataclass(slots=True, eq=False)
class CheckRow:
    """One check; `cells` is the width of the names."""

    result: CheckResult
    cells: int

    @property
    def target(self) -> CheckResult:
        return self.result

    def sameness(self) -> Hashable:
        return self.result, self.cells

    def height(self, width: int) -> int:
        return len(self.layout(width))

    def layout(self, width: int) -> Sequence[Line]:
        result = self.result
        mark = sign(result)
        name = result.name + " " * (self.cells - width_of(result.name))
        head: list[Span] = [("  ", "text"), (f"{mark[0]} ", mark[1]), (f"{name}  ", "label")]
        hang: Line = ((" " * line_width(head), "text"),)
        quiet = result.outcome in ("waiting", "skipped")
        head.append((result.words or "waiting", "dim" if quiet else "text"))
        if result.seconds >= SHOWN_SECONDS:
            head.append((f"  {human_seconds(result.seconds)}", "faint"))
        lines = list(wrap_line(head, width, hang=hang))
        if result.mend:
            arrow: Line = (*hang, ("→ ", mark[1]))
            room = (" " * line_width(arrow), "text")
            # What stands between backquotes can be copied, and looks like it.
            pieces = enumerate(result.mend.split("`"))
            plain = "text" if result.outcome in BAD else "dim"
            mend = tuple((text, "strong" if at % 2 else plain) for at, text in pieces if text)
            lines += wrap_line((*arrow, *mend), width, hang=(room,))
        return lines


class CheckRows(RowView):
    """The checks in groups. Its cost grows with the checks, of which there are some twenty."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's own name
        super().__init__(id=id, follow=False)

    @property
    def selected(self) -> CheckResult | None:
        """The check that the cursor stands on; None on a heading."""
        row = self.blocks.row(self.cursor) if self.cursor is not None else None
        return row.result if isinstance(row, CheckRow) else None

    def choose(self, result: CheckResult) -> None:
        """Put the cursor on this check."""
        for at, row in enumerate(self.blocks.block(result.group).rows):
            if isinstance(row, CheckRow) and row.result.name == result.name:
                self.move_cursor(Place(result.group, at))

    def show(self, results: Sequence[CheckResult]) -> None:
        """Show these; the cursor stays with its check."""
        cells = max((width_of(result.name) for result in results), default=0)
        for group in GROUPS:
            members = [result for result in results if result.group == group]
            if not members:
                continue
            heading: list[Row] = [TextRow(((group, "strong"),))]
            self.blocks.set(group, [*heading, *(CheckRow(result, cells) for result in members)])
        self.rows_changed()
