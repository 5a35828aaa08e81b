"""The time of a run as a person sees it: it goes on between two events, and stands still at the end."""

from __future__ import annotations

import time
from collections.abc import Callable

Now = Callable[[], float]
"""Seconds since the run began, as the screen shows them."""


class RunClock:
    """Seconds since a run began, carried on from the last event by this machine's monotonic clock.

    Events bring their own time (`at`); between them the clock goes on, so that "cell running 3.1 s" counts
    although nothing is printed. A recorded run is shown with a clock that stands still (`running=False`).
    """

    def __init__(self, monotonic: Callable[[], float] = time.monotonic, *, running: bool = True) -> None:
        self._monotonic = monotonic
        self._running = running
        self._at = 0.0
        self._seen = monotonic()

    def seen(self, at: float) -> None:
        """An event of time `at` has just arrived. The clock never goes back because one arrived late."""
        self._at = max(at, self.now()) if self._running else at
        self._seen = self._monotonic()

    def stop(self, at: float | None = None) -> None:
        """Stand still, at `at` where it is given (the time of the run's last event)."""
        self._at = self.now() if at is None else at
        self._running = False

    def now(self) -> float:
        """Seconds since the run began."""
        if not self._running:
            return self._at
        return self._at + max(0.0, self._monotonic() - self._seen)
