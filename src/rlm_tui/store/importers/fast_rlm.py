"""fast-rlm (JSON lines of pino, version 0.5): several runs in one file, in no promised order."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

from rlm_tui.core.events import Usage
from rlm_tui.store.importers.imported import (
    ImportedCall,
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

EVENTS = ("agent_start", "agent_end", "code_generated", "execution_result", "final_result")


class _Agent:
    """One run of the file: its steps by number, its parent, when it began and ended."""

    def __init__(self) -> None:
        self.parent = ""
        self.depth = 0
        self.steps: dict[int, ImportedIteration] = {}
        self.spans: dict[int, tuple[float, float]] = {}
        self.began: float | None = None
        self.ended: float | None = None
        self.began_words = ""
        self.result: Any = None


def is_fast_rlm(first: dict[str, Any]) -> bool:
    """Whether the line is one of its events."""
    return first.get("event_type") in EVENTS and "run_id" in first


def from_fast_rlm(path: Path) -> ImportedRun:
    """The outermost run of the file, its children within it. Raises OSError."""
    damaged: list[int] = []
    agents: dict[str, _Agent] = {}
    for line in json_lines(path, damaged):
        if line.get("event_type") in EVENTS:
            _take(agents.setdefault(text(line.get("run_id")), _Agent()), line)
    run = ImportedRun("fast-rlm", task="fast-rlm", left_out=damaged_lines(damaged))
    roots = [name for name, agent in agents.items() if agent.parent not in agents]
    if not roots:
        return run
    root = agents[min(roots, key=lambda name: (agents[name].depth, agents[name].began or 0.0))]
    if len(roots) > 1:
        run.left_out.append(f"The file holds {len(roots)} runs; the first of them was imported.")
    for name, agent in agents.items():
        parent = agents.get(agent.parent)
        if parent is not None and parent is not agent:
            _attach(parent, agent, name)
    run.iterations = _ordered(root)
    run.began = root.began_words
    if root.began is not None and root.ended is not None:
        run.seconds = max(0.0, root.ended - root.began)
    if root.result is not None:
        run.outputs, run.status = {"result": root.result}, "submitted"
    return run


def _take(agent: _Agent, line: dict[str, Any]) -> None:
    agent.parent = text(line.get("parent_run_id"))
    agent.depth = count(line.get("depth")) or 0
    at = _seconds(line.get("time"))
    match line.get("event_type"):
        case "agent_start":
            agent.began, agent.began_words = at, text(line.get("time"))
        case "agent_end":
            agent.ended = at
        case "final_result":
            agent.result = line.get("result")
            agent.ended = agent.ended or at
        case _:
            number = count(line.get("step"))
            if number is not None:
                _take_step(agent, number, line)


def _take_step(agent: _Agent, number: int, line: dict[str, Any]) -> None:
    step = agent.steps.setdefault(number, ImportedIteration(cell_status=None))
    step.code = text(line.get("code")) or step.code
    step.reasoning = text(line.get("reasoning")) or step.reasoning
    step.usage = _usage(line.get("usage")) or step.usage
    times = mapping(line.get("timestamps"))
    asked, answered = _seconds(times.get("llm_call_start")), _seconds(times.get("llm_call_end"))
    began, ended = _seconds(times.get("execution_start")), _seconds(times.get("execution_end"))
    if asked is not None and answered is not None:
        step.plan_seconds = max(0.0, answered - asked)
    if began is not None and ended is not None:
        step.cell_seconds = max(0.0, ended - began)
        agent.spans[number] = (began, ended)
    if line.get("event_type") == "execution_result":
        step.stdout = text(line.get("output"))
        step.cell_status = "ok"
        if line.get("hasError") is True:
            step.cell_status = "error"
            step.error = failure((step.stdout.strip() or "it failed").splitlines()[-1])


def _attach(parent: _Agent, child: _Agent, name: str) -> None:
    """Put a child into the step of its parent during which it began; else into the last before it."""
    steps = sorted(parent.steps)
    if not steps:
        return
    at = -1.0 if child.began is None else child.began
    fitting = [number for number, (began, ended) in parent.spans.items() if began <= at <= ended]
    earlier = [number for number, (began, _) in parent.spans.items() if began <= at]
    number = fitting[0] if fitting else max(earlier, default=steps[-1])
    took = None if child.began is None or child.ended is None else max(0.0, child.ended - child.began)
    parent.steps[number].calls.append(
        ImportedCall(
            kind="sub_rlm",
            name="sub_agent",
            prompt=f"run {name}",
            answer="" if child.result is None else text(child.result),
            seconds=took,
            nested=_ordered(child),
        )
    )


def _ordered(agent: _Agent) -> list[ImportedIteration]:
    steps = [agent.steps[number] for number in sorted(agent.steps)]
    if steps and agent.result is not None and steps[-1].cell_status == "ok":
        steps[-1].cell_status = "submitted"
    return steps


def _usage(value: Any) -> Usage | None:
    told = mapping(value)
    return usage(told.get("prompt_tokens"), told.get("completion_tokens"), told.get("cost"))


def _seconds(value: Any) -> float | None:
    """A time, as ISO 8601 or as milliseconds since 1970, in seconds."""
    if isinstance(value, str):
        try:
            return datetime.fromisoformat(value).timestamp()
        except ValueError:
            return None
    return amount(value, 0.001)
