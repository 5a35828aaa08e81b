"""A run as one JSON object: the trajectory as dspy keeps it, and ours, which says more."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import msgspec

from rlm_tui.core.iterations import Call, Cell, Iteration
from rlm_tui.core.text import known_seconds
from rlm_tui.store.exporters.source import Source, output_of, usage_object

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
        "inputs": {name: source.whole(text) for name, text in started.inputs.items()} if started else {},
        "documents": msgspec.to_builtins(started.documents) if started else {},
        "planner": started.planner if started else None,
        "sub_lm": started.sub_lm if started else None,
        "started": started.started if started else None,
        "status": finished.status if finished else "interrupted" if trajectory.interrupted else "running",
        "outputs": finished.outputs if finished else {},
        "error": msgspec.to_builtins(finished.error) if finished and finished.error else None,
        "totals": msgspec.to_builtins(trajectory.totals)
        | {"seconds": known_seconds(trajectory.totals.seconds)},
        "trajectory": [
            {"reasoning": one.reasoning, "code": one.code, "output": output_of(one)}
            for one in trajectory.iterations
        ],
        "iterations": [_iteration(one, source) for one in trajectory.iterations],
        "calls": [_call(call, source) for call in trajectory.calls if call.iteration is None],
        "notes": [{"level": note.level, "text": note.text} for note in trajectory.notes],
    }
    yield json.dumps(value, ensure_ascii=False, indent=1, default=str)
    yield "\n"


def _iteration(iteration: Iteration, source: Source) -> dict[str, Any]:
    return {
        "n": iteration.n,
        "reasoning": iteration.reasoning,
        "code": iteration.code,
        "planned_code": iteration.original_code,
        "prompt": source.whole(iteration.prompt) or None,
        "plan_seconds": known_seconds(iteration.plan_seconds),
        "usage": usage_object(iteration.usage),
        "skipped": iteration.skipped,
        "remarks": list(iteration.remarks),
        "cell": None if iteration.cell is None else _cell(iteration.cell),
        "steps_of_a_person": [_cell(cell) for cell in iteration.person_cells],
        "variables": [msgspec.to_builtins(variable) for variable in iteration.variables_changed],
        "volume_written": list(iteration.volume_written),
        "calls": [_call(call, source) for call in iteration.calls],
    }


def _cell(cell: Cell) -> dict[str, Any]:
    return {
        "code": cell.code,
        "status": cell.status,
        "output": [{"stream": piece.stream, "text": piece.text} for piece in cell.output],
        "value": None if cell.value is None else cell.value.text,
        "error": None if cell.error is None else msgspec.to_builtins(cell.error),
        "seconds": known_seconds(cell.seconds),
    }


def _call(call: Call, source: Source) -> dict[str, Any]:
    return {
        "kind": call.kind,
        "name": call.name,
        "model": call.model or None,
        "prompt": source.whole(call.prompt),
        "arguments": call.arguments,
        "answer": source.whole(call.answer),
        "started_at": call.started_at,
        "seconds": known_seconds(call.seconds),
        "usage": usage_object(call.usage),
        "cached": call.cached,
        "origin": call.origin or None,
        "error": None if call.error is None else msgspec.to_builtins(call.error),
        "items": [_call(item, source) for item in call.items],
        "calls": [_call(inner, source) for inner in call.calls],
        "iterations": [_iteration(one, source) for one in call.nested],
    }
