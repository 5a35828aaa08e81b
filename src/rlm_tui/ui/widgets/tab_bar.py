"""The numbered tabs of the narrow arrangement: one line that names the panes, the active one marked."""

from __future__ import annotations

from textual import events
from textual.content import Content
from textual.message import Message
from textual.widget import Widget


class TabBar(Widget):
    """`1 Documents  2 Task  3 Trajectory …`; with too little room only the active pane keeps its name."""

    ALLOW_SELECT = False

    class Chosen(Message):
        """A tab was clicked."""

        def __init__(self, number: int) -> None:
            super().__init__()
            self.number = number

    def __init__(self, tabs: dict[int, str]) -> None:
        super().__init__(id="tab-bar")
        self._tabs = tabs
        self._active = 0

    def set_active(self, number: int) -> None:
        """Mark pane `number` as the one that is shown."""
        if number != self._active:
            self._active = number
            self.refresh()

    def _labels(self) -> list[tuple[int, str]]:
        whole = [(number, f" {number} {name} ") for number, name in self._tabs.items()]
        if sum(len(label) for _, label in whole) <= self.size.width:
            return whole
        return [
            (number, f" {number} {name} " if number == self._active else f" {number} ")
            for number, name in self._tabs.items()
        ]

    def render(self) -> Content:
        parts = [
            Content.styled(
                label,
                "bold $block-cursor-foreground on $primary" if number == self._active else "$text-muted",
            )
            for number, label in self._labels()
        ]
        return Content("").join(parts)

    def on_click(self, event: events.Click) -> None:
        column = event.x - self.gutter.left
        for number, label in self._labels():
            if 0 <= column < len(label):
                self.post_message(self.Chosen(number))
                return
            column -= len(label)
