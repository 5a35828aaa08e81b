"""Any moment of a recorded run, without folding it from its start: the fold with checkpoints.

`build` folds the run once, from its first event to its last, and leaves a checkpoint every thousand
events. A moment is then the checkpoint before it and the events since. Memory grows by a reference for each
iteration and checkpoint, because a checkpoint shares what no longer changes (`trajectory_snapshot`).
"""

from __future__ import annotations

import threading
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Sequence
from itertools import accumulate, islice
from typing import Literal, Protocol

from rlm_tui.core.change import Change
from rlm_tui.core.events import (
    AnyEvent,
    CallFinished,
    CallStarted,
    CellFinished,
    CellOutput,
    IterationStarted,
    PlanDelta,
    RunFinished,
    SandboxLost,
    Value,
)
from rlm_tui.core.island_copy import dissolve
from rlm_tui.core.trajectory import Trajectory
from rlm_tui.core.trajectory_snapshot import Snapshot

CHECKPOINT_EVENTS = 1_000
"""So many events at most are applied for a moment: a few milliseconds."""
SLICE_READS = 2
"""So many times CHECKPOINT_EVENTS are folded before `build` lets others have a turn."""

MarkKind = Literal["iteration", "error", "call"]
"""What a person may go to."""


class EventSource(Protocol):
    """The events of a run by their place, from 0; read as they are needed."""

    def __len__(self) -> int: ...

    def reach(self, start: int, most: int) -> int:
        """Up to where to read from `start` in one go: `most` events, or fewer if they are long."""

    def read(self, start: int, stop: int) -> Sequence[AnyEvent]:
        """The events from `start` up to `stop`."""


class Replay:
    """The run of `source`. `build` it (in a thread), then ask for any moment that is built.

    A position counts events: 0 is before the first, `length` after the last.
    """

    def __init__(self, source: EventSource, resolve: Callable[[Value], str] | None = None) -> None:
        self._source = source
        self._resolve = resolve
        self._living = Trajectory(resolve)
        self._checkpoints: list[tuple[int, Snapshot]] = []
        self._times = array("d")
        self._marks: dict[MarkKind, array[int]] = {
            "iteration": array("Q"),
            "error": array("Q"),
            "call": array("Q"),
        }
        self._own: list[int] = []
        self._ended = False
        self._interrupted = False
        self._folding = threading.Lock()
        self.length = 0

    @property
    def timed(self) -> bool:
        """Whether the log tells times; else events stand for seconds."""
        return bool(self._times) and self._times[-1] > 0

    @property
    def seconds(self) -> float:
        """The time of the last event."""
        return self._times[-1] if self.timed else float(self.length)

    def build(self) -> Iterator[int]:
        """Fold what the source has beyond what is built, giving the length now and then; more later."""
        self._ended = self._interrupted = False
        reads = 0
        while (start := self.length) < len(self._source):
            stop = min(self._source.reach(start, CHECKPOINT_EVENTS), len(self._source))
            events = self._source.read(start, stop)
            with self._folding:
                if self._wants_checkpoint(start):
                    self._checkpoints.append((start, self._living.snapshot()))
                self._take(events, start)
                self.length = stop
            reads += 1
            if reads % SLICE_READS == 0:
                yield self.length

    def _take(self, events: Sequence[AnyEvent], start: int) -> None:
        """Fold some more; this is what opening a long run takes its time for."""
        self._living.apply_all(events)
        now = self._times[-1] if self._times else 0.0
        self._times.extend(islice(accumulate((event.at for event in events), max, initial=now), 1, None))
        own = self._living.iterations
        for position, event in enumerate(events, start + 1):
            if type(event) in _UNMARKED or (kind := mark_of(event)) is None:
                continue
            self._marks[kind].append(position)
            if kind == "iteration" and len(self._own) < len(own) and own[len(self._own)].span == event.span:
                self._own.append(position)

    def _wants_checkpoint(self, position: int) -> bool:
        """Whether it is far from the last one: in events, or because they are long."""
        if not self._checkpoints:
            return True
        return position >= self._source.reach(self._checkpoints[-1][0], CHECKPOINT_EVENTS)

    def end(self, *, interrupted: bool = False) -> None:
        """No more is built: what is over may be shared between moments from now on.

        `interrupted`: nobody writes the run any more; its last moment says so, unless the run ended.
        """
        self._checkpoints.append((self.length, self._living.snapshot()))
        self._ended = True
        self._interrupted = interrupted

    def at(self, position: int) -> Trajectory:
        """The run after its first `position` events. It is the caller's own."""
        position = min(max(position, 0), self.length)
        if not self._checkpoints:
            return Trajectory(self._resolve)
        with self._folding:  # a snapshot shares what is folded on meanwhile
            index = bisect_right(self._checkpoints, position, key=lambda checkpoint: checkpoint[0]) - 1
            start, snapshot = self._checkpoints[max(index, 0)]
            trajectory = Trajectory.restore(snapshot, self._resolve, borrow=self._ended)
        trajectory.apply_all(self._source.read(start, position))
        if position == self.length and self._interrupted:
            trajectory.mark_interrupted()
        return trajectory

    def go_on(self, trajectory: Trajectory, start: int, stop: int) -> list[Change]:
        """Take `trajectory`, which stands at `start`, to `stop`; what changed on the way."""
        return [trajectory.apply(event) for event in self._source.read(start, min(stop, self.length))]

    def let_go(self) -> Iterator[None]:
        """Free the run bit by bit; nobody may use it or a moment of it any more.

        It refers to itself in circles: Python's collector would look for them among all objects, in one go.
        """
        with self._folding:
            roots = {id(box.root): box.root for _, snapshot in self._checkpoints for box in snapshot.boxes}
            roots |= {id(root): root for island in self._living.islands if (root := island.root) is not None}
            checkpoints, self._checkpoints = self._checkpoints, []
            self._living = Trajectory(self._resolve)
        while checkpoints:
            checkpoints.pop()
            yield
        while roots:
            dissolve(roots.popitem()[1])
            yield

    # Places to go to

    def marks(self, kind: MarkKind) -> Sequence[int]:
        """The positions of all of one kind, in order: so many events after which it has happened."""
        return self._marks[kind]

    def start_of(self, n: int) -> int | None:
        """The position at which the run's own iteration `n` began; None where it is not known (yet)."""
        own = zip(self._living.iterations, self._own, strict=False)
        return next((position for iteration, position in own if iteration.n == n), None)

    def time_of(self, position: int) -> float:
        """The seconds into the run at that position."""
        if not self.timed:
            return float(min(position, self.length))
        return self._times[min(position, len(self._times)) - 1] if position > 0 else 0.0

    def position_at(self, seconds: float) -> int:
        """How many events had happened by then."""
        return bisect_right(self._times, seconds) if self.timed else min(int(seconds), self.length)

    def after(self, position: int, kind: MarkKind) -> int | None:
        """The position of the next mark of that kind; None if there is none."""
        marks = self._marks[kind]
        index = bisect_right(marks, position)
        return marks[index] if index < len(marks) else None

    def before(self, position: int, kind: MarkKind) -> int | None:
        """The position of the mark of that kind before this one; None if there is none."""
        marks = self._marks[kind]
        index = bisect_left(marks, position)
        return marks[index - 1] if index > 0 else None


_UNMARKED = frozenset((CellOutput, PlanDelta))
"""Most of a log is of these."""


def mark_of(event: AnyEvent) -> MarkKind | None:
    """What a person may want to go to in it."""
    match event:
        case CallStarted():
            return "call"
        case IterationStarted():
            return "iteration"
        case CallFinished(error=error) | RunFinished(error=error):
            return "error" if error is not None else None
        case CellFinished(status=status):
            return "error" if status not in ("ok", "submitted") else None
        case SandboxLost():
            return "error"
        case _:
            return None
