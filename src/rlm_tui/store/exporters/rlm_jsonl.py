"""A run as alexzhang13/rlm logs one (JSON lines, as its RLMLogger of rlms 0.1.3 writes them).

Its visualizer opens it. What its format has no place for (a person's steps, tools, batches as such) is left
out or told as the nearest thing: the items of a batch are calls of their own.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from rlm_tui.core.events import Usage
from rlm_tui.core.iterations import Call, Iteration
from rlm_tui.core.text import known_seconds
from rlm_tui.core.trajectory import Trajectory
from rlm_tui.store.exporters.source import Source


def export_rlm_jsonl(source: Source) -> Iterator[str]:
    """The metadata's line, then a line for each iteration."""
    trajectory = source.trajectory
    began = _began(trajectory)
    yield _line({"type": "metadata", "timestamp": _time(began, 0.0), **_metadata(trajectory)})
    answer = _answer(trajectory)
    last = len(trajectory.iterations)
    for number, iteration in enumerate(trajectory.iterations, 1):
        entry = _iteration(iteration, source, final=answer if number == last else None)
        yield _line(
            {
                "type": "iteration",
                "iteration": number,
                "timestamp": _time(began, iteration.started_at),
                **entry,
            }
        )


def _metadata(trajectory: Trajectory) -> dict[str, Any]:
    started = trajectory.started
    return {
        "root_model": started.planner if started else "unknown",
        "max_depth": 1,
        "max_iterations": trajectory.budgets.max_iterations,
        "backend": "litellm",
        "backend_kwargs": {"model_name": started.planner if started else "unknown"},
        "environment_type": started.sandbox.kind if started else "unknown",
        "environment_kwargs": {},
        "other_backends": None,
    }


def _iteration(iteration: Iteration, source: Source, *, final: str | None) -> dict[str, Any]:
    cell = iteration.cell
    seconds = known_seconds(iteration.plan_seconds, cell.seconds if cell is not None else 0.0)
    blocks = []
    if cell is not None:
        errors = "" if cell.error is None else f"{cell.error.kind}: {cell.error.message}"
        printed = {"stdout": "", "stderr": ""}
        for piece in cell.output:
            printed[piece.stream] += piece.text
        variables = {variable.name: variable.preview for variable in iteration.variables_changed}
        result = {
            "stdout": printed["stdout"],
            "stderr": printed["stderr"] + errors,
            "locals": variables,
            "execution_time": known_seconds(cell.seconds),
            "rlm_calls": [told for call in iteration.calls for told in _calls(call, source)],
            "final_answer": final,
        }
        blocks.append({"code": iteration.code, "result": result})
    response = iteration.reasoning
    if iteration.code:
        response += f"\n```repl\n{iteration.code}\n```"
    return {
        "prompt": source.whole(iteration.prompt),
        "response": response,
        "code_blocks": blocks,
        "final_answer": final,
        "iteration_time": seconds,
    }


def _calls(call: Call, source: Source) -> Iterator[dict[str, Any]]:
    if call.kind == "tool":
        return
    if call.is_batch:
        for item in call.items:
            yield from _calls(item, source)
        return
    told: dict[str, Any] = {
        "root_model": call.model or call.name,
        "prompt": source.whole(call.prompt) or json.dumps(call.arguments, default=str),
        "response": source.whole(call.answer),
        "usage_summary": _summary(call.model or call.name, call.spent()),
        "execution_time": known_seconds(call.seconds),
    }
    if call.error is not None:
        told["error"] = f"{call.error.kind}: {call.error.message}"
    if call.nested:
        nested = [_iteration(one, source, final=None) for one in call.nested]
        told["metadata"] = {
            "run_metadata": {
                "root_model": call.model or call.name,
                "max_depth": 1,
                "max_iterations": len(nested),
            },
            "iterations": [
                {"type": "iteration", "iteration": number, **one} for number, one in enumerate(nested, 1)
            ],
        }
    yield told


def _summary(model: str, usage: Usage | None) -> dict[str, Any]:
    """Nothing is said of a model whose usage nobody told: its format has no word for that."""
    if usage is None or usage.prompt_tokens is None or usage.completion_tokens is None:
        return {"model_usage_summaries": {}}
    told: dict[str, Any] = {
        "total_calls": usage.requests,
        "total_input_tokens": usage.prompt_tokens,
        "total_output_tokens": usage.completion_tokens,
    }
    if usage.cost_usd is not None:
        told["total_cost"] = usage.cost_usd
    return {"model_usage_summaries": {model: told}}


def _answer(trajectory: Trajectory) -> str | None:
    finished = trajectory.finished
    if finished is None or not finished.outputs:
        return None
    values = list(finished.outputs.values())
    if len(values) == 1 and isinstance(values[0], str):
        return values[0]
    return json.dumps(finished.outputs, ensure_ascii=False, default=str)


def _began(trajectory: Trajectory) -> datetime:
    try:
        return datetime.fromisoformat(trajectory.started.started if trajectory.started else "")
    except ValueError:
        return datetime(1970, 1, 1)  # noqa: DTZ001 - its logger writes local times without a zone


def _time(began: datetime, seconds: float) -> str:
    return (began + timedelta(seconds=seconds)).replace(tzinfo=None).isoformat()


def _line(value: dict[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False, default=str) + "\n"
