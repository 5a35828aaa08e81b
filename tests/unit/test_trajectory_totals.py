"""The numbers of a run: what counts as a call, and what is said when a provider says nothing."""

from __future__ import annotations

import pytest

from rlm_tui.core import events
from rlm_tui.core.events import ErrorDetail, Totals, Usage, Value
from rlm_tui.core.trajectory import fold

FAILED = ErrorDetail(kind="LMRateLimit", message="slow down")


def _run(*told: events.AnyEvent, offline: bool = False) -> Totals:
    started = events.RunStarted(run_id="r", task="basic", signature="q -> a", offline=offline)
    return fold([started, *told]).totals


def _call(
    usage: Usage | None, *, kind: events.CallKind = "llm_query", parent: str = "c1", **fields: object
) -> list[events.AnyEvent]:
    return [
        events.CallStarted(span="q", parent=parent, kind=kind, name=kind),
        events.CallFinished(span="q", usage=usage, **fields),  # type: ignore[arg-type]
    ]


CELL: list[events.AnyEvent] = [
    events.IterationStarted(span="i1", parent="run", n=1, of=2),
    events.CellStarted(span="c1", parent="i1", code=Value()),
]


def test_a_call_counts_from_its_start() -> None:
    assert _run(*CELL, *_call(None)[:1]).llm_calls == 1


@pytest.mark.parametrize(("requests", "counted"), [(1, 1), (3, 3), (0, 0)])
def test_a_call_counts_as_many_requests_as_it_took(requests: int, counted: int) -> None:
    usage = Usage(1, 1, 0.5, requests=requests)
    assert _run(*CELL, *_call(usage, kind="predict")).llm_calls == counted


def test_what_the_run_itself_asks_is_a_planner_call() -> None:
    totals = _run(*_call(Usage(5, 5, 0.5, requests=2), kind="predict", parent="run"))
    assert (totals.llm_calls, totals.planner_calls, totals.prompt_tokens) == (0, 2, 5)


def test_a_planner_turn_that_was_never_answered_counts_and_a_second_try_counts_too() -> None:
    plan = events.PlanReady(span="i1", reasoning=Value(), code=Value(), usage=Usage(1, 1, 0.1, requests=2))
    asked = events.PlanStarted(span="i1")
    assert _run(CELL[0], asked).planner_calls == 1
    assert _run(CELL[0], asked, plan).planner_calls == 2
    assert _run(CELL[0], plan).planner_calls == 2
    assert _run(CELL[0], asked, plan, asked, plan).planner_calls == 4


@pytest.mark.parametrize(
    ("usage", "cached", "offline", "tokens_known", "cost_known"),
    [
        (Usage(1, 1, 0.1), False, False, True, True),
        (None, False, False, False, False),
        (Usage(1, None, 0.1), False, False, False, True),
        (Usage(1, 1, None), False, False, True, False),
        (Usage(1, 1, None), False, True, True, True),
        (Usage(None, None, None), True, False, True, True),
    ],
    ids=[
        "all told",
        "nothing told",
        "no tokens",
        "no cost",
        "offline costs nothing",
        "a cache costs nothing",
    ],
)
def test_what_a_provider_did_not_say_is_never_a_silent_zero(
    usage: Usage | None, cached: bool, offline: bool, tokens_known: bool, cost_known: bool
) -> None:
    totals = _run(*CELL, *_call(usage, cached=cached), offline=offline)
    assert (totals.tokens_known, totals.cost_known) == (tokens_known, cost_known)
    plan = events.PlanReady(span="i1", reasoning=Value(), code=Value(), usage=usage, cached=cached)
    totals = _run(CELL[0], plan, offline=offline)
    assert (totals.tokens_known, totals.cost_known) == (tokens_known, cost_known)


def test_a_request_that_failed_and_told_nothing_cost_nothing_that_is_unknown() -> None:
    totals = _run(*CELL, *_call(None, error=FAILED))
    assert (totals.llm_calls, totals.failed_calls, totals.cost_known, totals.tokens_known) == (
        1,
        1,
        True,
        True,
    )


def test_a_tool_is_no_request_but_what_it_asks_of_an_lm_is() -> None:
    totals = _run(*CELL, *_call(None, kind="tool"))
    assert (totals.tool_calls, totals.llm_calls, totals.cost_known) == (1, 0, True)
    totals = _run(*CELL, *_call(Usage(7, 7, 0.5, requests=2), kind="tool"))
    assert (totals.tool_calls, totals.llm_calls, totals.prompt_tokens) == (1, 2, 7)


def test_the_seconds_are_those_of_the_last_event_and_at_the_end_those_that_are_told() -> None:
    note = events.Note(at=2.5, level="info", text="x")
    assert _run(note).seconds == 2.5
    assert _run(note, events.RunFinished(at=4.0, status="failed")).seconds == 4.0
    told = events.RunFinished(at=4.0, status="failed", totals=Totals(seconds=3.999))
    assert _run(note, told).seconds == 3.999


def test_totals_that_are_not_those_of_the_events_are_a_problem_of_the_log() -> None:
    finished = events.RunFinished(status="submitted", totals=Totals(llm_calls=360))
    trajectory = fold([*CELL, finished])
    assert trajectory.totals.llm_calls == 0
    assert "totals" in trajectory.problems[-1].error.message
