"""An imported run as events of ours. What its log does not tell is told as unknown, never as zero."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator

import msgspec

from rlm_tui.core import events as e
from rlm_tui.core.text import UNKNOWN_SECONDS
from rlm_tui.core.trajectory import Trajectory
from rlm_tui.store.importers.imported import ImportedCall, ImportedIteration, ImportedRun

MakeValue = Callable[[str], e.Value]
PREVIEW_CHARACTERS = 500


class Telling:
    """Makes the events of one run: numbered, timed as far as times are known, their totals at the end."""

    def __init__(self, run: ImportedRun, run_id: str, value: MakeValue, clean: Callable[[str], str]) -> None:
        """`value` keeps a long text, `clean` takes secrets out of a short one."""
        self._run = run
        self._run_id = run_id
        self._value = value
        self._clean = clean
        self._at = 0.0
        self._spans = itertools.count(1)
        self._fold = Trajectory()

    def events(self) -> Iterator[e.AnyEvent]:
        """All of them, in order."""
        for number, event in enumerate(self._events()):
            placed = msgspec.structs.replace(event, seq=number, at=round(self._at, 4))
            self._fold.apply(placed)
            yield placed

    def _events(self) -> Iterator[e.AnyEvent]:
        run = self._run
        known = run.most_iterations or max(len(run.iterations), 1)
        yield e.RunStarted(
            span="run",
            run_id=self._run_id,
            task=self._clean(run.task),
            signature=self._clean(run.signature),
            inputs={self._clean(name): self._value(text) for name, text in run.inputs.items()},
            planner=self._clean(run.planner),
            sub_lm=self._clean(run.sub_lm),
            sandbox=e.SandboxDescription(kind=self._clean(run.sandbox) or "unknown", confined=False),
            budgets=e.Budgets(max_iterations=known),
            started=self._clean(run.began),
            imported=run.format,
        )
        for sentence in run.left_out:
            yield e.Note(level="warning", text=self._clean(sentence))
        for number, iteration in enumerate(run.iterations, 1):
            yield from self._iteration(iteration, number, known, "run")
        if run.status is not None:
            yield self._end(run.status)

    def _end(self, status: e.RunStatus) -> e.RunFinished:
        run = self._run
        seconds = UNKNOWN_SECONDS if run.seconds is None else run.seconds
        self._at = max(self._at, seconds)
        totals = msgspec.structs.replace(self._fold.totals, seconds=seconds)
        outputs = msgspec.json.decode(self._clean(msgspec.json.encode(run.outputs).decode()))
        return e.RunFinished(
            span="run", status=status, outputs=outputs, error=self._error(run.error), totals=totals
        )

    def _span(self, kind: str) -> str:
        return f"{kind}-{next(self._spans)}"

    def _iteration(
        self, iteration: ImportedIteration, number: int, of: int, parent: str
    ) -> Iterator[e.AnyEvent]:
        span = self._span("iteration")
        yield e.IterationStarted(span=span, parent=parent, n=number, of=of)
        yield e.PlanStarted(span=span)
        self._at += iteration.plan_seconds or 0.0
        yield e.PlanReady(
            span=span,
            reasoning=self._value(iteration.reasoning),
            code=self._value(iteration.code),
            prompt=self._value(iteration.prompt),
            usage=iteration.usage,
            seconds=UNKNOWN_SECONDS if iteration.plan_seconds is None else iteration.plan_seconds,
        )
        if iteration.cell_status is None:
            return
        cell = self._span("cell")
        began = self._at
        yield e.CellStarted(span=cell, parent=span, code=self._value(iteration.code))
        for call in iteration.calls:
            yield from self._call(call, cell)
        if iteration.stdout:
            yield e.CellOutput(span=cell, stream="stdout", text=self._clean(iteration.stdout))
        if iteration.stderr:
            yield e.CellOutput(span=cell, stream="stderr", text=self._clean(iteration.stderr))
        if iteration.variables:
            changed = [
                e.Variable(self._clean(name), "", None, self._clean(text)[:PREVIEW_CHARACTERS])
                for name, text in iteration.variables.items()
            ]
            yield e.VariablesChanged(span=cell, changed=changed)
        self._at = max(self._at, began + (iteration.cell_seconds or 0.0))
        yield e.CellFinished(
            span=cell,
            status=iteration.cell_status,
            error=self._error(iteration.error),
            seconds=UNKNOWN_SECONDS if iteration.cell_seconds is None else iteration.cell_seconds,
        )

    def _call(
        self, call: ImportedCall, parent: str, batch: str = "", index: int | None = None
    ) -> Iterator[e.AnyEvent]:
        span = self._span("call")
        began = self._at
        is_batch = call.kind == "llm_query_batched"
        yield e.CallStarted(
            span=span,
            parent=parent,
            kind=call.kind,
            name=self._clean(call.name) or call.kind,
            prompt=self._value(call.prompt),
            arguments=msgspec.json.decode(self._clean(msgspec.json.encode(call.arguments).decode())),
            model=self._clean(call.model),
            batch=batch,
            index=index,
            size=len(call.inner) if is_batch else None,
        )
        for number, inner in enumerate(call.inner):
            yield from self._call(inner, span, span if is_batch else "", number if is_batch else None)
        for number, nested in enumerate(call.nested, 1):
            yield from self._iteration(nested, number, len(call.nested), span)
        self._at = max(self._at, began + (call.seconds or 0.0))
        yield e.CallFinished(
            span=span,
            answer=self._value(call.answer),
            usage=call.usage,
            cached=call.cached,
            seconds=UNKNOWN_SECONDS if call.seconds is None else call.seconds,
            error=self._error(call.error),
        )

    def _error(self, error: e.ErrorDetail | None) -> e.ErrorDetail | None:
        if error is None:
            return None
        return msgspec.structs.replace(
            error, kind=self._clean(error.kind), message=self._clean(error.message)
        )
