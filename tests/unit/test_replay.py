"""Moments of a recorded run: each is what a fold of the events up to it would be."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rlm_tui.core import events as e
from rlm_tui.core import replay as replay_module
from rlm_tui.core.event_codec import encode
from rlm_tui.core.replay import Replay
from rlm_tui.core.trajectory import Trajectory, fold
from rlm_tui.store import event_lines
from rlm_tui.store.event_lines import EventLines
from tests.pilot.recorded import RunBuilder, value
from tests.saved_runs import nested_run


class Listed:
    """Events in a list."""

    def __init__(self, events: Sequence[e.AnyEvent]) -> None:
        self.events = list(events)

    def __len__(self) -> int:
        return len(self.events)

    def reach(self, start: int, most: int) -> int:
        return min(start + most, len(self.events))

    def read(self, start: int, stop: int) -> Sequence[e.AnyEvent]:
        return self.events[start:stop]


def a_run() -> list[e.AnyEvent]:
    """Several iterations with output, calls, an error, a late answer, a late variable, and an end."""
    run = RunBuilder().start()
    spans, late = [], ""
    for n in range(1, 5):
        span = run.iteration(n)
        spans.append(span)
        run.plan(span, f"Thought {n}.", "work()")
        cell = run.cell(span, "work()")
        run.output(cell, f"printed {n}\n")
        for index in range(3):
            call = run.span("call")
            run.add(
                e.CallStarted(span=call, parent=cell, kind="llm_query", name="llm_query", prompt=value("?"))
            )
            if (n, index) == (2, 1):
                late = call
            else:
                run.add(e.CallFinished(span=call, answer=value("!"), seconds=0.1))
        run.add(e.VariablesChanged(span=cell, changed=[e.Variable(f"v{n}", "int", None, str(n))]))
        error = e.ErrorDetail(kind="ValueError", message="no") if n == 3 else None
        run.cell_done(cell, error=error, status="error" if error else "ok")
    run.add(e.CallFinished(span=late, answer=value("late"), seconds=5.0))
    run.add(e.VariablesChanged(span=spans[0], changed=[e.Variable("late", "int", None, "1")]))
    run.add(e.VolumeChanged(span=spans[0], written=["late.txt"]))
    run.add(e.RunFinished(span="run", status="submitted", outputs={"answer": "x"}, totals=e.Totals()))
    return list(run.events)


RUN = a_run()


def shape(trajectory: Trajectory) -> object:
    """All that a view shows of a run, as plain values."""
    return (
        [
            (
                one.n, one.phase, one.reasoning, one.code,
                None if one.cell is None else (one.cell.status, one.cell.tail(10_000), len(one.cell.output)),
                [(call.span, call.answer, call.seconds) for call in one.calls],
                one.variables_changed, one.volume_written,
            )
            for one in trajectory.iterations
        ],
        [call.span for call in trajectory.calls],
        trajectory.variables, trajectory.variable_marks, trajectory.totals, trajectory.now,
        sorted(trajectory.open_calls), sorted(trajectory.open_cells), trajectory.finished,
        [problem.error.message for problem in trajectory.problems], trajectory.volume_files,
    )  # fmt: skip


def built(events: Sequence[e.AnyEvent], interval: int = 7) -> Replay:
    before = replay_module.CHECKPOINT_EVENTS
    replay_module.CHECKPOINT_EVENTS = interval
    try:
        replay = Replay(Listed(events))
        for _ in replay.build():
            pass
        replay.end()
    finally:
        replay_module.CHECKPOINT_EVENTS = before
    return replay


def test_every_moment_is_what_a_fold_up_to_it_is() -> None:
    replay = built(RUN)
    for position in range(len(RUN) + 1):
        assert shape(replay.at(position)) == shape(fold(RUN[:position])), position


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, len(RUN)), st.integers(0, len(RUN))), max_size=6), st.integers(1, 30)
)
def test_moments_do_not_change_each_other(jumps: list[tuple[int, int]], interval: int) -> None:
    replay = built(RUN, interval)
    for start, stop in jumps:
        trajectory = replay.at(start)
        replay.go_on(trajectory, start, stop)
        assert shape(trajectory) == shape(fold(RUN[: max(start, stop)]))
    assert shape(replay.at(len(RUN))) == shape(fold(RUN))


def test_marks_lead_both_ways() -> None:
    replay = built(RUN)
    starts = [n for n, event in enumerate(RUN, 1) if isinstance(event, e.IterationStarted)]
    assert list(replay.marks("iteration")) == starts
    assert replay.after(0, "iteration") == starts[0]
    assert replay.after(starts[0], "iteration") == starts[1]
    assert replay.before(starts[1], "iteration") == starts[0]
    assert replay.before(starts[0], "iteration") is None
    assert [replay.start_of(n) for n in (1, 2, 4, 5, 0)] == [starts[0], starts[1], starts[3], None, None]
    assert replay.after(len(RUN), "error") is None
    assert len(replay.marks("error")) == 1
    assert replay.position_at(replay.time_of(starts[2])) >= starts[2]
    assert replay.position_at(1e9) == len(RUN)


def test_a_log_is_read_by_its_lines_and_followed(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    lines = [encode(event) + b"\n" for event in RUN]
    path.write_bytes(b"".join(lines[:10]) + lines[10][:20])
    source = EventLines(path)
    assert source.extend() == 10
    assert source.read(0, 10) == RUN[:10]
    replay = Replay(source)
    for _ in replay.build():
        pass
    assert shape(replay.at(10)) == shape(fold(RUN[:10]))
    with path.open("ab") as file:
        file.write(lines[10][20:] + b"".join(lines[11:]))
    assert source.extend() == len(RUN)
    for _ in replay.build():
        pass
    replay.end()
    assert shape(replay.at(len(RUN))) == shape(fold(RUN))
    assert shape(replay.at(10)) == shape(fold(RUN[:10]))


def test_what_is_no_event_is_named_in_its_place(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    path.write_bytes(encode(RUN[0]) + b"\n{damaged\n\n" + encode(RUN[1]) + b"\n")
    source = EventLines(path)
    assert source.extend() == 4
    found = source.read(0, 4)
    assert (found[0], found[3]) == (RUN[0], RUN[1])
    assert isinstance(found[1], e.Note)
    assert "Line 2 is not an event" in found[1].text


def test_iterations_of_nested_runs_are_not_the_runs_own() -> None:
    run = nested_run().events
    replay = built(run)
    second = next(at for at, event in enumerate(run, 1) if getattr(event, "n", 0) == 2)
    assert replay.start_of(2) == second
    assert replay.at(second).iterations[-1].n == 2
    assert replay.start_of(3) is None


@pytest.mark.parametrize("ended", [True, False])
def test_a_log_too_long_is_shown_as_far_as_it_goes_and_its_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ended: bool
) -> None:
    path = tmp_path / "events.jsonl"
    path.write_bytes(b"".join(encode(event) + b"\n" for event in (RUN if ended else RUN[:-1])))
    monkeypatch.setattr(event_lines, "MOST_BYTES", 1_500)
    monkeypatch.setattr(event_lines, "_CHUNK", 500)
    source = EventLines(path)
    length = source.extend()
    assert 1 < length < len(RUN)
    note = source.read(0, length)[-2 if ended else -1]
    assert isinstance(note, e.Note)
    assert "are not shown" in note.text
    replay = Replay(source)
    for _ in replay.build():
        pass
    replay.end(interrupted=True)
    last = replay.at(length)
    assert last.interrupted is not ended, "it ended beyond what is shown"
    assert (last.finished.outputs if last.finished else None) == ({"answer": "x"} if ended else None)
    assert [problem for problem in last.problems if problem.source == "log"] == []


def test_long_events_are_read_a_few_at_a_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event_lines, "READ_BYTES", 1_000)
    monkeypatch.setattr(event_lines, "LONGEST_LINE", 5_000)
    path = tmp_path / "events.jsonl"
    told = [*RUN[:6], *(e.CellOutput(span="c", stream="stdout", text="x" * 600) for _ in range(20))]
    huge = e.CellOutput(span="c", stream="stdout", text="y" * 6_000)
    path.write_bytes(b"".join(encode(event) + b"\n" for event in [*told, huge, *told]))
    source = EventLines(path)
    length = source.extend()
    assert length == 2 * len(told) + 1
    assert source.reach(6, 500) == 7
    assert source.reach(length - 1, 500) == length
    replay = Replay(source)
    for _ in replay.build():
        pass
    replay.end()
    # A checkpoint for each of the long ones: none of them is read twice for a moment.
    assert len(replay._checkpoints) > 40
    shown = source.read(0, length)
    assert [event for event in shown if not isinstance(event, e.Note)] == [*told, *told]
    assert isinstance(shown[len(told)], e.Note)
    assert "Line 27 is 6.1 KB long, and is not shown" in shown[len(told)].text
