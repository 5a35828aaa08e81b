"""The panes of a recorded run: they show the moment that they are given."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from textual import events
from textual.app import ComposeResult

from rlm_tui.core.change import Change
from rlm_tui.core.settings import Settings
from rlm_tui.ui.pane_layout import (
    CALLS,
    INSPECTOR,
    PANE_NAMES,
    REPLAY_DECK,
    REPLAY_PANES,
    TRAJECTORY,
    VOLUME,
    arrangement_for,
    place_replay,
)
from rlm_tui.ui.recorded_run import RecordedRun
from rlm_tui.ui.run_calls import RunCalls, calls_of_saved
from rlm_tui.ui.screens.left_once import LeftOnce
from rlm_tui.ui.screens.run_looks import LookedAt, RunLooks
from rlm_tui.ui.screens.text_preview import TextPreviewScreen
from rlm_tui.ui.variable_pages import preview_pages
from rlm_tui.ui.widgets.calls_view import CallsList, CallsView
from rlm_tui.ui.widgets.inspector import Inspector
from rlm_tui.ui.widgets.key_footer import KeyFooter
from rlm_tui.ui.widgets.pane import Pane, PaneGrid
from rlm_tui.ui.widgets.run_messages import (
    CallSelected,
    Copied,
    IterationSelected,
    MoreWanted,
    VariableWanted,
)
from rlm_tui.ui.widgets.scrubber import ScrubberAxis, ScrubberWords
from rlm_tui.ui.widgets.status_line import StatusLine
from rlm_tui.ui.widgets.tab_bar import TabBar
from rlm_tui.ui.widgets.trajectory_view import TrajectoryView
from rlm_tui.ui.widgets.volume_told import VolumeTold

READING = "Reading the log …"
NO_SANDBOX = "The sandbox of a recorded run is gone; a fork (F8) has one."


class ForkAt(NamedTuple):
    """The person wants to fork the run in the folder `path` at its iteration `n`."""

    path: Path
    n: int


class NotShown(NamedTuple):
    """The log could not be read; `problem` is a sentence."""

    problem: str


class ReplayViews(RunLooks, LeftOnce[ForkAt | NotShown]):
    """Trajectory, Calls, Volume and Inspector under the time axis. It plays nothing."""

    CSS_PATH = "../app.tcss"

    def __init__(self, recorded: RecordedRun, settings: Settings) -> None:
        super().__init__()
        self.recorded = recorded
        self._settings = settings
        self._calls: RunCalls | None = None

    def compose(self) -> ComposeResult:
        yield StatusLine(id="status-line")
        yield ScrubberAxis()
        yield ScrubberWords()
        yield TabBar(REPLAY_PANES)
        yield PaneGrid(
            Pane(TRAJECTORY, PANE_NAMES[TRAJECTORY], TrajectoryView(id="trajectory", empty=READING)),
            Pane(CALLS, PANE_NAMES[CALLS], CallsView(id="calls")),
            Pane(VOLUME, PANE_NAMES[VOLUME], VolumeTold()),
            Pane(INSPECTOR, PANE_NAMES[INSPECTOR], Inspector(id="inspector")),
            decked=REPLAY_DECK,
            places=place_replay,
        )
        yield KeyFooter()

    @property
    def place(self) -> str:
        """Where the person is, in words."""
        return f"Replay: {PANE_NAMES[self.grid.active]}"

    @property
    def grid(self) -> PaneGrid:
        return self.query_one(PaneGrid)

    # The moment

    def show_all(self) -> None:
        """Show the run from now on, at the moment where it is."""
        recorded = self.recorded
        self.query_one(StatusLine).show(recorded.trajectory)
        self.query_one(TrajectoryView).show(recorded.trajectory)
        self.query_one(CallsView).show(recorded.trajectory)
        self.query_one(VolumeTold).show(recorded.trajectory)
        self.query_one(Inspector).show(recorded.trajectory, blobs=recorded.blobs)

    def show_position(self, position: int) -> None:
        """Show another moment, in one repaint."""
        changes = self.recorded.go_to(position)
        with self.app.batch_update():
            if changes is None:
                self._show_moment()
            else:
                self._show_changes(changes)

    def _show_moment(self) -> None:
        trajectory = self.recorded.trajectory
        self.query_one(StatusLine).show(trajectory)
        view = self.query_one(TrajectoryView)
        before = view.selected
        view.move(trajectory)
        iteration = view.selected if view.selected != before else None
        self.query_one(CallsView).move(trajectory)
        self.query_one(VolumeTold).move(trajectory)
        self.query_one(Inspector).move(
            trajectory, iteration
        )  # the view tells it later: too late for one paint

    def _show_changes(self, changes: Sequence[Change]) -> None:
        views = (
            self.query_one(StatusLine),
            self.query_one(TrajectoryView),
            self.query_one(CallsView),
            self.query_one(VolumeTold),
            self.query_one(Inspector),
        )
        for change in changes:
            for view in views:
                view.apply(change)

    # The panes

    def on_resize(self, event: events.Resize) -> None:
        self.set_class(arrangement_for(event.size) == "narrow", "-narrow")

    def on_pane_grid_changed(self) -> None:
        self.query_one(TabBar).set_active(self.grid.active)

    def on_tab_bar_chosen(self, event: TabBar.Chosen) -> None:
        self.grid.focus_pane(event.number)

    def on_iteration_selected(self, event: IterationSelected) -> None:
        self.query_one(Inspector).select_iteration(event.span)

    def on_call_selected(self, event: CallSelected) -> None:
        call = self.recorded.trajectory.call(event.span)
        if isinstance(event.control, CallsList) and call is not None and not call.is_batch:
            self._open_calls(event.span)
            return
        self.query_one(Inspector).select_call(event.span)
        self.grid.focus_pane(INSPECTOR)

    @property
    def looked_at(self) -> LookedAt:
        recorded = self.recorded
        return LookedAt(
            lambda: recorded.trajectory, recorded.blobs.text, lambda: recorded.trajectory.now, recorded.path
        )

    def action_calls_in_full(self) -> None:
        self._open_calls(self.query_one(CallsList).current_span)

    def _open_calls(self, span: str) -> None:
        """Show the calls of this moment in full."""
        if self._calls is not None:
            self._push_calls(self._calls, span)
            return

        def make() -> None:
            found = calls_of_saved(self.recorded.log, lambda: self.recorded.trajectory, self._settings)
            self.app.call_from_thread(self._push_calls, found, span)

        self.run_worker(make, thread=True, exclusive=True, group="calls", exit_on_error=False)

    def _push_calls(self, calls: RunCalls, span: str) -> None:
        from rlm_tui.ui.screens.calls import CallsScreen

        self._calls = calls
        self.app.push_screen(CallsScreen(calls, span))

    def on_more_wanted(self, event: MoreWanted) -> None:
        inspector = self.query_one(Inspector)
        inspector.select_iteration(event.span)
        inspector.show_tab(event.tab)
        self.grid.focus_pane(INSPECTOR)

    def on_variable_wanted(self, event: VariableWanted) -> None:
        trajectory = self.recorded.trajectory
        variable = (trajectory.call(event.rlm) or trajectory).variables.get(event.name)
        if variable is not None:
            self.app.push_screen(TextPreviewScreen(preview_pages(variable, NO_SANDBOX)))

    def on_copied(self, event: Copied) -> None:
        self.query_one(KeyFooter).say(f"{event.characters:,} characters of {event.tab} are in the clipboard.")
