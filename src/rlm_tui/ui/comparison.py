"""One comparison on the screen: the RLM's run and the one prompt, at the same time, each with its own end."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import suppress

from textual.screen import Screen

from rlm_tui.core.events import ErrorDetail
from rlm_tui.core.text import human_seconds, one_line
from rlm_tui.core.trajectory import Activity
from rlm_tui.engine.direct_window import Window
from rlm_tui.headless.comparison_figures import Column, direct_column, rlm_column
from rlm_tui.headless.direct_run import DirectRun
from rlm_tui.ui.comparison_plan import Ready
from rlm_tui.ui.live_run import LiveRun
from rlm_tui.ui.run_control import StartSession

LEAVE_SECONDS = 8.0
"""How long leaving waits for a run that was cancelled; it takes less unless something hangs."""


class Comparison:
    """Both ways of asking. `on_change` is called on the UI's thread when one of them has something new."""

    def __init__(
        self, screen: Screen[None], ready: Ready, window: Window, on_change: Callable[[], None]
    ) -> None:
        self._truth = ready.truth
        self._screen = screen
        self._on_change = on_change
        self._run = LiveRun(screen, ready.request, lambda _changes: on_change())
        self._direct = DirectRun(ready.request, window.tokens, self._direct_ended)
        self._columns: list[Column | None] = [None, None]
        self._counting: threading.Thread | None = None
        self.shown_end = False

    @property
    def active(self) -> bool:
        """Whether one of the two goes on, or is not counted yet."""
        return None in self._columns

    def start_direct(self) -> None:
        """Begin with the one prompt; returns at once."""
        self._direct.start()

    def start_rlm(self, start_session: StartSession) -> None:
        """Begin with the RLM (in a thread: it imports the engine)."""
        try:
            self._run.start(start_session)
        except Exception as error:
            self._run.failure = f"The run could not start: {error}"
            self._tell()

    def columns(self) -> tuple[Column, Column]:
        """How far both have come."""
        rlm, direct = self._columns
        self.shown_end = rlm is not None and direct is not None  # as of now: the other thread goes on
        return rlm or self._rlm_column(), direct or Column("asking", seconds=self._direct.seconds)

    def _rlm_column(self) -> Column:
        run = self._run
        if run.failure:
            error = ErrorDetail(kind="NotStarted", message=run.failure)
            failed = self._columns[0] = Column("failed", error=error)
            return failed
        if not run.active and self._counting is None:
            # What is compared with the truth may be of any size: not on the UI's thread.
            self._counting = threading.Thread(target=self._count, name="rlm-truth", daemon=True)
            self._counting.start()
        return rlm_column(run.trajectory, seconds=run.clock.now())

    def _count(self) -> None:
        try:
            self._columns[0] = rlm_column(self._run.trajectory, self._truth)
        except Exception as error:
            self._columns[0] = _uncounted(error)
        self._tell()

    def doing(self) -> tuple[Activity, Activity]:
        """What each of the two is doing, in words."""
        run, direct = self._run, self._direct
        rlm = run.trajectory.activity(run.clock.now())
        if run.failure:
            rlm = Activity("failed", "✗", "failed to start")
        elif rlm.state == "idle":
            rlm = Activity("starting", "●", "starting")
        elif rlm.state == "failed":
            rlm = Activity("failed", "✗", "failed")  # the error stands below, whole
        return rlm, _direct_activity(direct)

    def cancel(self) -> None:
        """Cancel both. Returns at once."""
        self._run.cancel()
        self._direct.cancel()

    def close(self) -> None:
        """Take no more events of the run: another comparison begins."""
        self._run.close()

    def leave(self) -> None:
        """Cancel both and wait for their ends (in a thread): the screen has gone."""
        self.cancel()
        until = time.monotonic() + LEAVE_SECONDS
        self._direct.wait(LEAVE_SECONDS)
        while time.monotonic() < until:
            session = self._run.session
            if self._run.failure or (session is not None and session.done):
                return
            time.sleep(0.05)

    def _direct_ended(self) -> None:
        """On the prompt's own thread."""
        try:
            if self._direct.answer is not None:
                self._columns[1] = direct_column(self._direct.answer, self._truth)
        except Exception as error:
            self._columns[1] = _uncounted(error)
        self._tell()

    def _tell(self) -> None:
        with suppress(RuntimeError):  # the screen is gone
            self._screen.call_later(self._on_change)


def _uncounted(error: Exception) -> Column:
    """A side whose answer can't be held against the truth: an end all the same."""
    message = f"Its answer can't be compared with the truth: {error}"
    return Column("failed", error=ErrorDetail(kind=type(error).__name__, message=message))


def _direct_activity(direct: DirectRun) -> Activity:
    answer = direct.answer
    if answer is None:
        words = "cancelling" if direct.cancelled else one_line(direct.words, 120)
        return Activity("calling", "●", f"{words} {human_seconds(direct.seconds)}")
    match answer.status:
        case "answered":
            return Activity("submitted", "✓", "answered")
        case "cancelled":
            return Activity("cancelled", "■", "cancelled")
        case "budget":
            return Activity("budget", "■", "budget used up")
        case _:
            return Activity("failed", "✗", "failed")
