"""One prompt, asked on a thread of its own, that can be watched and cancelled as a run can."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from rlm_tui.core.events import ErrorDetail
from rlm_tui.core.redaction import Redactor
from rlm_tui.engine.control import RunControl, Stop

if TYPE_CHECKING:
    from rlm_tui.engine.direct import DirectAnswer
    from rlm_tui.engine.session import RunRequest


class DirectRun:
    """Asks `request` once. `on_end` is told of the end, from the thread; `answer` then has what came out.

    `window_tokens` None is the model's own window.
    """

    def __init__(
        self, request: RunRequest, window_tokens: int | None, on_end: Callable[[], object] = lambda: None
    ) -> None:
        self.request = request
        self.window_tokens = window_tokens
        self.answer: DirectAnswer | None = None
        self.words = "asking"
        self._on_end = on_end
        self._control = RunControl()
        self._ended = threading.Event()
        self._began = time.monotonic()
        self._thread = threading.Thread(target=self._ask, name="rlm-direct", daemon=True)

    @property
    def active(self) -> bool:
        """Whether it goes on."""
        return not self._ended.is_set()

    @property
    def cancelled(self) -> bool:
        """Whether it was asked to end."""
        return self._control.reason is not None

    @property
    def seconds(self) -> float:
        """How long it has taken so far, or took."""
        return time.monotonic() - self._began if self.answer is None else self.answer.seconds

    def start(self) -> None:
        """Begin; returns at once. It is started once."""
        self._began = time.monotonic()
        self._thread.start()

    def cancel(self) -> None:
        """End it. Returns at once; a request in flight can't be taken back, and what it brings is dropped."""
        self._control.stop(Stop("cancelled"))

    def wait(self, timeout: float | None = None) -> bool:
        """Wait for the end; False when `timeout` seconds passed first."""
        return self._ended.wait(timeout)

    def run(self) -> DirectAnswer:
        """Start it and wait for its end; `cancel`, which a Ctrl-C may call, ends it."""
        self.start()
        while not self.wait(0.2):
            pass
        assert self.answer is not None, "a prompt that ended has an answer"
        return self.answer

    def _ask(self) -> None:
        try:
            self.answer = self._answer()
        finally:
            self._on_end()
            self._ended.set()

    def _answer(self) -> DirectAnswer:
        # Here and not above: dspy takes seconds to import.
        from rlm_tui.engine.direct import DirectAnswer, ask_directly

        if self.cancelled:
            return DirectAnswer({}, None, None, None, 0.0, 0, 0, 0, status="cancelled")
        try:
            return ask_directly(self.request, self.window_tokens, control=self._control, on_retry=self._say)
        except Exception as error:
            said = Redactor(self.request.settings.secrets()).text(str(error))
            problem = ErrorDetail(kind=type(error).__name__, message=f"The prompt could not be asked: {said}")
            seconds = time.monotonic() - self._began
            return DirectAnswer({}, None, None, None, seconds, 0, 0, 0, error=problem, status="failed")

    def _say(self, words: str) -> None:
        self.words = words
