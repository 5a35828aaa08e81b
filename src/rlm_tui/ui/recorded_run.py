"""A run that is read from its log, at the moment that is looked at."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from threading import Lock

from rlm_tui.core.events import Value
from rlm_tui.core.island_copy import dissolve
from rlm_tui.core.replay import MarkKind, Replay
from rlm_tui.core.trajectory import Change, Trajectory
from rlm_tui.store.errors import cannot
from rlm_tui.store.event_lines import EventLines
from rlm_tui.store.run_log import RunLog, is_being_written

MOST_FORWARD = 2_000
"""So many events ahead are applied one by one; farther a checkpoint is nearer."""


class RecordedRun:
    """The run of `log`. `read` it in a thread, or in one after the other; all else is the UI thread's.

    `trajectory` is the run at `position`, a number of events.
    """

    def __init__(self, log: RunLog) -> None:
        self.log = log
        self.blobs = LogBlobs(log)
        self._lines = EventLines(log.events_path)
        self.replay = Replay(self._lines, log.text)
        self.trajectory = Trajectory(log.text)
        self.position = 0
        self.goes_on = True
        self._written = True
        self._end: Trajectory | None = None
        self._reading = Lock()

    @property
    def size(self) -> int:
        """The bytes of its log. Raises StoreError."""
        try:
            return self.log.events_path.stat().st_size
        except OSError as error:
            raise cannot("read", self.log.events_path, error) from error

    @property
    def path(self) -> Path:
        """The run's folder."""
        return self.log.path

    @property
    def length(self) -> int:
        """How many events have been read."""
        return self.replay.length

    @property
    def share_read(self) -> float:
        """How much of what stands in the log has been read, from 0 to 1."""
        return self.length / len(self._lines) if len(self._lines) else 0.0

    @property
    def at_end(self) -> bool:
        """Whether the last moment that is known is looked at."""
        return self.position >= self.length

    def read(self) -> Iterator[int]:
        """Read what is in the log and was not read yet, giving the length now and then. Raises StoreError."""
        with self._reading:
            # Looked at before the last lines are read: who has ended by then has written all of them.
            self._written = is_being_written(self.log.events_path)
            for _ in self._lines.extending():
                yield self.length
            yield from self.replay.build()

    def settle(self) -> bool:
        """What was read is all there is, if nobody writes it any more (in the thread that reads)."""
        with self._reading:
            self.goes_on = self._written
            if not self.goes_on:
                self.replay.end(interrupted=True)
                self._end = self.replay.at(self.length)  # the first moment takes longer than a key may
        return not self.goes_on

    def let_go(self) -> Iterator[None]:
        """Free what was read, bit by bit: nobody looks at it any more (in a thread)."""
        with self._reading:
            moments = [moment for moment in (self.trajectory, self._end) if moment is not None]
            self.trajectory, self._end = Trajectory(self.log.text), None
            for moment in moments:
                for island in moment.islands:
                    if island.root is not None:
                        dissolve(island.root)
                        yield
                moment.forget()
            yield from self.replay.let_go()

    @property
    def is_there(self) -> bool:
        """Whether the log still lies where it was opened."""
        return self._lines.is_there

    def go_to(self, position: int) -> list[Change] | None:
        """Look at another moment. The changes that lead there; None: `trajectory` is another one."""
        position = min(max(position, 0), self.length)
        before, self.position = self.position, position
        last = position == self.length and not self.goes_on
        if before <= position <= self._lines.reach(before, MOST_FORWARD) and not last:
            return self.replay.go_on(self.trajectory, before, position)
        end, self._end = self._end, None
        self.trajectory = end if last and end is not None else self.replay.at(position)
        return None

    def next_position(self, start: int, kind: MarkKind | None, step: int) -> int | None:
        """Where the next event (None), iteration, error or call is after `start`; `step` -1: before."""
        if kind is None:
            return start + step if 0 <= start + step <= self.length else None
        return self.replay.after(start, kind) if step > 0 else self.replay.before(start, kind)


class LogBlobs:
    """The long texts of a log."""

    def __init__(self, log: RunLog) -> None:
        self._log = log

    def text(self, value: Value) -> str:
        """The whole text of `value`. May raise OSError."""
        return self._log.text(value)

    def value(self, text: str) -> Value:
        """`text` as a Value; nothing is written to a log that is only read."""
        return Value(text=text, length=len(text))
