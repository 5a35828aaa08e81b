"""What stands dimmed behind a dialog: each style is mixed with the tint once, not for each segment anew."""

from __future__ import annotations

from rich.console import Console, ConsoleOptions, RenderResult
from rich.segment import Segment
from rich.style import Style
from textual.color import Color
from textual.renderables.background_screen import BackgroundScreen
from textual.screen import Screen


class Backdrop:
    """Draws a screen tinted with a colour, as `BackgroundScreen` does, and remembers the styles."""

    def __init__(self) -> None:
        self._below: Screen[object] | None = None
        self._tint = Color(0, 0, 0)
        self._tinted: dict[Style | None, Style | None] = {}

    def over(self, below: BackgroundScreen) -> Backdrop:
        """Draw this screen in its tint from now on."""
        if below.color != self._tint:
            self._tinted.clear()
        self._below, self._tint = below.screen, below.color
        return self

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        if self._below is None:
            return
        tinted = self._tinted
        for segment in console.render(self._below._compositor, options):
            text, style, control = segment
            if control:
                yield segment
                continue
            if style not in tinted:
                [mixed] = BackgroundScreen.process_segments([segment], self._tint)
                tinted[style] = mixed.style
            yield Segment(text, tinted[style])
