"""How a run is stopped before its own end: one reason, given once, that every waiting thread hears."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
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
    """Carries a stop from whoever asks for it to all that runs: checkpoints raise, hooks are called."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._stop: Stop | None = None
        self._hooks: dict[int, Callable[[], None]] = {}
        self._next_hook = 0

    @property
    def reason(self) -> Stop | None:
        """The stop that was asked for, or None while the run may go on."""
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
        if self._stop is not None:
            raise RunStopped(self._stop)

    @contextmanager
    def on_stop(self, hook: Callable[[], None]) -> Iterator[None]:
        """Within the block, a stop calls `hook` (at once, if there was one already); it must not block."""
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
