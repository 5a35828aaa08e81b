"""Saved runs as plain lines, and as objects of JSON."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from rlm_tui.core.run_record import RunRecord
from rlm_tui.core.text import (
    human_age,
    human_cost,
    human_count,
    human_seconds,
    human_size,
    number_of,
    one_line,
    visible,
)
from rlm_tui.core.trajectory import Trajectory

_WIDTH = 100
_TASK = 18


def run_record_object(run: RunRecord) -> dict[str, Any]:
    """A run as `rlm-tui runs --json` prints it: every key, with null for what is not known."""
    return {name: getattr(run, name) for name in run.__struct_fields__}


def age_of(run: RunRecord, now: datetime) -> str:
    """How long ago the run began, "" where that is not known."""
    try:
        return human_age((now - datetime.fromisoformat(run.started)).total_seconds())
    except (ValueError, TypeError):
        return ""


def run_lines(runs: Sequence[RunRecord], now: datetime) -> Iterator[str]:
    """A line for each run: id, task, status, numbers, age, labels."""
    widest = max((len(run.run_id) for run in runs), default=0)
    for run in runs:
        numbers = [
            "" if run.iterations is None else f"{run.iterations} it.",
            "" if run.llm_calls is None else number_of(run.llm_calls, "call"),
            human_cost(run.cost_usd),
            "" if run.seconds is None else human_seconds(run.seconds),
        ]
        line = (
            f"{one_line(run.run_id, 200):<{widest}}  {one_line(run.task, _TASK):<{_TASK}} {run.status:<11} "
        )
        line += " ".join(f"{number:>9}" for number in numbers) + f"  {age_of(run, now):>8}"
        labels = " ".join(f"#{tag}" for tag in run.tags)
        if run.parent:
            labels += " fork"
        if run.imported:
            labels += f" {run.imported}"
        if run.damaged:
            labels += " damaged"
        yield visible(f"{line}  {labels}".rstrip())


def shown_lines(run: RunRecord, trajectory: Trajectory, path: Path) -> Iterator[str]:
    """One run: what it was, its iterations, and how it ended."""
    documents = ", ".join(run.documents)
    model = "offline demo" if run.offline else ", ".join(run.models)
    facts = {
        "run": run.run_id,
        "task": run.task,
        "documents": documents,
        "models": model,
        "status": run.status,
        "began": run.started,
        "fork of": run.parent,
        "imported": run.imported,
        "tags": " ".join(run.tags),
        "note": run.note,
        "size": human_size(run.size),
        "folder": str(path),
    }
    for name, value in facts.items():
        if value:
            yield f"{name:<10} {one_line(value, 400)}"
    yield f"{'totals':<10} {_totals(run)}"
    for iteration in trajectory.iterations:
        cell = iteration.cell
        status = "no cell" if cell is None else cell.status or "running"
        words = one_line(iteration.reasoning or iteration.code, _WIDTH - 30)
        yield f"{iteration.n:>4}  {status:<11} {words}"
    yield from warnings(trajectory)
    finished = trajectory.finished
    if finished is None:
        return
    if finished.error is not None:
        yield f"{'error':<10} {one_line(f'{finished.error.kind}: {finished.error.message}', 400)}"
    for name, value in finished.outputs.items():
        yield f"{visible(name)}: {one_line(str(value), 1_000)}"


def warnings(trajectory: Trajectory, *, of_log: bool = False) -> Iterator[str]:
    """What a person should know of the run; `of_log`: only what of its log could not be read."""
    for note in trajectory.notes:
        if note.level != "info" and not (of_log and note.seq >= 0):
            yield f"{note.level:<10} {one_line(note.text, 400)}"


def _totals(run: RunRecord) -> str:
    tokens = "? tok" if run.tokens is None else f"{human_count(run.tokens)} tok"
    parts = [
        "? iterations" if run.iterations is None else number_of(run.iterations, "iteration"),
        "? LLM calls" if run.llm_calls is None else number_of(run.llm_calls, "LLM call"),
        tokens,
        human_cost(run.cost_usd),
        "? s" if run.seconds is None else human_seconds(run.seconds),
    ]
    return ", ".join(parts)
