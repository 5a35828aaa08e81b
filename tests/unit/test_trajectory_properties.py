"""What holds for any sequence of events, however odd."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from hypothesis import given, settings
from hypothesis import strategies as st

from rlm_tui.core.event_codec import decode, encode
from rlm_tui.core.events import (
    AnyEvent,
    CallStarted,
    CellFinished,
    CellOutput,
    CellStarted,
    IterationStarted,
    Remarked,
    RunFinished,
    Totals,
    Value,
)
from rlm_tui.core.iterations import Call, Iteration
from rlm_tui.core.nesting import rlms
from rlm_tui.core.trajectory import Trajectory, fold
from tests.unit.event_strategies import any_event, runs
from tests.unit.trajectory_picture import picture, references_hold, shares_nothing

ANYTHING = st.lists(any_event(), max_size=25)
SHUFFLED = runs().flatmap(lambda run: st.permutations(run[0]))
MIXED = st.one_of(ANYTHING, SHUFFLED, runs().map(lambda run: run[0]))


@settings(deadline=None)
@given(runs())
def test_a_plausible_run_folds_to_the_totals_of_a_hand_count_and_without_a_problem_in_the_log(
    run: tuple[list[AnyEvent], Totals],
) -> None:
    events, totals = run
    trajectory = fold(events)
    assert trajectory.totals == totals
    assert [problem for problem in trajectory.problems if problem.source == "log"] == []
    assert trajectory.finished is not None


@settings(deadline=None)
@given(runs())
def test_totals_live_at_the_end_and_from_the_file_are_the_same(run: tuple[list[AnyEvent], Totals]) -> None:
    events, totals = run
    live = fold(events[:-1])
    assert live.totals.llm_calls == totals.llm_calls
    read = fold([decode(line) for line in b"\n".join(encode(event) for event in events).splitlines()])
    live.apply(events[-1])
    assert read.totals == live.totals == totals
    assert picture(read) == picture(live)


@settings(deadline=None)
@given(runs())
def test_what_nested_rlms_used_rolls_up(run: tuple[list[AnyEvent], Totals]) -> None:
    every = rlms(fold(run[0]))
    assert every[0].within == len(every) - 1
    for field in ("llm_calls", "planner_calls", "tool_calls", "failed_calls", "prompt_tokens"):
        owned = [getattr(one.own, field) for one in every]
        assert min(owned) >= 0
        assert sum(owned) == getattr(every[0].whole, field)
    for one in every[1:]:
        spent = one.call.spent() if one.call is not None else None
        assert one.whole.prompt_tokens == (0 if spent is None else spent.prompt_tokens or 0)
        assert one.own.iterations == len(one.iterations)


@settings(deadline=None)
@given(MIXED)
def test_apply_takes_any_events_in_any_order(events: list[AnyEvent]) -> None:
    trajectory = Trajectory()
    for event in events:
        assert trajectory.apply(event).event is event
        assert trajectory.activity(trajectory.now).words
        trajectory.progress()
    assert references_hold(trajectory)
    trajectory.mark_interrupted()
    assert [trajectory.open_calls, trajectory.open_cells, trajectory.open_iterations] == [{}, {}, {}]
    assert all(cell.status is not None for cell in trajectory.cells_by_span.values())
    assert all(call.state != "running" for call in trajectory.calls_by_span.values())


PRINTED = st.tuples(
    st.sampled_from(["cell-1", "cell-2", "cell-3", "run"]),
    st.sampled_from(["stdout", "stderr"]),
    st.integers(0, 9).map(lambda chance: -1 if chance == 0 else 0),
    st.booleans(),
)


@settings(deadline=None)
@given(st.lists(PRINTED, max_size=30), st.booleans())
def test_what_is_printed_in_many_pieces_is_taken_at_once_as_one_by_one(
    printed: list[tuple[str, Literal["stdout", "stderr"], int, bool]], ends: bool
) -> None:
    events: list[AnyEvent] = [IterationStarted(span="iteration-1", parent="run", n=1, of=2)]
    events += [
        CellStarted(span=f"cell-{n}", parent="iteration-1", code=Value(text="x", length=1)) for n in (1, 2)
    ]
    if ends:
        events.append(RunFinished(span="run", status="failed", totals=Totals()))
    seq = 0
    for at, (span, stream, odd, late) in enumerate(printed):
        text = f"{at} of {span}\n"
        seq += odd
        events.append(
            CellOutput(span=span, stream=stream, text=text, seq=seq, at=at * (1.0 if late else -1.0))
        )
        seq += 1
    one_by_one = Trajectory()
    for event in events:
        one_by_one.apply(event)
    at_once = Trajectory()
    at_once.apply_all(events)
    assert picture(at_once) == picture(one_by_one)


def test_a_nested_rlm_without_a_span_is_not_around_the_iteration_that_made_it() -> None:
    trajectory = fold(
        [
            IterationStarted(span="iteration-1", parent="run", n=1, of=2),
            CallStarted(span="", parent="iteration-1", kind="sub_rlm", name="sub_rlm"),
        ]
    )
    assert list(trajectory.rlms_around(trajectory.iteration("iteration-1"))) == []
    assert trajectory.namespace(trajectory.iteration("iteration-1")) is trajectory


def walked(trajectory: Trajectory, thing: Iteration | Call | None) -> Iterator[Call]:
    """The nested RLMs around `thing`, found by going up from one to the next."""
    while thing is not None:
        thing = trajectory.rlm_of(thing) if isinstance(thing, Iteration) else thing.parent or thing.iteration
        if isinstance(thing, Call) and thing.kind == "sub_rlm":
            yield thing


@settings(deadline=None)
@given(MIXED)
def test_each_call_knows_the_nested_rlms_around_it(events: list[AnyEvent]) -> None:
    trajectory = fold(events)
    for thing in (*trajectory.calls_by_span.values(), *trajectory.iterations_by_span.values()):
        assert list(trajectory.rlms_around(thing)) == list(walked(trajectory, thing))


@settings(deadline=None)
@given(MIXED, st.data())
def test_a_fold_of_a_part_goes_on_to_the_fold_of_the_whole(
    events: list[AnyEvent], data: st.DataObject
) -> None:
    middle = data.draw(st.integers(0, len(events)))
    trajectory = fold(events[:middle])
    for event in events[middle:]:
        trajectory.apply(event)
    assert picture(trajectory) == picture(fold(events))


@settings(deadline=None)
@given(MIXED, st.data())
def test_every_snapshot_brings_its_moment_back_and_what_follows_it(
    events: list[AnyEvent], data: st.DataObject
) -> None:
    living, moments = Trajectory(), []
    for event in events:
        moments.append((living.snapshot(), picture(living)))
        living.apply(event)
    whole = picture(living)
    assert picture(fold(events)) == whole
    for snapshot, told in moments:
        assert picture(Trajectory.restore(snapshot)) == told
    if not moments:
        return
    number = data.draw(st.integers(0, len(moments) - 1))
    snapshot, told = moments[number]
    restored = Trajectory.restore(snapshot)
    assert references_hold(restored)
    assert shares_nothing(restored, living)
    for event in events[number:]:
        restored.apply(event)
    assert picture(restored) == whole
    assert picture(living) == whole
    assert picture(Trajectory.restore(snapshot)) == told


def test_a_snapshot_keeps_a_cell_open_that_only_the_end_of_the_run_closes() -> None:
    code = Value(text="1", length=1)
    living = fold(
        [
            IterationStarted(span="i1", parent="run", n=1, of=2),
            CellStarted(span="c1", parent="i1", code=code),
            CellStarted(span="c2", parent="i1", code=code),
            CellFinished(span="c2", status="ok"),
        ]
    )
    told, snapshot = picture(living), living.snapshot()
    living.apply(RunFinished(status="cancelled"))
    assert living.cells_by_span["c1"].status == "interrupted"
    assert picture(Trajectory.restore(snapshot)) == told


def test_a_snapshot_knows_nothing_of_a_later_remark() -> None:
    living = fold([IterationStarted(span="i1", parent="run", n=1, of=2)])
    told, snapshot = picture(living), living.snapshot()
    living.apply(Remarked(span="i1", text="mind the headings"))
    assert living.iterations[0].remarks == ["mind the headings"]
    assert picture(Trajectory.restore(snapshot)) == told
