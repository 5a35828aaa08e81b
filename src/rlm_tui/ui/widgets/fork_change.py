"""What a fork does at its first live iteration: plan, run other code, tell the planner something, answer."""

from __future__ import annotations

from typing import Literal

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.widgets import Input, OptionList, TextArea
from textual.widgets.option_list import Option

from rlm_tui.engine.python_code import CodeError, check_code
from rlm_tui.ui.widgets.check_line import CheckLine, Finding
from rlm_tui.ui.widgets.code_editor import CodeEditor

PAUSE_SECONDS = 0.1
"""How long nothing is typed before the code is looked at."""

Manner = Literal["plan", "code", "remark", "finish"]
MANNERS: tuple[Manner, ...] = ("plan", "code", "remark", "finish")


class ForkChange(Vertical):
    """`show` it an iteration; `Changed` tells that something else is wanted."""

    DEFAULT_CSS = """
    ForkChange { height: auto; }
    ForkChange > OptionList { height: auto; border: none; padding: 0; background: transparent; }
    ForkChange > OptionList > .option-list--option { padding: 0; }
    ForkChange > CodeEditor { height: 12; display: none; }
    ForkChange > Input { display: none; }
    ForkChange.-code > CodeEditor, ForkChange.-remark > Input { display: block; }
    ForkChange > CheckLine.-said { display: none; }
    ForkChange.-code > CheckLine.-said { display: block; }
    """

    class Changed(Message):
        """Something else is wanted than before."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's own name
        super().__init__(id=id)
        self.manner: Manner = "plan"
        self._at = 0
        self._recorded = ""

    def compose(self) -> ComposeResult:
        yield OptionList(
            *(Option(_line(manner, 0, chosen=manner == "plan"), id=manner) for manner in MANNERS),
            id="fork-manner",
            compact=True,
            markup=False,
        )
        yield CodeEditor("", id="fork-code")
        yield CheckLine(id="fork-code-check")
        yield Input(
            placeholder="what the planner is told before it plans",
            id="fork-remark",
            compact=True,
            select_on_focus=False,
        )

    @property
    def editor(self) -> CodeEditor:
        return self.query_one(CodeEditor)

    @property
    def code(self) -> str | None:
        """The code to run in place of the iteration's; None where other things are wanted."""
        return self.editor.text if self.manner == "code" else None

    @property
    def remark(self) -> str:
        """What the planner is told; "" for nothing."""
        return self.query_one(Input).value.strip() if self.manner == "remark" else ""

    @property
    def edited(self) -> bool:
        """Whether the editor holds something that was not recorded."""
        return self.editor.text != self._recorded

    @property
    def problem(self) -> str:
        """Why what is wanted can't be done, in a sentence; "" if it can."""
        match self.manner:
            case "code" if not self.editor.text.strip():
                return "There is no code to run: write some, or choose another change."
            case "remark" if not self.remark:
                return "The planner is told nothing: write a remark, or choose another change."
            case _:
                return ""

    def show(self, at: int, code: str) -> None:
        """Offer the changes of iteration `at`, whose recorded code is `code`. Code that was edited stays."""
        self._at = at
        self._sign()
        if not self.edited:
            self._recorded = code
            with self.prevent(TextArea.Changed):
                self.editor.load_text(code)
        else:
            self._recorded = code
        self._check()

    def choose(self, manner: Manner) -> None:
        """Have another change, as if it was chosen by hand."""
        self.query_one(OptionList).highlighted = MANNERS.index(manner)

    def on_mount(self) -> None:
        self.choose("plan")

    def on_option_list_option_highlighted(self, event: OptionList.OptionHighlighted) -> None:
        event.stop()
        if MANNERS[event.option_index] == self.manner:
            return
        self.manner = MANNERS[event.option_index]
        self._sign()
        for manner in MANNERS:
            self.set_class(manner == self.manner, f"-{manner}")
        if self.manner == "code":
            self._check()
        self.post_message(self.Changed())

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Enter goes on to what the change needs."""
        event.stop()
        match self.manner:
            case "code":
                self.editor.focus()
            case "remark":
                self.query_one(Input).focus()
            case _:
                self.screen.focus_next()

    def _sign(self) -> None:
        choices = self.query_one(OptionList)
        for index, manner in enumerate(MANNERS):
            line = _line(manner, self._at, chosen=manner == self.manner)
            choices.replace_option_prompt_at_index(index, line)

    def on_text_area_changed(self, event: TextArea.Changed) -> None:
        event.stop()
        self._check()
        self.post_message(self.Changed())

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        self.post_message(self.Changed())

    def on_code_editor_escape_pressed(self, event: CodeEditor.EscapePressed) -> None:
        """Tab indents in the editor, so Esc leaves it."""
        event.stop()
        self.screen.focus_next()

    def _check(self) -> None:
        """Find out in a thread whether the code parses: long code takes a while."""
        code, edited = self.editor.text, self.edited
        planned = bool(self._recorded)
        self.query_one(CheckLine).look(
            lambda: _look(code, edited=edited, planned=planned), pause=PAUSE_SECONDS
        )

    def on_check_line_looked(self, event: CheckLine.Looked) -> None:
        event.stop()


def _look(code: str, *, edited: bool, planned: bool) -> Finding:
    try:
        check_code(code)
    except CodeError as error:
        return Finding(str(error), good=False)
    if not planned and not code.strip():
        words = "Nothing was planned here: your code is a step before the plan."
    elif not planned:
        words = "The code parses; it is a step before the plan."
    else:
        words = "The code parses; it is changed." if edited else "The code as it was recorded."
    return Finding(f"{words} Esc leaves the editor.")


def _line(manner: Manner, at: int, *, chosen: bool) -> Content:
    return Content(f"{'●' if chosen else '○'} {_label(manner, at)}")


def _label(manner: Manner, at: int) -> str:
    number = f" {at}" if at else ""
    match manner:
        case "plan":
            return f"plan iteration{number} live"
        case "code":
            return f"run other code in iteration{number}"
        case "remark":
            return f"tell the planner something before iteration{number}"
        case "finish":
            return "extract an answer from what was found before it"
