"""Records `dspy.RLM` calls of a person's own program as saved runs, through dspy's callbacks alone.

    from rlm_tui import record

    with record() as recording:
        rlm(document=text, question="Who decides?")
    print(recording.paths)

The program is not changed: no call is retried, held or metered otherwise. What dspy does not tell (what a
cell printed before it failed, the variables) is not in the record.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import dspy
from dspy.predict.rlm import _strip_code_fences
from dspy.utils.callback import BaseCallback

from rlm_tui.core.events import (
    Budgets,
    CallFinished,
    CallStarted,
    CellFinished,
    CellStarted,
    ErrorDetail,
    IterationStarted,
    PlanReady,
    PlanStarted,
    RunFinished,
    RunStarted,
    SandboxDescription,
    Usage,
)
from rlm_tui.core.usage import sum_usage
from rlm_tui.engine.calls import error_of
from rlm_tui.engine.lm_callbacks import prompt_text
from rlm_tui.engine.recorder import Recorder
from rlm_tui.store.runs import RunFolder, new_run_id

ERROR = "[Error] "
HISTORY = 64
_TURN: ContextVar[_Turn | None] = ContextVar("rlm_tui_recorded_turn", default=None)


class Recording:
    """The runs that were recorded, as folders, in the order in which they began."""

    def __init__(self) -> None:
        self.paths: list[Path] = []

    @property
    def path(self) -> Path:
        """The folder of the last run. Raises LookupError before there is one."""
        if not self.paths:
            raise LookupError("No dspy.RLM was called while this recording was on.")
        return self.paths[-1]


class _Turn:
    """One `dspy.RLM` call: its iteration, its cell, and what its plan asked of an LM so far."""

    def __init__(self, rlm: Any, recorder: Recorder, span: str, folder: RunFolder | None) -> None:
        self.rlm = rlm
        self.recorder = recorder
        self.span = span
        self.folder = folder
        self.iteration = self.cell = ""
        self.n = 0
        self.planning = ""
        self.began = time.monotonic()
        self.cell_began = 0.0
        self.prompt = ""
        self.usages: list[Usage | None] = []
        self.extracted = False


class _LMCall(NamedTuple):
    """A request to an LM; `span` is "" where it is the planner's."""

    turn: _Turn
    instance: Any
    span: str
    began: float


@contextmanager
def record(*, runs: Path | None = None) -> Iterator[Recording]:
    """Record every `dspy.RLM` that is called within, each as a run of its own in the folder `runs`.

    A nested RLM is part of the run that it was called in. Secrets of the environment are taken out.
    """
    recording = Recording()
    callback = _RecordingCallback(recording, runs)
    with dspy.context(callbacks=[*(dspy.settings.get("callbacks", []) or []), callback]):
        yield recording


class _RecordingCallback(BaseCallback):
    """Tells what dspy tells as events."""

    def __init__(self, recording: Recording, runs: Path | None) -> None:
        self._recording = recording
        self._runs = runs
        self._lock = threading.Lock()
        self._turns: dict[str, _Turn] = {}
        self._calls: dict[str, _LMCall] = {}

    # Modules: an RLM, its planner, its extraction

    def on_module_start(self, call_id: str, instance: Any, inputs: dict[str, Any]) -> None:
        turn = _TURN.get()
        if isinstance(instance, dspy.RLM):
            with self._lock:
                self._turns[call_id] = self._begin(instance, inputs, turn)
            _TURN.set(self._turns[call_id])
        elif turn is not None and instance is turn.rlm.generate_action:
            self._end_cell(turn, _last_output(inputs))
            turn.n += 1
            turn.iteration = turn.recorder.span("iteration")
            turn.planning, turn.usages, turn.prompt = call_id, [], ""
            turn.began = time.monotonic()
            recorder, span = turn.recorder, turn.iteration
            recorder.emit(IterationStarted, span=span, parent=turn.span, n=turn.n, of=turn.rlm.max_iters)
            recorder.emit(PlanStarted, span=span)
        elif turn is not None and instance is turn.rlm.extract:
            turn.extracted = True

    def on_module_end(
        self, call_id: str, outputs: Any | None, exception: BaseException | None = None
    ) -> None:
        turn = _TURN.get()
        if (ended := self._turns.pop(call_id, None)) is not None:
            self._finish(ended, outputs, exception)
            _TURN.set(None)
        elif turn is not None and turn.planning == call_id:
            turn.planning = ""
            if exception is None:
                self._planned(turn, outputs)

    def _begin(self, rlm: Any, inputs: dict[str, Any], outer: _Turn | None) -> _Turn:
        if outer is not None:
            span = outer.recorder.span("call")
            outer.recorder.emit(
                CallStarted, span=span, parent=outer.cell or outer.span, kind="sub_rlm", name="dspy.RLM"
            )
            return _Turn(rlm, outer.recorder, span, None)
        from rlm_tui.core.settings import SettingsError, load_settings

        try:
            secrets = load_settings().secrets()
        except SettingsError:
            secrets = ()
        run_id = new_run_id("recorded")
        folder = RunFolder.create(run_id, {"task": "recorded", "recorded": True}, runs=self._runs)
        self._recording.paths.append(folder.path)
        recorder = Recorder(lambda _event: None, blobs=folder, log=folder, secrets=secrets)
        planner, sub = getattr(dspy.settings, "lm", None), getattr(rlm, "sub_lm", None)
        recorder.emit(
            RunStarted,
            span="run",
            run_id=folder.run_id,
            task="recorded",
            signature=recorder.text(str(rlm.signature.signature)),
            instructions=recorder.text(str(rlm.signature.instructions)),
            inputs={name: recorder.value(str(value)) for name, value in _given(inputs).items()},
            planner=str(getattr(planner, "model", "")),
            sub_lm=str(getattr(sub or planner, "model", "")),
            streaming=False,
            sandbox=SandboxDescription(kind="the program's own", confined=False),
            budgets=Budgets(max_iterations=rlm.max_iters, max_llm_calls=rlm.max_llm_calls),
            started=datetime.now(UTC).isoformat(timespec="milliseconds"),
        )
        return _Turn(rlm, recorder, "run", folder)

    def _planned(self, turn: _Turn, action: Any) -> None:
        recorder, code = turn.recorder, str(getattr(action, "code", ""))
        recorder.emit(
            PlanReady,
            span=turn.iteration,
            reasoning=recorder.value(str(getattr(action, "reasoning", ""))),
            code=recorder.value(code),
            prompt=recorder.value(turn.prompt),
            usage=sum_usage(turn.usages),
            seconds=round(time.monotonic() - turn.began, 4),
        )
        turn.cell, turn.cell_began = recorder.span("cell"), time.monotonic()
        ran = recorder.value(_without_fence(code))
        recorder.emit(CellStarted, span=turn.cell, parent=turn.iteration, code=ran)

    def _end_cell(self, turn: _Turn, output: str, *, submitted: bool = False) -> None:
        """The cell is over: dspy tells what it printed with the next plan, or at the end."""
        if not turn.cell:
            return
        recorder, cell = turn.recorder, turn.cell
        turn.cell = ""
        seconds = round(time.monotonic() - turn.cell_began, 4)
        error = None
        if output.startswith(ERROR):
            kind, _, message = output.removeprefix(ERROR).partition(": ")
            error = ErrorDetail(kind=recorder.text(kind), message=recorder.text(message))
        elif output:
            recorder.cell_output(cell, "stdout", output)
            recorder.end_streams(cell)
        status = "submitted" if submitted else "error" if error else "ok"
        recorder.emit(CellFinished, span=cell, status=status, error=error, seconds=seconds)

    def _finish(self, turn: _Turn, outputs: Any, exception: BaseException | None) -> None:
        trajectory = getattr(outputs, "trajectory", None) or []
        last = trajectory[-1] if trajectory else {}
        submitted = exception is None and not turn.extracted
        output = "" if submitted else str(last.get("output", ""))
        self._end_cell(turn, output, submitted=submitted)
        recorder, error = turn.recorder, None if exception is None else error_of(exception)
        seconds = round(time.monotonic() - turn.began, 4)
        if turn.folder is None:
            answer = (
                "" if outputs is None else "\n".join(f"{k}: {v}" for k, v in _answer(turn, outputs).items())
            )
            recorder.emit(
                CallFinished,
                span=turn.span,
                answer=recorder.value(answer),
                seconds=seconds,
                error=None if error is None else recorder.error(error),
            )
            return
        status = "failed" if exception is not None else "extracted" if turn.extracted else "submitted"
        recorder.emit(
            RunFinished,
            span="run",
            status=status,
            outputs={} if outputs is None else recorder.plain(_answer(turn, outputs)),
            error=None if error is None else recorder.error(error),
            totals=recorder.totals,
        )
        recorder.close()
        turn.folder.close()

    # LMs: what is asked while a plan is made is the planner's, anything else a cell's

    def on_lm_start(self, call_id: str, instance: Any, inputs: dict[str, Any]) -> None:
        turn = _TURN.get()
        if turn is None:
            return
        if turn.planning:
            turn.prompt = prompt_text(inputs)
            self._calls[call_id] = _LMCall(turn, instance, "", time.monotonic())
            return
        recorder = turn.recorder
        span = recorder.span("call")
        recorder.emit(
            CallStarted,
            span=span,
            parent=turn.cell or turn.iteration or turn.span,
            kind="llm_query",
            name="extract" if turn.extracted else "llm_query",
            prompt=recorder.value(prompt_text(inputs)),
            model=str(getattr(instance, "model", "")),
        )
        self._calls[call_id] = _LMCall(turn, instance, span, time.monotonic())

    def on_lm_end(self, call_id: str, outputs: Any | None, exception: BaseException | None = None) -> None:
        found = self._calls.pop(call_id, None)
        if found is None:
            return
        turn, instance, span, began = found
        usage = None if exception is not None else _usage_of(instance, outputs)
        if not span:
            turn.usages.append(usage)
            return
        recorder = turn.recorder
        recorder.emit(
            CallFinished,
            span=span,
            answer=recorder.value(_text_of(outputs)),
            usage=usage,
            seconds=round(time.monotonic() - began, 4),
            error=None if exception is None else recorder.error(error_of(exception)),
        )


def _given(inputs: dict[str, Any]) -> dict[str, Any]:
    return dict(inputs.get("kwargs", inputs))


def _answer(turn: _Turn, outputs: Any) -> dict[str, Any]:
    names = turn.rlm.signature.output_fields
    return {name: outputs[name] for name in names if name in outputs}


def _without_fence(code: str) -> str:
    """The code as the sandbox gets it from dspy."""
    try:
        return str(_strip_code_fences(code))
    except SyntaxError:
        return code


def _last_output(inputs: dict[str, Any]) -> str:
    """What the cell before showed, from the history that the planner is given."""
    entries = list(_given(inputs).get("repl_history") or ())
    return str(getattr(entries[-1], "output", "")) if entries else ""


def _text_of(outputs: Any) -> str:
    first = outputs[0] if isinstance(outputs, list) and outputs else outputs
    return str(first.get("text", first)) if isinstance(first, dict) else str(first)


def _usage_of(lm: Any, outputs: Any) -> Usage | None:
    """What a request used, where dspy keeps it: in the LM's history, beside the very outputs."""
    for entry in reversed(list(getattr(lm, "history", ()))[-HISTORY:]):
        if entry.get("outputs") is outputs:
            told = entry.get("usage") or {}
            if not told:
                return None
            return Usage(told.get("prompt_tokens"), told.get("completion_tokens"), entry.get("cost"))
    return None
