"""The calls of the run that Explore shows, opened in full."""

from __future__ import annotations

from rlm_tui.ui.live_run import LiveRun
from rlm_tui.ui.run_calls import RunCalls, calls_of_live
from rlm_tui.ui.screens.explore_views import ExploreViews
from rlm_tui.ui.widgets.calls_view import CallsList
from rlm_tui.ui.widgets.run_messages import CallSelected


class ExploreCalls(ExploreViews):
    """Opens the screen of all calls, at the call that was chosen in the pane."""

    _calls_of: tuple[LiveRun, RunCalls] | None = None

    def action_calls_in_full(self) -> None:
        self._open_calls(self.query_one(CallsList).current_span)

    def on_call_selected(self, event: CallSelected) -> None:
        call = None if self.run is None else self.run.trajectory.call(event.span)
        if isinstance(event.control, CallsList) and call is not None and not call.is_batch:
            self._open_calls(event.span)

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
