"""Asking a provider again after a passing failure: a few times, with short waits, and never past a stop.

dspy would do it itself, but sleeps for as long as a provider's `retry-after` says, be it an hour, and can't
be woken.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable
from typing import Any, TypeVar

import dspy
from dspy.utils.exceptions import is_retryable_lm_error

Result = TypeVar("Result")
LONGEST_WAIT = 20.0


class Retries:
    """How often and how long to try again. `stop`, shared by a run's LMs, ends every wait at once.

    `on_retry`, if set, is told of each wait in one sentence, from whatever thread makes the call.
    """

    def __init__(self, stop: threading.Event | None = None) -> None:
        self.stop = stop if stop is not None else threading.Event()
        self.on_retry: Callable[[str], None] | None = None

    def call(self, ask: Callable[[], Result], times: int) -> Result:
        """What `ask` answers, tried again up to `times` times while its failure is a passing one.

        An answer of which something was shown already is never asked for again: it would be shown twice.
        """
        attempt = 0
        while True:
            stream = _WatchedStream(dspy.settings.send_stream) if dspy.settings.send_stream else None
            try:
                with dspy.context(**({"send_stream": stream} if stream else {})):
                    return ask()
            except Exception as error:
                shown = stream is not None and stream.sent
                if attempt >= times or shown or self.stop.is_set() or not is_retryable_lm_error(error):
                    raise
                seconds = wait_before(error, attempt)
                attempt += 1
                if self.on_retry is not None:
                    self.on_retry(
                        f"The provider failed ({type(error).__name__}): "
                        f"trying again in {seconds:.0f} s ({attempt} of {times})."
                    )
                if self.stop.wait(seconds):
                    raise

    def __deepcopy__(self, _memory: dict[int, Any]) -> Retries:
        """Copies of an LM belong to the same run."""
        return self


def wait_before(error: BaseException, attempt: int) -> float:
    """Seconds to wait before the next try: what the provider asks for, else 1, 2, 4 …, at most 20."""
    asked = getattr(error, "retry_after", None)
    if isinstance(asked, (int, float)) and math.isfinite(asked) and asked >= 0:
        return min(float(asked), LONGEST_WAIT)
    return min(float(2**attempt), LONGEST_WAIT)


class _WatchedStream:
    """The stream that dspy sends pieces of an answer to, which remembers whether any was sent."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream
        self.sent = False

    async def send(self, item: Any) -> None:
        self.sent = True
        await self._stream.send(item)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)
