"""The panes that show a run: its fold in the views, what is inspected, the result copied and written."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from rlm_tui.core.trajectory import Change
from rlm_tui.ui.live_run import LiveRun
from rlm_tui.ui.pane_layout import INSPECTOR, TRAJECTORY
from rlm_tui.ui.screens.explore_files import ExploreFiles
from rlm_tui.ui.screens.save import SaveScreen
from rlm_tui.ui.widgets.calls_view import CallsView
from rlm_tui.ui.widgets.inspector import Inspector
from rlm_tui.ui.widgets.result_block import outputs_text
from rlm_tui.ui.widgets.row_view import RowView
from rlm_tui.ui.widgets.run_messages import CallSelected, Copied, IterationSelected, MoreWanted, SaveRequested
from rlm_tui.ui.widgets.status_line import StatusLine
from rlm_tui.ui.widgets.trajectory_view import TrajectoryView
from rlm_tui.ui.widgets.volume_browser import VolumeBrowser


class ExploreViews(ExploreFiles):
    """Hands the fold to the views; it knows nothing of how a run is started."""

    run: LiveRun | None = None

    def show_run(self, run: LiveRun) -> None:
        """Show this run from now on."""
        now = run.clock.now
        self.query_one(StatusLine).show(run.trajectory, now)
        self.query_one(TrajectoryView).show(run.trajectory, now)
        self.query_one(CallsView).show(run.trajectory, now)
        self.query_one(Inspector).show(run.trajectory, blobs=run.blobs)
        browser = self.query_one(VolumeBrowser)
        browser.set_publish(run.refresh_volume)
        browser.set_written(())
        self._tell_following()

    def show_changes(self, run: LiveRun, changes: Sequence[Change]) -> None:
        """Take up what has happened."""
        views = (
            self.query_one(StatusLine),
            self.query_one(TrajectoryView),
            self.query_one(CallsView),
            self.query_one(Inspector),
        )
        with self.app.batch_update():
            for change in changes:
                for view in views:
                    view.apply(change)
        self.query_one(VolumeBrowser).set_written(run.trajectory.volume_written)

    def show_end(self) -> None:
        """The run is over: list what it left in the volume."""
        self.query_one(VolumeBrowser).action_refresh_volume()
        self._tell_following()

    # What is selected

    def on_iteration_selected(self, event: IterationSelected) -> None:
        self.query_one(Inspector).select_iteration(event.span)

    def on_call_selected(self, event: CallSelected) -> None:
        self.query_one(Inspector).select_call(event.span)
        self.grid.focus_pane(INSPECTOR)

    def on_more_wanted(self, event: MoreWanted) -> None:
        inspector = self.query_one(Inspector)
        inspector.select_iteration(event.span)
        inspector.show_tab(event.tab)
        self.grid.focus_pane(INSPECTOR)

    def on_save_requested(self, event: SaveRequested) -> None:
        self.save(event.text, event.suggested_name)

    def on_copied(self, event: Copied) -> None:
        self.footer.say(f"{event.characters:,} characters of {event.tab} are in the clipboard.")

    def on_row_view_following(self, event: RowView.Following) -> None:
        self._tell_following()

    def _tell_following(self) -> None:
        following = self.run is not None and self.run.active and self.query_one(TrajectoryView).following
        self.grid.panes[TRAJECTORY].border_subtitle = "following" if following else ""

    # The result

    def action_copy_result(self) -> None:
        if self.run is not None and (finished := self.run.trajectory.finished) is not None:
            self.app.copy_to_clipboard(outputs_text(finished.outputs))
            self.footer.say("The result is in the clipboard.")

    def action_write_result(self) -> None:
        if self.run is not None and (finished := self.run.trajectory.finished) is not None:
            self.save(outputs_text(finished.outputs), f"{self.run.request.task.name}-result.md")

    def save(self, text: str, suggested: str) -> None:
        """Ask for a file name and write `text` there."""

        def saved(path: Path | None) -> None:
            if path is not None:
                self.footer.say(f"Written to {path}", 4.0)

        self.app.push_screen(SaveScreen(text, suggested), saved)
