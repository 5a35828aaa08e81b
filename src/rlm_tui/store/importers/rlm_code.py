"""rlm-code (JSON lines of its runner, version 0.1.13): context, steps, final."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from rlm_tui.core.events import Usage
from rlm_tui.store.importers.imported import (
    ImportedIteration,
    ImportedRun,
    amount,
    count,
    damaged_lines,
    failure,
    mapping,
    text,
    usage,
)
from rlm_tui.store.importers.json_lines import json_lines


def is_rlm_code(first: dict[str, Any]) -> bool:
    """Whether the line is one of its events."""
    return first.get("type") in ("context", "step", "final") and (
        "environment" in first or "observation" in first or "final_response" in first
    )


def from_rlm_code(path: Path) -> ImportedRun:
    """The run. Raises OSError."""
    damaged: list[int] = []
    run = ImportedRun("rlm-code", task="rlm-code")
    for line in json_lines(path, damaged):
        run.began = run.began or text(line.get("timestamp"))
        if task := text(line.get("task")):
            run.inputs.setdefault("task", task)
        run.sandbox = run.sandbox or text(line.get("environment"))
        match line.get("type"):
            case "step":
                run.iterations.append(_step(line))
            case "final":
                _end(run, line)
    run.left_out += damaged_lines(damaged)
    return run


def _step(line: dict[str, Any]) -> ImportedIteration:
    action, seen = mapping(line.get("action")), mapping(line.get("observation"))
    step = ImportedIteration(
        reasoning=text(action.get("reasoning") or action.get("rationale") or line.get("planner_raw")),
        code=text(action.get("code")),
        stdout=text(seen.get("stdout")),
        stderr=text(seen.get("stderr")),
        cell_seconds=amount(seen.get("execution_time")),
        usage=_usage(line.get("usage")),
        cell_status="ok" if seen else None,
    )
    if seen.get("success") is False:
        last = (step.stderr.strip() or text(seen.get("error")).strip() or "it failed").splitlines()[-1]
        step.cell_status, step.error = "error", failure(last)
    elif action.get("done") is True and seen:
        step.cell_status = "submitted"
    return step


def _end(run: ImportedRun, line: dict[str, Any]) -> None:
    if (answer := line.get("final_response")) is not None:
        run.outputs = {"final_response": answer}
    if line.get("cancelled") is True:
        run.status = "cancelled"
    elif line.get("completed") is True:
        run.status = "submitted"
    else:
        run.status = "failed"
        run.error = failure("The run ended without having completed.", "NotCompleted")
    calls = count(mapping(line.get("usage")).get("total_calls"))
    if calls is not None:
        told = _usage(line.get("usage"))
        tokens = (
            ""
            if told is None
            else f", {told.prompt_tokens} prompt and {told.completion_tokens} completion tokens"
        )
        run.left_out.append(f"The log counts {calls} LM calls in all{tokens}, and does not say which.")


def _usage(value: Any) -> Usage | None:
    told = mapping(value)
    return usage(told.get("prompt_tokens"), told.get("completion_tokens"), told.get("cost"))
