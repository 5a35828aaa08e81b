"""How a run, or what one of its cells asked for, is stopped: one reason that every waiting thread hears."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from contextvars import ContextVar
from typing import Literal

import msgspec

from rlm_tui.core.events import ErrorDetail


class Stop(msgspec.Struct, frozen=True):
    """Why a run ends before the planner submitted; `status` is that of `run_finished`."""

    status: Literal["cancelled", "budget", "failed"]
    error: ErrorDetail | None = None


class RunStopped(BaseException):
    """Raised at the next checkpoint of a stopped run.

    Not an `Exception`: neither dspy nor a sub-agent may take it for an error that it can handle.
    """

    def __init__(self, stop: Stop) -> None:
        super().__init__(stop.status)
        self.stop = stop


class RunControl:
    """Carries a stop from whoever asks for it to all that runs: checkpoints raise, hooks are called.

    What is stopped with a parent's control is stopped with this one too, not the other way round.
    """

    def __init__(self, parent: RunControl | None = None) -> None:
        self._parent = parent
        self._lock = threading.Lock()
        self._stop: Stop | None = None
        self._hooks: dict[int, Callable[[], None]] = {}
        self._next_hook = 0

    @property
    def reason(self) -> Stop | None:
        """The stop that was asked for, or None while the run may go on."""
        if self._stop is None and self._parent is not None:
            return self._parent.reason
        return self._stop

    def stop(self, stop: Stop) -> bool:
        """Ask for the end. The first reason stays; False: another came before. Hooks run on threads."""
        with self._lock:
            if self._stop is not None:
                return False
            self._stop = stop
            hooks = list(self._hooks.values())
        for hook in hooks:
            threading.Thread(target=hook, name="rlm-stop", daemon=True).start()
        return True

    def check(self) -> None:
        """Raise `RunStopped` if the run was asked to end."""
        reason = self.reason
        if reason is not None:
            raise RunStopped(reason)

    @contextmanager
    def on_stop(self, hook: Callable[[], None]) -> Iterator[None]:
        """Within the block, a stop calls `hook` (at once, if there was one already); it must not block.

        It may be called twice: for this control and for its parent.
        """
        with self._parent.on_stop(hook) if self._parent is not None else nullcontext(), self._own(hook):
            yield

    @contextmanager
    def _own(self, hook: Callable[[], None]) -> Iterator[None]:
        with self._lock:
            key = self._next_hook
            self._next_hook += 1
            self._hooks[key] = hook
            stopped = self._stop is not None
        if stopped:
            hook()
        try:
            yield
        finally:
            with self._lock:
                del self._hooks[key]


CONTROL: ContextVar[RunControl | None] = ContextVar("rlm_tui_control", default=None)
"""What stops the code that runs here, where that is less than the run: the cell that a call was made in."""
