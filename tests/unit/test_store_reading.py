"""Runs read back from disk: cut, damaged, still going on, and thousands at once."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rlm_tui.core.event_codec import EventLineError, encode
from rlm_tui.core.events import AnyEvent, CellOutput, Note, RunFinished, RunStarted, Totals, UnknownEvent
from rlm_tui.core.paths import runs_directory
from rlm_tui.core.trajectory import fold
from rlm_tui.store import run_log
from rlm_tui.store.errors import StoreError
from rlm_tui.store.files import last_lines
from rlm_tui.store.listing import list_runs, summarize
from rlm_tui.store.run_log import is_being_written, open_run
from rlm_tui.store.runs import RunFolder
from tests.unit.event_strategies import runs
from tests.unit.trajectory_picture import picture

STARTED = RunStarted(seq=0, span="run", run_id="r", task="basic", signature="q -> a", planner="offline demo")
FINISHED = RunFinished(seq=1, at=2.5, span="run", status="submitted", totals=Totals(llm_calls=3))


def _write(run_id: str, *lines: AnyEvent | bytes) -> Path:
    folder = RunFolder.create(run_id, {})
    folder.close()
    data = b"".join(line if isinstance(line, bytes) else encode(line) + b"\n" for line in lines)
    folder.events_path.write_bytes(data)
    return folder.path


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(run=runs(), data=st.data())
def test_a_log_cut_at_any_byte_is_read_up_to_its_last_whole_line(
    tmp_path: Path, run: tuple[list[AnyEvent], Totals], data: st.DataObject
) -> None:
    told = run[0]
    lines = [encode(event) + b"\n" for event in told]
    whole = b"".join(lines)
    cut = data.draw(st.integers(0, len(whole)))
    path = tmp_path / "events.jsonl"
    path.write_bytes(whole[:cut])
    expected = told[: whole[:cut].count(b"\n")]
    problems: list[EventLineError] = []
    log = open_run(path)
    assert list(log.events(problems)) == expected
    assert problems == []
    trajectory = fold(expected)
    trajectory.mark_interrupted()
    assert picture(log.trajectory()) == picture(trajectory)
    summary = summarize(tmp_path)
    if len(expected) == len(told):
        assert summary.status == trajectory.finished.status if trajectory.finished else False
    else:
        assert summary.status == ("interrupted" if expected else "unreadable")


def test_lines_that_are_no_events_are_skipped_and_named() -> None:
    path = _write(
        "damaged",
        STARTED,
        b"\x00\xff garbage\n",
        b'{"type":"note"}\n',
        b'{"type":"hologram","seq":1}\n',
        FINISHED,
    )
    problems: list[EventLineError] = []
    read = list(open_run(path).events(problems))
    assert [type(event) for event in read] == [RunStarted, UnknownEvent, RunFinished]
    assert [problem.number for problem in problems] == [2, 3]
    trajectory = open_run(path).trajectory()
    assert trajectory.unknown == [read[1]]
    assert ["Line 2" in note.text or "line 2" in note.text for note in trajectory.notes] == [True, False]


def test_of_a_log_too_long_to_be_shown_the_rest_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    said = [Note(seq=n, level="info", text="x" * 100) for n in range(1, 100)]
    path = _write("long", STARTED, *said, FINISHED)
    monkeypatch.setattr(run_log, "MOST_BYTES", 3_000)
    trajectory = open_run(path).trajectory()
    assert trajectory.finished is not None, "its end is told all the same"
    assert not trajectory.interrupted
    assert "The log goes on for" in trajectory.notes[-1].text
    assert 10 < len(trajectory.notes) < 40
    assert open_run(path).trajectory(whole=True).finished is not None


def test_a_log_of_damage_alone_is_named_in_a_few_sentences() -> None:
    path = _write("damage", STARTED, b"garbage\n" * 500)
    notes = open_run(path).trajectory().notes
    assert (len(notes), notes[-1].text) == (21, "480 more lines of the log can't be read.")


def test_what_can_not_be_in_a_log_is_counted_and_some_of_it_kept() -> None:
    odd = [CellOutput(seq=n, span="never", stream="stdout", text="x") for n in range(1, 3_000)]
    trajectory = fold([STARTED, *odd])
    assert (len(trajectory.problems), trajectory.odd_events) == (1_000, 2_999)


def test_a_run_that_goes_on_is_running_and_one_whose_process_died_is_interrupted() -> None:
    folder = RunFolder.create("alive", {})
    folder.append(STARTED)
    assert is_being_written(folder.events_path)
    assert [run.status for run in list_runs()] == ["running"]
    assert open_run("alive").trajectory().activity().state == "starting"
    folder.close()
    assert [run.status for run in list_runs()] == ["interrupted"]
    assert open_run("alive").trajectory().activity().state == "interrupted"


def test_the_run_of_a_process_that_was_killed_is_interrupted() -> None:
    script = (
        "import time\n"
        "from rlm_tui.store.runs import RunFolder\n"
        "from rlm_tui.core.events import Note\n"
        "folder = RunFolder.create('killed', {})\n"
        "folder.append(Note(seq=0, level='info', text='alive'))\n"
        "print('written', flush=True)\n"
        "time.sleep(60)\n"
    )
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"written\n"
        assert [run.status for run in list_runs()] == ["running"]
        process.kill()
        process.wait()
    (run,) = list_runs()
    assert (run.status, run.started, run.finished) == ("interrupted", None, None)
    assert [event.text for event in open_run("killed").events() if isinstance(event, Note)] == ["alive"]


def test_a_run_that_is_closed_has_ended_even_while_a_child_holds_its_log() -> None:
    folder = RunFolder.create("parent", {})
    folder.append(STARTED)
    held = os.dup(folder._descriptor)
    assert is_being_written(folder.events_path)
    folder.close()
    assert not is_being_written(folder.events_path)
    os.close(held)


def test_a_child_that_outlives_the_process_does_not_keep_its_run_alive() -> None:
    script = (
        "import subprocess, sys\n"
        "from rlm_tui.store.runs import RunFolder\n"
        "folder = RunFolder.create('orphaned', {})\n"
        "child = [sys.executable, '-c', 'print(1, flush=True); input()']\n"
        "subprocess.run(child, close_fds=False)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stdout.readline() == b"1\n"
        events = runs_directory() / "orphaned" / "events.jsonl"
        assert is_being_written(events)
        process.kill()
        process.wait()
        assert not is_being_written(events)
        process.stdin.close()
        assert process.stdout.read() == b"", "the child has left"


def test_the_list_is_newest_first_and_tells_each_end() -> None:
    _write("20260101-000000-basic-aaaa", STARTED, FINISHED)
    _write("20260102-000000-basic-aaaa", STARTED, Note(seq=1, at=7.0, level="info", text="x"))
    _write("20260103-000000-basic-aaaa")
    _write("20260104-000000-basic-aaaa", STARTED, FINISHED, Note(seq=2, at=3.0, level="info", text="late"))
    listed = list_runs()
    assert [(run.run_id[:8], run.status) for run in listed] == [
        ("20260104", "submitted"),
        ("20260103", "unreadable"),
        ("20260102", "interrupted"),
        ("20260101", "submitted"),
    ]
    assert [run.seconds for run in listed] == [3.0, 0.0, 7.0, 2.5]
    assert listed[1].problem.endswith("events.jsonl holds no event.")
    assert listed[3].totals == Totals(llm_calls=3)
    assert listed[3].started == STARTED
    assert [run.run_id[:8] for run in list_runs(limit=2)] == ["20260104", "20260103"]


def test_what_is_no_run_is_not_listed(tmp_path: Path) -> None:
    assert list_runs() == []
    (tmp_path / "notes").mkdir()
    (tmp_path / "file").touch()
    (tmp_path / ".hidden").mkdir()
    (tmp_path / ".hidden" / "events.jsonl").touch()
    assert list_runs(tmp_path) == []
    with pytest.raises(StoreError, match="There is no run in"):
        open_run("never-was")


def test_an_end_longer_than_what_is_looked_at_first_is_found() -> None:
    long = RunFinished(seq=1, at=9.0, status="extracted", outputs={"answer": "é" * 300_000})
    path = _write("long", STARTED, long)
    assert summarize(path).finished == long
    path = _write("long-cut", STARTED, encode(long)[:-100])
    assert summarize(path).status == "interrupted"


@given(
    st.lists(st.binary(max_size=30).map(lambda line: line.replace(b"\n", b"")), max_size=20),
    st.integers(1, 50),
)
@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_last_lines_are_the_end_of_all_lines(tmp_path: Path, lines: list[bytes], length: int) -> None:
    path = tmp_path / "lines"
    path.write_bytes(b"".join(line + b"\n" for line in lines) + b"cut")
    found = last_lines(path, length)
    assert found == lines[len(lines) - len(found) :]
    assert bool(found) == bool(lines)


def test_a_thousand_long_runs_are_listed_by_their_ends_alone(tmp_path: Path) -> None:
    filler = b"".join(encode(Note(seq=n, level="info", text="x" * 100)) + b"\n" for n in range(3_000))
    big = encode(STARTED) + b"\n" + filler + encode(FINISHED) + b"\n"
    (tmp_path / "big").mkdir()
    (tmp_path / "big" / "events.jsonl").write_bytes(big)
    for number in range(1_000):
        folder = tmp_path / f"run-{number:04}"
        folder.mkdir()
        (folder / "events.jsonl").hardlink_to(tmp_path / "big" / "events.jsonl")
    began = time.process_time()
    listed = list_runs(tmp_path)
    spent = time.process_time() - began
    assert {run.status for run in listed} == {"submitted"}
    assert len(listed) == 1_001
    assert spent < 5, "each log must be read at its ends only: all of them are 400 MB"


def test_a_log_whose_only_line_lacks_its_end_holds_no_event(tmp_path: Path) -> None:
    (tmp_path / "events.jsonl").write_bytes(encode(STARTED))
    assert summarize(tmp_path).status == "unreadable"


def test_a_log_of_a_newer_format_says_so() -> None:
    newer = RunStarted(seq=0, span="run", run_id="r", task="basic", signature="q -> a", format=7)
    notes = open_run(_write("newer", newer, FINISHED)).trajectory().notes
    assert [note.text for note in notes] == [
        "The log is of format 7, newer than 1: what is not known is left out."
    ]
