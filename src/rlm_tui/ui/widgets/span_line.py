"""One line of spans as a widget: the status line, the heading and the foot of a table, a row of tabs."""

from __future__ import annotations

from rich.style import Style
from textual.strip import Strip
from textual.widget import Widget

from rlm_tui.ui.widgets.row import Line
from rlm_tui.ui.widgets.row_roles import paint, role_style


class SpanLine(Widget):
    """Paints what `line` says for the width there is; roles get their colours from the theme."""

    DEFAULT_CSS = "SpanLine { height: 1; width: 100%; color: $foreground; }"

    def __init__(
        self,
        *,
        id: str | None = None,  # noqa: A002 - Textual's own name
        classes: str | None = None,
    ) -> None:
        super().__init__(id=id, classes=classes)
        self._styles: dict[str, Style] = {}
        self._stale = False

    def stale(self) -> None:
        """What is shown is out of date; many of these before a repaint cost no more than one."""
        if not self._stale:
            self._stale = True
            self.refresh()

    def line(self, width: int) -> Line:
        """The spans to paint in `width` cells."""
        raise NotImplementedError

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self._styles.clear()

    def render_line(self, y: int) -> Strip:
        self._stale = False
        width = self.content_size.width
        if y or width <= 0:
            return Strip.blank(width, self.rich_style)
        strip = paint(self.line(width), self.role_style)
        return strip.crop_extend(0, width, None).apply_style(self.rich_style)

    def role_style(self, role: str) -> Style:
        """The colour and weight of a role, without a background."""
        style = self._styles.get(role)
        if style is None:
            style = self._styles[role] = role_style(self, role)
        return style
