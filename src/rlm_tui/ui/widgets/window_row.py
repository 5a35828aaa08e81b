"""The window of the one prompt, as a person may write it, and the button that asks both ways."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.content import Content
from textual.widgets import Button, Input, Static

from rlm_tui.core.settings import Settings
from rlm_tui.engine.direct_window import Window, asked_window, written_window


class WindowRow(Horizontal):
    """A window for the planner's model of `settings`. Its screen handles what is pressed."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(classes="option-row compare-row")
        self._settings = settings
        self._known: Window | None = None

    def compose(self) -> ComposeResult:
        yield Static("window", markup=False, classes="option-label")
        yield Input(placeholder="tokens", id="compare-window", compact=True, select_on_focus=False)
        yield Static("", markup=False, id="compare-window-words")
        yield Button("Run both", id="compare-button", variant="primary", compact=True)

    def take(self, window: Window) -> None:
        """Write the window that the model has."""
        self._known = window
        self._field.value = f"{window.tokens:,}"

    def written(self) -> Window:
        """The window that is written there. Raises WindowError."""
        tokens = written_window(self._field.value)
        known = self._known
        if known is not None and known.tokens == tokens:
            return known
        return asked_window(self._settings, tokens)

    def say(self, window: Window) -> None:
        """Say whose number it is."""
        self.query_one("#compare-window-words", Static).update(Content(f"tokens, {window.words}"))

    def allow(self, can_start: bool) -> None:
        """Let the window be written and the button pressed, or neither."""
        self.query_one("#compare-button", Button).disabled = not can_start
        self._field.disabled = not can_start

    def focus_field(self) -> None:
        """To where the window is written."""
        self._field.focus()

    @property
    def _field(self) -> Input:
        return self.query_one("#compare-window", Input)
