"""A recorded run at any of its moments: what stood on the screen then, stepped and played both ways."""

from __future__ import annotations

from time import monotonic
from typing import ClassVar

from textual.binding import BindingType
from textual.timer import Timer

from rlm_tui.core.replay import MarkKind
from rlm_tui.core.settings import Settings
from rlm_tui.core.text import one_line
from rlm_tui.ui.pane_layout import TRAJECTORY
from rlm_tui.ui.playing import Playing
from rlm_tui.ui.recorded_run import RecordedRun
from rlm_tui.ui.screens.find import Found
from rlm_tui.ui.screens.replay_bindings import REPLAY_BINDINGS
from rlm_tui.ui.screens.replay_reading import ReplayReading
from rlm_tui.ui.screens.replay_views import ForkAt
from rlm_tui.ui.widgets.scrubber import ScrubberAxis, ScrubberWords, moment_words
from rlm_tui.ui.widgets.tab_bar import TabBar

FRAME_SECONDS = 0.05


class ReplayScreen(ReplayReading):
    """Shows the end of a run, and then whatever moment is asked for; plays it both fast and slow."""

    BINDINGS: ClassVar[list[BindingType]] = REPLAY_BINDINGS

    def __init__(
        self,
        recorded: RecordedRun,
        settings: Settings | None = None,
        *,
        iteration: int = 0,
        follow: bool = False,
        found: Found | None = None,
    ) -> None:
        """`iteration`: open there, 0 at the end; `found`: at this hit. `follow`: keep reading while
        the log is written. With `settings` a call can be asked again.
        """
        super().__init__(recorded, settings or Settings(), iteration=iteration, follow=follow, found=found)
        self.playing = Playing(self.recorded.replay)
        self._target: int | None = None
        self._timer: Timer | None = None
        self._played_at = 0.0

    def on_mount(self) -> None:
        self.grid.focus_pane(TRAJECTORY)
        self.query_one(TabBar).set_active(TRAJECTORY)
        self.show_words()

    # The moment

    def go(self, position: int) -> None:
        self.show_position(position)
        self._at_end = self.recorded.at_end
        self.show_words()

    def show_words(self) -> None:
        recorded, replay = self.recorded, self.recorded.replay
        seconds = self.playing.seconds if self.playing.on else replay.time_of(recorded.position)
        self.query_one(ScrubberAxis).show(replay, seconds)
        self.say_moment()

    def say_moment(self) -> None:
        recorded, replay = self.recorded, self.recorded.replay
        seconds = self.playing.seconds if self.playing.on else replay.time_of(recorded.position)
        last = recorded.trajectory.iterations[-1:]
        words = moment_words(
            replay, seconds, recorded.position, recorded.length, last[0].n if last else 0,
            read=recorded.share_read if self._reading else None,
        )  # fmt: skip
        state = ("▶ " if self.playing.on else "‖ ", "good" if self.playing.on else "dim")
        name = one_line(recorded.path.name, 60)
        self.query_one(ScrubberWords).show(
            (state, (f"{self.playing.speed:g}×  ", "dim"), *words), ((f"replay of {name}", "dim"),)
        )

    # What the person does

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        match (action, *parameters):
            case ("step", int(step)):
                return self.playing.on or self._next(None, step) is not None
            case ("mark", str(kind), int(step)):
                return self._next(_kind(kind), step) is not None
            case ("fork",):
                started = self.recorded.trajectory.started
                foreign = started is not None and bool(started.imported) and not started.signature
                return not self.recorded.goes_on and bool(self.recorded.trajectory.iterations) and not foreign
            case _:
                return super().check_action(action, parameters)

    def action_step(self, step: int) -> None:
        self._go_on_foot(self._next(None, step))

    def action_mark(self, kind: str, step: int) -> None:
        self._go_on_foot(self._next(_kind(kind), step))

    def action_go_to_start(self) -> None:
        self._go_on_foot(0)

    def action_go_to_end(self) -> None:
        self._go_on_foot(self.recorded.length)

    def on_scrubber_axis_moved(self, event: ScrubberAxis.Moved) -> None:
        event.stop()
        self._go_on_foot(self.recorded.replay.position_at(event.seconds))

    def _next(self, kind: MarkKind | None, step: int) -> int | None:
        """From where the person is, or is going to."""
        start = self.recorded.position if self._target is None else self._target
        return self.recorded.next_position(start, kind, step)

    def _go_on_foot(self, position: int | None) -> None:
        """Go where the person wants to; what is played stops."""
        self._stop()
        self._first_iteration = 0
        if position is None:
            self.refresh_bindings()
        else:
            if self._target is None:  # of many keys or moves of a mouse that wait, only the last is shown
                self.call_later(self._arrive)
            self._target = position

    def _arrive(self) -> None:
        target, self._target = self._target, None
        if target is not None:
            self.go(target)
            self.refresh_bindings()

    def action_play(self) -> None:
        self._arrive()
        if self.playing.on:
            self._stop()
        else:
            position = 0 if self.recorded.at_end and not self.recorded.goes_on else self.recorded.position
            self.go(position)
            self.playing.begin(position)
            self._played_at = monotonic()
            self._timer = self.set_interval(FRAME_SECONDS, self._play_on)
        self.show_words()

    def _play_on(self) -> None:
        now = monotonic()
        elapsed, self._played_at = now - self._played_at, now
        position = self.playing.after(self.recorded.position, elapsed)
        if not self.playing.on:
            self._stop()
            self.refresh_bindings()
        if position != self.recorded.position:
            self.go(position)
        else:
            self.show_words()

    def _stop(self) -> None:
        self.playing.on = False
        if self._timer is not None:
            self._timer.stop()
            self._timer = None

    def action_speed(self, steps: int) -> None:
        self.playing.faster(steps)
        self.show_words()

    def action_pane(self, number: int) -> None:
        self.grid.focus_pane(number)

    def action_zoom(self) -> None:
        self.grid.toggle_zoom()

    def action_back(self) -> None:
        if self.grid.zoomed:
            self.grid.toggle_zoom()
        else:
            self.dismiss(None)

    def action_fork(self) -> None:
        self._arrive()
        self.dismiss(ForkAt(self.recorded.path, self.recorded.trajectory.iterations[-1].n))


def _kind(name: str) -> MarkKind:
    match name:
        case "iteration" | "error" | "call":
            return name
        case _:
            raise ValueError(f"{name} is no kind of mark")
