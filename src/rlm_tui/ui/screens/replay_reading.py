"""How a recorded run is read: shown as soon as some of it is there, followed while it is written."""

from __future__ import annotations

from threading import Thread
from time import monotonic, sleep

from textual.worker import get_current_worker

from rlm_tui.core.settings import Settings
from rlm_tui.core.text import number_of, one_line
from rlm_tui.store.errors import StoreError
from rlm_tui.ui.garbage import free, leave_alone, look_again
from rlm_tui.ui.recorded_run import RecordedRun
from rlm_tui.ui.screens.find import Found
from rlm_tui.ui.screens.replay_views import NotShown, ReplayViews
from rlm_tui.ui.widgets.key_footer import KeyFooter

FOLLOW_SECONDS = 0.3
TELL_SECONDS = 0.25
FIRST_SECONDS = 0.2
"""A log that takes longer shows a first moment meanwhile; it would only keep a shorter one from its end."""
GONE_SECONDS = 60.0
CLOSED_SECONDS = 0.5
"""So long after a screen was left its widgets may still look at what it showed."""


class ReplayReading(ReplayViews):
    """Reads the log, goes to where it is to be opened, and then along with its end."""

    def __init__(
        self, recorded: RecordedRun, settings: Settings, *, iteration: int, follow: bool, found: Found | None
    ) -> None:
        super().__init__(recorded, settings)
        self._first_iteration = iteration
        self._first_hit = found
        self._follow = follow
        self._reading = True
        self._shown = False
        self._at_end = True

    def go(self, position: int) -> None:
        """Show the moment at `position`."""
        raise NotImplementedError

    def show_words(self) -> None:
        """Say where that is, on the axis too."""
        raise NotImplementedError

    def say_moment(self) -> None:
        """Say where that is and how much is read, which changes oftener than the axis."""
        raise NotImplementedError

    def on_mount(self) -> None:
        self.run_worker(self._read, thread=True, group="read", exit_on_error=False)

    @property
    def reading(self) -> bool:
        """Whether there is more to come."""
        return self._reading

    def _read(self) -> None:
        """Read the log, and read on while it is written (in a thread)."""
        worker, tell = get_current_worker(), self.app.call_from_thread
        try:
            shown, began = False, monotonic()
            told, length = began, 0
            while True:
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
                length = self.recorded.length
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
            self.go(self.recorded.length)
        if over and self._first_hit is not None:
            # The views have told by then what they look at.
            self.call_after_refresh(self.show_found, self._first_hit)
            self._first_hit = None
        self.show_words()

    def _read_some(self) -> None:
        """More is read than before, but not all."""
        if not self._has_gone_to_iteration():
            self.say_moment()

    def _has_gone_to_iteration(self) -> bool:
        """Go to the iteration at which the run is to be opened, as soon as that is read."""
        start = self.recorded.replay.start_of(self._first_iteration) if self._first_iteration else None
        if start is not None:
            self._first_iteration = 0
            self.go(start)
        return start is not None

    def on_unmount(self) -> None:
        Thread(target=_let_go, args=(self.recorded,), name="garbage", daemon=True).start()

    def _refused(self, problem: str) -> None:
        self._reading = False
        self.dismiss(NotShown(problem))

    def _gone(self) -> None:
        """What was read stays; whether the run goes on can't be known any more."""
        words = f"{one_line(str(self.recorded.path), 60)} was moved or deleted: no more of the run is read."
        self.query_one(KeyFooter).say(words, GONE_SECONDS)


def _let_go(recorded: RecordedRun) -> None:
    """Free a run that is shown no more, and the widgets that showed it (in a thread)."""
    free(recorded.let_go(), after=CLOSED_SECONDS)
    # A thread of its own: this one holds the run.
    Thread(target=look_again, name="garbage", daemon=True).start()
