"""Moments of a recorded run: each is what a fold of the events up to it would be."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

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


class Listed:
    """Events in a list."""

    def __init__(self, events: Sequence[e.AnyEvent]) -> None:
        self.events = list(events)

    def __len__(self) -> int:
        return len(self.events)

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
    assert [mark.position for mark in replay.marks("iteration")] == starts
    assert replay.after(0, "iteration") == starts[0]
    assert replay.after(starts[0], "iteration") == starts[1]
    assert replay.before(starts[1], "iteration") == starts[0]
    assert replay.before(starts[0], "iteration") is None
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


def test_a_log_too_long_is_shown_as_far_as_it_goes(tmp_path: Path, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    path = tmp_path / "events.jsonl"
    path.write_bytes(b"".join(encode(event) + b"\n" for event in RUN))
    monkeypatch.setattr(event_lines, "MOST_BYTES", 1_500)
    monkeypatch.setattr(event_lines, "_CHUNK", 500)
    source = EventLines(path)
    length = source.extend()
    assert 1 < length < len(RUN)
    last = source.read(0, length)[-1]
    assert isinstance(last, e.Note)
    assert "are not shown" in last.text
