"""The result of a run as one JSON object, and the exit code that goes with it."""

from __future__ import annotations

from enum import IntEnum
from typing import Any, assert_never

from rlm_tui.core.events import ErrorDetail, RunStatus
from rlm_tui.core.trajectory import Trajectory


class ExitCode(IntEnum):
    """What the shell is told. Click and most tools use 2 for a command that was asked wrongly."""

    DONE = 0
    FAILED = 1
    ASKED_WRONGLY = 2
    BUDGET = 3
    CANCELLED = 130


def exit_code(status: RunStatus) -> ExitCode:
    """The exit code of a run that ended with `status`."""
    match status:
        case "submitted" | "extracted":
            return ExitCode.DONE
        case "failed":
            return ExitCode.FAILED
        case "budget":
            return ExitCode.BUDGET
        case "cancelled":
            return ExitCode.CANCELLED
        case _:
            assert_never(status)


def error_object(error: ErrorDetail | None) -> dict[str, str] | None:
    """`{kind, message, hint}` or None."""
    return None if error is None else {"kind": error.kind, "message": error.message, "hint": error.hint}


def run_object(trajectory: Trajectory, events: str) -> dict[str, Any]:
    """What `rlm-tui run --json` prints. All numbers come from the fold; `events` is the log's path."""
    started, finished = trajectory.started, trajectory.finished
    totals = trajectory.totals
    sandbox = trajectory.sandbox
    return {
        "run_id": started.run_id if started else "",
        "task": started.task if started else "",
        "status": finished.status if finished else "failed",
        "outputs": finished.outputs if finished else {},
        "iterations": totals.iterations,
        "llm_calls": totals.llm_calls,
        "tokens": {"prompt": totals.prompt_tokens, "completion": totals.completion_tokens},
        "cost_usd": totals.cost_usd if totals.cost_known else None,
        "seconds": round(totals.seconds, 3),
        "lm": started.planner if started else "",
        "sandbox": {"kind": sandbox.kind, "confined": sandbox.confined},
        "events": events,
        "error": error_object(finished.error if finished else None),
    }


def refusal_object(task: str, error: ErrorDetail) -> dict[str, Any]:
    """What `rlm-tui run --json` prints when nothing was started: the same keys, with what is known."""
    return {
        "run_id": None,
        "task": task,
        "status": "failed",
        "outputs": {},
        "iterations": 0,
        "llm_calls": 0,
        "tokens": {"prompt": 0, "completion": 0},
        "cost_usd": 0.0,
        "seconds": 0.0,
        "lm": None,
        "sandbox": None,
        "events": None,
        "error": error_object(error),
    }
