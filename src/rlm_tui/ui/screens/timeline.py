"""The Timeline: every plan, cell, call and nested run on one axis, and what the time went into."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import Screen

from rlm_tui.core.text import human_seconds, one_line
from rlm_tui.core.timeline import Bar, bars, time_spent
from rlm_tui.core.trajectory import Trajectory
from rlm_tui.ui.key_groups import LOOK, PANES
from rlm_tui.ui.widgets.key_footer import KeyFooter
from rlm_tui.ui.widgets.runs_list import RunsWords
from rlm_tui.ui.widgets.timeline_view import TimelineAxis, TimelineView

ZOOM, PAN = 0.5, 0.25


class TimelineScreen(Screen[str]):
    """Answers with the span of what was chosen, or None. `trajectory` is read when it is opened."""

    place = "Timeline"
    AUTO_FOCUS = "#timeline"
    CSS_PATH = "../app.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("plus", f"look({ZOOM}, 0)", "zoom", key_display="+ -", id="timeline.nearer", group=LOOK,
                tooltip="See less of the axis, larger"),
        Binding("minus", f"look({1 / ZOOM}, 0)", show=False, id="timeline.farther", group=LOOK,
                tooltip="See more of the axis"),
        Binding("right", f"look(1, {PAN})", "move", key_display="← →", priority=True, id="timeline.right",
                tooltip="Move on in time", group=LOOK),
        Binding("left", f"look(1, {-PAN})", show=False, priority=True, id="timeline.left", group=LOOK,
                tooltip="Move back in time"),
        Binding("0", "whole", "whole run", id="timeline.whole", tooltip="See the whole run", group=LOOK),
        Binding("f5", "again", "read again", show=False, id="timeline.again", group=LOOK,
                tooltip="Take up what has happened since"),
        Binding("escape", "back", "back", id="timeline.back", tooltip="Back to where you were", group=PANES),
    ]  # fmt: skip

    def __init__(self, trajectory: Callable[[], Trajectory]) -> None:
        super().__init__()
        self._trajectory = trajectory

    def compose(self) -> ComposeResult:
        view = TimelineView(id="timeline")
        yield RunsWords(id="timeline-words")
        yield TimelineAxis(view.window)
        yield view
        yield KeyFooter()

    def on_mount(self) -> None:
        self.action_again()

    def action_again(self) -> None:
        trajectory = self._trajectory()
        found = list(bars(trajectory))
        whole = max((bar.end for bar in found), default=0.0)
        self.query_one(TimelineView).show(found, whole)
        spent = " · ".join(
            f"{kind} {human_seconds(seconds)}" for kind, seconds in time_spent(trajectory).items()
        )
        name = one_line(trajectory.started.task if trajectory.started else "", 40)
        nothing = "Nothing in this run took time that is known."
        words = f"{name}  {human_seconds(whole)}" if whole > 0 else nothing
        self.query_one(RunsWords).say(words, spent)
        self.query_one(TimelineAxis).stale()

    def action_look(self, zoom: float, pan: float) -> None:
        self.query_one(TimelineView).look(zoom=zoom, pan=pan)

    def action_whole(self) -> None:
        view = self.query_one(TimelineView)
        view.window.show_all(view.window.whole)
        view.look()

    def on_timeline_view_window_changed(self) -> None:
        self.query_one(TimelineAxis).stale()

    def on_text_view_row_chosen(self, event: TimelineView.RowChosen) -> None:
        event.stop()
        if isinstance(event.target, Bar):
            self.dismiss(event.target.span)

    def action_back(self) -> None:
        self.dismiss(None)
