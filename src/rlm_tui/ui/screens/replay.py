"""A recorded run at any of its moments: what stood on the screen then, stepped and played both ways."""

from __future__ import annotations

from threading import Thread
from time import monotonic, sleep
from typing import ClassVar

from textual.binding import BindingType
from textual.timer import Timer
from textual.worker import get_current_worker

from rlm_tui.core.replay import MarkKind
from rlm_tui.core.settings import Settings
from rlm_tui.core.text import number_of, one_line
from rlm_tui.store.errors import StoreError
from rlm_tui.ui.garbage import leave_alone, look_again
from rlm_tui.ui.pane_layout import TRAJECTORY
from rlm_tui.ui.playing import Playing
from rlm_tui.ui.recorded_run import RecordedRun
from rlm_tui.ui.screens.find import Found
from rlm_tui.ui.screens.replay_bindings import REPLAY_BINDINGS
from rlm_tui.ui.screens.replay_views import ForkAt, NotShown, ReplayViews
from rlm_tui.ui.widgets.key_footer import KeyFooter
from rlm_tui.ui.widgets.scrubber import ScrubberAxis, ScrubberWords, moment_words
from rlm_tui.ui.widgets.tab_bar import TabBar

FRAME_SECONDS = 0.05
FOLLOW_SECONDS = 0.3
TELL_SECONDS = 0.25
FIRST_SECONDS = 0.2
"""A log that takes longer shows a first moment meanwhile; it would only keep a shorter one from its end."""
GONE_SECONDS = 60.0


class ReplayScreen(ReplayViews):
    """Reads the log in a thread, shows its end, and then whatever moment is asked for."""

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
        super().__init__(recorded, settings or Settings())
        self._first_hit = found
        self.playing = Playing(self.recorded.replay)
        self._first_iteration = iteration
        self._follow = follow
        self._reading = True
        self._shown = False
        self._at_end = True
        self._target: int | None = None
        self._timer: Timer | None = None
        self._played_at = 0.0

    def on_mount(self) -> None:
        self.grid.focus_pane(TRAJECTORY)
        self.query_one(TabBar).set_active(TRAJECTORY)
        self._show_words()
        self.run_worker(self._read, thread=True, group="read", exit_on_error=False)

    # Reading

    @property
    def reading(self) -> bool:
        """Whether there is more to come."""
        return self._reading

    def _read(self) -> None:
        """Read the log, and read on while it is written (in a thread)."""
        worker, tell = get_current_worker(), self.app.call_from_thread
        try:
            shown, began = False, monotonic()
            told = began
            while True:
                length = self.recorded.length
                for read in self.recorded.read():
                    if worker.is_cancelled:
                        return
                    # A collection looks at every object of the run: a third of the time of reading it.
                    leave_alone()
                    if read and not shown and monotonic() - began > FIRST_SECONDS:
                        shown = True
                        tell(self._read_to, False)
                    elif monotonic() - told > TELL_SECONDS:
                        tell(self._read_some)
                        told = monotonic()
                over = self.recorded.settle()
                if over or not self._follow or self.recorded.length != length:
                    tell(self._read_to, over or not self._follow)
                if over and self._follow and not self.recorded.is_there:
                    tell(self._gone)
                if over or not self._follow:
                    return
                sleep(FOLLOW_SECONDS)
                if worker.is_cancelled:
                    return
        except StoreError as error:
            tell(self._refused, str(error))

    def _read_to(self, over: bool) -> None:
        """So much is read now: the first time it is shown, later the end is followed."""
        first, self._shown, self._reading = not self._shown, True, not over
        leave_alone()
        if first:
            self.show_all()
        if self._has_gone_to_iteration():
            return
        if self._first_iteration and over:
            of = number_of(len(self.recorded.replay.at(self.recorded.length).iterations), "iteration")
            self.query_one(KeyFooter).say(f"There is no iteration {self._first_iteration}, only {of}.", 6.0)
        if first or self._at_end:
            self._go(self.recorded.length)
        if over and self._first_hit is not None:
            # The views have told by then what they look at.
            self.call_after_refresh(self.show_found, self._first_hit)
            self._first_hit = None
        self._show_words()

    def _read_some(self) -> None:
        """More is read than before, but not all."""
        if not self._has_gone_to_iteration():
            self._say_moment()

    def _has_gone_to_iteration(self) -> bool:
        """Go to the iteration at which the run is to be opened, as soon as that is read."""
        start = self.recorded.replay.start_of(self._first_iteration) if self._first_iteration else None
        if start is not None:
            self._first_iteration = 0
            self._go(start)
        return start is not None

    def on_unmount(self) -> None:
        # The run that was looked at can go, with all that refers to it in a circle.
        Thread(target=look_again, name="garbage", daemon=True).start()

    def _refused(self, problem: str) -> None:
        self._reading = False
        self.dismiss(NotShown(problem))

    def _gone(self) -> None:
        """What was read stays; whether the run goes on can't be known any more."""
        words = f"{one_line(str(self.recorded.path), 60)} was moved or deleted: no more of the run is read."
        self.query_one(KeyFooter).say(words, GONE_SECONDS)

    # The moment

    def _go(self, position: int) -> None:
        self.show_position(position)
        self._at_end = self.recorded.at_end
        self._show_words()

    def _show_words(self) -> None:
        recorded, replay = self.recorded, self.recorded.replay
        seconds = self.playing.seconds if self.playing.on else replay.time_of(recorded.position)
        self.query_one(ScrubberAxis).show(replay, seconds)
        self._say_moment()

    def _say_moment(self) -> None:
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
            self._go(target)
            self.refresh_bindings()

    def action_play(self) -> None:
        self._arrive()
        if self.playing.on:
            self._stop()
        else:
            position = 0 if self.recorded.at_end and not self.recorded.goes_on else self.recorded.position
            self._go(position)
            self.playing.begin(position)
            self._played_at = monotonic()
            self._timer = self.set_interval(FRAME_SECONDS, self._play_on)
        self._show_words()

    def _play_on(self) -> None:
        now = monotonic()
        elapsed, self._played_at = now - self._played_at, now
        position = self.playing.after(self.recorded.position, elapsed)
        if not self.playing.on:
            self._stop()
            self.refresh_bindings()
        if position != self.recorded.position:
            self._go(position)
        else:
            self._show_words()

    def _stop(self) -> None:
        self.playing.on = False
        if self._timer is not None:
            self._timer.stop()
            self._timer = None

    def action_speed(self, steps: int) -> None:
        self.playing.faster(steps)
        self._show_words()

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
