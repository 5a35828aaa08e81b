"""Drive a session without a screen: apply its events to the fold, print them, and cancel on Ctrl-C."""

from __future__ import annotations

import queue
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext, redirect_stdout
from typing import TYPE_CHECKING, Protocol, TextIO

from rlm_tui.core.events import AnyEvent, RunFinished
from rlm_tui.core.trajectory import Trajectory
from rlm_tui.headless.interrupts import cancelled_by_signals, interruptible_queue

if TYPE_CHECKING:
    from rlm_tui.engine.session import RunRequest, Session
    from rlm_tui.headless.prompt import HeldPrompt

IDLE_SECONDS = 0.2
STANDARD_INPUT = 0


class EventPrinter(Protocol):
    """Anything that shows an event which the fold has applied."""

    def print_event(self, event: AnyEvent, trajectory: Trajectory) -> None: ...

    def idle(self) -> None:
        """Nothing has come for a moment."""


def watch(request: RunRequest, *, as_json: bool) -> tuple[Session, Trajectory]:
    """Run `request` to its end: live on a terminal, as lines in a pipe, silent with `as_json`.

    While an attended run is held, a prompt reads commands from standard input; with `as_json` it is on
    stderr, as are the lines round it. The first Ctrl-C or SIGTERM cancels the run (what was found is kept); a
    second one leaves at once.
    """
    trajectory = Trajectory()
    began = time.monotonic()
    lines = sys.stdout if not as_json else sys.stderr if request.attended else None
    printer, showing = _printer(trajectory, lambda: time.monotonic() - began, lines)
    prompt = _prompt_maker(trajectory, printer, as_json) if request.attended else None
    return follow(request, trajectory, printer, showing, prompt), trajectory


def follow(
    request: RunRequest,
    trajectory: Trajectory,
    printer: EventPrinter | None,
    showing: AbstractContextManager[object],
    make_prompt: Callable[[Session], HeldPrompt] | None = None,
) -> Session:
    """Run `request` to its end: `trajectory` gets every event, then `printer`, within `showing`, then the
    prompt.

    Ctrl-C and SIGTERM are those of `watch`.
    """
    from rlm_tui.engine.session import Session

    arrived = interruptible_queue()
    session = Session(request, arrived.put)
    prompt = None if make_prompt is None else make_prompt(session)
    # Whatever a library prints belongs on stderr: stdout is the result's, or the printer's own.
    spares = prompt.spares if prompt is not None else _spares_nothing
    with cancelled_by_signals(session.cancel, spares), showing, redirect_stdout(sys.stderr):
        session.start()
        for event in _until_finished(arrived, session, prompt):
            if event is not None:
                trajectory.apply(event)
                if prompt is not None:
                    prompt.make_room()
            if printer is not None:
                if event is None:
                    printer.idle()
                else:
                    printer.print_event(event, trajectory)
            if prompt is not None:
                prompt.heard(event)
    session.wait()
    return session


def _spares_nothing() -> bool:
    return False


def _printer(
    trajectory: Trajectory, clock: Callable[[], float], stream: TextIO | None
) -> tuple[EventPrinter | None, AbstractContextManager[object]]:
    if stream is None:
        return None, nullcontext()
    if stream is sys.stdout and sys.stdout.isatty():
        from rlm_tui.headless.live import LivePrinter

        live = LivePrinter(trajectory, clock)
        return live, live
    from rlm_tui.headless.lines import LinePrinter

    return LinePrinter(stream), nullcontext()


def _prompt_maker(
    trajectory: Trajectory, printer: EventPrinter | None, as_json: bool
) -> Callable[[Session], HeldPrompt]:
    from rlm_tui.headless.command_lines import CommandLines
    from rlm_tui.headless.live import LivePrinter
    from rlm_tui.headless.prompt import HeldPrompt

    lines = CommandLines(STANDARD_INPUT)
    # A person whose output goes to a file still has to see what is asked.
    stream = sys.stderr if as_json or (lines.is_terminal and not sys.stdout.isatty()) else sys.stdout
    live = printer if isinstance(printer, LivePrinter) else None
    return lambda session: HeldPrompt(session, trajectory, lines, stream, live)


def _until_finished(
    arrived: queue.Queue[AnyEvent], session: Session, prompt: HeldPrompt | None
) -> Iterator[AnyEvent | None]:
    """Events as they come; None now and then while none do."""
    while True:
        try:
            event = arrived.get(timeout=IDLE_SECONDS if prompt is None else prompt.patience)
        except queue.Empty:
            if session.done and arrived.empty():
                return
            yield None
            continue
        yield event
        if isinstance(event, RunFinished):
            return
