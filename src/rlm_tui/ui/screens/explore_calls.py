"""The calls of the run that Explore shows, opened in full, and its timeline."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rlm_tui.ui.live_run import LiveRun
from rlm_tui.ui.pane_layout import INSPECTOR
from rlm_tui.ui.run_calls import RunCalls, calls_of_live
from rlm_tui.ui.screens.explore_views import ExploreViews
from rlm_tui.ui.widgets.calls_view import CallsList
from rlm_tui.ui.widgets.inspector import Inspector
from rlm_tui.ui.widgets.run_messages import CallSelected
from rlm_tui.ui.widgets.trajectory_view import TrajectoryView

if TYPE_CHECKING:
    from rlm_tui.core.find import Hit


class ExploreCalls(ExploreViews):
    """Opens the screen of all calls, at the call that was chosen in the pane."""

    _calls_of: tuple[LiveRun, RunCalls] | None = None

    def action_calls_in_full(self) -> None:
        self._open_calls(self.query_one(CallsList).current_span)

    def on_call_selected(self, event: CallSelected) -> None:
        call = None if self.run is None else self.run.trajectory.call(event.span)
        if isinstance(event.control, CallsList) and call is not None and not call.is_batch:
            self._open_calls(event.span)

    def action_find(self) -> None:
        from rlm_tui.ui.screens.find import FindScreen, source_text

        if (run := self.run) is None:
            return

        def chosen(hit: Hit | None) -> None:
            if hit is None:
                return
            if run.trajectory.call(hit.span) is not None:
                self.query_one(Inspector).select_call(hit.span)
                self.grid.focus_pane(INSPECTOR)
            elif hit.span:
                self.query_one(TrajectoryView).open_iteration(hit.span, go=True)

        self.app.push_screen(FindScreen(run.trajectory, source_text(run.blobs)), chosen)

    def action_timeline(self) -> None:
        from rlm_tui.ui.screens.timeline import TimelineScreen

        if (run := self.run) is None:
            return

        def chosen(span: str | None) -> None:
            if span:
                self.query_one(TrajectoryView).open_iteration(span, go=True)

        self.app.push_screen(TimelineScreen(lambda: run.trajectory), chosen)

    def _open_calls(self, span: str) -> None:
        from rlm_tui.ui.screens.calls import CallsScreen

        if self.run is None:
            return
        if self._calls_of is None or self._calls_of[0] is not self.run:
            self._calls_of = (self.run, calls_of_live(self.run))
        self.app.push_screen(CallsScreen(self._calls_of[1], span))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action in ("calls_in_full", "timeline", "find"):
            return self.run is not None
        return super().check_action(action, parameters)
