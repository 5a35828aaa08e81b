"""A run as one JSON object: the trajectory as dspy keeps it, and ours, which says more."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, assert_never

import msgspec

from rlm_tui.core.events import ErrorDetail
from rlm_tui.core.iterations import Call, Cell, Iteration
from rlm_tui.core.run_record import calls_are_known
from rlm_tui.core.text import known_seconds
from rlm_tui.core.trajectory import Trajectory
from rlm_tui.core.turn_steps import CellStep, PlanStep, RemarkStep, SkipStep, TurnStep
from rlm_tui.store.exporters.source import (
    Source,
    json_text,
    output_of,
    usage_object,
)

FORMAT = "rlm-tui/1"


def export_json(source: Source) -> Iterator[str]:
    """`{"format", "run_id", "task", …, "trajectory": [{reasoning, code, output}], "iterations": […]}`."""
    trajectory = source.trajectory
    started, finished = trajectory.started, trajectory.finished
    value: dict[str, Any] = {
        "format": FORMAT,
        "run_id": source.run_id,
        "task": started.task if started else None,
        "signature": started.signature if started else None,
        "instructions": started.instructions if started else None,
        "inputs": {name: source.whole(text) for name, text in started.inputs.items()} if started else {},
        "documents": {
            name: {**_whole(document), "members": {key: _whole(one) for key, one in document.members.items()}}
            for name, document in (started.documents if started else {}).items()
        },
        "planner": started.planner if started else None,
        "sub_lm": started.sub_lm if started else None,
        "offline": started.offline if started else None,
        "sandbox": _whole(started.sandbox) if started else None,
        "budgets": None if started and started.imported else _whole(trajectory.budgets),
        "forked": _whole(started.forked) if started and started.forked else None,
        "imported": started.imported if started and started.imported else None,
        "versions": started.versions if started else {},
        "started": started.started if started else None,
        "status": finished.status if finished else "running" if source.going_on else "interrupted",
        "outputs": finished.outputs if finished else {},
        "error": _error(finished.error) if finished else None,
        "totals": totals_object(trajectory),
        "held_seconds": round(trajectory.held_seconds(trajectory.now), 4),
        "trajectory": [
            {"reasoning": one.reasoning, "code": one.code, "output": output_of(one)}
            for one in trajectory.iterations
        ],
        "iterations": [_iteration(one, source) for one in trajectory.iterations],
        "calls": [
            _call(call, source) for call in trajectory.calls if call.iteration is None and call.parent is None
        ],
        "notes": [{"level": note.level, "text": note.text, "at": note.at} for note in trajectory.notes],
    }
    yield json_text(value, indent=1)
    yield "\n"


def totals_object(trajectory: Trajectory) -> dict[str, Any]:
    """The numbers of the run. With `tokens_known` or `cost_known` false they are what is known at least."""
    totals = trajectory.totals
    calls = calls_are_known(trajectory.started)
    return {
        "iterations": totals.iterations,
        "llm_calls": totals.llm_calls if calls else None,
        "planner_calls": totals.planner_calls,
        "tool_calls": totals.tool_calls if calls else None,
        "failed_calls": totals.failed_calls if calls else None,
        "prompt_tokens": totals.prompt_tokens if totals.tokens_known else totals.prompt_tokens or None,
        "completion_tokens": totals.completion_tokens
        if totals.tokens_known
        else totals.completion_tokens or None,
        "tokens_known": totals.tokens_known,
        "cost_usd": totals.cost_usd if totals.cost_known else totals.cost_usd or None,
        "cost_known": totals.cost_known,
        "seconds": known_seconds(totals.seconds),
    }


def _iteration(iteration: Iteration, source: Source) -> dict[str, Any]:
    return {
        "n": iteration.n,
        "reasoning": iteration.reasoning,
        "code": iteration.code,
        "planned_code": iteration.original_code,
        "prompt": source.whole(iteration.prompt) or None,
        "started_at": iteration.started_at,
        "plan_seconds": known_seconds(iteration.plan_seconds),
        "usage": usage_object(iteration.usage),
        "cached": iteration.cached,
        "origin": iteration.origin or None,
        "skipped": iteration.skipped,
        "remark": iteration.remark or None,
        "remarks": list(iteration.remarks),
        "steps": [_step(step, source) for step in iteration.steps],
        "cell": None if iteration.cell is None else _cell(iteration.cell, source),
        "lost_cells": [_cell(cell, source) for cell in iteration.earlier_cells],
        "steps_of_a_person": [_cell(cell, source) for cell in iteration.person_cells],
        "recoveries": [_whole(one) for one in iteration.recoveries],
        "variables": [_whole(variable) for variable in iteration.variables_changed],
        "variables_removed": list(iteration.variables_removed),
        "volume_written": list(iteration.volume_written),
        "calls": [_call(call, source) for call in iteration.calls],
    }


def _step(step: TurnStep, source: Source) -> dict[str, Any]:
    """What happened, in order; a plan that was not run is only here."""
    match step:
        case PlanStep(reasoning=reasoning, code=code, remark=remark):
            return {
                "step": "plan",
                "reasoning": source.whole(reasoning),
                "code": source.whole(code),
                "remark": remark or None,
            }
        case RemarkStep(text=text, by=by, sent_back=sent_back):
            return {"step": "remark", "by": by, "text": text, "sent_back": sent_back}
        case CellStep(span=span):
            return {"step": "cell", "span": span}
        case SkipStep(text=text):
            return {"step": "skip", "text": text}
        case _:
            assert_never(step)


def _cell(cell: Cell, source: Source) -> dict[str, Any]:
    return {
        "span": cell.span,
        "by": cell.by,
        "code": cell.code,
        "status": cell.status,
        "output": [{"stream": piece.stream, "text": piece.text} for piece in cell.output],
        "dropped": cell.dropped,
        "value": None if cell.value is None else source.whole(cell.value),
        "submitted": cell.submitted,
        "error": _error(cell.error),
        "started_at": cell.started_at,
        "seconds": known_seconds(cell.seconds),
        "origin": cell.origin or None,
    }


def _call(call: Call, source: Source) -> dict[str, Any]:
    return {
        "kind": call.kind,
        "name": call.name,
        "model": call.model or None,
        "prompt": source.whole(call.prompt),
        "arguments": call.arguments,
        "answer": source.whole(call.answer),
        "result": source.whole(call.result) or None,
        "state": call.state,
        "started_at": call.started_at,
        "seconds": None if call.state == "running" else known_seconds(call.seconds),
        "usage": usage_object(call.usage),
        "cached": call.cached,
        "origin": call.origin or None,
        "error": _error(call.error),
        "items": [_call(item, source) for item in call.items],
        "calls": [_call(inner, source) for inner in call.calls],
        "iterations": [_iteration(one, source) for one in call.nested],
    }


def _whole(value: msgspec.Struct) -> dict[str, Any]:
    """All fields of it, those that have their defaults too."""
    return msgspec.structs.asdict(value)


def _error(error: ErrorDetail | None) -> dict[str, Any] | None:
    if error is None:
        return None
    return {
        "kind": error.kind,
        "message": error.message,
        "hint": error.hint or None,
        "traceback": error.traceback or None,
        "line": error.line,
    }
