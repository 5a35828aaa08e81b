"""The budgets of a run: each ends it as "budget", says which and how much, and loses nothing paid for."""

from __future__ import annotations

import time

import pytest

from rlm_tui.core.events import Budgets, CallStarted, CellStarted, PlanReady
from tests.integration.session_runs import SUBMIT, billed, request, run
from tests.lm_server import Answer, Kind, planner_script
from tests.lm_server.fixtures import StartLM


def test_the_budget_of_seconds_ends_a_cell_that_runs(loopback_lm: StartLM) -> None:
    server = loopback_lm(planner_script([("Spin.", "while True:\n    pass"), SUBMIT]))
    began = time.monotonic()
    finished = run(request(server=server, budgets=Budgets(max_seconds=1.0))).finished()
    assert time.monotonic() - began < 8
    assert finished.status == "budget"
    assert finished.error is not None
    assert finished.error.kind == "TimeBudget"
    assert "1.0 s" in finished.error.message
    assert "--max-seconds" in finished.error.hint


def test_the_budget_of_seconds_does_not_wait_for_a_silent_provider(loopback_lm: StartLM) -> None:
    server = loopback_lm(planner_script([SUBMIT], delay=30))
    began = time.monotonic()
    finished = run(request(server=server, budgets=Budgets(max_seconds=0.6))).finished()
    assert time.monotonic() - began < 6
    assert finished.status == "budget"


def test_the_budget_of_tokens_ends_the_run_after_the_turn_that_broke_it(loopback_lm: StartLM) -> None:
    server = loopback_lm(planner_script([("One.", "x = 1"), SUBMIT]))
    watched = run(request(server=server, budgets=Budgets(max_tokens=100)))
    finished = watched.finished()
    assert finished.status == "budget"
    assert finished.error is not None
    assert finished.error.kind == "TokenBudget"
    used = finished.totals.prompt_tokens + finished.totals.completion_tokens
    assert f"{used:,} tokens" in finished.error.message
    assert "100" in finished.error.message
    assert billed(finished.totals) == server.billed
    assert len(watched.all(PlanReady)) == 1
    assert not watched.all(CellStarted)


def test_a_batch_stops_asking_when_the_tokens_are_used_up(loopback_lm: StartLM) -> None:
    code = "llm_query_batched([f'{n}' for n in range(60)])"
    cells = [("Ask.", code), SUBMIT]
    server = loopback_lm(planner_script(cells, sub_answer=lambda _prompt: Answer("many words " * 2_000)))
    watched = run(request(server=server, workers=2, budgets=Budgets(max_tokens=20_000, max_llm_calls=100)))
    finished = watched.finished()
    assert finished.status == "budget"
    assert 0 < server.count(Kind.QUERY) <= 8
    assert len(watched.all(CallStarted)) < 20


@pytest.mark.parametrize("limit", [0.0])
def test_the_budget_of_dollars(loopback_lm: StartLM, limit: float, monkeypatch: pytest.MonkeyPatch) -> None:
    from rlm_tui.lm import meter

    priced = meter.usage_of

    def with_a_price(entry: dict[str, object], price: float | None = None) -> object:
        return priced(entry, 0.01)

    # No loopback model has a price in dspy's tables.
    monkeypatch.setattr(meter, "usage_of", with_a_price)
    server = loopback_lm(planner_script([("One.", "x = 1"), SUBMIT]))
    finished = run(request(server=server, budgets=Budgets(max_cost_usd=limit))).finished()
    assert finished.status == "budget"
    assert finished.error is not None
    assert finished.error.kind == "CostBudget"
    assert finished.totals.cost_usd == pytest.approx(0.01)


def test_a_run_within_its_budgets_is_not_touched(loopback_lm: StartLM) -> None:
    server = loopback_lm(planner_script([("One.", "x = 1"), SUBMIT]))
    budgets = Budgets(max_seconds=60, max_tokens=1_000_000, max_cost_usd=10, cell_seconds=30)
    assert run(request(server=server, budgets=budgets)).finished().status == "submitted"
