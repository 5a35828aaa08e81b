"""What goes on in the terminal after the screen has gone: the rest of a run, as plain lines."""

from __future__ import annotations

import queue
import sys

from rlm_tui.core.events import RunFinished
from rlm_tui.headless.interrupts import cancelled_by_signals
from rlm_tui.headless.lines import LinePrinter
from rlm_tui.headless.result import exit_code
from rlm_tui.ui.live_run import HandedOver


def finish_in_terminal(handed: HandedOver) -> int:
    """Print the run's further events until it ends; its exit code. Ctrl-C cancels it, a second one leaves."""
    run = handed.run
    printer = LinePrinter(sys.stdout)
    print("The run goes on here; Ctrl-C cancels it.")
    with cancelled_by_signals(run.cancel):
        while run.trajectory.finished is None:
            try:
                event = handed.arriving.get(timeout=0.2)
            except queue.Empty:
                if run.session is not None and run.session.done and handed.arriving.empty():
                    break
                continue
            run.trajectory.apply(event)
            printer.print_event(event, run.trajectory)
            if isinstance(event, RunFinished):
                break
    if run.session is not None and (log := run.session.events_path) is not None:
        print(f"log: {log}")
    finished = run.trajectory.finished
    return int(exit_code(finished.status if finished else "failed"))
