"""The one place where a run can be held: before each plan and before each cell, at every depth."""

from __future__ import annotations

import threading
from typing import Literal

from rlm_tui.core.events import Held, HoldReason, Released
from rlm_tui.engine.control import RunControl
from rlm_tui.engine.recorder import Recorder

Before = Literal["plan", "cell"]


class Gate:
    """Open by default. `hold` stops whoever comes next until `release`; `step` lets exactly one pass."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder
        self._changed = threading.Condition()
        self._why: HoldReason | None = None
        self._steps = 0
        self._waiting = 0

    @property
    def is_held(self) -> bool:
        """Whether somebody is waiting at the gate now."""
        return self._waiting > 0

    def hold(self) -> None:
        """Hold the run at the next plan or cell."""
        with self._changed:
            if self._why is None:
                self._why = "hold"

    def release(self) -> None:
        """Let the run go on."""
        with self._changed:
            self._why = None
            self._steps = 0
            self._changed.notify_all()

    def step(self) -> None:
        """Let one waiting plan or cell pass and hold again before the next."""
        with self._changed:
            self._why = "step"
            self._steps = 1
            self._changed.notify_all()

    def before_plan(self, iteration: str, control: RunControl) -> None:
        """Wait here while the run is held. Raises `RunStopped` when `control` says stop."""
        self._pass(iteration, "plan", control)

    def before_cell(self, iteration: str, code: str, control: RunControl) -> str:
        """Wait here while the run is held, and give the code to run. Raises `RunStopped` when stopped."""
        self._pass(iteration, "cell", control)
        return code

    def _pass(self, iteration: str, before: Before, control: RunControl) -> None:
        control.check()
        with self._changed, control.on_stop(self._wake):
            if self._why is None or self._take_step():
                control.check()
                return
            self._recorder.emit(Held, span=iteration, why=self._why, before=before)
            self._waiting += 1
            try:
                while self._why is not None and control.reason is None and not self._take_step():
                    self._changed.wait()
            finally:
                self._waiting -= 1
            stepped = self._why is not None
            verb = "cancel" if control.reason is not None else "step" if stepped else "release"
            self._recorder.emit(Released, span=iteration, verb=verb)
        control.check()

    def _take_step(self) -> bool:
        if self._steps == 0:
            return False
        self._steps -= 1
        return True

    def _wake(self) -> None:
        # Called on a thread of its own, or within `_pass` itself: its lock is reentrant.
        with self._changed:
            self._changed.notify_all()
