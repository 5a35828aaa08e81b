"""Cells of a record executed again in silence: no event tells of them, no LM and no tool is asked."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Literal

from msgspec import Struct, structs

from rlm_tui.core.events import ErrorDetail
from rlm_tui.core.recorded import RecordedCell, RecordedIteration
from rlm_tui.core.recorded_differences import Comparison
from rlm_tui.engine.control import RunControl, Stop
from rlm_tui.engine.invocation import Invocation
from rlm_tui.engine.recorded_answers import RecordedAnswers
from rlm_tui.engine.recorder import Recorder
from rlm_tui.sandbox.interpreter import DriverInterpreter

STOPPED_STATUS = ("interrupted", "timeout")
INTERRUPT_SECONDS = 0.05
LEAST_SECONDS = 0.2
LIMIT_GRACE_SECONDS = 0.5
_ENDED = Stop("cancelled")


class Again(Struct, frozen=True):
    """How many cells were executed again, and what came out otherwise, a sentence each."""

    cells: int
    differed: list[str]


def cells_to_execute(iterations: Sequence[RecordedIteration]) -> list[tuple[int, RecordedCell]]:
    """Those that made the namespace, each with the number of its iteration.

    What a cell made whose sandbox was lost went with it; one that never reached the sandbox made nothing.
    """

    def was_executed(cell: RecordedCell) -> bool:
        error = cell.error
        is_no_code = error is not None and error.kind == "SyntaxError" and not error.traceback
        return cell.status not in (None, "lost") and not is_no_code

    return [(iteration.n, cell) for iteration in iterations for cell in iteration.cells if was_executed(cell)]


def execute_again(
    cells: Sequence[tuple[int, RecordedCell]],
    *,
    invocation: Invocation,
    recorder: Recorder,
    sandbox: DriverInterpreter,
    execute: Callable[[str], Any],
    comparison: Comparison,
) -> Again:
    """Execute `cells` in `sandbox`. Raises what ends the run: `SandboxError`, `RunStopped`."""
    differed: list[str] = []
    with _silence(invocation):
        for n, cell in cells:
            invocation.control.check()
            cut_short = threading.Event() if cell.status in STOPPED_STATUS else None
            answers = invocation.answers = RecordedAnswers(cell.calls, n=n, counted=True, stopped=cut_short)
            invocation.cell_control = RunControl(invocation.control)
            try:
                with stopped_again(sandbox, cell, cut_short):
                    now = _executed(cell, invocation, recorder, execute)
            finally:
                invocation.cell_control.stop(_ENDED)
            answers.leave()
            differed += [*comparison.cell(n, cell, now), *answers.differed]
    return Again(len(cells), differed)


def _executed(
    cell: RecordedCell, invocation: Invocation, recorder: Recorder, execute: Callable[[str], Any]
) -> RecordedCell:
    invocation.listener.take_result()
    execute(cell.code)
    result = invocation.listener.take_result()
    if result is None:
        # What is no code for the sandbox is refused before it comes there, now as then.
        return cell
    error = result.error
    now = RecordedCell(
        code=cell.code,
        text=recorder.text(result.text),
        value=None if result.value is None else recorder.text(result.value),
        status=result.status,
        error=None if error is None else recorder.error(ErrorDetail(kind=error.type, message=error.message)),
    )
    if cell.status in STOPPED_STATUS and now.status in STOPPED_STATUS:
        # Stopped again, at about the same moment: how far it came is no difference.
        return structs.replace(now, status=cell.status, text=cell.text, error=cell.error)
    return now


@contextmanager
def _silence(invocation: Invocation) -> Iterator[None]:
    before = invocation.answers
    invocation.silent = invocation.listener.again = True
    try:
        yield
    finally:
        invocation.silent = invocation.listener.again = False
        invocation.answers = before


@contextmanager
def stopped_again(
    sandbox: DriverInterpreter, cell: RecordedCell, cut_short: threading.Event | None
) -> Iterator[None]:
    """Within the block a cell that was stopped is stopped again: after as many seconds, or as soon as
    `cut_short` says that it is where it was then. None: it was not stopped.
    """
    if cut_short is None:
        yield
        return
    ended = threading.Event()
    reason: Literal["interrupt", "timeout"] = "timeout" if cell.status == "timeout" else "interrupt"
    after = max(cell.seconds, LEAST_SECONDS) + (LIMIT_GRACE_SECONDS if cell.status == "timeout" else 0.0)

    def interrupt() -> None:
        cut_short.wait(after)
        while not ended.is_set():
            sandbox.interrupt(reason)
            ended.wait(INTERRUPT_SECONDS)

    threading.Thread(target=interrupt, name="rlm-interrupt", daemon=True).start()
    try:
        yield
    finally:
        ended.set()
        cut_short.set()
