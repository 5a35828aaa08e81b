"""The words of the status line, for every phase a run can be in."""

from __future__ import annotations

from typing import Any

import pytest

from rlm_tui.core import events
from rlm_tui.core.events import ErrorDetail, Value
from rlm_tui.core.trajectory import Activity, Trajectory, fold

STARTED = events.RunStarted(run_id="r", task="basic", signature="q -> a")
ITERATION = events.IterationStarted(at=1, span="i1", parent="run", n=4, of=20)
PLAN = events.PlanStarted(at=1, span="i1")
READY = events.PlanReady(at=2, span="i1", reasoning=Value("r", 1), code=Value("c", 1))
CELL = events.CellStarted(at=3, span="c1", parent="i1", code=Value("c", 1))
CELL_RUNS = [STARTED, ITERATION, PLAN, READY, CELL]
NESTED = [
    *CELL_RUNS,
    events.CallStarted(at=3, span="s", parent="c1", kind="sub_rlm", name="RLM"),
    events.IterationStarted(at=3, span="i2", parent="s", n=1, of=5),
    events.PlanStarted(at=3, span="i2"),
]


def _query(span: str, parent: str = "c1", **fields: Any) -> events.CallStarted:
    return events.CallStarted(at=4, span=span, parent=parent, kind="llm_query", name="llm_query", **fields)


def _batch(done: int) -> list[events.AnyEvent]:
    batch = events.CallStarted(at=4, span="b", parent="c1", kind="llm_query_batched", name="batch", size=14)
    items = [_query(f"q{index}", "b", batch="b", index=index) for index in range(14)]
    return [
        *CELL_RUNS,
        batch,
        *items,
        *(events.CallFinished(at=4, span=f"q{index}") for index in range(done)),
    ]


@pytest.mark.parametrize(
    ("told", "state", "words"),
    [
        ([], "idle", "nothing runs"),
        ([STARTED], "starting", "starting"),
        (
            [STARTED, events.SandboxStarting(at=4, span="x", kind="local", phase="bubblewrap")],
            "starting",
            "starting sandbox (bubblewrap) 1.0 s",
        ),
        ([STARTED, events.SandboxReady(span="x", kind="local", confined=True)], "starting", "sandbox ready"),
        ([STARTED, ITERATION, PLAN], "planning", "planner is thinking 4.0 s"),
        (
            [STARTED, ITERATION, events.PlanStarted(at=3, span="i1", streaming=False)],
            "planning",
            "planner is thinking (it does not stream) 2.0 s",
        ),
        (
            [STARTED, ITERATION, PLAN, events.PlanDelta(at=2, span="i1", field="code", text="x")],
            "planning",
            "planner is writing 4.0 s",
        ),
        ([STARTED, ITERATION, PLAN, READY], "planning", "cell about to run"),
        (CELL_RUNS, "running", "cell running 2.0 s"),
        ([*CELL_RUNS, _query("q")], "calling", "waiting for llm_query 1.0 s"),
        ([*CELL_RUNS, _query("q"), _query("p")], "calling", "2 calls in flight 1.0 s"),
        (_batch(6), "calling", "6 of 14 calls 1.0 s"),
        (NESTED, "planning", "nested RLM: planner is thinking 2.0 s"),
        (NESTED[:-2], "calling", "starting a nested RLM 2.0 s"),
        (
            [
                STARTED,
                events.CallStarted(at=4, span="e", parent="run", kind="predict", name="extract"),
            ],
            "calling",
            "extracting the answer 1.0 s",
        ),
        ([*CELL_RUNS, events.CellFinished(span="c1", status="ok")], "starting", "between iterations"),
        (
            [STARTED, ITERATION, PLAN, READY, events.Held(span="i1", why="step", before="cell")],
            "held",
            "held before the cell of iteration 4",
        ),
        (
            [STARTED, ITERATION, events.Held(span="i1", why="breakpoint", before="plan", detail="on error")],
            "held",
            "held: on error, before iteration 4",
        ),
        (
            [STARTED, events.SandboxLost(span="x", kind="local", reason="killed\x1b[31m")],
            "lost",
            "sandbox lost: killed␛[31m",
        ),
    ],
)
def test_the_words_of_every_phase(told: list[events.AnyEvent], state: str, words: str) -> None:
    activity = fold(told).activity(5.0)
    assert (activity.state, activity.words) == (state, words)


@pytest.mark.parametrize(
    ("status", "error", "expected"),
    [
        ("submitted", None, Activity("submitted", "✓", "submitted")),
        ("extracted", None, Activity("extracted", "✓", "extracted: no answer was submitted")),
        ("cancelled", None, Activity("cancelled", "■", "cancelled")),
        ("failed", "no key", Activity("failed", "✗", "failed: no key")),
        ("budget", "$0.10 spent", Activity("budget", "■", "stopped by a budget: $0.10 spent")),
    ],
)
def test_the_words_of_every_end(status: events.RunStatus, error: str | None, expected: Activity) -> None:
    detail = None if error is None else ErrorDetail(kind="x", message=error)
    trajectory = fold([*_batch(3), events.RunFinished(status=status, error=detail)])
    assert trajectory.activity(99.0) == expected
    assert trajectory.progress() is None


def test_progress_is_that_of_the_batch_that_is_open() -> None:
    assert fold(_batch(6)).progress() == (6, 14)
    assert fold(CELL_RUNS).progress() is None


def test_a_log_that_ends_without_an_end_is_interrupted() -> None:
    trajectory = fold(_batch(6))
    trajectory.mark_interrupted()
    assert trajectory.activity() == Activity("interrupted", "✗", "interrupted: the log ends here")
    assert {item.state for item in trajectory.calls[0].items} == {"done", "failed"}


def test_the_clock_of_the_caller_may_lag_behind_the_events() -> None:
    assert fold(CELL_RUNS).activity(0.0).words == "cell running 0 s"
    assert Trajectory().activity().words == "nothing runs"
