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

from rlm_tui.core.settings import Settings, SettingsError
from rlm_tui.core.text import visible
from rlm_tui.store.errors import StoreError
from rlm_tui.store.listing import RunSummary
from rlm_tui.ui.fork_plan import ForkAsked, ForkReady, Prepare, fork_words, recorded_options
from rlm_tui.ui.fork_refusals import question_about
from rlm_tui.ui.key_groups import EDIT
from rlm_tui.ui.saved_runs import SavedRun, newest_runs, read_saved_run
from rlm_tui.ui.screens.dialog import Dialog
from rlm_tui.ui.widgets.fork_change import ForkChange
from rlm_tui.ui.widgets.input_editors import Edited, SwitchField
from rlm_tui.ui.widgets.iteration_choice import IterationChoice
from rlm_tui.ui.widgets.option_fields import OptionFields, options_problem
from rlm_tui.ui.widgets.problem_line import ProblemLine
from rlm_tui.ui.widgets.run_choice import RunChoice

BESIDE_COLUMNS = 104
PAUSE_SECONDS = 0.15
"""How long a run is highlighted before its log is read."""
NO_RUNS = "There is no saved run yet. Leave with Esc and run a task with Ctrl+R: every run is saved."


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
        self._first = first
        self._first_iteration = first_iteration
        self._saved: SavedRun | None = None
        self._checking = False

    def compose(self) -> ComposeResult:
        with Vertical(id="dialog", classes="large fork") as box:
            box.border_title = "Fork a saved run"
            box.border_subtitle = "^R forks · Esc closes"
            with Container(id="fork-parts"):
                with Vertical(id="fork-from"):
                    yield Static("Run", classes="option-group -first")
                    yield RunChoice(id="fork-run")
                    yield Static("Goes on at iteration", classes="option-group")
                    yield IterationChoice(id="fork-at")
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
        self.run_worker(self._list, thread=True, group="list-runs", exit_on_error=False)

    def on_resize(self, event: events.Resize) -> None:
        self.set_class(event.size.width >= BESIDE_COLUMNS, "-beside")

    # From what

    def _list(self) -> None:
        try:
            runs = newest_runs(self._first)
        except StoreError as error:
            self.app.call_from_thread(self._say, str(error))
            return
        self.app.call_from_thread(self._listed, runs)

    def _listed(self, runs: list[RunSummary]) -> None:
        if runs:
            self.query_one(RunChoice).show(runs)
        else:
            self._say(NO_RUNS)

    def on_run_choice_chosen(self, event: RunChoice.Chosen) -> None:
        event.stop()
        run = event.run
        self._saved = None
        self._say("")
        self._show_words()
        if run is None or run.problem:
            self.query_one(IterationChoice).say("")
            return
        self.query_one(IterationChoice).say("reading the run …")
        self.set_timer(PAUSE_SECONDS, lambda: self._read_if_still(run))

    def _read_if_still(self, run: RunSummary) -> None:
        if self.is_attached and self.query_one(RunChoice).chosen is run:
            self.run_worker(
                lambda: self._read(run), thread=True, exclusive=True, group="read-run", exit_on_error=False
            )

    def _read(self, run: RunSummary) -> None:
        saved: SavedRun | str
        try:
            saved = read_saved_run(run)
        except OSError as error:
            saved = str(error)
        self.app.call_from_thread(self._have_read, run, saved)

    def _have_read(self, run: RunSummary, saved: SavedRun | str) -> None:
        if not self.is_attached or self.query_one(RunChoice).chosen is not run:
            return
        if isinstance(saved, str):
            self.query_one(IterationChoice).say("")
            self._say(saved)
            return
        self._saved = saved
        if run.started is not None:
            self.query_one(OptionFields).take(recorded_options(run.started))
        at = self._first_iteration if run.path == self._first else 0
        self.query_one(IterationChoice).show(saved, at)

    def on_iteration_choice_chosen(self, event: IterationChoice.Chosen) -> None:
        event.stop()
        recorded = self._saved.iteration(event.at) if self._saved is not None else None
        self.query_one(ForkChange).show(event.at, recorded.code if recorded is not None else "")
        self._show_words()

    # What it will do

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
        self._say("")
        self._show_words()

    def _show_words(self) -> None:
        saved, at = self._saved, self.query_one(IterationChoice).at
        words = ""
        if saved is not None and at:
            words = fork_words(
                saved, at, self.query_one(ForkChange).manner, self._option("lm-model"),
                self._option("sandbox-volume"), hold=self._hold,
            )  # fmt: skip
        self.query_one("#fork-words", Static).update(Content(visible(words)))

    def _option(self, name: str) -> str:
        return self.query_one(f"#{name}", Input).value

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
        run, change = self.query_one(RunChoice).chosen, self.query_one(ForkChange)
        if self._checking:
            return
        if run is None:
            self._say(
                NO_RUNS if not self.query_one(RunChoice).run_list.option_count else "Choose a run first."
            )
        elif run.problem:
            self._say(f"This run can't be forked. {run.problem}")
        elif self._saved is None:
            self._say("The run is still being read: try again in a moment.")
        elif change.problem:
            self._say(change.problem)
        else:
            at, hold = self.query_one(IterationChoice).at, self._hold
            overrides = self.query_one(OptionFields).changed()
            finish = change.manner == "finish"
            self._check(ForkAsked(run.path, at, change.code, change.remark, finish, overrides, hold))

    def _check(self, asked: ForkAsked) -> None:
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
        if question is None:
            self._say(options_problem(error) if isinstance(error, SettingsError) else str(error))
            return

        def answered(answer: str | None) -> None:
            again = None if answer is None else question.answers.get(answer)
            if again is None:
                self._say(str(error))
            else:
                self._check(again)

        self.app.push_screen(question.screen, answered)
