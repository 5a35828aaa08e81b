"""An imported run as events of ours. What its log does not tell is told as unknown, never as zero."""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable, Iterator
from operator import itemgetter
from typing import Any

import msgspec

from rlm_tui.core import events as e
from rlm_tui.core.text import UNKNOWN_SECONDS
from rlm_tui.core.trajectory import Trajectory
from rlm_tui.store.importers.imported import ImportedCall, ImportedIteration, ImportedRun
from rlm_tui.store.importers.values import as_json, text

MakeValue = Callable[[str], e.Value]
PREVIEW_CHARACTERS = 500
MOST_NAMED = 6
_TYPES: dict[type, str] = {int: "int", float: "float", bool: "bool", list: "list", dict: "dict"}
"""A text may have been anything: loggers write what they can't write otherwise as text, too."""


class Telling:
    """Makes the events of one run: numbered, timed as far as times are known, their totals at the end."""

    def __init__(
        self,
        run: ImportedRun,
        run_id: str,
        value: MakeValue,
        clean: Callable[[str], str],
        clean_json: Callable[[Any], Any],
    ) -> None:
        """`value` keeps a long text, `clean` takes secrets out of a short one, `clean_json` out of JSON."""
        self._run = run
        self._run_id = run_id
        self._value = value
        self._clean = clean
        self._clean_json = clean_json
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
        if sentence := facts_sentence(run):
            yield e.Note(level="info", text=self._clean(sentence))
        for number, iteration in enumerate(run.iterations, 1):
            yield from self._iteration(iteration, number, known, "run")
        if run.extraction is not None:
            yield from self._call(run.extraction, "run")
        if run.status is None:
            yield e.Note(level="warning", text="The log does not say how the run ended.")
        else:
            yield self._end(run.status)

    def _end(self, status: e.RunStatus) -> e.RunFinished:
        run = self._run
        seconds = UNKNOWN_SECONDS if run.seconds is None else run.seconds
        self._at = max(self._at, seconds)
        totals = msgspec.structs.replace(self._fold.totals, seconds=seconds)
        return e.RunFinished(
            span="run",
            status=status,
            outputs=self._clean_json(run.outputs),
            error=self._error(run.error),
            totals=totals,
        )

    def _span(self, kind: str) -> str:
        return f"{kind}-{next(self._spans)}"

    def _iteration(
        self, iteration: ImportedIteration, number: int, of: int, parent: str
    ) -> Iterator[e.AnyEvent]:
        span = self._span("iteration")
        began = self._at = max(self._at, iteration.began or 0.0)
        yield e.IterationStarted(span=span, parent=parent, n=number, of=of)
        yield e.PlanStarted(span=span)
        self._at += iteration.plan_seconds or 0.0
        yield e.PlanReady(
            span=span,
            reasoning=self._value(iteration.reasoning),
            code=self._value(iteration.code),
            prompt=self._value(iteration.prompt),
            usage=iteration.usage,
            cached=iteration.cached,
            remark=iteration.remark,
            seconds=UNKNOWN_SECONDS if iteration.plan_seconds is None else iteration.plan_seconds,
        )
        if iteration.cell_status is not None or iteration.calls:
            yield from self._cell(iteration, span, began)

    def _cell(
        self, iteration: ImportedIteration, parent: str, iteration_began: float
    ) -> Iterator[e.AnyEvent]:
        span, began = self._span("cell"), self._at
        yield e.CellStarted(span=span, parent=parent, code=self._value(iteration.code))
        yield from self._calls(iteration.calls, span, iteration.cell_seconds)
        if iteration.stdout:
            yield e.CellOutput(span=span, stream="stdout", text=self._clean(iteration.stdout))
        if iteration.stderr:
            yield e.CellOutput(span=span, stream="stderr", text=self._clean(iteration.stderr))
        if iteration.variables:
            changed = [self._variable(name, value) for name, value in iteration.variables.items()]
            yield e.VariablesChanged(span=span, changed=changed, total=len(changed))
        ends = (began + (iteration.cell_seconds or 0.0), iteration_began + (iteration.seconds or 0.0))
        self._at = max(self._at, *ends)
        yield e.CellFinished(
            span=span,
            status=iteration.cell_status or "ok",
            error=self._error(iteration.error),
            seconds=UNKNOWN_SECONDS if iteration.cell_seconds is None else iteration.cell_seconds,
        )

    def _variable(self, name: str, value: Any) -> e.Variable:
        kind = _TYPES.get(type(value), "")
        size = len(value) if isinstance(value, list | dict) else None
        return e.Variable(self._clean(name), kind, size, self._clean(text(value))[:PREVIEW_CHARACTERS])

    def _calls(self, calls: list[ImportedCall], parent: str, within: float | None) -> Iterator[e.AnyEvent]:
        """One after the other, unless it is told when they began or they took longer than their cell."""
        told = sum(call.seconds or 0.0 for call in calls)
        apart = any(call.began is not None for call in calls) or (within is not None and told > within)
        if len(calls) > 1 and apart:
            yield from self._side_by_side(calls, parent)
            return
        for call in calls:
            yield from self._call(call, parent)

    def _side_by_side(self, calls: list[ImportedCall], parent: str) -> Iterator[e.AnyEvent]:
        """Calls that went on at the same time: what they tell, in the order in which it happened."""
        began = end = self._at
        told: list[list[tuple[float, e.AnyEvent]]] = []
        for call in calls:
            self._at = began
            told.append([(self._at, event) for event in self._call(call, parent)])
            end = max(end, self._at)
        for at, event in heapq.merge(*told, key=itemgetter(0)):
            self._at = at
            yield event
        self._at = end

    def _call(
        self, call: ImportedCall, parent: str, batch: str = "", index: int | None = None
    ) -> Iterator[e.AnyEvent]:
        span = self._span("call")
        began = self._at = max(self._at, call.began or 0.0)
        yield self._start(call, span, parent, batch, index)
        is_batch = call.kind == "llm_query_batched"
        for number, inner in enumerate(call.inner):
            yield from self._call(inner, span, span if is_batch else "", number if is_batch else None)
        for number, nested in enumerate(call.nested, 1):
            yield from self._iteration(nested, number, len(call.nested), span)
        self._at = max(self._at, began + (call.seconds or 0.0))
        yield self._finish(call, span)

    def _start(
        self, call: ImportedCall, span: str, parent: str, batch: str = "", index: int | None = None
    ) -> e.CallStarted:
        return e.CallStarted(
            span=span,
            parent=parent,
            kind=call.kind,
            name=self._clean(call.name) or call.kind,
            prompt=self._value(call.prompt),
            arguments=self._clean_json(call.arguments),
            model=self._clean(call.model),
            batch=batch,
            index=index,
            size=len(call.inner) if call.kind == "llm_query_batched" else None,
        )

    def _finish(self, call: ImportedCall, span: str) -> e.CallFinished:
        return e.CallFinished(
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


def facts_sentence(run: ImportedRun) -> str:
    """What the log says besides: short facts as they are, the names of others; "" for none."""
    short = {name: as_json(one) for name, one in run.facts.items()}
    said = [f"{name} {words}" for name, words in short.items() if len(words) <= 80]
    longer = [name for name, words in short.items() if len(words) > 80]
    of_iterations = list(dict.fromkeys(name for one in run.iterations for name in one.facts))
    parts = [f"The log also says: {'; '.join(said)}."] if said else []
    kept = [_names(longer)] if longer else []
    if of_iterations:
        kept.append(f"of its iterations {_names(of_iterations)}")
    if kept:
        parts.append(f"Kept in imported.json: {'; '.join(kept)}.")
    return " ".join(parts)


def _names(names: list[str]) -> str:
    more = len(names) - MOST_NAMED
    return ", ".join(names[:MOST_NAMED]) + (f" and {more} more" if more > 0 else "")
