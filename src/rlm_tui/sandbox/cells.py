"""One cell while it runs and what became of it."""

from __future__ import annotations

import contextvars
import threading
import time
from typing import Any

import msgspec
from dspy.primitives.code_interpreter import CodeExecutionError, FinalOutput

from rlm_tui.core.events import CellStatus
from rlm_tui.sandbox.wire import CellError, Done

LEAST_WAIT = 0.05
_SYNTAX_ERRORS = ("SyntaxError", "IndentationError", "TabError")


class CellResult(msgspec.Struct, frozen=True, kw_only=True):
    """How a cell ended.

    `text` is all that it showed, whatever the status (printed text and the value of a last expression);
    `dropped` the bytes beyond the cap; `value` the text of the last expression, its first 10,000 characters.
    `unheeded`: why it was to be stopped ("interrupt" or "timeout") before its sandbox was lost.
    """

    status: CellStatus
    text: str = ""
    value: str | None = None
    error: CellError | None = None
    seconds: float = 0.0
    dropped: int = 0
    submitted: dict[str, Any] | None = None
    unheeded: str = ""


class Cell:
    """A cell that was sent to the driver: collects its output until `done`, or until it fails from outside.

    `name` is dspy's call id of the `execute` (or of the console's evaluation); `context` that call's context
    variables, in which its tool calls run. What the `console` evaluates is no cell of the run: it is not
    `reported`, and calls no tools.
    """

    def __init__(self, number: int, name: str, *, reported: bool, console: bool = False) -> None:
        self.number = number
        self.name = name
        self.reported = reported
        self.console = console
        self.context = contextvars.copy_context()
        self.started = time.monotonic()
        self.finished = threading.Event()
        self.interrupted_for = ""
        self.failure: BaseException | None = None
        self._done: Done | None = None
        self._texts: list[str] = []
        self._lock = threading.Lock()
        self._held_before = 0.0
        self._held_since: float | None = None

    @property
    def clock_runs(self) -> bool:
        """Whether its time counts; it does not while the run is held."""
        return self._held_since is None

    def hold_clock(self, held: bool) -> None:
        """From now on its time doesn't count, or counts again."""
        with self._lock:
            now = time.monotonic()
            if held and self._held_since is None:
                self._held_since = now
            elif not held and self._held_since is not None:
                self._held_before, self._held_since = self._held_before + now - self._held_since, None

    def wait(self, seconds: float) -> bool:
        """Wait for the end; False when `seconds` of the cell's own time passed first."""
        while (left := seconds - self._own_seconds()) > 0:
            if self.finished.wait(max(left, LEAST_WAIT)):
                return True
        return self.finished.is_set()

    def _own_seconds(self) -> float:
        with self._lock:
            now = time.monotonic()
            held = 0.0 if self._held_since is None else now - self._held_since
            return now - self.started - self._held_before - held

    @property
    def text(self) -> str:
        return "".join(self._texts)

    def add_output(self, text: str) -> None:
        self._texts.append(text)

    def end(self, done: Done) -> None:
        """The driver says that the cell ended; too late when it failed before."""
        with self._lock:
            if not self.finished.is_set():
                self._done = done
                self.finished.set()

    def fail(self, failure: BaseException) -> None:
        """The cell ends with `failure` in whoever waits for it."""
        with self._lock:
            if not self.finished.is_set():
                self.failure = failure
                self.finished.set()

    def result(self) -> CellResult:
        """What became of it; for a cell that is finished."""
        done = self._done
        if done is None:
            return CellResult(
                status="interrupted" if self.interrupted_for == "cancel" else "lost",
                text=self.text,
                error=CellError(type=type(self.failure).__name__, message=str(self.failure)),
                seconds=time.monotonic() - self.started,
                unheeded=self.interrupted_for,
            )
        # A time limit that only a signal from outside could enforce comes back as an interrupt.
        status = (
            "timeout" if done.status == "interrupted" and self.interrupted_for == "timeout" else done.status
        )
        return CellResult(
            status=status,
            text=self.text,
            value=None if done.value is None else str(done.value),
            error=done.error,
            seconds=done.seconds,
            dropped=done.dropped,
            submitted=done.submitted,
        )


def outcome_for_dspy(result: CellResult, cell_timeout: float | None) -> FinalOutput | str | None:
    """What `execute` gives back or raises: the planner sees what was printed and then what went wrong."""
    match result.status:
        case "ok":
            return _with_dropped(result) or None
        case "submitted":
            return FinalOutput(result.submitted or {})
        case "interrupted":
            words = "The person interrupted this cell; its variables are kept."
            raise CodeExecutionError(_after_text(result, words))
        case "timeout":
            limit = "" if cell_timeout is None else f" of {cell_timeout:g} s"
            words = (
                f"This cell was stopped at its time limit{limit}; its variables are kept. Do less in a cell."
            )
            raise CodeExecutionError(_after_text(result, words))
        case _:
            error = result.error or CellError(message="the cell failed")
            words = error.traceback.rstrip() or f"{error.type}: {error.message}"
            if error.type in _SYNTAX_ERRORS and not result.text:
                raise SyntaxError(words)
            raise CodeExecutionError(_after_text(result, words))


def _after_text(result: CellResult, words: str) -> str:
    text = _with_dropped(result)
    return f"the cell printed:\n{text.rstrip()}\nand then ended:\n{words}" if text else words


def _with_dropped(result: CellResult) -> str:
    if not result.dropped:
        return result.text
    return f"{result.text}\n… ({result.dropped:,} bytes more were printed and dropped: print less)"
