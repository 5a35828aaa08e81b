"""The prompt of a call in an editor, to be asked again."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import Button, Static, TextArea

from rlm_tui.core.text import number_of
from rlm_tui.ui.key_groups import RUN
from rlm_tui.ui.screens.dialog import Dialog
from rlm_tui.ui.widgets.problem_line import ProblemLine


class AskAgainScreen(Dialog[str]):
    """Answers with the prompt that is to be sent; None for Esc."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+r", "send", "ask", priority=True, id="again.send", group=RUN,
                tooltip="Send this prompt to the sub-LM"),
    ]  # fmt: skip

    def __init__(self, number: str, prompt: str, who: str) -> None:
        """`who` answers; `number` is that of the recorded call."""
        super().__init__()
        self._number = number
        self._prompt = prompt
        self._who = who

    def compose(self) -> ComposeResult:
        with Vertical(id="dialog", classes="ask-again") as box:
            box.border_title = f"Ask call {self._number} again"
            words = f"{self._who} answers, once. It is counted apart: no total of the run changes."
            yield Static(Content(words), markup=False, id="again-words")
            yield TextArea(self._prompt, id="again-prompt", soft_wrap=True, compact=True)
            yield ProblemLine(id="problem")
            with Horizontal(classes="buttons"):
                yield Button("Ask ^R", id="send", variant="primary", compact=True)
                yield Button("Esc close", id="close", compact=True)

    def on_mount(self) -> None:
        self.query_one(TextArea).focus()
        self._count()

    def on_text_area_changed(self, event: TextArea.Changed) -> None:
        event.stop()
        self.query_one(ProblemLine).say("")
        self._count()

    def _count(self) -> None:
        text = self.query_one(TextArea).text
        changed = "as it is recorded" if text == self._prompt else "changed"
        self.query_one("#dialog").border_subtitle = f"{number_of(len(text), 'character')}, {changed}"

    def on_button_pressed(self, event: Button.Pressed) -> None:
        event.stop()
        if event.button.id == "send":
            self.action_send()
        else:
            self.dismiss(None)

    def action_send(self) -> None:
        text = self.query_one(TextArea).text
        if text.strip():
            self.dismiss(text)
        else:
            self.query_one(ProblemLine).say("There is nothing to ask: write a prompt, or leave with Esc.")
