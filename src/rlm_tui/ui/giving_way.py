"""Long work of a thread gives way to the person: Python runs one thread at a time, and keys want an answer.

A key passes through three threads of Textual. Whenever one of them waits, a thread that computes keeps
Python for a whole switch interval, and then takes it in turns with the answer.
"""

from __future__ import annotations

import sys
import time

SWITCH_SECONDS = 0.001
ANSWER_SECONDS = 0.1
"""So long after a key it is answered and painted."""
PAUSE_SECONDS = 0.02
"""Short enough that work goes on, slowly, while a key is held down."""


class Person:
    """Whoever sits at the terminal: `acted` is told of each key and what the mouse does."""

    def __init__(self) -> None:
        self._at = -ANSWER_SECONDS

    def acted(self) -> None:
        """A key was pressed, the mouse moved or clicked."""
        self._at = time.monotonic()

    def give_way(self) -> None:
        """Sleep for a moment while that is answered (for a thread, between two pieces of its work)."""
        if time.monotonic() - self._at < ANSWER_SECONDS:
            time.sleep(PAUSE_SECONDS)


person = Person()
"""A process has one terminal."""


def switch_often() -> None:
    """Have a thread that computes let go of Python after a millisecond in place of five."""
    sys.setswitchinterval(SWITCH_SECONDS)
