"""Edit the code of a cell before it runs, with the reasoning, the prompt or the changes beside it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import ClassVar, Literal

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container, Horizontal, Vertical
from textual.widgets import Button, TextArea

from rlm_tui.core.trajectory import Iteration
from rlm_tui.engine.python_code import CodeError, check_code
from rlm_tui.ui.key_groups import EDIT, LOOK
from rlm_tui.ui.screens.confirm import Choice, ConfirmScreen
from rlm_tui.ui.screens.dialog import Dialog
from rlm_tui.ui.widgets.check_line import CheckLine, Finding
from rlm_tui.ui.widgets.code_diff import diff_rows
from rlm_tui.ui.widgets.code_editor import CodeEditor
from rlm_tui.ui.widgets.row import Row
from rlm_tui.ui.widgets.text_rows import chunk_rows
from rlm_tui.ui.widgets.text_view import TextView

PAUSE_SECONDS = 0.1
"""How long nothing is typed before the code is looked at."""
BESIDE_COLUMNS = 120

Side = Literal["reasoning", "prompt", "changes"]
Take = Callable[[str], None]
"""Takes the edited code, or raises SessionError with the reason why it can't be taken now."""


class EditCellScreen(Dialog[None]):
    """`keep` makes the code what will run, `run` also lets it run; what is refused stays in the editor."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "ctrl+s", "keep", "keep", priority=True, id="edit.keep",
            tooltip="Keep the code: it is what will run; the run stays held", group=EDIT,
        ),
        Binding("ctrl+r", "run", "run it", priority=True, id="edit.run", tooltip="Run this code", group=EDIT),
        Binding(
            "f2", "side('reasoning')", "reasoning", id="edit.reasoning",
            tooltip="Show the planner's reasoning, or hide it", group=LOOK,
        ),
        Binding(
            "f3", "side('prompt')", "prompt", id="edit.prompt",
            tooltip="Show the prompt that led to this code, or hide it", group=LOOK,
        ),
        Binding(
            "f4", "side('changes')", "changes", id="edit.changes",
            tooltip="Show what differs from the planner's code, or hide it", group=LOOK,
        ),
    ]  # fmt: skip

    def __init__(self, iteration: Iteration, prompt: str, keep: Take, run: Take, *, goes_on: bool) -> None:
        """`goes_on`: run it, and the run goes on; else it is held again before its next plan."""
        super().__init__()
        self._number = iteration.n
        self._reasoning = iteration.reasoning
        self._prompt = prompt
        self._code = iteration.code
        self._original = self._code if iteration.original_code is None else iteration.original_code
        self._keep = keep
        self._run = run
        self._goes_on = goes_on
        self._side: Side | None = "reasoning"

    def compose(self) -> ComposeResult:
        run = "Run it and go on" if self._goes_on else "Run it and hold"
        with Vertical(id="dialog", classes="edit-cell") as box:
            box.border_title = f"The cell of iteration {self._number}"
            with Container(id="edit-panes"):
                with Vertical(id="edit-side"):
                    yield TextView(id="edit-side-text")
                yield CodeEditor(self._code, id="edit-code")
            yield CheckLine(id="edit-check")
            with Horizontal(classes="buttons"):
                yield Button("Keep ^S", id="keep", compact=True)
                yield Button(f"{run} ^R", id="run", variant="primary", compact=True)
                yield Button("Reasoning F2", id="reasoning", compact=True)
                yield Button("Prompt F3", id="prompt", compact=True)
                yield Button("Changes F4", id="changes", compact=True)
                yield Button("Close esc", id="close", compact=True)

    def on_mount(self) -> None:
        self._show_side()
        self._check()
        self.editor.focus()

    @property
    def editor(self) -> CodeEditor:
        return self.query_one(CodeEditor)

    @property
    def changed(self) -> bool:
        """Whether the editor holds something that is not what will run."""
        return self.editor.text != self._code

    def on_resize(self, event: events.Resize) -> None:
        self.set_class(event.size.width >= BESIDE_COLUMNS, "-beside")

    # While it is typed

    def on_text_area_changed(self, event: TextArea.Changed) -> None:
        event.stop()
        self._check()

    def _check(self) -> None:
        """Find out in a thread whether the code parses: long code takes a while."""
        code, changed = self.editor.text, self.changed
        self.query_one(CheckLine).look(lambda: look_at_code(code, changed=changed), pause=PAUSE_SECONDS)

    def on_check_line_looked(self, event: CheckLine.Looked) -> None:
        event.stop()
        if self._side == "changes":
            self._show_side(keep_place=True)

    # What stands beside it

    def action_side(self, side: Side) -> None:
        self._side = None if self._side == side else side
        self._show_side()

    def _show_side(self, *, keep_place: bool = False) -> None:
        box = self.query_one("#edit-side")
        box.display = self._side is not None
        if self._side is not None:
            box.border_title = {
                "reasoning": "The planner's reasoning",
                "prompt": "The prompt",
                "changes": "Changed",
            }[self._side]
            self.query_one(TextView).fill(self._side_rows(self._side), keep_place=keep_place)

    def _side_rows(self, side: Side) -> Iterable[Row]:
        match side:
            case "reasoning":
                return chunk_rows([("reasoning", self._reasoning or "It gave none.")], words=True)
            case "prompt":
                return chunk_rows([("text", self._prompt or "It is not known.")], words=True)
            case "changes":
                return diff_rows(self._original, self.editor.text)

    # Away from here

    def on_button_pressed(self, event: Button.Pressed) -> None:
        event.stop()
        match event.button.id:
            case "keep":
                self.action_keep()
            case "run":
                self.action_run()
            case "reasoning" | "prompt" | "changes" as side:
                self.action_side(side)
                self.editor.focus()
            case _:
                self.action_dismiss_dialog()

    def action_keep(self) -> None:
        self._give(self._keep)

    def action_run(self) -> None:
        self._give(self._run)

    def _give(self, take: Take) -> None:
        from rlm_tui.engine.verbs import SessionError

        code = self.editor.text
        try:
            check_code(code)
            take(code)
        except CodeError as error:
            self.query_one(CheckLine).say(Finding(str(error), good=False))
            if error.line is not None:
                self.editor.go_to_line(error.line)
        except SessionError as error:
            self.query_one(CheckLine).say(Finding(str(error), good=False))
        else:
            self.dismiss(None)

    def on_code_editor_escape_pressed(self) -> None:
        self.action_dismiss_dialog()

    def action_dismiss_dialog(self) -> None:
        if not self.changed:
            self.dismiss(None)
            return

        def answered(answer: str | None) -> None:
            if answer == "keep":
                self.action_keep()
            elif answer == "drop":
                self.dismiss(None)

        choices = [
            Choice("stay", "s", "Stay in the editor"),
            Choice("keep", "k", "Keep the code"),
            Choice("drop", "d", "Drop what was changed"),
        ]
        question = "The code was changed, and is not kept yet."
        self.app.push_screen(ConfirmScreen("Leave the editor", question, choices), answered)


def look_at_code(code: str, *, changed: bool) -> Finding:
    """Whether `code` parses, in words."""
    try:
        check_code(code)
    except CodeError as error:
        return Finding(str(error), good=False)
    return Finding("The code parses; it is changed." if changed else "The code parses.")
