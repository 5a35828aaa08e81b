"""A run as alexzhang13/rlm logs one (JSON lines, as its RLMLogger of rlms 0.1.3 writes them).

Its visualizer opens it, which reads a prompt as a list of messages, a call's seconds as a number, and its
tokens under the keys of older logs: both are written. What its format has no place for (tools, batches as
such) is left out or told as the nearest thing: the items of a batch are calls of their own, a person's step
is a block of code like the planner's.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from rlm_tui.core.events import Usage
from rlm_tui.core.iterations import Call, Cell, Iteration
from rlm_tui.core.text import known_seconds
from rlm_tui.core.trajectory import Trajectory
from rlm_tui.store.exporters.source import Source, asked_of, given_by, json_text


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
    times = [iteration.plan_seconds, *([cell.seconds] if cell is not None else [])]
    cells = [*iteration.person_cells, *([cell] if cell is not None else [])]
    response = iteration.reasoning
    if iteration.code:
        response += f"\n```repl\n{iteration.code}\n```"
    return {
        "prompt": _messages(source.whole(iteration.prompt)),
        "response": response,
        "code_blocks": [_block(one, iteration, source, final if one is cell else None) for one in cells],
        "final_answer": final,
        "iteration_time": known_seconds(*times),
    }


def _messages(prompt: str) -> list[dict[str, str]]:
    return [{"role": "user", "content": prompt}] if prompt else []


def _block(cell: Cell, iteration: Iteration, source: Source, final: str | None) -> dict[str, Any]:
    printed = {"stdout": "", "stderr": ""}
    for stream in printed:
        printed[stream] = "".join(piece.text for piece in cell.output if piece.stream == stream)
    errors = "" if cell.error is None else f"{cell.error.kind}: {cell.error.message}"
    is_last = cell is iteration.cell
    calls = [call for call in iteration.calls if call.cell == cell.span or (is_last and not call.cell)]
    result = {
        "stdout": printed["stdout"],
        "stderr": printed["stderr"] + errors,
        "locals": {one.name: one.preview for one in iteration.variables_changed} if is_last else {},
        "execution_time": known_seconds(cell.seconds),
        "rlm_calls": [told for call in calls for told in _calls(call, source)],
        "final_answer": final,
    }
    return {"code": cell.code, "result": result}


def _calls(call: Call, source: Source) -> Iterator[dict[str, Any]]:
    if call.kind == "tool":
        return
    if call.is_batch:
        for item in call.items:
            yield from _calls(item, source)
        return
    usage = call.spent()
    told: dict[str, Any] = {
        "root_model": call.model or call.name,
        "prompt": asked_of(call, source),
        "response": given_by(call, source),
        "usage_summary": _summary(call.model or call.name, usage),
        "execution_time": max(call.seconds, 0.0),
    }
    if call.state == "running" or known_seconds(call.seconds) is None:
        told["execution_time_known"] = False
    if usage is not None and usage.prompt_tokens is not None and usage.completion_tokens is not None:
        told |= {"prompt_tokens": usage.prompt_tokens, "completion_tokens": usage.completion_tokens}
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
    return json_text(value) + "\n"
