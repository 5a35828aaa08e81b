"""Events of a run, from the threads they happen in, to widgets: one wake-up at a time, about 20 a second.

Any thread posts; the fold is applied on the UI's own thread in slices that end after a few milliseconds, so a
flood of events never keeps a key waiting.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Sequence
from threading import Lock

from textual.message_pump import MessagePump

from rlm_tui.core.events import AnyEvent
from rlm_tui.core.trajectory import Change, Trajectory
from rlm_tui.ui.clock import RunClock

FRAME_SECONDS = 0.05
"""The least time between two redraws while events stream."""
SLICE_SECONDS = 0.008
"""How long the fold may be applied before keys and painting get their turn."""
BACKLOG_SECONDS = 0.004
"""The turn that keys and painting get between two slices of a backlog."""


class Bridge:
    """Carries a run's events into a `Trajectory` and hands the changes to `consume`, on the UI's thread."""

    def __init__(
        self,
        owner: MessagePump,
        consume: Callable[[Sequence[Change]], None],
        *,
        trajectory: Trajectory | None = None,
        clock: RunClock | None = None,
    ) -> None:
        """`owner` is the app, screen or widget in whose message loop the fold is applied."""
        self.trajectory = trajectory or Trajectory()
        self.clock = clock or RunClock()
        self._owner = owner
        self._consume = consume
        self._events: deque[AnyEvent] = deque()
        self._lock = Lock()
        self._awake = False
        self._closed = False
        self._changes: list[Change] = []
        self._told_at = 0.0
        self._due = 0.0
        self._painting = 0.0

    @property
    def waiting(self) -> int:
        """How many events have been posted and not yet been applied."""
        return len(self._events)

    def post(self, event: AnyEvent) -> None:
        """Hand over an event, from any thread. Costs the sender microseconds; never waits for the UI."""
        if self._closed:
            return
        self._events.append(event)
        with self._lock:
            if self._awake:
                return
            self._awake = True
        self._owner.call_later(self._wake)

    def close(self) -> None:
        """Take no more events: what was posted and not applied is dropped."""
        self._closed = True
        self._events.clear()

    def _wake(self) -> None:
        pause = self._told_at + FRAME_SECONDS - time.monotonic()
        if pause > 0:
            self._owner.set_timer(pause, self.drain)
        else:
            self.drain()

    def drain(self) -> None:
        """Apply what is waiting for at most one slice, tell of it, and come back for the rest."""
        if self._closed:
            return
        if self._due:  # how late the rest of a backlog is taken up is what painting costs here
            self._painting, self._due = max(0.0, time.monotonic() - self._due), 0.0
        deadline = time.perf_counter() + SLICE_SECONDS
        apply, events, changes = self.trajectory.apply, self._events, self._changes
        while events:
            changes.append(apply(events.popleft()))
            if time.perf_counter() > deadline:
                break
        frame = FRAME_SECONDS + 2 * self._painting  # on a slow machine a flood mustn't be spent on painting
        if changes and (not events or time.monotonic() - self._told_at >= frame):
            self._tell()
        if events:
            self._due = time.monotonic() + BACKLOG_SECONDS
            self._owner.set_timer(BACKLOG_SECONDS, self.drain)
            return
        with self._lock:
            self._awake = False
        if events and not self._closed:  # posted between the last look and the lock
            with self._lock:
                if self._awake:
                    return
                self._awake = True
            self._owner.call_later(self._wake)

    def _tell(self) -> None:
        changes, self._changes = self._changes, []
        self.clock.seen(self.trajectory.now)
        if self.trajectory.finished is not None:
            self.clock.stop(self.trajectory.now)
        self._told_at = time.monotonic()
        self._consume(changes)
