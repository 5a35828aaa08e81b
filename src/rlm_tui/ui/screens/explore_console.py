"""The console of the run that Explore shows."""

from __future__ import annotations

from functools import cached_property

from rlm_tui.core.console_history import ConsoleHistory
from rlm_tui.core.redaction import Redactor
from rlm_tui.ui.console_session import ConsoleSession
from rlm_tui.ui.screens.explore_views import ExploreViews


class ExploreConsole(ExploreViews):
    """Opens the console; each run has its own, which is there again when it is opened again."""

    _console_session: ConsoleSession | None = None

    @cached_property
    def _typed_before(self) -> ConsoleHistory:
        return ConsoleHistory(lambda code: Redactor(self.settings.secrets()).text(code))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "console":
            run = self.run
            if run is None or not run.active or run.session is None:
                return False
            held = run.trajectory.held
            between_cells = held is not None and held.before != "call"
            return between_cells or not run.trajectory.open_cells
        return super().check_action(action, parameters)

    def action_console(self) -> None:
        from rlm_tui.ui.screens.console import ConsoleScreen

        run = self.run
        if run is None:
            return
        if self._console_session is None or self._console_session.run is not run:
            self._console_session = ConsoleSession(run)
        self.app.push_screen(ConsoleScreen(self._console_session, self._typed_before))
