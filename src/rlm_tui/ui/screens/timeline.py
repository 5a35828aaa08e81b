"""The Timeline: every plan, cell, call and nested run on one axis, and what the time went into."""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.timer import Timer
from textual.widgets import Static

from rlm_tui.core.text import human_seconds, number_of, one_line
from rlm_tui.core.timeline import Bar
from rlm_tui.core.timeline_listing import Folding, TimelineListing, list_timeline
from rlm_tui.core.trajectory import Trajectory
from rlm_tui.ui.clock import Now
from rlm_tui.ui.screens.left_once import LeftOnce
from rlm_tui.ui.screens.timeline_bindings import TIMELINE_BINDINGS
from rlm_tui.ui.widgets.key_footer import KeyFooter
from rlm_tui.ui.widgets.runs_list import RunsWords
from rlm_tui.ui.widgets.time_spent_view import TimeSpentView
from rlm_tui.ui.widgets.timeline_axis import TimelineAxis
from rlm_tui.ui.widgets.timeline_view import TimelineView
from rlm_tui.ui.widgets.timeline_words import bar_words

TICK_SECONDS, PAUSE_SECONDS = 0.5, 0.06
SHARE = 4.0
"""What goes on is looked at again after so many times as long as looking took."""
NOTHING = "Nothing in this run took time that is known: plans, cells and calls stand here as they come."


class TimelineScreen(LeftOnce[str]):
    """Answers with the span of what was chosen, or None. A run that goes on is followed."""

    place = "Timeline"
    AUTO_FOCUS = "#timeline"
    CSS_PATH = "../app.tcss"
    BINDINGS: ClassVar[list[BindingType]] = TIMELINE_BINDINGS

    def __init__(
        self,
        trajectory: Callable[[], Trajectory],
        now: Now | None = None,
        open_call: Callable[[str], None] | None = None,
    ) -> None:
        """`now` counts the seconds of a run that goes on; `open_call` shows the call of a span in full."""
        super().__init__()
        self._open_call = open_call
        self._trajectory = trajectory
        self._now = now or (lambda: trajectory().now)
        self._folding = Folding()
        self._seen: tuple[object, ...] = ()
        self._making = self._stale = False
        self._not_before = 0.0
        self._pause: Timer | None = None

    def compose(self) -> ComposeResult:
        view = TimelineView(id="timeline")
        yield RunsWords(id="timeline-words")
        yield TimeSpentView()
        yield TimelineAxis(view)
        yield Static(NOTHING, markup=False, id="timeline-none")
        yield view
        yield Static("", markup=False, id="timeline-bar")
        yield KeyFooter()

    @property
    def view(self) -> TimelineView:
        return self.query_one(TimelineView)

    def on_mount(self) -> None:
        self.query_one("#timeline-none").display = False
        self._list_again()
        self.set_interval(TICK_SECONDS, self._tick)

    # The bars

    def _tick(self) -> None:
        trajectory = self._trajectory()
        over = trajectory.finished is not None or trajectory.interrupted
        state = (id(trajectory), trajectory.last_seq, over, 0.0 if over else self._now())
        if state != self._seen and monotonic() >= self._not_before:
            self._seen = state
            self._list_again()

    def _list_again(self) -> None:
        """Make the bars anew, in a thread; while it does, once more after it."""
        self._stale = True
        if self._making:
            return
        self._making, self._stale = True, False
        trajectory, now, folding = self._trajectory(), self._now(), self._folding

        def make() -> None:
            began = monotonic()
            listing = list_timeline(trajectory, now, folding)
            self.app.call_from_thread(self._show, trajectory, listing, monotonic() - began)

        self.run_worker(make, thread=True, group="bars")

    def _show(self, trajectory: Trajectory, listing: TimelineListing, took: float) -> None:
        self._making = False
        self._not_before = monotonic() + SHARE * took
        if not self.is_attached:
            return
        self.view.show(listing)
        self.query_one(TimeSpentView).show(listing.spent, listing.length)
        self.query_one("#timeline-none").display = not listing.lines
        name = one_line(trajectory.started.task if trajectory.started else "", 40)
        words = [name, human_seconds(listing.length), number_of(len(listing.found), "bar")]
        if listing.untold:
            words.append(f"how long {listing.untold:,} of them took is not told (?)")
        self.query_one(RunsWords).say(" · ".join(filter(None, words)), "each moment counted once")
        self.refresh_bindings()
        if self._stale:
            self._list_again()

    def on_timeline_view_window_changed(self) -> None:
        self.query_one(TimelineAxis).stale()

    def on_timeline_view_moved(self) -> None:
        if self._pause is None:
            self._pause = self.set_timer(PAUSE_SECONDS, self._tell_bar)

    def _tell_bar(self) -> None:
        self._pause = None
        self.refresh_bindings()
        view = self.view
        bar, listing, trajectory = view.current, view.listing, self._trajectory()
        if bar is None:
            return

        def tell() -> None:
            words = bar_words(bar, listing.found, listing.length, trajectory)
            self.app.call_from_thread(self._say_bar, bar, words)

        self.run_worker(tell, thread=True, group="bar")

    def _say_bar(self, bar: Bar, words: tuple[str, str]) -> None:
        if self.is_attached and self.view.current is not None and self.view.current.key == bar.key:
            self.query_one("#timeline-bar", Static).update("\n".join(words))

    # What the person does

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if not self.is_attached or action not in ("fold", "in_full", "go", "fit"):
            return True
        bar = self.view.current
        match action:
            case "fold":
                return bar is not None and bar.opens
            case "in_full":
                return self._open_call is not None and bar is not None and bar.call is not None
            case _:
                return bar is not None

    def action_zoom(self, factor: float) -> None:
        self.view.look_nearer(factor)

    def action_pan(self, share: float) -> None:
        self.view.look(pan=share)

    def action_fit(self) -> None:
        self.view.fit()

    def action_whole(self) -> None:
        self.view.look_at_all()

    def action_fold(self) -> None:
        if (bar := self.view.current) is not None and bar.opens:
            self._fold(bar)

    def on_timeline_view_fold_wanted(self, event: TimelineView.FoldWanted) -> None:
        self._fold(event.bar)

    def _fold(self, bar: Bar) -> None:
        self._folding = self._folding._replace(turned=self._folding.turned ^ {bar.key})
        self._list_again()

    def action_fold_batches(self) -> None:
        self._folding = Folding(batches=not self._folding.batches)
        self._list_again()

    def on_timeline_view_chosen(self, event: TimelineView.Chosen) -> None:
        event.stop()
        self.dismiss(event.bar.span)

    def action_go(self) -> None:
        if (bar := self.view.current) is not None:
            self.dismiss(bar.span)

    def action_in_full(self) -> None:
        if (bar := self.view.current) is not None and self._open_call is not None:
            self._open_call(bar.span)

    def action_back(self) -> None:
        self.dismiss(None)
