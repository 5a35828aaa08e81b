"""The budgets of a run as lines with bars; one of them is chosen, by the screen's keys or by a click."""

from __future__ import annotations

from collections.abc import Sequence

from rich.style import Style
from textual import events
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from rlm_tui.core.budget_use import BudgetUse
from rlm_tui.ui.widgets.budget_words import budget_line
from rlm_tui.ui.widgets.row_roles import paint, role_style


class BudgetTable(Widget):
    """`show` it what is used; `choose` moves the mark. It tells `Chosen` when a line is clicked."""

    DEFAULT_CSS = "BudgetTable { height: 6; width: 100%; color: $foreground; }"

    class Chosen(Message):
        """A line was clicked."""

        def __init__(self, name: str) -> None:
            super().__init__()
            self.budget = name

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's own name
        super().__init__(id=id)
        self.uses: tuple[BudgetUse, ...] = ()
        self.chosen = ""

    def show(self, uses: Sequence[BudgetUse]) -> None:
        """Show these, one a line."""
        self.uses = tuple(uses)
        self.refresh()

    def choose(self, name: str) -> None:
        """Mark the budget `name`."""
        self.chosen = name
        self.refresh()

    def render_line(self, y: int) -> Strip:
        width = self.content_size.width
        if y >= len(self.uses) or width <= 0:
            return Strip.blank(width, self.rich_style)
        use = self.uses[y]
        strip = paint(budget_line(use, width, chosen=use.name == self.chosen), self._role)
        return strip.crop_extend(0, width, None).apply_style(self.rich_style)

    def on_click(self, event: events.Click) -> None:
        if 0 <= event.y < len(self.uses):
            self.post_message(self.Chosen(self.uses[event.y].name))

    def _role(self, role: str) -> Style:
        return role_style(self, role)
