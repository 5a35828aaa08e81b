"""What is used of each budget, from the fold alone; new limits as a person writes them."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rlm_tui.core import events as e
from rlm_tui.core.budget_use import (
    BUDGET_WORDS,
    BudgetError,
    BudgetUse,
    checked_amount,
    read_amount,
    suggested,
)
from rlm_tui.core.trajectory import Trajectory, fold

LIMITS = e.Budgets(max_iterations=4, max_llm_calls=10, cell_seconds=5, max_seconds=20, max_tokens=1_000)
USAGE = e.Usage(100, 20, 0.01)


def told(*timed: tuple[float, e.AnyEvent]) -> list[e.AnyEvent]:
    """Events with their times, numbered."""
    import msgspec

    return [msgspec.structs.replace(event, seq=n, at=at) for n, (at, event) in enumerate(timed)]


def held_run() -> list[e.AnyEvent]:
    """A cell of six seconds, four of them held for a budget in a call; a nested RLM plans once."""
    return told(
        (0.0, e.RunStarted(span="run", run_id="r", task="t", signature="a -> b", budgets=LIMITS)),
        (2.0, e.SandboxStarting(span="sandbox", parent="run", kind="local")),
        (2.0, e.IterationStarted(span="it", parent="run", n=1, of=4)),
        (2.0, e.PlanStarted(span="it")),
        (3.0, e.PlanReady(span="it", reasoning=e.Value(), code=e.Value("x", 1), usage=USAGE)),
        (3.0, e.CellStarted(span="cell", parent="it", code=e.Value("x", 1))),
        (3.0, e.CallStarted(span="q", parent="cell", kind="llm_query", name="llm_query")),
        (3.5, e.CallFinished(span="q", parent="cell", usage=USAGE)),
        (3.5, e.CallStarted(span="n", parent="cell", kind="sub_rlm", name="RLM")),
        (3.5, e.IterationStarted(span="it2", parent="n", n=1, of=4)),
        (3.5, e.PlanStarted(span="it2")),
        (4.0, e.PlanReady(span="it2", reasoning=e.Value(), code=e.Value("y", 1), usage=USAGE)),
        (4.0, e.Held(span="cell", why="budget", before="call", budget="max_llm_calls", needs=11)),
        (8.0, e.BudgetRaised(name="max_llm_calls", budgets=e.Budgets(max_llm_calls=20))),
        (8.0, e.Released(span="cell", verb="raise_budget")),
        (8.5, e.CallFinished(span="n", parent="cell")),
        (9.0, e.CellFinished(span="cell", parent="it", status="ok", seconds=6.0)),
    )


def used(trajectory: Trajectory, now: float) -> dict[str, float]:
    return {use.name: use.used for use in trajectory.budget_uses(now)}


def test_every_budget_has_its_use_and_held_time_is_no_time() -> None:
    trajectory = fold(held_run())
    assert used(trajectory, 9.0) == {
        "max_iterations": 1,
        "max_llm_calls": 2,  # the query, and the planner of the nested RLM
        "max_tokens": 360,
        "max_cost_usd": pytest.approx(0.03),
        "max_seconds": pytest.approx(3.0),
        "cell_seconds": pytest.approx(2.0),
    }
    limits = {use.name: use.limit for use in trajectory.budget_uses(9.0)}
    assert limits["max_llm_calls"] == 20, "what holds now"
    assert list(limits) == list(BUDGET_WORDS)


def test_time_stands_still_while_the_run_is_held_and_goes_on_after() -> None:
    trajectory = Trajectory()
    events = held_run()
    for event in events[:13]:
        trajectory.apply(event)
    assert used(trajectory, 4.0)["max_seconds"] == used(trajectory, 7.5)["max_seconds"] == 2.0
    assert used(trajectory, 4.0)["cell_seconds"] == used(trajectory, 7.5)["cell_seconds"] == 1.0
    snapshot = trajectory.snapshot()
    again = Trajectory.restore(snapshot)
    for event in events[13:]:
        again.apply(event)
    assert used(again, 9.0) == used(fold(events), 9.0)


def test_a_run_that_ended_held_has_not_used_that_time() -> None:
    events = told(
        *((event.at, event) for event in held_run()[:13]),
        (9.0, e.RunFinished(span="run", status="cancelled")),
    )
    assert used(fold(events), 30.0)["max_seconds"] == pytest.approx(2.0)


@pytest.mark.parametrize(
    ("name", "text", "amount"),
    [
        ("max_tokens", "1,500", 1_500),
        ("max_tokens", " 120k ", 120_000),
        ("max_tokens", "1.5M", 1_500_000),
        ("max_cost_usd", "$0.50", 0.5),
        ("max_seconds", "90 s", 90),
    ],
)
def test_a_limit_is_read_as_a_person_writes_it(name: str, text: str, amount: float) -> None:
    assert read_amount(name, text) == amount


@given(st.sampled_from(sorted(BUDGET_WORDS)), st.text(max_size=12))
def test_whatever_is_written_is_a_number_or_is_refused_with_words(name: str, text: str) -> None:
    try:
        fits, words = 3 < checked_amount(name, read_amount(name, text), 3) < float("inf"), ""
    except BudgetError as error:
        fits, words = False, str(error)
    assert fits or BUDGET_WORDS[name] in words


@given(
    st.sampled_from(sorted(BUDGET_WORDS)),
    st.floats(0, 1e7),
    st.one_of(st.none(), st.floats(0.001, 1e7)),
    st.one_of(st.none(), st.integers(1, 10**7)),
)
def test_a_suggested_limit_is_one_that_holds(
    name: str, used: float, limit: float | None, needs: int | None
) -> None:
    whole = name in ("max_iterations", "max_llm_calls", "max_tokens")
    use = BudgetUse(
        name, int(used) if whole else used, None if limit is None else int(limit) if whole else limit
    )
    text = suggested(use, needs)
    if text:
        amount = checked_amount(name, read_amount(name, text), use.used)
        assert amount >= (needs or 0) - 1e-6


def test_a_budget_warns_from_four_fifths() -> None:
    shares = [BudgetUse("max_tokens", used, 100).is_short for used in (0, 79, 80, 100, 250)]
    assert shares == [False, False, True, True, True]
    assert all(not (a and not b) for a, b in pairwise(shares))
    assert not BudgetUse("max_tokens", 10**9, None).is_short
    assert BudgetUse("max_cost_usd", 0.01, 0.0).is_short
