"""A run that is on the screen: its session, its fold, and where its events go when the screen leaves."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from textual.message_pump import MessagePump

from rlm_tui.core.breakpoints import SetBreakpoint
from rlm_tui.core.events import AnyEvent, Value
from rlm_tui.core.trajectory import Change, Trajectory
from rlm_tui.headless.interrupts import interruptible_queue
from rlm_tui.ui.bridge import Bridge
from rlm_tui.ui.clock import RunClock
from rlm_tui.ui.run_control import EventRelay, RunningSession, StartSession

if TYPE_CHECKING:
    from rlm_tui.engine.session import RunRequest


class LiveRun:
    """One run. `start` blocks (it imports the engine): call it in a thread; the rest is the UI thread's."""

    def __init__(
        self, owner: MessagePump, request: RunRequest, consume: Callable[[Sequence[Change]], None]
    ) -> None:
        self.request = request
        self.blobs = RunBlobs(self)
        self._bridge = Bridge(owner, consume, trajectory=Trajectory(self.blobs.text))
        self._relay = EventRelay(self._bridge.post)
        self._lock = threading.Lock()
        self._session: RunningSession | None = None
        self._cancelled = False
        self._finishing = False
        self._left = False
        self._will_hold = request.hold
        self._breakpoints: Sequence[SetBreakpoint] | None = None
        self.failure = ""

    @property
    def trajectory(self) -> Trajectory:
        """The fold of the run's events so far."""
        return self._bridge.trajectory

    @property
    def clock(self) -> RunClock:
        """The run's time."""
        return self._bridge.clock

    @property
    def active(self) -> bool:
        """Whether the run goes on: it has neither finished nor failed to start."""
        return self.trajectory.finished is None and not self.failure

    @property
    def held(self) -> bool:
        """Whether the run is held, waiting for the person."""
        return self.trajectory.held is not None

    @property
    def hold_comes(self) -> bool:
        """Whether the run goes on for now and will be held at its next boundary, as the person wanted."""
        return self._will_hold and self.active and not self.held and not self._cancelled

    @property
    def cancelled(self) -> bool:
        """Whether it was cancelled; it may take a few seconds to end."""
        return self._cancelled

    @property
    def session(self) -> RunningSession | None:
        """The session, once it has started."""
        return self._session

    def start(self, start_session: StartSession) -> None:
        """Make the session and start it (in a thread). Raises whatever hinders it."""
        session = start_session(self.request, self._relay)
        with self._lock:
            self._session = session
            cancelled, breakpoints = self._cancelled, self._breakpoints
        if breakpoints is not None:
            session.set_breakpoints(breakpoints)
        if self._left:
            session.leave()
        if self._will_hold:
            session.hold()
        if cancelled:
            session.cancel()

    def cancel(self) -> None:
        """Cancel the run; one that is only being started is cancelled as soon as it is."""
        with self._lock:
            self._cancelled = True
            session = self._session
        if session is not None:
            session.cancel()

    def hold(self) -> None:
        """Hold the run before the next plan or cell; one that is only being started, before its first."""
        self._will_hold = True
        if self._session is not None:
            self._session.hold()

    def release(self) -> None:
        """Let a held run go on; one that would be held at its next boundary is not."""
        self._will_hold = False
        if self._session is not None:
            self._session.release()

    def step(self) -> None:
        """Let a held run go on to the next plan or cell."""
        if self._session is not None:
            self._will_hold = True
            self._session.step()

    def step_iteration(self) -> None:
        """Let a held run go on to its next plan."""
        if self._session is not None:
            self._will_hold = True
            self._session.step_iteration()

    def edit(self, code: str) -> None:
        """Have `code` run in place of the planner's. Raises SessionError."""
        if self._session is not None:
            self._session.edit(code)

    def skip(self, note: str) -> None:
        """Don't run the cell; the planner reads `note`, and is held before its plan. Raises SessionError."""
        if self._session is not None:
            self._session.skip(note)
            self._will_hold = True

    def remark(self, text: str) -> None:
        """Tell the planner something, or send it back from its cell. Raises SessionError."""
        if self._session is not None:
            hold = self.trajectory.held
            self._session.remark(text)
            if hold is not None and hold.before == "cell":
                self._will_hold = True

    def insert(self, code: str) -> None:
        """Run `code` as a step of the person's; the run stays held. Raises SessionError."""
        if self._session is not None:
            self._session.insert(code)

    @property
    def breakpoints(self) -> Sequence[SetBreakpoint]:
        """Where it is held by itself."""
        return self.request.breakpoints if self._breakpoints is None else self._breakpoints

    def set_breakpoints(self, breakpoints: Sequence[SetBreakpoint]) -> None:
        """Hold the run at these and at no others, also one that is only being started."""
        if tuple(breakpoints) == tuple(self.breakpoints):
            return
        with self._lock:
            self._breakpoints = breakpoints
            session = self._session
        if session is not None:
            session.set_breakpoints(breakpoints)

    def interrupt(self) -> None:
        """Stop the cell that runs now, and keep its variables."""
        if self._session is not None:
            self._session.interrupt()

    def finish(self) -> None:
        """End the run with an answer that is extracted from what was found."""
        if self._session is not None:
            self._finishing = True
            self._session.finish()

    @property
    def finishing(self) -> bool:
        """Whether the person ended it with an answer that is being extracted."""
        return self._finishing and self.active

    def raise_budget(self, name: str, amount: float) -> None:
        """Make `amount` the new limit of a budget. Raises SessionError."""
        if self._session is not None:
            self._session.raise_budget(name, amount)

    def refresh_volume(self) -> bool:
        """Let everybody see what cells wrote in the volume so far (in a thread). False: nothing runs now."""
        session = self._session
        return session.refresh_volume() if session is not None and self.active else False

    def hand_over(self) -> HandedOver:
        """Take the run off the screen: what has arrived is folded, what comes from now on goes to a queue.

        Nobody is there who could be asked or let it go on, so nothing holds it any more.
        """
        self.set_breakpoints(())
        self._will_hold = False
        with self._lock:
            self._left = True
            session = self._session
        if session is not None:
            session.leave()
        arriving = interruptible_queue()
        self._relay.turn_to(arriving.put)
        while self._bridge.waiting:
            self._bridge.drain()
        self._bridge.close()
        return HandedOver(self, arriving)

    def close(self) -> None:
        """Take no more events."""
        self._bridge.close()


class HandedOver:
    """A run that outlives its screen: the fold so far, and the events that still come."""

    def __init__(self, run: LiveRun, arriving: queue.Queue[AnyEvent]) -> None:
        self.run = run
        self.arriving = arriving


class RunBlobs:
    """The long texts of a run whose session may not have started yet."""

    def __init__(self, run: LiveRun) -> None:
        self._run = run

    def text(self, value: Value) -> str:
        """The whole text of `value`. May raise OSError."""
        session = self._run.session
        return value.text if session is None else session.blobs.text(value)

    def value(self, text: str) -> Value:
        """`text` as a Value; a screen keeps nothing, so it stands whole."""
        return Value(text=text, length=len(text))
