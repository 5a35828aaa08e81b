"""What is opened over the list of saved runs: one at any moment, two compared, the hits of a search."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from rlm_tui.core.run_record import RunRecord
from rlm_tui.core.settings import Settings
from rlm_tui.core.text import visible
from rlm_tui.store.errors import StoreError
from rlm_tui.store.run_log import open_run
from rlm_tui.ui.read_ahead import ReadAhead
from rlm_tui.ui.screens.left_once import LeftOnce
from rlm_tui.ui.screens.replay_views import ForkAt, NotShown
from rlm_tui.ui.widgets.key_footer import KeyFooter


class RunOpening(LeftOnce[ForkAt]):
    """Whoever closes what was opened is back at the list, as they left it."""

    settings: Settings
    read_ahead: ReadAhead

    @property
    def listed(self) -> Sequence[RunRecord]:
        """The runs that are listed, in their order."""
        raise NotImplementedError

    @property
    def runs_folder(self) -> Path:
        """Where the runs are."""
        raise NotImplementedError

    def read_again(self) -> None:
        """Something may have been written."""
        raise NotImplementedError

    def open_saved(self, path: Path) -> None:
        """Show the run in the folder `path`; one that goes on is followed."""
        from rlm_tui.ui.screens.replay import ReplayScreen

        try:
            recorded = self.read_ahead.take(path)
        except StoreError as error:
            self._not_opened(str(error))
            return
        self.app.push_screen(ReplayScreen(recorded, self.settings, follow=True), self._run_closed)

    def compare_saved(self, left: Path, right: Path) -> None:
        """Show two saved runs against each other."""
        from rlm_tui.ui.screens.compare_runs import CompareRunsScreen

        try:
            logs = open_run(left), open_run(right)
        except StoreError as error:
            self._not_opened(str(error))
            return
        self.app.push_screen(CompareRunsScreen(*logs))

    def action_find(self) -> None:
        from rlm_tui.ui.screens.find_runs import FindRunsScreen

        self.app.push_screen(FindRunsScreen(self.listed, self.runs_folder, self.settings), self._run_closed)

    def _run_closed(self, answer: ForkAt | NotShown | None) -> None:
        match answer:
            case ForkAt():
                self.dismiss(answer)
            case NotShown(problem=problem):
                self._not_opened(problem)
            case None:
                self.read_again()

    def _not_opened(self, problem: str) -> None:
        self.query_one(KeyFooter).say(visible(problem), 8.0)
