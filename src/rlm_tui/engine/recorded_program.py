"""What is known of an RLM of a person's own program while it is recorded, and the events that tell it."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import msgspec
from dspy.primitives.code_interpreter import FinalOutput

from rlm_tui.core.events import (
    Budgets,
    CallFinished,
    CallStarted,
    CellFinished,
    CellStarted,
    CellStatus,
    ErrorDetail,
    IterationStarted,
    PlanReady,
    PlanStarted,
    RunFinished,
    RunStarted,
    SandboxDescription,
    Usage,
    Value,
)
from rlm_tui.core.text import number_of
from rlm_tui.core.usage import sum_usage
from rlm_tui.engine.calls import ARGUMENT_CHARACTERS, answer_as_json, error_of
from rlm_tui.engine.plain import shortened
from rlm_tui.engine.recorder import Recorder

ERRORS = ("[Error] ", "[Type Error] ")
NOTHING_PRINTED = "(no output - did you forget to print?)"
LONGEST_INPUT = 1_000_000
"""Characters of an input that are kept: a document is not copied with each run."""
_FENCES = ("```python", "```py", "```")


@dataclass
class RecordedRLM:
    """One call of an RLM, from its start to its end; a nested one has the recorder of the run it is in."""

    rlm: Any
    recorder: Recorder
    span: str
    began: float = field(default_factory=time.monotonic)
    iteration: str = ""
    cell: str = ""
    n: int = 0
    planned: str | None = None
    plan_began: float = 0.0
    prompt: str = ""
    usages: list[Usage | None] = field(default_factory=list)
    cell_began: float = 0.0
    cell_ended: float | None = None
    result: Any = None
    failure: BaseException | None = None
    extracted: bool = False

    # The run

    def begin_run(self, run_id: str, inputs: dict[str, Any], planner: Any, sub_lm: Any) -> None:
        """The outermost RLM was called."""
        recorder, rlm = self.recorder, self.rlm
        given = {name: as_text(value) for name, value in inputs.items()}
        recorder.emit(
            RunStarted,
            span="run",
            run_id=run_id,
            task="recorded",
            signature=recorder.text(str(rlm.signature.signature)),
            instructions=recorder.text(str(rlm.signature.instructions)),
            inputs={name: self._kept(text) for name, text in given.items()},
            planner=recorder.text(str(getattr(planner, "model", "") or "")),
            sub_lm=recorder.text(str(getattr(sub_lm or planner, "model", "") or "")),
            streaming=False,
            sandbox=SandboxDescription(kind="the program's own", confined=False),
            budgets=Budgets(max_iterations=rlm.max_iters, max_llm_calls=rlm.max_llm_calls),
            started=datetime.now(UTC).isoformat(timespec="milliseconds"),
        )
        for name, text in given.items():
            if len(text) > LONGEST_INPUT:
                size = number_of(len(text), "character")
                words = f"Of the input {name} ({size}) the first {LONGEST_INPUT:,} are kept."
                recorder.note("info", words)

    def _kept(self, text: str) -> Value:
        """The input, or its beginning with the length of all of it."""
        kept = self.recorder.value(text[:LONGEST_INPUT])
        return kept if len(text) <= LONGEST_INPUT else msgspec.structs.replace(kept, length=len(text))

    def end_run(self, outputs: Any, error: BaseException | None) -> None:
        """The outermost RLM returned or raised."""
        recorder = self.recorder
        self.end_cell(error=error, is_last=True)
        status = "extracted" if self.extracted else "submitted"
        if error is not None:
            status = "failed" if isinstance(error, Exception) else "cancelled"
        recorder.emit(
            RunFinished,
            span="run",
            status=status,
            outputs={} if outputs is None else recorder.plain(self._answer(outputs)),
            error=None if error is None else recorder.error(error_of(error)),
            totals=recorder.totals,
        )

    def begin_nested(self, inputs: dict[str, Any], parent: str) -> None:
        """An RLM was called within another."""
        self.recorder.emit(
            CallStarted,
            span=self.span,
            parent=parent,
            kind="sub_rlm",
            name=type(self.rlm).__name__,
            arguments=shortened(
                {
                    name: self.recorder.text(as_text(value)[:ARGUMENT_CHARACTERS])
                    for name, value in inputs.items()
                },
                ARGUMENT_CHARACTERS,
            ),
        )

    def end_nested(self, outputs: Any, error: BaseException | None) -> None:
        """The nested RLM returned or raised."""
        recorder = self.recorder
        self.end_cell(error=error, is_last=True)
        answer = {} if outputs is None else self._answer(outputs)
        recorder.emit(
            CallFinished,
            span=self.span,
            answer=recorder.value("\n".join(f"{name}: {value}" for name, value in answer.items())),
            result=recorder.value(answer_as_json(recorder, answer)) if answer else Value(),
            seconds=round(time.monotonic() - self.began, 4),
            error=None if error is None else recorder.error(error_of(error)),
        )

    def _answer(self, outputs: Any) -> dict[str, Any]:
        return {name: outputs[name] for name in self.rlm.signature.output_fields if name in outputs}

    # A turn: its plan and its cell

    def begin_turn(self, shown: str) -> None:
        """The planner is asked; `shown` is what it is told of the cell before."""
        self.end_cell(shown)
        self.n += 1
        self.iteration = self.recorder.span("iteration")
        self.usages, self.prompt, self.plan_began = [], "", time.monotonic()
        self.recorder.emit(
            IterationStarted, span=self.iteration, parent=self.span, n=self.n, of=self.rlm.max_iters
        )
        self.recorder.emit(PlanStarted, span=self.iteration)

    def end_plan(self, action: Any) -> None:
        """The planner answered; a cell follows."""
        recorder, code = self.recorder, unfenced(str(getattr(action, "code", "") or ""))
        recorder.emit(
            PlanReady,
            span=self.iteration,
            reasoning=recorder.value(str(getattr(action, "reasoning", "") or "")),
            code=recorder.value(code),
            prompt=recorder.value(self.prompt),
            usage=sum_usage(self.usages),
            seconds=round(time.monotonic() - self.plan_began, 4),
        )
        self.planned = code

    def begin_cell(self, code: str | None = None) -> str:
        """The planned cell runs from now on, if it does not yet; the span of what runs now."""
        if self.planned is not None:
            self.cell, self.cell_began, self.cell_ended = self.recorder.span("cell"), time.monotonic(), None
            self.result = self.failure = None
            code = self.planned if code is None else code
            self.planned = None
            self.recorder.emit(
                CellStarted, span=self.cell, parent=self.iteration, code=self.recorder.value(code)
            )
        return self.cell or self.iteration or self.span

    def cell_returned(self, result: Any, failure: BaseException | None) -> None:
        """The interpreter returned or raised; what that meant is told with the next plan, or at the end."""
        self.cell_ended, self.result, self.failure = time.monotonic(), result, failure

    def end_cell(self, shown: str = "", *, error: BaseException | None = None, is_last: bool = False) -> None:
        """The cell is over. `shown` is what the planner is told of it; `error` what ended the run in it."""
        if self.planned is not None and error is None:
            self.begin_cell()  # of an interpreter that tells dspy's callbacks nothing
        self.planned = None
        if not self.cell:
            return
        recorder, cell, self.cell = self.recorder, self.cell, ""
        ended = time.monotonic() if self.cell_ended is None else self.cell_ended
        status, detail, printed = self._outcome(shown, error, is_last=is_last)
        if printed:
            recorder.cell_output(cell, "stdout", printed)
            recorder.end_streams(cell)
        recorder.emit(
            CellFinished,
            span=cell,
            status=status,
            error=None if detail is None else recorder.error(detail),
            seconds=round(ended - self.cell_began, 4),
        )

    def _outcome(
        self, shown: str, error: BaseException | None, *, is_last: bool
    ) -> tuple[CellStatus, ErrorDetail | None, str]:
        if self.failure is not None and not isinstance(self.failure, Exception):
            return "interrupted", None, ""
        if shown.startswith(ERRORS):
            return "error", _error_shown(shown), ""
        if self.failure is not None:
            return "error", _error_shown(str(self.failure), type(self.failure).__name__), ""
        if self.cell_ended is None and error is not None:
            return "interrupted", None, ""
        if is_last and not self.extracted and error is None:
            return "submitted", None, ""
        if isinstance(self.result, FinalOutput):
            return "ok", None, ""
        if self.cell_ended is not None:
            return "ok", None, _printed(self.result)
        return "ok", None, "" if shown == NOTHING_PRINTED else shown


def _printed(result: Any) -> str:
    """What an interpreter handed back, as dspy shows it to the planner."""
    if result is None:
        return ""
    return "\n".join(map(str, result)) if isinstance(result, list) else str(result)


def _error_shown(words: str, kind: str = "Error") -> ErrorDetail:
    for beginning in ERRORS:
        words = words.removeprefix(beginning)
    head, colon, message = words.partition(": ")
    if colon and head.isidentifier():
        return ErrorDetail(kind=head, message=message)
    return ErrorDetail(kind=kind, message=words)


def as_text(value: Any) -> str:
    """An input as text; a value that has none is named."""
    try:
        return value if isinstance(value, str) else str(value)
    except Exception:  # a person's class may raise anything
        return f"<{type(value).__name__} that can't be shown>"


def unfenced(code: str) -> str:
    """Code as it is run: without the fence that a model puts round it."""
    stripped = code.strip()
    for fence in _FENCES:
        if stripped.startswith(f"{fence}\n") and stripped.endswith("```"):
            return stripped[len(fence) + 1 : -3].strip()
    return code
