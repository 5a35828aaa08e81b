"""Choose from what a fork goes on: a saved run, and one of its iterations."""

from __future__ import annotations

from pathlib import Path

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.message import Message
from textual.widgets import Static

from rlm_tui.store.errors import StoreError
from rlm_tui.store.listing import RunSummary
from rlm_tui.ui.saved_runs import SavedRun, newest_runs, read_saved_run
from rlm_tui.ui.widgets.iteration_choice import IterationChoice
from rlm_tui.ui.widgets.run_choice import RunChoice

PAUSE_SECONDS = 0.15
"""How long a run is highlighted before its log is read."""
READING = "The run is still being read: try again in a moment."
NO_RUNS = "There is no saved run yet. Leave with Esc and run a task with Ctrl+R: every run is saved."


class ForkFrom(Vertical):
    """Lists the saved runs; `Chosen` tells of another run or iteration, and of why there is none."""

    class Chosen(Message):
        """Another run or iteration is chosen; look at the widget."""

    def __init__(self, first: Path | None = None, first_iteration: int = 0) -> None:
        """`first` is the folder of the run that is offered first, at its `first_iteration` (0: the last)."""
        super().__init__(id="fork-from")
        self._first = first
        self._first_iteration = first_iteration
        self.saved: SavedRun | None = None
        self.problem = READING

    def compose(self) -> ComposeResult:
        yield Static("Run", classes="option-group -first")
        yield RunChoice(id="fork-run")
        yield Static("Goes on at iteration", classes="option-group")
        yield IterationChoice(id="fork-at")

    @property
    def at(self) -> int:
        """The number of the chosen iteration, 0 while there is none."""
        return self.query_one(IterationChoice).at

    @property
    def recorded_code(self) -> str:
        """What ran in the chosen iteration; "" where nothing did."""
        iteration = self.saved.iteration(self.at) if self.saved is not None else None
        return "" if iteration is None else iteration.code

    def on_mount(self) -> None:
        self.run_worker(self._list, thread=True, group="list-runs", exit_on_error=False)

    def _list(self) -> None:
        try:
            runs = newest_runs(self._first)
        except StoreError as error:
            self.app.call_from_thread(self._say, str(error))
            return
        self.app.call_from_thread(self._listed, runs)

    def _listed(self, runs: list[RunSummary]) -> None:
        if runs and self.is_attached:
            self.query_one(RunChoice).show(runs)
        else:
            self._say(NO_RUNS)

    def _say(self, problem: str) -> None:
        """There is nothing to choose an iteration of, and this is why."""
        if self.is_attached:
            self.saved = None
            self.problem = problem
            self.query_one(IterationChoice).say("reading the run …" if problem == READING else "")
            self.post_message(self.Chosen())

    def on_run_choice_chosen(self, event: RunChoice.Chosen) -> None:
        event.stop()
        run = event.run
        if run is None:
            self._say("Choose a run first: none matches the filter.")
        elif run.problem:
            self._say(f"This run can't be forked. {run.problem}")
        elif run.started is not None and not run.started.signature:
            self._say("This run can't be forked: its log does not say what was asked.")
        else:
            self._say(READING)
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
            self._say(saved)
            return
        self.saved, self.problem = saved, ""
        self.query_one(IterationChoice).show(saved, self._first_iteration if run.path == self._first else 0)

    def on_iteration_choice_chosen(self, event: IterationChoice.Chosen) -> None:
        event.stop()
        if event.at:
            self.post_message(self.Chosen())
