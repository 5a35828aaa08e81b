"""Saved runs from the Explore screen: the list of them, and one opened at any of its moments."""

from __future__ import annotations

from pathlib import Path

from rlm_tui.core.text import visible
from rlm_tui.store.errors import StoreError
from rlm_tui.store.run_log import open_run
from rlm_tui.ui.recorded_run import RecordedRun
from rlm_tui.ui.screens.explore_fork import ExploreFork
from rlm_tui.ui.screens.replay_views import ForkAt, NotShown


class ExploreLibrary(ExploreFork):
    """Opens saved runs over this screen; the run that is shown here goes on meanwhile."""

    def action_runs(self) -> None:
        from rlm_tui.core.redaction import Redactor
        from rlm_tui.store.library import RunLibrary
        from rlm_tui.ui.screens.runs import RunsScreen

        redactor = Redactor(self.settings.secrets())
        self.app.push_screen(RunsScreen(RunLibrary(), redactor, self.settings), self.take_answer)

    def compare_saved(self, left: Path, right: Path) -> None:
        """Show two saved runs against each other."""
        from rlm_tui.ui.screens.compare_runs import CompareRunsScreen

        try:
            logs = open_run(left), open_run(right)
        except StoreError as error:
            self.footer.say(visible(str(error)), 8.0)
            return
        self.app.push_screen(CompareRunsScreen(*logs))

    def open_saved(self, path: Path, *, iteration: int = 0, follow: bool = False) -> None:
        """Show the run in the folder (or the log) `path`, at an iteration (0: its end)."""
        from rlm_tui.ui.screens.replay import ReplayScreen

        try:
            recorded = RecordedRun(open_run(path))
        except StoreError as error:
            self.footer.say(visible(str(error)), 8.0)
            return
        self.app.push_screen(
            ReplayScreen(recorded, self.settings, iteration=iteration, follow=follow), self.take_answer
        )

    def take_answer(self, answer: ForkAt | NotShown | None) -> None:
        """Do what the person wanted when they left the list of runs, or one of them."""
        match answer:
            case ForkAt(path=path, n=n):
                self.fork_from(path, n)
            case NotShown(problem=problem):
                self.footer.say(visible(problem), 8.0)
            case None:
                return
