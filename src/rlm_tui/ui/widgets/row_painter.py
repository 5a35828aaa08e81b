"""Rows as strips in the colours of the theme. What was painted is kept until it is to be forgotten."""

from __future__ import annotations

from rich.style import Style
from textual.cache import LRUCache
from textual.strip import Strip
from textual.widget import Widget

from rlm_tui.ui.widgets.row import Row
from rlm_tui.ui.widgets.row_roles import paint, role_style


class RowPainter:
    """Paints the rows of `widget`, each once for all of its lines, and keeps the last of them."""

    def __init__(self, widget: Widget) -> None:
        self._widget = widget
        self._strips: LRUCache[Row, list[Strip]] = LRUCache(1024)
        self._styles: dict[str, Style] = {}
        self._base = Style()

    def set_base(self, base: Style) -> None:
        """Paint on this style: the widget's own."""
        if base != self._base:
            self._base = base
            self._strips.clear()

    def forget_rows(self) -> None:
        """Paint every row anew."""
        self._strips.clear()

    def forget_styles(self) -> None:
        """Ask the theme again for every colour, and paint every row anew."""
        self._styles.clear()
        self._strips.clear()

    def line(self, row: Row, line: int, width: int) -> Strip:
        """A line of `row`, which is laid out for `width`; a blank one below its last."""
        strips = self._strips.get(row)
        if strips is None:
            strips = self._paint(row, width)
            self._strips.set(row, strips)
        return strips[line] if line < len(strips) else self.blank()

    def blank(self) -> Strip:
        """A line on which nothing stands."""
        return Strip.blank(self._widget.size.width, self._base)

    def _paint(self, row: Row, width: int) -> list[Strip]:
        whole = self._widget.scrollable_content_region.width
        return [
            paint(line, self._role_style).crop_extend(0, whole, None).apply_style(self._base)
            for line in row.layout(width)
        ]

    def _role_style(self, role: str) -> Style:
        """The colour and weight of a role, without a background."""
        style = self._styles.get(role)
        if style is None:
            style = role_style(self._widget, role)
            self._styles[role] = style
        return style
