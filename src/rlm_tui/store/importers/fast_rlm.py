"""fast-rlm (JSON lines of pino, version 0.5): several runs in one file, in no promised order."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from rlm_tui.core.events import Usage
from rlm_tui.store.importers.imported import NOTHING_ASKED, ImportedCall, ImportedIteration, ImportedRun
from rlm_tui.store.importers.json_lines import json_lines
from rlm_tui.store.importers.values import (
    amount,
    count,
    damaged_lines,
    failure,
    mapping,
    moment,
    raised,
    rest,
    seconds_of,
    strange_lines,
    text,
    usage,
)

EVENTS = ("agent_start", "agent_end", "code_generated", "execution_result", "final_result")
DEEPEST = 100
OUTPUT_NOT_LOGGED = "What a cell that ended its run printed is not in the log: fast-rlm does not write it."
_KEPT = (
    "level", "time", "run_id", "parent_run_id", "depth", "step", "event_type", "code", "output", "hasError",
    "reasoning", "usage", "timestamps", "result",
)  # fmt: skip
_KEPT_OF_USAGE = ("prompt_tokens", "completion_tokens", "total_tokens", "cost")


class _Agent:
    """One run of the file: its steps by number, its parent, when it began and ended."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.parent = ""
        self.depth = 0
        self.steps: dict[int, ImportedIteration] = {}
        self.spans: dict[int, tuple[float, float]] = {}
        self.children: dict[int, list[_Agent]] = {}
        self.began: float | None = None
        self.ended: float | None = None
        self.began_words = ""
        self.is_over = False
        self.has_result = False
        self.result: Any = None
        self.facts: dict[str, Any] = {}

    @property
    def seconds(self) -> float | None:
        """From its start to its end, or to that of its last cell where the log tells that later."""
        if self.began is None or self.ended is None:
            return None
        return max(self.ended, *(end for _, end in self.spans.values()), self.began) - self.began


def is_fast_rlm(first: dict[str, Any]) -> bool:
    """Whether the line is one of its events."""
    return first.get("event_type") in EVENTS and "run_id" in first


def from_fast_rlm(path: Path) -> list[ImportedRun]:
    """The outermost runs of the file, their children within them. Raises OSError."""
    damaged: list[int] = []
    strange: list[int] = []
    agents: dict[str, _Agent] = {}
    for number, line in json_lines(path, damaged):
        if line.get("event_type") in EVENTS:
            name = text(line.get("run_id"))
            _take(agents.setdefault(name, _Agent(name)), line)
        else:
            strange.append(number)
    roots = _roots(agents)
    runs = [_run(root) for root in roots] or [ImportedRun("fast-rlm")]
    runs[0].left_out = damaged_lines(damaged) + strange_lines(strange) + runs[0].left_out
    return runs


def _roots(agents: dict[str, _Agent]) -> list[_Agent]:
    """Those that no other agent of the file called, as they began; the others are attached to theirs."""
    roots = []
    for agent in agents.values():
        if agent.parent in agents and not _goes_round(agent, agents):
            _attach(agents[agent.parent], agent)
        else:
            roots.append(agent)
    return sorted(roots, key=lambda one: (one.began is None, one.began or 0.0))


def _goes_round(agent: _Agent, agents: dict[str, _Agent]) -> bool:
    """Whether its line of parents never ends, or is too long to be true."""
    above, steps = agents.get(agent.parent), 0
    while above is not None and steps < DEEPEST:
        if above is agent:
            return True
        above, steps = agents.get(above.parent), steps + 1
    return steps >= DEEPEST


def _run(root: _Agent) -> ImportedRun:
    run = ImportedRun("fast-rlm", task="fast-rlm", began=root.began_words, seconds=root.seconds)
    run.facts = {"run_id": root.name} | root.facts
    run.iterations = _ordered(root, root.began)
    if root.has_result:
        run.outputs, run.status = {"result": root.result}, "submitted"
    elif root.is_over:
        run.status, run.error = "failed", failure("The agent ended without a result.", "NoResult")
    if any(step.cell_status == "submitted" for step in run.iterations):
        run.left_out.append(OUTPUT_NOT_LOGGED)
    return run


def _take(agent: _Agent, line: dict[str, Any]) -> None:
    agent.parent = text(line.get("parent_run_id")) or agent.parent
    agent.depth = count(line.get("depth")) or agent.depth
    at = seconds_of(line.get("time"))
    match line.get("event_type"):
        case "agent_start":
            agent.began, agent.began_words = at, moment(line.get("time"))
            agent.facts |= rest(line, *_KEPT)
        case "agent_end":
            agent.ended, agent.is_over = at, True
            agent.facts |= rest(line, *_KEPT)
        case "final_result":
            agent.has_result, agent.result = True, line.get("result")
            agent.ended = agent.ended or at
            agent.facts |= rest(line, *_KEPT)
        case _:
            number = count(line.get("step"))
            if number is not None:
                _take_step(agent, number, line)


def _take_step(agent: _Agent, number: int, line: dict[str, Any]) -> None:
    step = agent.steps.setdefault(number, ImportedIteration(cell_status=None))
    step.code = text(line.get("code")) or step.code
    step.reasoning = text(line.get("reasoning")) or step.reasoning
    times = mapping(line.get("timestamps"))
    asked, answered = seconds_of(times.get("llm_call_start")), seconds_of(times.get("llm_call_end"))
    began, ended = seconds_of(times.get("execution_start")), seconds_of(times.get("execution_end"))
    step.usage = _usage(line.get("usage"), asked=asked is not None or number > 0) or step.usage
    counts = rest(mapping(line.get("usage")), *_KEPT_OF_USAGE)
    step.facts |= rest(line, *_KEPT) | {name: one for name, one in counts.items() if one}
    if asked is not None and answered is not None:
        step.plan_seconds = max(0.0, answered - asked)
    elif number == 0 and asked is None:
        step.plan_seconds = 0.0
    step.began = asked if asked is not None else began if step.began is None else step.began
    if began is not None and ended is not None:
        step.cell_seconds = max(0.0, ended - began)
        agent.spans[number] = (began, ended)
        step.cell_status = step.cell_status or "ok"
    if not step.code:
        step.remark = "The answer held no code."
    if line.get("event_type") == "execution_result":
        step.stdout = text(line.get("output"))
        step.cell_status = "ok"
        if line.get("hasError") is True:
            last = (step.stdout.strip() or "it failed").splitlines()[-1]
            step.cell_status, step.error = "error", raised(step.stdout) or failure(last)


def _attach(parent: _Agent, child: _Agent) -> None:
    """Put a child into the step of its parent during which it began; else into the last before it."""
    at = -1.0 if child.began is None else child.began
    fitting = [number for number, (began, ended) in parent.spans.items() if began <= at <= ended]
    earlier = [number for number, (began, _) in parent.spans.items() if began <= at]
    number = fitting[0] if fitting else max(earlier, default=max(parent.steps, default=0))
    parent.children.setdefault(number, []).append(child)


def _ordered(agent: _Agent, zero: float | None) -> list[ImportedIteration]:
    """Its steps, timed from `zero`, each with the agents that it called."""
    steps = []
    for number in sorted({*agent.steps, *agent.children}):
        step = agent.steps.get(number) or ImportedIteration()
        step.began = None if zero is None or step.began is None else max(0.0, step.began - zero)
        children = sorted(agent.children.get(number, ()), key=lambda one: one.began or 0.0)
        step.calls = [_call(child, zero) for child in children]
        if step.calls and step.cell_status is None:
            step.cell_status = "ok"
        steps.append(step)
    if steps and agent.has_result and steps[-1].cell_status == "ok":
        steps[-1].cell_status = "submitted"
    return steps


def _call(child: _Agent, zero: float | None) -> ImportedCall:
    return ImportedCall(
        kind="sub_rlm",
        name="sub_agent",
        arguments={"run_id": child.name, "depth": child.depth} | child.facts,
        answer=text(child.result),
        began=None if zero is None or child.began is None else max(0.0, child.began - zero),
        seconds=child.seconds,
        error=failure("The agent ended without a result.", "NoResult")
        if child.is_over and not child.has_result
        else None,
        nested=_ordered(child, zero),
    )


def _usage(value: Any, *, asked: bool) -> Usage | None:
    """What a step used: the first one asks no model, and some backends write zeros for what is not known."""
    told = mapping(value)
    found = usage(told.get("prompt_tokens"), told.get("completion_tokens"), told.get("cost"))
    if not asked:
        return NOTHING_ASKED
    if found is not None and not found.prompt_tokens and not found.completion_tokens:
        return usage(None, None, amount(told.get("cost")) or None)
    return found
