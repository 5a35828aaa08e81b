"""Ends of a run for a good reason: its budgets, an answer from what was found, one cell interrupted."""

from __future__ import annotations

from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING

from msgspec.structs import replace

from rlm_tui.core.events import Held
from rlm_tui.core.run_ends import leaves_an_answer
from rlm_tui.core.settings import Settings
from rlm_tui.ui.live_run import LiveRun
from rlm_tui.ui.screens.explore_debugging import ExploreDebugging
from rlm_tui.ui.widgets.trajectory_view import TrajectoryView

if TYPE_CHECKING:
    from rlm_tui.engine.session import RunRequest

FINISH_SECONDS = 2.0
"""How long the second `x` may take that ends the run with an answer."""


class ExploreBudgets(ExploreDebugging):
    """Asks when a budget is used up, and ends a run, or one of its cells, without losing what was found."""

    _budget_hold: Held | None = None
    _finish_until = 0.0
    _preparing = False

    # A run that is held for a budget

    def show_hold(self) -> None:
        super().show_hold()
        held = self._hold_shown
        if held is None or not held.budget:
            self._budget_hold = None
        elif held is not self._budget_hold and self.app.screen is self:
            self._budget_hold = held
            self.action_budgets()

    def on_screen_resume(self) -> None:
        """Ask what could not be asked while something else was open."""
        held = self._hold_shown
        if held is not None and held.budget and held is not self._budget_hold:
            self._budget_hold = held
            self.call_later(self.action_budgets)

    # What can be done

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        run = self.run
        goes_on = run is not None and run.active and run.session is not None and not run.cancelled
        match action:
            case "budgets":
                return run is not None and run.trajectory.started is not None
            case "finish":
                return run is not None and goes_on and not run.finishing
            case "extract":
                return self._can_extract
            case "interrupt":
                return run is not None and goes_on and bool(run.trajectory.open_cells)
            case "release" | "step" | "step_iteration" if self._budget_decides:
                return False
            case _:
                return super().check_action(action, parameters)

    @property
    def _budget_decides(self) -> bool:
        """Whether the run can't go on before its budget is raised: a cell's time is not such a one."""
        held = self.run.trajectory.held if self.run is not None and self.run.active else None
        return held is not None and held.budget not in ("", "cell_seconds")

    def action_budgets(self) -> None:
        from rlm_tui.ui.screens.budgets import BudgetAnswer, BudgetsScreen

        run = self.run
        if run is None:
            return
        if self._hold_shown is not None and self._hold_shown.budget:
            self._budget_hold = self._hold_shown

        def answered(answer: BudgetAnswer | None) -> None:
            match answer:
                case BudgetAnswer(verb="raised", words=words):
                    self.footer.say(words, 4.0)
                case BudgetAnswer(verb="finish"):
                    self._finish(run)
                case BudgetAnswer(verb="stop"):
                    run.cancel()
                    self.footer.say("stopping: what was found so far is kept", 6.0)
                case _ if self._budget_decides:
                    self.footer.say("the run stays held: u raises its budget, x finishes it", 6.0)

        self.app.push_screen(BudgetsScreen(run), answered)

    def action_finish(self) -> None:
        now = monotonic()
        if now > self._finish_until:
            self._finish_until = now + FINISH_SECONDS
            self.footer.say("x again ends the run with an answer from what was found", FINISH_SECONDS)
        elif self.run is not None:
            self._finish(self.run)

    def _finish(self, run: LiveRun) -> None:
        self._finish_until = 0.0
        self._use(LiveRun.finish, "finishing: an answer is extracted from what was found")

    # An answer from a run that ended without one

    def show_end(self) -> None:
        super().show_end()
        words = "x extracts an answer from what was found: one LM call, nothing is executed."
        self.query_one(TrajectoryView).offer(words if self._can_extract else "")

    @property
    def _can_extract(self) -> bool:
        """Whether the run ended without an answer, found something, and is kept in a folder."""
        run = self.run
        if run is None or run.session is None or self._preparing:
            return False
        return leaves_an_answer(run.trajectory) and run.session.events_path is not None

    def action_extract(self) -> None:
        session = self.run.session if self.run is not None else None
        log = session.events_path if session is not None else None
        if log is None:
            return
        self._preparing = True
        self.form.set_running(True)
        self.refresh_bindings()
        settings = self.settings
        self.run_worker(
            lambda: self._prepare_extraction(log.parent, settings),
            thread=True,
            exclusive=True,
            group="prepare",
        )

    def _prepare_extraction(self, folder: Path, settings: Settings) -> None:
        """From the run's folder to a request (in a thread: it reads the record and imports the engine)."""
        from rlm_tui.engine.fork import ForkError, fork_request

        tell = self.app.call_from_thread
        try:
            request = fork_request(folder, None, settings, finish=True, accept_changes=True)
        except ForkError as error:
            tell(self._not_extracted, str(error))
            return
        tell(self._launch, replace(request, attended=True))

    def _not_extracted(self, problem: str) -> None:
        self._preparing = False
        self.form.set_running(False)
        self.footer.say(problem, 8.0)
        self.refresh_bindings()

    def _launch(self, request: RunRequest) -> None:
        """Start a run with this request and show it."""
        raise NotImplementedError

    def action_interrupt(self) -> None:
        self._use(LiveRun.interrupt, "interrupting the cell: its variables are kept")
