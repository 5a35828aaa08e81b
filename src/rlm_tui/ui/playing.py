"""The clock of a recorded run that is played: its own time, faster or slower, long waits cut short."""

from __future__ import annotations

from rlm_tui.core.replay import Replay

SPEEDS = (0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0)
LONGEST_WAIT = 1.0
"""Seconds of a person's time: a longer wait until the next event is left out."""


class Playing:
    """Says where the run is after some seconds more. `seconds` is its own time."""

    def __init__(self, replay: Replay) -> None:
        self._replay = replay
        self._speed = SPEEDS.index(1.0)
        self.on = False
        self.seconds = 0.0

    @property
    def speed(self) -> float:
        """How many seconds of the run pass in one of the person's."""
        return SPEEDS[self._speed]

    def faster(self, steps: int) -> None:
        """The next speed, or (-1) the one before."""
        self._speed = min(max(self._speed + steps, 0), len(SPEEDS) - 1)

    def begin(self, position: int) -> None:
        """Play from there."""
        self.seconds = self._replay.time_of(position)
        self.on = True

    def after(self, position: int, elapsed: float) -> int:
        """The position `elapsed` seconds (of the person's) later; at the end it stops."""
        self.seconds += elapsed * self.speed
        coming = self._replay.time_of(position + 1)
        if coming - self.seconds > LONGEST_WAIT * self.speed:
            self.seconds = coming - LONGEST_WAIT * self.speed
        if position >= self._replay.length:
            self.on = False
            return position
        return max(position, self._replay.position_at(self.seconds))
