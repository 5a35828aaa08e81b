"""rlm-code (JSON lines of its runner, version 0.1.13): context, steps, final; a file a run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from rlm_tui.core.events import ErrorDetail, RunStatus, Usage
from rlm_tui.core.usage import sum_usage
from rlm_tui.store.importers.imported import ImportedCall, ImportedIteration, ImportedRun
from rlm_tui.store.importers.json_lines import json_lines
from rlm_tui.store.importers.values import (
    amount,
    count,
    damaged_lines,
    failure,
    listing,
    mapping,
    rest,
    seconds_of,
    strange_lines,
    text,
    usage,
)

_KEPT = ("type", "run_id", "environment", "task", "timestamp", "step", "action", "observation", "usage")
_KEPT_OF_FINAL = (*_KEPT, "completed", "cancelled", "final_response", "steps")
_KEPT_OF_ACTION = ("code", "reasoning", "rationale", "done")
_KEPT_OF_OBSERVATION = ("success", "stdout", "stderr", "execution_time", "results")
_STOPS: dict[str, RunStatus] = {"Stopped due to time budget.": "budget"}


def is_rlm_code(first: dict[str, Any]) -> bool:
    """Whether the line is one of its events."""
    return first.get("type") in ("context", "step", "final") and (
        "environment" in first or "observation" in first or "final_response" in first
    )


def from_rlm_code(path: Path) -> list[ImportedRun]:
    """The runs: one, unless several files were joined. Raises OSError."""
    damaged: list[int] = []
    strange: list[int] = []
    runs: dict[str, _Reading] = {}
    for number, line in json_lines(path, damaged):
        if line.get("type") in ("context", "step", "final"):
            name = text(line.get("run_id"))
            runs.setdefault(name, _Reading(name)).take(line)
        else:
            strange.append(number)
    found = [reading.finished() for reading in runs.values()] or [ImportedRun("rlm-code")]
    found[0].left_out += damaged_lines(damaged) + strange_lines(strange)
    return found


class _Reading:
    """A run while its lines are read. A line's time is that of its end."""

    def __init__(self, name: str) -> None:
        self.run = ImportedRun("rlm-code", task="rlm-code")
        if name:
            self.run.facts["run_id"] = name
        self._began: float | None = None
        self._last: float | None = None
        self._whole: Usage | None = None

    def take(self, line: dict[str, Any]) -> None:
        run, kind, at = self.run, line.get("type"), seconds_of(line.get("timestamp"))
        run.began = run.began or text(line.get("timestamp"))
        run.sandbox = run.sandbox or text(line.get("environment"))
        if task := text(line.get("task")):
            run.inputs.setdefault("task", task)
        if kind == "step":
            step = _step(line)
            if at is not None and self._last is not None and self._began is not None:
                step.seconds, step.began = max(0.0, at - self._last), max(0.0, self._last - self._began)
            run.iterations.append(step)
        elif kind == "context":
            self._began = at
            run.facts |= rest(line, *_KEPT)
        else:
            self._end(line)
            if at is not None and self._began is not None:
                run.seconds = max(0.0, at - self._began)
        self._last = at

    def _end(self, line: dict[str, Any]) -> None:
        run = self.run
        run.facts |= rest(line, *_KEPT_OF_FINAL)
        if (answer := line.get("final_response")) is not None:
            run.outputs = {"final_response": answer}
        run.status, run.error = _status(line)
        self._whole = _usage(line.get("usage"))

    def finished(self) -> ImportedRun:
        whole, steps = self._whole, sum_usage(one.usage for one in self.run.iterations)
        if whole is not None and whole != steps:
            self.run.left_out.append(
                f"The log counts {whole.requests} LM calls in all, {whole.prompt_tokens} prompt and "
                f"{whole.completion_tokens} completion tokens, and does not say which."
            )
        return self.run


def _status(line: dict[str, Any]) -> tuple[RunStatus, ErrorDetail | None]:
    if line.get("cancelled") is True:
        return "cancelled", None
    if line.get("completed") is True:
        return "submitted", None
    said = text(line.get("final_response"))
    return _STOPS.get(said, "failed"), failure("The run ended without having completed.", "NotCompleted")


def _step(line: dict[str, Any]) -> ImportedIteration:
    action, seen = mapping(line.get("action")), mapping(line.get("observation"))
    reasoning = text(action.get("reasoning") or action.get("rationale"))
    step = ImportedIteration(
        reasoning=reasoning or text(line.get("planner_raw")),
        code=text(action.get("code")),
        stdout=text(seen.get("stdout")),
        stderr=text(seen.get("stderr")),
        cell_seconds=amount(seen.get("execution_time")),
        usage=_usage(line.get("usage")),
        cell_status="ok" if seen else None,
        facts=rest(line, *_KEPT, *(() if reasoning else ("planner_raw",)))
        | {f"action.{name}": one for name, one in rest(action, *_KEPT_OF_ACTION).items()}
        | {f"observation.{name}": one for name, one in rest(seen, *_KEPT_OF_OBSERVATION).items()},
    )
    step.calls = [_child(mapping(one)) for one in listing(seen.get("results"))] if _delegates(action) else []
    error = text(seen.get("error")).strip()
    if seen.get("success") is False or error:
        last = (step.stderr.strip() or error or "it failed").splitlines()[-1]
        step.cell_status, step.error = "error", failure(last)
    elif seen and (action.get("done") is True or action.get("action") == "final"):
        step.cell_status = "submitted"
    return step


def _delegates(action: dict[str, Any]) -> bool:
    return action.get("action") in ("delegate", "delegate_batch")


def _child(told: dict[str, Any]) -> ImportedCall:
    """A run that a step began: its own log is another file."""
    said = text(told.get("final_response")) or text(told.get("error"))
    return ImportedCall(
        kind="sub_rlm",
        name="delegate",
        prompt=text(told.get("task")),
        arguments=rest(told, "task", "final_response"),
        answer=said,
        error=None if told.get("completed") is not False else failure(said or "It did not complete."),
    )


def _usage(value: Any) -> Usage | None:
    """What its meter counted; zeros where a model was asked are what it does not know."""
    told = mapping(value)
    calls = count(told.get("total_calls"))
    prompt, completion = told.get("prompt_tokens"), told.get("completion_tokens")
    if not prompt and not completion and calls != 0:
        return usage(None, None, told.get("cost"), calls)
    return usage(prompt, completion, told.get("cost") or (0.0 if calls == 0 else None), calls)
