"""Long work of a thread gives way to the person: Python runs one thread at a time, and keys want an answer.

A key passes through three threads of Textual. Whenever one of them waits, a thread that computes keeps
Python for a whole switch interval, and then takes it in turns with the answer.
"""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Callable

SWITCH_SECONDS = 0.001
ANSWER_SECONDS = 0.1
"""So long after a key it is answered and painted."""
PAUSE_SECONDS = 0.02
"""Short enough that work goes on, slowly, while a key is held down."""


class Person:
    """Whoever sits at the terminal: `acted` is told of each key and what the mouse does."""

    def __init__(
        self, clock: Callable[[], float] = time.monotonic, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self._clock = clock
        self._sleep = sleep
        self._at = -math.inf

    def acted(self) -> None:
        """A key was pressed, the mouse moved or clicked."""
        self._at = self._clock()

    @property
    def idle_seconds(self) -> float:
        """How long they have done nothing."""
        return self._clock() - self._at

    def give_way(self) -> None:
        """Sleep for a moment while that is answered (for a thread, between two pieces of its work)."""
        if self._clock() - self._at < ANSWER_SECONDS:
            self._sleep(PAUSE_SECONDS)


person = Person()
"""A process has one terminal."""


def switch_often() -> None:
    """Have a thread that computes let go of Python after a millisecond in place of five."""
    sys.setswitchinterval(SWITCH_SECONDS)
