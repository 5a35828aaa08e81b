"""The last line: the keys that do something now, most needed first, and short answers to a key.

The palette is always among them: with it all that has no room here is in reach of the mouse, too.
"""

from __future__ import annotations

from textual import events
from textual.app import App
from textual.binding import Binding
from textual.content import Content
from textual.screen import Screen
from textual.timer import Timer
from textual.widget import Widget
from textual.widgets import Input, TextArea

from rlm_tui.ui.key_groups import RUN

PALETTE = ("command_palette", "app.command_palette")


def is_typed(key: str) -> bool:
    """Whether a text field takes this key as a character."""
    return len(key) == 1 or key in ("space", "slash", "left_square_bracket", "right_square_bracket")


class KeyFooter(Widget):
    """Lists the active bindings that have `show`; those that don't fit are left out whole, never cut.

    Textual's own Footer mounts a widget for each key and mounts them anew with every change of focus.
    """

    ALLOW_SELECT = False

    def __init__(self) -> None:
        super().__init__(id="key-footer")
        self._spoken = ""
        self._timer: Timer | None = None
        self._shown: list[tuple[int, int, str]] = []

    def on_mount(self) -> None:
        self.screen.bindings_updated_signal.subscribe(self, self._bindings_changed)

    def on_unmount(self) -> None:
        self.screen.bindings_updated_signal.unsubscribe(self)

    def _bindings_changed(self, _screen: Screen[object]) -> None:
        self.refresh()

    def say(self, words: str, seconds: float = 2.0) -> None:
        """Show `words` in place of the keys for a moment."""
        self._spoken = words
        if self._timer is not None:
            self._timer.stop()
        self._timer = self.set_timer(seconds, self.hush)
        self.refresh()

    def hush(self) -> None:
        """Show the keys again."""
        self._spoken = ""
        self.refresh()

    @property
    def spoken(self) -> str:
        """What is being said just now, or nothing."""
        return self._spoken

    def _listed(self) -> list[tuple[Binding, bool]]:
        """The bindings to list, one an action: a run's verbs, then the focus's own keys, then the rest."""
        typing = isinstance(self.screen.focused, Input | TextArea)
        seen: dict[str, tuple[int, Binding, bool]] = {}
        for active in self.screen.active_bindings.values():
            binding = active.binding
            if not binding.show or not binding.description or binding.action in seen:
                continue
            if typing and is_typed(binding.key):
                continue
            rank = 0 if binding.group == RUN and isinstance(active.node, Screen) else 1
            if rank and isinstance(active.node, (Screen, App)):
                rank = 2
            seen[binding.action] = (rank, binding, active.enabled)
        return [(binding, enabled) for _, binding, enabled in sorted(seen.values(), key=lambda item: item[0])]

    def render(self) -> Content:
        if self._spoken:
            self._shown = []
            return Content.styled(f" {self._spoken}", "bold $text-warning")
        room = self.content_size.width
        column = 0
        parts: list[Content] = []
        self._shown = []
        listed = self._listed()
        palette = sum(self._cells(binding) + 2 for binding, _ in listed if binding.action in PALETTE)
        for binding, enabled in listed:
            key = self.app.get_key_display(binding)
            length = self._cells(binding)
            kept = 0 if binding.action in PALETTE else palette
            if column + length + 2 > room - kept:
                continue
            self._shown.append((column, column + length, binding.key))
            style = "$footer-description-foreground" if enabled else "$footer-description-foreground 50%"
            parts.append(
                Content(" ").join(
                    [
                        Content.styled(key, "bold $footer-key-foreground"),
                        Content.styled(binding.description, style),
                    ]
                )
            )
            column += length + 2
        return Content("  ").join(parts)

    def _cells(self, binding: Binding) -> int:
        return len(self.app.get_key_display(binding)) + 1 + len(binding.description)

    def on_click(self, event: events.Click) -> None:
        column = event.x - self.gutter.left
        for start, end, key in self._shown:
            if start <= column < end:
                self.app.simulate_key(key)
                return
