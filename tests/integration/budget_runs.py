"""Runs whose budgets end: who is there, what is set, and what was told of it."""

from __future__ import annotations

import msgspec

from rlm_tui.core.events import (
    Budgets,
    Held,
)
from rlm_tui.core.settings import DebuggerSettings
from rlm_tui.core.trajectory import fold
from rlm_tui.engine.session import RunRequest
from tests.integration.session_runs import WatchedRun, request
from tests.lm_server import Kind, LoopbackLM

FOUND = ("Look.", "print('a clue')")
ASK_TWICE = ("Ask.", "print(llm_query('one'), llm_query('two'))")
EXTRACTED = {"answer": "from the clue"}


def attended(
    server: LoopbackLM, budgets: Budgets, *, at_end: str = "ask", there: bool = True, workers: int = 32
) -> RunRequest:
    asked = request(server=server, budgets=budgets, workers=workers)
    debugger = DebuggerSettings(at_budget_end=at_end)  # type: ignore[arg-type]
    settings = msgspec.structs.replace(asked.settings, debugger=debugger)
    return msgspec.structs.replace(asked, settings=settings, attended=there)


def held_for(watched: WatchedRun, budget: str, count: int = 1) -> Held:
    """The `count`th time that the run is held because that budget is used up."""
    found: list[Held] = []
    while len(found) < count:
        found.append(watched.wait_for(Held, lambda event: event.budget == budget and event not in found))
    return found[-1]


def prompts(server: LoopbackLM, kind: Kind) -> list[str]:
    return [asked.prompt for asked in server.requests if asked.kind is kind]


def printed(watched: WatchedRun, index: int) -> str:
    """What the cell of that iteration printed."""
    cell = fold(watched.events).iterations[index].cell
    assert cell is not None
    return cell.text


def used(watched: WatchedRun, name: str) -> float:
    trajectory = fold(watched.events)
    return next(use.used for use in trajectory.budget_uses(trajectory.now) if use.name == name)
