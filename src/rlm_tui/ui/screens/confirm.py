"""Ask something that has a few answers; each is a button and a key."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from textual import events
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import Button, Static

from rlm_tui.ui.screens.dialog import Dialog


class Choice(NamedTuple):
    """One answer: what is handed back, the key that gives it, and its words (which name the key)."""

    answer: str
    key: str
    label: str


class ConfirmScreen(Dialog[str]):
    """Answers with the chosen `Choice.answer`, or None for Esc."""

    def __init__(self, title: str, question: str, choices: Sequence[Choice]) -> None:
        super().__init__()
        self._title = title
        self._question = question
        self._choices = tuple(choices)

    def compose(self) -> ComposeResult:
        with Vertical(id="dialog", classes="question") as box:
            box.border_title = self._title
            yield Static(self._question, markup=False, id="question")
            with Vertical(classes="answers"):
                for at, choice in enumerate(self._choices):
                    yield Button(
                        f"{choice.key}  {choice.label}",
                        id=f"answer-{choice.answer}",
                        compact=True,
                        variant="primary" if at == 0 else "default",
                    )

    def on_button_pressed(self, event: Button.Pressed) -> None:
        self.dismiss((event.button.id or "").removeprefix("answer-"))

    def on_key(self, event: events.Key) -> None:
        for choice in self._choices:
            if event.key == choice.key:
                event.stop()
                self.dismiss(choice.answer)
                return
        if event.key in ("left", "up"):
            self.focus_previous()
        elif event.key in ("right", "down"):
            self.focus_next()
