"""The calls of the run that Explore shows, opened in full, and what else can be looked at."""

from __future__ import annotations

from rlm_tui.ui.live_run import LiveRun
from rlm_tui.ui.run_calls import RunCalls, calls_of_live
from rlm_tui.ui.screens.explore_views import ExploreViews
from rlm_tui.ui.screens.run_looks import LookedAt, RunLooks
from rlm_tui.ui.widgets.calls_view import CallsList
from rlm_tui.ui.widgets.run_messages import CallSelected


class ExploreCalls(RunLooks, ExploreViews):
    """Opens the screen of all calls at the one that was chosen in the pane; says what can be looked at."""

    _calls_of: tuple[LiveRun, RunCalls] | None = None

    def action_calls_in_full(self) -> None:
        self._open_calls(self.query_one(CallsList).current_span)

    def on_call_selected(self, event: CallSelected) -> None:
        call = None if self.run is None else self.run.trajectory.call(event.span)
        if isinstance(event.control, CallsList) and call is not None and not call.is_batch:
            self._open_calls(event.span)

    @property
    def looked_at(self) -> LookedAt | None:
        run = self.run
        if run is None:
            return None
        events_path = None if run.session is None else run.session.events_path
        folder = None if events_path is None else events_path.parent
        return LookedAt(lambda: run.trajectory, run.blobs.text, run.clock.now, folder)

    def _open_calls(self, span: str) -> None:
        from rlm_tui.ui.screens.calls import CallsScreen

        if self.run is None:
            return
        if self._calls_of is None or self._calls_of[0] is not self.run:
            self._calls_of = (self.run, calls_of_live(self.run))
        self.app.push_screen(CallsScreen(self._calls_of[1], span))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "calls_in_full":
            return self.run is not None
        return super().check_action(action, parameters)
