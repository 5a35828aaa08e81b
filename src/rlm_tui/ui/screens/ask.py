"""Ask for one line: a name, a path, a remark."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.suggester import Suggester
from textual.widgets import Button, Input, Static

from rlm_tui.core.text import visible
from rlm_tui.ui.screens.dialog import Dialog
from rlm_tui.ui.widgets.problem_line import ProblemLine


class AskScreen(Dialog[str]):
    """Answers with what was written; None for Esc. `verb` is what Enter does.

    With `needed` it takes no empty answer.
    """

    def __init__(
        self,
        title: str,
        sentence: str,
        value: str = "",
        *,
        verb: str,
        suggester: Suggester | None = None,
        needed: bool = True,
    ) -> None:
        super().__init__()
        self._title = title
        self._sentence = sentence
        self._value = value
        self._verb = verb
        self._suggester = suggester
        self._needed = needed

    def compose(self) -> ComposeResult:
        with Vertical(id="dialog", classes="question") as box:
            box.border_title = self._title
            box.border_subtitle = f"Enter {self._verb} · Esc closes"
            yield Static(Content(visible(self._sentence)), markup=False, id="question")
            yield Input(
                self._value, id="answer", compact=True, select_on_focus=False, suggester=self._suggester
            )
            yield ProblemLine(id="problem")
            with Horizontal(classes="buttons"):
                yield Button("OK  enter", id="ok", variant="primary", compact=True)
                yield Button("Close  esc", id="close", compact=True)

    def on_button_pressed(self, event: Button.Pressed) -> None:
        event.stop()
        if event.button.id == "ok":
            self._answer(self.query_one(Input).value)
        else:
            self.dismiss(None)

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        self.query_one(ProblemLine).say("")

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self._answer(event.value)

    def _answer(self, value: str) -> None:
        answer = value.strip()
        if answer or not self._needed:
            self.dismiss(answer)
        else:
            self.query_one(ProblemLine).say("Write something first, or leave with Esc.")
