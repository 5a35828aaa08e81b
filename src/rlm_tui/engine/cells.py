"""Cells as events: what runs, what it prints, how it ends, and what it leaves in namespace and volume."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

from rlm_tui.core.events import (
    CellAuthor,
    CellFinished,
    CellStarted,
    ErrorDetail,
    SandboxLost,
    SandboxReady,
    SandboxRecovered,
    SandboxStarting,
    Stream,
    Variable,
    VariablesChanged,
    VolumeChanged,
)
from rlm_tui.core.recorded_differences import Comparison
from rlm_tui.engine.control import RunControl, Stop
from rlm_tui.engine.invocation import Invocation
from rlm_tui.engine.place import PLACE, Place
from rlm_tui.engine.recorder import Recorder
from rlm_tui.engine.volume_watch import VolumeLook, VolumeWatch
from rlm_tui.sandbox.cells import CellResult
from rlm_tui.sandbox.interpreter import DriverInterpreter
from rlm_tui.sandbox.listener import InterpreterListener, SandboxReadiness
from rlm_tui.sandbox.wire import CellError

PREVIEW_CHARACTERS = 500
_CELL_ENDED = Stop("cancelled", ErrorDetail(kind="CellEnded", message="The cell that asked has ended."))


class CellListener(InterpreterListener):
    """What one sandbox tells, as events. `cell` is the span of the cell that runs, "" between cells.

    While `again` is set, cells are executed again to make the namespace that was lost: nothing is told of it.
    """

    def __init__(self, recorder: Recorder, *, kind: str, parent: str) -> None:
        self._recorder = recorder
        self._kind = kind
        self._parent = parent
        self._span = recorder.span("sandbox")
        self._variables: dict[str, Variable] = {}
        self._untold: dict[str, Variable] | None = None
        self.again = False
        self.cell = ""
        self.lost = ""
        self.result: CellResult | None = None

    def on_starting(self, interpreter: DriverInterpreter, phase: str, done: int = 0, total: int = 0) -> None:
        self._recorder.emit(
            SandboxStarting,
            span=self._span,
            parent=self._parent,
            kind=self._kind,
            phase=phase,
            done=done,
            total=total,
        )

    def on_ready(self, interpreter: DriverInterpreter, readiness: SandboxReadiness) -> None:
        description = readiness.description
        self._recorder.emit(
            SandboxReady,
            span=self._span,
            parent=self._parent,
            kind=description.kind,
            confined=description.confined,
            detail=self._recorder.text(description.detail),
            volume=description.volume,
            python=readiness.python,
            seconds=round(readiness.seconds, 4),
        )

    def on_output(self, interpreter: DriverInterpreter, cell: str, stream: Stream, text: str) -> None:
        if self.cell:
            self._recorder.cell_output(self.cell, stream, text)

    def on_variables(self, interpreter: DriverInterpreter, cell: str, items: Sequence[Variable]) -> None:
        variables = {item.name: self._told(item) for item in items}
        if self.again:
            self._untold = variables
        else:
            self._tell_variables(variables)

    def _tell_variables(self, variables: dict[str, Variable]) -> None:
        changed = [item for name, item in variables.items() if self._variables.get(name) != item]
        removed = [name for name in self._variables if name not in variables]
        self._variables = variables
        if changed or removed:
            self._recorder.emit(
                VariablesChanged,
                span=self.cell or self._span,
                parent=self._parent,
                changed=changed,
                removed=removed,
                total=len(variables),
            )

    def on_cell_done(self, interpreter: DriverInterpreter, cell: str, result: CellResult) -> None:
        self.result = result

    def on_lost(self, interpreter: DriverInterpreter, reason: str) -> None:
        self.lost = reason
        self._recorder.emit(
            SandboxLost,
            span=self._span,
            parent=self._parent,
            kind=self._kind,
            reason=self._recorder.text(reason),
        )

    def take_result(self) -> CellResult | None:
        """How the cell ended, as the sandbox said; None the next time."""
        result, self.result = self.result, None
        return result

    def otherwise(self, comparison: Comparison) -> list[str]:
        """Which variables are not as they were before the sandbox was lost, in a sentence each."""
        now = self._untold
        if now is None:
            return []
        return comparison.variables({*self._variables, *now}, self._variables, now)

    def recovered(self, *, seconds: float, cells: int, differed: list[str], volume: str) -> None:
        """The sandbox was replaced, and `cells` were executed again in the fresh one."""
        self.lost = ""
        self._recorder.emit(
            SandboxRecovered,
            span=self._span,
            parent=self._parent,
            kind=self._kind,
            seconds=round(seconds, 4),
            cells=cells,
            differed=[self._recorder.text(sentence) for sentence in differed],
            volume=volume,
        )
        if self._untold is not None:
            self._tell_variables(self._untold)
            self._untold = None

    def _told(self, item: Variable) -> Variable:
        return Variable(
            name=self._recorder.text(item.name),
            type=self._recorder.text(item.type),
            size=item.size,
            preview=self._recorder.text(item.preview)[:PREVIEW_CHARACTERS],
        )


def run_cell(
    invocation: Invocation,
    recorder: Recorder,
    code: str,
    execute: Callable[[], Any],
    volume: VolumeWatch,
    sandbox: DriverInterpreter,
    *,
    by: CellAuthor = "planner",
) -> Any:
    """Run one cell, from `cell_started` to `cell_finished`; gives or raises what `execute` does."""
    volume.prepare(sandbox)
    listener = invocation.listener
    span = recorder.span("cell")
    recorder.emit(
        CellStarted,
        span=span,
        parent=invocation.iteration,
        code=recorder.value(code),
        by=by,
        origin="" if invocation.answers is None else invocation.answers.origin,
    )
    invocation.cell = listener.cell = span
    invocation.cell_control = RunControl(invocation.control)
    listener.result = None
    token = PLACE.set(Place(span))
    began = time.monotonic()
    failure: BaseException | None = None
    try:
        return execute()
    except BaseException as error:
        failure = error
        raise
    finally:
        PLACE.reset(token)
        # Nobody waits any more for what the cell asked for: a batch asks no further, a nested RLM ends.
        invocation.cell_control.stop(_CELL_ENDED)
        listener.cell = ""
        recorder.end_streams(span)
        result = listener.result or _result_of(failure, listener.lost, time.monotonic() - began)
        _emit_finished(recorder, span, invocation.iteration, result)
        _emit_volume_changed(recorder, span, volume.changes(sandbox), may_write(code, sandbox))
        invocation.cell = ""


def fail_cell(invocation: Invocation, recorder: Recorder, code: str, error: ErrorDetail) -> None:
    """Record a cell that never ran: its code could not even be given to the sandbox."""
    span = recorder.span("cell")
    recorder.emit(CellStarted, span=span, parent=invocation.iteration, code=recorder.value(code))
    recorder.emit(
        CellFinished, span=span, parent=invocation.iteration, status="error", error=recorder.error(error)
    )


def _emit_finished(recorder: Recorder, span: str, iteration: str, result: CellResult) -> None:
    error = result.error
    recorder.emit(
        CellFinished,
        span=span,
        parent=iteration,
        status=result.status,
        value=None if result.value is None else recorder.value(result.value),
        submitted=None if result.submitted is None else recorder.plain(result.submitted),
        error=None
        if error is None
        else recorder.error(
            ErrorDetail(kind=error.type, message=error.message, traceback=error.traceback, line=error.line)
        ),
        seconds=round(result.seconds, 4),
        dropped=result.dropped,
    )


def may_write(code: str, sandbox: DriverInterpreter) -> bool:
    """Whether code names the volume, by its path or its helper."""
    root = sandbox.description.volume
    return bool(root) and (root in code or "save_to_volume" in code)


def _emit_volume_changed(recorder: Recorder, span: str, seen: VolumeLook, may_write: bool) -> None:
    unknown = not seen.known and may_write
    if seen.written or seen.removed or unknown:
        recorder.emit(VolumeChanged, span=span, written=seen.written, removed=seen.removed, unknown=unknown)


def _result_of(failure: BaseException | None, lost: str, seconds: float) -> CellResult:
    """What became of a cell of which the sandbox said nothing."""
    if failure is None:
        return CellResult(status="ok", seconds=seconds)
    words = CellError(type=type(failure).__name__, message=lost or str(failure))
    return CellResult(status="lost" if lost else "error", error=words, seconds=seconds)
