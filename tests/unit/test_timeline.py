"""The timeline: a bar for everything that took time, and parts of the time that make the whole."""

from __future__ import annotations

import pytest
from hypothesis import given, settings

from rlm_tui.core import events as e
from rlm_tui.core.nesting import rlms
from rlm_tui.core.text import UNKNOWN_SECONDS, human_seconds
from rlm_tui.core.time_spent import TimePart, inside, part_words, time_spent
from rlm_tui.core.timeline import Bar, bars, length_of
from rlm_tui.core.timeline_axis import ticks
from rlm_tui.core.timeline_listing import Folding, list_timeline
from rlm_tui.core.trajectory import Trajectory, fold
from rlm_tui.core.trajectory_state import MOST_AROUND
from rlm_tui.ui.widgets.row import line_width
from rlm_tui.ui.widgets.time_spent_words import spent_bar, spent_lines
from rlm_tui.ui.widgets.timeline_rows import BarRow, bar_cells, label_cells
from rlm_tui.ui.widgets.timeline_window import Window
from tests.pilot.recorded import RunBuilder, finished_run
from tests.saved_runs import nested_run, told_run
from tests.unit.test_trajectory_properties import MIXED

RUN = fold(told_run().events)
NESTED = fold(nested_run().events)


def parts(trajectory: Trajectory) -> dict[str, TimePart]:
    found = list(bars(trajectory))
    return {part.kind: part for part in time_spent(found, length_of(trajectory, found))}


def test_everything_that_took_time_has_a_bar() -> None:
    found = list(bars(RUN))
    assert [bar.label for bar in found] == [
        "sandbox starts", "1 plan", "1 cell", "2 plan", "2 cell", "llm_query", "llm_query",
        "3 plan", "3 cell", "4 plan", "4 cell",
    ]  # fmt: skip
    assert [bar.span for bar in found if bar.kind == "call"] == [call.span for call in RUN.calls]
    assert [bar.label for bar in found if bar.state == "failed"] == ["3 cell"]
    assert all(bar.end >= bar.start for bar in found)


def test_nested_runs_and_batches_are_below_what_made_them() -> None:
    found = list(bars(NESTED))
    assert [(bar.depth, bar.level) for bar in found if bar.kind == "rlm"] == [(1, 0), (3, 1), (1, 0)]
    outer = next(at for at, bar in enumerate(found) if bar.kind == "rlm")
    assert [bar.label for bar in inside(found, outer)] == [
        "1 plan", "1 cell", "look(text -> words)", "1 plan", "1 cell", "llm_query", "2 plan", "2 cell",
    ]  # fmt: skip
    shut = list_timeline(fold(finished_run().events))
    whole = list_timeline(fold(finished_run().events), folding=Folding(batches=True))
    assert len(whole.lines) == len(shut.lines) + 14
    batch = next(bar for bar in shut.lines if bar.kind == "batch")
    assert batch.label == "llm_query_batched × 14"
    opened = list_timeline(fold(finished_run().events), folding=Folding(turned=frozenset({batch.key})))
    assert [bar.key for bar in opened.lines] == [bar.key for bar in whole.lines]
    assert len(shut.found) == len(whole.found)


@pytest.mark.parametrize("trajectory", [RUN, NESTED, fold(finished_run().events)])
def test_each_moment_counts_once(trajectory: Trajectory) -> None:
    found = list(bars(trajectory))
    length = length_of(trajectory, found)
    spent = time_spent(found, length)
    assert sum(part.seconds for part in spent) == pytest.approx(length)
    assert {part.kind: part.bars for part in spent}["plan"] == len(trajectory.iterations)


def test_calls_at_once_take_the_time_of_their_cell_and_their_work_is_told() -> None:
    run = RunBuilder().start()
    cell = run.cell(run.iteration(1), "ask()")
    calls = [run.call(cell, f"question {number}") for number in range(4)]
    for call in calls:
        run.answer(call, "yes", seconds=2.0, after=0.5)
    run.cell_done(cell, seconds=2.5)
    spent = parts(fold(run.events))
    assert spent["call"].seconds == pytest.approx(2.006, abs=0.01)
    assert spent["call"].work == pytest.approx(8.0)
    assert spent["cell"].seconds == pytest.approx(0.5, abs=0.01)
    assert part_words(spent["call"], 4.0) == "calls 2.0 s 50% (4 took 8.0 s)"


def test_what_was_held_and_plans_that_were_sent_back_have_bars_of_their_own() -> None:
    run = RunBuilder().start()
    span = run.iteration(1)
    run.plan(span, "First.", "first()", seconds=1.0)
    run.add(e.Held(span=span, why="step", before="cell"))
    run.add(e.Remarked(span=span, text="Look again.", sent_back=True), 30.0)
    run.add(e.Released(span=span))
    run.plan(span, "Second.", "second()", seconds=2.0)
    run.cell_done(run.cell(span, "second()"), status="submitted")
    run.finish()
    trajectory = fold(run.events)
    assert [(bar.kind, round(bar.seconds)) for bar in bars(trajectory) if bar.kind != "cell"] == [
        ("sandbox", 0), ("plan", 1), ("held", 30), ("plan", 2),
    ]  # fmt: skip
    spent = parts(trajectory)
    assert (spent["held"].seconds, spent["plan"].seconds) == (pytest.approx(30.0), pytest.approx(3.0))
    assert Trajectory.restore(trajectory.snapshot()).stretches == trajectory.stretches


def test_what_goes_on_lasts_until_now_and_a_plan_that_never_came_has_failed() -> None:
    run = RunBuilder().start()
    span = run.iteration(1)
    run.add(e.PlanStarted(span=span))
    trajectory = fold(run.events)
    [plan] = [bar for bar in bars(trajectory, 9.0) if bar.kind == "plan"]
    assert (plan.state, plan.end) == ("running", 9.0)
    run.add(e.Note(level="info", text="The provider is slow."), 4.0)
    trajectory = fold(run.events)
    trajectory.mark_interrupted()
    [plan] = [bar for bar in bars(trajectory, 9.0) if bar.kind == "plan"]
    assert (plan.state, plan.seconds) == ("failed", pytest.approx(4.0))
    starting = RunBuilder()
    starting.add(e.RunStarted(span="run", run_id="r", task="t", signature="a -> b"))
    starting.add(e.SandboxStarting(span="s", parent="run", kind="modal", phase="image"))
    assert [(bar.kind, bar.end) for bar in bars(fold(starting.events), 5.0)] == [("sandbox", 5.0)]


def test_what_is_not_told_is_not_zero() -> None:
    run = RunBuilder().start()
    cell = run.cell(run.iteration(1), "ask()")
    run.answer(run.call(cell, "?"), "yes", seconds=UNKNOWN_SECONDS)
    run.add(e.CellFinished(span=cell, status="ok", seconds=UNKNOWN_SECONDS), 1.0)
    listing = list_timeline(fold(run.events))
    assert listing.untold == 2
    [call] = [bar for bar in listing.lines if bar.kind == "call"]
    assert human_seconds(call.seconds) == "? s"
    window = Window()
    window.show_all(listing.length)
    [line] = BarRow(call, window).layout(80)
    assert "?" in "".join(text for text, role in line if role == "call")
    assert all(part.kind not in ("call", "cell") or part.seconds == 0 for part in listing.spent)


def test_a_log_may_nest_without_end() -> None:
    trajectory = Trajectory()
    parent = "run"
    for depth in range(5_000):
        for event in (
            e.IterationStarted(span=f"i{depth}", parent=parent, n=1, of=1),
            e.CallStarted(span=f"c{depth}", parent=f"i{depth}", kind="sub_rlm", name="RLM"),
        ):
            trajectory.apply(event)
        parent = f"c{depth}"
    assert [bar.level for bar in bars(trajectory)] == list(range(5_000))
    every = rlms(trajectory)
    assert [one.depth for one in every] == list(range(5_001))
    assert trajectory.totals.iterations == 1
    assert len(list(trajectory.countings(trajectory.call(parent)))) == 2 + MOST_AROUND


@settings(deadline=None)
@given(MIXED)
def test_any_log_has_a_timeline(events: list[e.AnyEvent]) -> None:
    trajectory = fold(events)
    listing = list_timeline(trajectory, folding=Folding(batches=True))
    assert len(listing.places) == len(listing.lines) == len(listing.found)
    if listing.spent:
        assert sum(part.seconds for part in listing.spent) == pytest.approx(listing.length)
    for bar in listing.lines[:20]:
        window = Window()
        window.show_all(listing.length)
        [line] = BarRow(bar, window, opened=True).layout(60)
        assert line_width(line) == 60


@pytest.mark.parametrize(
    ("start", "end", "words"),
    [
        (0.0, 10.0, ["0", "2 s", "4 s", "6 s", "8 s", "10 s"]),
        (12.3, 12.4, ["12.30 s", "12.32 s", "12.34 s", "12.36 s", "12.38 s", "12.40 s"]),
        (0.0, 300.0, ["0", "1:00", "2:00", "3:00", "4:00", "5:00"]),
        (3_600.0, 3_700.0, ["1:00:00", "1:00:20", "1:00:40", "1:01:00", "1:01:20", "1:01:40"]),
        (65.0, 66.0, ["1:05.0", "1:05.2", "1:05.4", "1:05.6", "1:05.8", "1:06.0"]),
    ],
)
def test_the_times_of_the_axis_are_round(start: float, end: float, words: list[str]) -> None:
    assert [shown for _, shown in ticks(start, end, 5)] == words


def test_the_window_keeps_to_the_run_and_to_what_is_looked_at() -> None:
    window = Window()
    window.show_all(100.0)
    window.zoom(0.5, 20.0)
    assert (window.start, window.end) == (10.0, 60.0)
    assert window.time_at(window.column(20.0, 100), 100) == pytest.approx(20.0)
    window.pan(-5)
    assert (window.start, window.end) == (0.0, 50.0)
    window.grow(200.0)
    assert (window.start, window.end, window.whole) == (0.0, 50.0, 200.0)
    window.fit(120.0, 130.0)
    assert (window.start, window.end) == (119.0, 131.0)
    window.reveal(10.0, 11.0)
    assert window.start <= 10.0 <= window.end
    for _ in range(40):
        window.zoom(0.5)
    assert window.length == pytest.approx(0.001)
    for _ in range(40):
        window.zoom(2.0)
    assert window.is_whole
    window.grow(300.0)
    assert window.end == 300.0


@pytest.mark.parametrize("width", [40, 78, 118, 158])
def test_a_bar_has_its_place_at_every_width(width: int) -> None:
    window = Window()
    window.show_all(10.0)
    window.fit(4.0, 5.0)
    cells = bar_cells(width)
    for start, end in ((0.0, 1.0), (3.0, 4.5), (4.5, 4.5), (4.2, 9.0), (9.0, 10.0), (0.0, 10.0)):
        [line] = BarRow(Bar("宽 a name", "call", start, end, "k", depth=3), window).layout(width)
        drawn = "".join(text for text, _ in line)
        assert drawn.rstrip().endswith(" s") or drawn.rstrip().endswith("ms")
        axis = drawn[-12 - cells : -12]
        assert ("‹" in axis, "›" in axis) == (start < window.start, end > window.end)
    assert label_cells(width) + 1 + cells + 12 == width


def test_the_parts_are_told_in_as_many_lines_as_they_need() -> None:
    spent = [TimePart("plan", 6.0, 6.0, 2), TimePart("call", 3.99, 9.0, 3), TimePart("other", 0.01, 0.0, 0)]
    [line] = spent_lines(spent, 10.0, 100)
    shown = "".join(text for text, _ in line)
    assert "planner 6.0 s 60%" in shown
    assert "calls 4.0 s 40% (3 took 9.0 s)" in shown
    assert "the rest 0.01 s <1%" in shown
    assert len(spent_lines(spent, 10.0, 30)) == 3
    assert [len(text) for text, _ in spent_bar(spent, 10.0, 20)] == [12, 8, 0]
