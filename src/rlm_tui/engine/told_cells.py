"""Recorded cells that are told, and not executed: their events, and what dspy makes of them."""

from __future__ import annotations

from typing import Any

from dspy.primitives.code_interpreter import CodeExecutionError
from dspy.utils.exceptions import format_error_for_lm

from rlm_tui.core.events import CellFinished, CellStarted
from rlm_tui.core.recorded import RecordedCell
from rlm_tui.engine.invocation import Invocation
from rlm_tui.engine.prefix import Prefix
from rlm_tui.engine.recorder import Recorder
from rlm_tui.sandbox.cells import CellResult, outcome_for_dspy
from rlm_tui.sandbox.wire import CellError


def tell_cell(cell: RecordedCell, invocation: Invocation, recorder: Recorder, prefix: Prefix) -> Any:
    """Tell a cell as the record has it; gives what dspy got of it."""
    span = recorder.span("cell")
    recorder.emit(
        CellStarted,
        span=span,
        parent=invocation.iteration,
        code=recorder.value(cell.code),
        by=cell.by,
        origin=prefix.origin,
    )
    recorder.cell_output(span, "stdout", cell.text)
    recorder.end_streams(span)
    recorder.emit(
        CellFinished,
        span=span,
        parent=invocation.iteration,
        status=cell.status or "interrupted",
        value=None if cell.value is None else recorder.value(cell.value),
        error=None if cell.error is None else recorder.error(cell.error),
        seconds=cell.seconds,
        dropped=cell.dropped,
    )
    return told_to_dspy(cell, prefix.cell_seconds)


def told_to_dspy(cell: RecordedCell, cell_seconds: float | None) -> Any:
    """What dspy got of a recorded cell, as `execute` gives it; of an error, the words dspy makes of it."""
    error = cell.error
    words = None
    if error is not None:
        words = CellError(type=error.kind, message=error.message, traceback=error.traceback)
    result = CellResult(
        status=cell.status or "interrupted",
        text=cell.text,
        value=cell.value,
        error=words,
        seconds=cell.seconds,
        dropped=cell.dropped,
    )
    try:
        return outcome_for_dspy(result, cell_seconds)
    except (CodeExecutionError, SyntaxError) as failure:
        return f"[Error] {format_error_for_lm(failure)}"
