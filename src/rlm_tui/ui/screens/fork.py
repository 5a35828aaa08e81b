"""Fork a saved run: choose it, the iteration from which it goes on, and what is otherwise."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container, Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Button, Input, Static

from rlm_tui.core.settings import Settings
from rlm_tui.core.text import visible
from rlm_tui.ui.fork_plan import ForkAsked, ForkReady, Prepare, fork_words, recorded_options
from rlm_tui.ui.fork_refusals import question_about, refusal_words
from rlm_tui.ui.key_groups import EDIT
from rlm_tui.ui.screens.dialog import Dialog
from rlm_tui.ui.widgets.fork_change import ForkChange
from rlm_tui.ui.widgets.fork_from import READING, ForkFrom
from rlm_tui.ui.widgets.input_editors import Edited, SwitchField
from rlm_tui.ui.widgets.option_fields import OptionFields
from rlm_tui.ui.widgets.problem_line import ProblemLine

BESIDE_COLUMNS = 104


class ForkScreen(Dialog[ForkReady]):
    """Answers with what is to be started. What is refused is said in place and keeps what was written."""

    AUTO_FOCUS = "#run-list"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+r", "fork", "fork", id="fork.start", priority=True, group=EDIT,
                tooltip="Check what was chosen, and start the fork"),
        Binding("up", "app.focus_previous", "Up", show=False, id="fork.up", group=EDIT,
                tooltip="The field above"),
        Binding("down", "app.focus_next", "Down", show=False, id="fork.down", group=EDIT,
                tooltip="The field below"),
    ]  # fmt: skip

    def __init__(
        self, settings: Settings, prepare: Prepare, first: Path | None = None, first_iteration: int = 0
    ) -> None:
        """`first` is the folder of the run that is offered first, at its `first_iteration` (0: the last)."""
        super().__init__()
        self._settings = settings
        self._prepare = prepare
        self._first = first, first_iteration
        self._checking = False

    def compose(self) -> ComposeResult:
        with Vertical(id="dialog", classes="large fork") as box:
            box.border_title = "Fork a saved run"
            box.border_subtitle = "^R forks · Esc closes"
            with Container(id="fork-parts"):
                yield ForkFrom(*self._first)
                with VerticalScroll(id="fork-what", can_focus=False):
                    yield Static("What changes", classes="option-group -first")
                    yield ForkChange(id="fork-change")
                    with Horizontal(classes="option-row"):
                        yield Static("start held", classes="option-label")
                        yield SwitchField("hold", "false")
                    yield OptionFields(self._settings, id="fork-options")
            yield Static("", markup=False, id="fork-words")
            yield ProblemLine(id="problem")
            with Horizontal(classes="buttons"):
                yield Button("Fork  ^R", id="fork", variant="primary", compact=True)
                yield Button("Close  esc", id="close", compact=True)

    def on_mount(self) -> None:
        self.set_class(self.app.size.width >= BESIDE_COLUMNS, "-beside")

    def on_resize(self, event: events.Resize) -> None:
        self.set_class(event.size.width >= BESIDE_COLUMNS, "-beside")

    # What it will do

    def on_fork_from_chosen(self, event: ForkFrom.Chosen) -> None:
        event.stop()
        source = self.query_one(ForkFrom)
        if source.saved is not None:
            self.query_one(OptionFields).take(recorded_options(source.saved))
        self.query_one(ForkChange).show(source.at, source.recorded_code)
        self._changed()

    def on_fork_change_changed(self, event: ForkChange.Changed) -> None:
        event.stop()
        self._changed()

    def on_edited(self, event: Edited) -> None:
        event.stop()
        self._changed()

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        self._changed()

    def _changed(self) -> None:
        problem = self.query_one(ForkFrom).problem
        self._say("" if problem == READING else problem)
        self._show_words()

    def _show_words(self) -> None:
        source, words = self.query_one(ForkFrom), ""
        if source.saved is not None and source.at:
            manner = self.query_one(ForkChange).manner
            planner, volume = (
                self.query_one(f"#{name}", Input).value for name in ("lm-model", "sandbox-volume")
            )
            words = fork_words(source.saved, source.at, manner, planner, volume, hold=self._hold)
        self.query_one("#fork-words", Static).update(Content(visible(words)))

    @property
    def _hold(self) -> bool:
        return self.query_one(SwitchField).on

    def _say(self, words: str) -> None:
        self.query_one(ProblemLine).say(words)

    # Starting it

    def on_button_pressed(self, event: Button.Pressed) -> None:
        event.stop()
        if event.button.id == "fork":
            self.action_fork()
        else:
            self.action_dismiss_dialog()

    def action_fork(self) -> None:
        source, change = self.query_one(ForkFrom), self.query_one(ForkChange)
        problem = source.problem or change.problem
        if problem or source.saved is None:
            self._say(problem)
        elif not self._checking:
            path, at, overrides = source.saved.summary.path, source.at, self.query_one(OptionFields).changed()
            finish = change.manner == "finish"
            self._check(ForkAsked(path, at, change.code, change.remark, finish, overrides, self._hold))

    def _check(self, asked: ForkAsked) -> None:
        """Have it checked in a thread; what is refused comes back to the form."""
        self._checking = True
        self._say("")
        self.query_one("#fork", Button).label = "checking …"
        self.run_worker(lambda: self._try(asked), thread=True, group="prepare-fork", exit_on_error=False)

    def _try(self, asked: ForkAsked) -> None:
        try:
            ready = self._prepare(asked)
        except Exception as error:
            self.app.call_from_thread(self._refused, asked, error)
        else:
            self.app.call_from_thread(self._ready, ready)

    def _ready(self, ready: ForkReady) -> None:
        if self.is_attached:
            self.dismiss(ready)

    def _refused(self, asked: ForkAsked, error: Exception) -> None:
        if not self.is_attached:
            return
        self._checking = False
        self.query_one("#fork", Button).label = "Fork  ^R"
        question = question_about(error, asked)
        self._say(refusal_words(error))
        if question is None:
            return

        def answered(answer: str | None) -> None:
            again = None if answer is None else question.answers.get(answer)
            if again is not None:
                self._check(again)

        self.app.push_screen(question.screen, answered)
