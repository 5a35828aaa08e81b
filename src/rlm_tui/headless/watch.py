"""Drive a session without a screen: apply its events to the fold, print them, and cancel on Ctrl-C."""

from __future__ import annotations

import queue
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext, redirect_stdout
from typing import TYPE_CHECKING, Protocol

from rlm_tui.core.events import AnyEvent, RunFinished
from rlm_tui.core.trajectory import Trajectory
from rlm_tui.headless.interrupts import cancelled_by_signals

if TYPE_CHECKING:
    from rlm_tui.engine.session import RunRequest, Session


class EventPrinter(Protocol):
    """Anything that shows an event which the fold has applied."""

    def print_event(self, event: AnyEvent, trajectory: Trajectory) -> None: ...

    def idle(self) -> None:
        """Nothing has come for a moment."""


def watch(request: RunRequest, *, as_json: bool) -> tuple[Session, Trajectory]:
    """Run `request` to its end: live on a terminal, as lines in a pipe, silent with `as_json`.

    The first Ctrl-C or SIGTERM cancels the run (what was found is kept); a second one leaves at once.
    """
    trajectory = Trajectory()
    began = time.monotonic()
    printer, showing = _printer(trajectory, lambda: time.monotonic() - began, as_json)
    return follow(request, trajectory, printer, showing), trajectory


def follow(
    request: RunRequest,
    trajectory: Trajectory,
    printer: EventPrinter | None,
    showing: AbstractContextManager[object],
) -> Session:
    """Run `request` to its end: `trajectory` gets every event, then `printer`, within `showing`.

    Ctrl-C and SIGTERM are those of `watch`.
    """
    from rlm_tui.engine.session import Session

    arrived: queue.SimpleQueue[AnyEvent] = queue.SimpleQueue()
    session = Session(request, arrived.put)
    # Whatever a library prints belongs on stderr: stdout is the result's, or the printer's own.
    with cancelled_by_signals(session.cancel), showing, redirect_stdout(sys.stderr):
        session.start()
        for event in _until_finished(arrived, session):
            if event is not None:
                trajectory.apply(event)
            if printer is None:
                continue
            if event is None:
                printer.idle()
            else:
                printer.print_event(event, trajectory)
    session.wait()
    return session


def _printer(
    trajectory: Trajectory, clock: Callable[[], float], as_json: bool
) -> tuple[EventPrinter | None, AbstractContextManager[object]]:
    if as_json:
        return None, nullcontext()
    if sys.stdout.isatty():
        from rlm_tui.headless.live import LivePrinter

        live = LivePrinter(trajectory, clock)
        return live, live
    from rlm_tui.headless.lines import LinePrinter

    return LinePrinter(sys.stdout), nullcontext()


def _until_finished(arrived: queue.SimpleQueue[AnyEvent], session: Session) -> Iterator[AnyEvent | None]:
    """Events as they come; None now and then while none do."""
    while True:
        try:
            event = arrived.get(timeout=0.2)
        except queue.Empty:
            if session.done and arrived.empty():
                return
            yield None
            continue
        yield event
        if isinstance(event, RunFinished):
            return
