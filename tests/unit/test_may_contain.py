"""What is left out when a text is looked for in many runs: never a run where it would be found."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
import typer
from hypothesis import assume, event, given, settings
from hypothesis import strategies as st

from rlm_tui.commands.find_text import find_text
from rlm_tui.core import events as e
from rlm_tui.core.find import find, pattern_of
from rlm_tui.core.paths import runs_directory
from rlm_tui.core.trajectory import Trajectory
from rlm_tui.store import may_contain as may_contain_module
from rlm_tui.store.event_lines import MOST_BYTES
from rlm_tui.store.exporters.formats import source_of
from rlm_tui.store.may_contain import MayContain
from rlm_tui.store.run_log import RunLog, open_run
from rlm_tui.store.runs import BLOBS, RunFolder
from tests.pilot.recorded import RunBuilder, value
from tests.saved_runs import everything_run, nested_run, save, told_run
from tests.unit.event_strategies import json_values, of_struct

PARTS = [
    "brass key", "Kiosk", "Größe", "STRASSE", "wax seal", "a-b: c", "x", " ", "\n", '"', "'", "\\", "\\n",
    "/", "\t", "\x1b[31m", "\x7f", "\u2028", "\u00a0", "\u0131\u0130", "\u017f", "\u212a", "😀", "None",
    "1e16", "\\u00e4", "{}",
]  # fmt: skip
TEXTS = st.lists(st.sampled_from(PARTS), max_size=6).map("".join)
TELLING: list[type[msgspec.Struct]] = [
    e.PlanStarted, e.PlanDelta, e.PlanReady, e.CodeEdited, e.CellOutput, e.CellFinished, e.CallStarted,
    e.CallFinished, e.RunFinished,
]  # fmt: skip
ANY = st.sampled_from(TELLING).flatmap(lambda kind: of_struct(kind, TEXTS))


def hits(log: RunLog, text: str, *, is_regex: bool = False) -> list[str]:
    source = source_of(log)
    pattern = pattern_of(text, is_regex=is_regex)
    return [hit.found for hit in find(source.trajectory, pattern, source.whole)]


def may_contain(log: RunLog, text: str) -> bool:
    return MayContain(text, is_regex=False)(log)


def check(log: RunLog, draw: Callable[[Any], Any]) -> None:
    """Cut something out of what is looked through, and look for it."""
    width = draw(st.integers(3, 30))
    texts = hits(log, rf"(?s)(?<=^.{{{draw(st.integers(0, 5))}}}.*).{{{width}}}", is_regex=True)
    assume(texts)
    needle = draw(st.sampled_from(texts))
    needle = draw(st.sampled_from([str, str.upper, str.lower, str.swapcase]))(needle)
    assume(needle and hits(log, needle))
    event("cut")
    assert may_contain(log, needle), needle


def in_pieces(draw: Callable[[Any], Any], text: str) -> list[str]:
    cuts = sorted(draw(st.lists(st.integers(0, len(text)), max_size=8)))
    pieces = [text[start:end] for start, end in zip([0, *cuts], [*cuts, len(text)], strict=True)]
    return [piece for piece in pieces if piece]


def streamed(draw: Callable[[Any], Any], run: RunBuilder, texts: dict[tuple[str, str], str]) -> None:
    """Output of cells and words of a planner, in pieces that come in any order among each other."""
    waiting = {where: in_pieces(draw, text) for where, text in texts.items()}
    while any(waiting.values()):
        where = draw(st.sampled_from([where for where, pieces in waiting.items() if pieces]))
        span, kind = where
        piece = waiting[where].pop(0)
        if kind == "output":
            run.output(span, piece, draw(st.sampled_from(["stdout", "stderr"])))
        else:
            run.add(e.PlanDelta(span=span, field="code" if kind == "code" else "reasoning", text=piece))


def tell(draw: Callable[[Any], Any], folder: RunFolder) -> RunBuilder:
    """A run in which what is found is whole, in pieces, in a blob, put into words, or in a wrong order."""

    def said(long: bool = True) -> e.Value:
        text = draw(TEXTS)
        if long and draw(st.booleans()):
            text += draw(st.sampled_from(["-", "ü", "x y "])) * 2_100 + draw(TEXTS)
        return folder.value(text)

    run = RunBuilder().start()
    first, other = run.iteration(1), run.span("cell")
    run.add(e.CellStarted(span=other, parent=first, code=value("x"), by="person"))
    reasoning = draw(TEXTS) + draw(st.sampled_from(["", "z" * 2_100])) + draw(TEXTS)
    run.add(e.PlanStarted(span=first))
    streamed(
        draw,
        run,
        {(first, "reasoning"): reasoning, (first, "code"): draw(TEXTS), (other, "output"): draw(TEXTS)},
    )
    if draw(st.booleans()):
        kept = draw(st.sampled_from([folder.value(reasoning), said()]))
        run.add(e.PlanReady(span=first, reasoning=kept, code=said(), prompt=said()))
    if draw(st.booleans()):
        run.add(e.CodeEdited(span=first, before=said(), after=said()))
    if draw(st.booleans()):  # no engine does so
        streamed(draw, run, {(first, "reasoning"): draw(TEXTS), (first, "code"): draw(TEXTS)})
    cell = run.cell(first, "y")
    streamed(draw, run, {(cell, "output"): draw(TEXTS), (other, "output"): draw(TEXTS)})
    values = json_values(TEXTS)
    arguments = draw(st.dictionaries(TEXTS, values, max_size=2))
    tool = run.call(cell, "", kind="tool", name="look", arguments=arguments)
    run.add(e.CallFinished(span=tool, result=folder.value(json.dumps(draw(values)))))
    asked = run.span("call")
    run.add(e.CallStarted(span=asked, parent=cell, kind="llm_query", name="llm_query", prompt=said()))
    error = e.ErrorDetail(draw(TEXTS), draw(TEXTS))
    if draw(st.booleans()):
        run.add(e.CallFinished(span=asked, answer=said(), error=draw(st.sampled_from([None, error]))))
    run.cell_done(cell, error=draw(st.sampled_from([None, error])))
    if draw(st.booleans()):
        run.finish(outputs=draw(st.dictionaries(TEXTS, values, max_size=2)))
    return run


@given(st.data())
def test_a_run_where_something_is_found_is_never_left_out(data: st.DataObject) -> None:
    with tempfile.TemporaryDirectory() as root:
        folder = RunFolder.create("r", {}, runs=Path(root))
        for one in tell(data.draw, folder).events:
            folder.append(one)
        folder.close()
        if data.draw(st.booleans()):
            for blob in (folder.path / BLOBS).iterdir():
                blob.unlink()
        check(open_run(folder.path), data.draw)


@settings(max_examples=30)  # they take long to draw
@given(st.lists(ANY, min_size=1, max_size=12), st.data())
def test_nor_is_one_with_any_events_in_any_order(events: list[e.AnyEvent], data: st.DataObject) -> None:
    begin: list[e.AnyEvent] = [
        e.IterationStarted(span="iteration-1", parent="run", n=1, of=2),
        e.PlanStarted(span="iteration-1"),
        e.CellStarted(span="cell-1", parent="iteration-1", code=value("x")),
    ]
    with tempfile.TemporaryDirectory() as root:
        check(open_run(save(Path(root), "r", [*begin, *events]).path), data.draw)


@given(TEXTS, st.data())
def test_nor_is_one_in_which_all_happens(text: str, data: st.DataObject) -> None:
    with tempfile.TemporaryDirectory() as root:
        check(open_run(save(Path(root), "r", everything_run(text).events).path), data.draw)


def test_runs_without_the_text_are_left_out(tmp_path: Path) -> None:
    for number in range(20):
        events = told_run(thoughts=(f"The needle-{number}.", "b", "c")).events
        save(tmp_path, f"r{number}", events)
    save(tmp_path, "nested", nested_run().events)
    logs = [open_run(path) for path in tmp_path.iterdir()]
    for text, count in [
        ("needle-7.", 1), ("NEEDLE-1", 11), ("nowhere", 0), ("lighthouse\nburns", 1), ("answered", 0),
        ("ValueError: no such step", 20), ("answer: yes", 20), ("answer: no", 0), ("sums 'Größe'", 0),
        ("ß", 21), ("\\\\\\", 21), ("no", 21),
    ]:  # fmt: skip
        assert sum(may_contain(log, text) for log in logs) == count, text
    assert all(MayContain("nowhere", is_regex=True)(log) for log in logs)


def test_a_text_in_pieces_and_one_in_a_blob(tmp_path: Path) -> None:
    folder = RunFolder.create("r", {}, runs=tmp_path)
    run = RunBuilder().start()
    first = run.iteration(1)
    run.add(e.PlanStarted(span=first))
    run.add(e.PlanReady(span=first, reasoning=folder.value("x" * 5_000 + "Candle"), code=value("y")))
    one, other = run.cell(first, "y"), run.cell(first, "z")
    for span, piece in [
        (one, "The br"),
        (other, "no"),
        (one, "a"),
        (one, "ss ke"),
        (other, "where"),
        (one, "y."),
    ]:
        run.output(span, piece)
    for written in run.events:
        folder.append(written)
    folder.close()
    log = open_run(folder.path)
    for text in ("brass key", "NOWHERE", "candle"):
        assert may_contain(log, text)
        assert hits(log, text)
    assert not may_contain(log, "brno")
    assert not may_contain(log, "candles")


def test_what_the_fold_puts_into_words(tmp_path: Path) -> None:
    run = RunBuilder().start()
    first = run.iteration(1)
    run.plan(first, "the wal\u212aing \u017feal", "y")
    cell = run.cell(first, "y")
    run.call(cell, "", kind="tool", name="look", arguments={"where": [None, "\x1b[1m"], "many": 1e20})
    plain = told_run().events
    log = open_run(save(tmp_path, "r", run.finish(outputs={"kept": {"a": True, "b": None}}).events).path)
    other = open_run(save(tmp_path, "other", plain).path)
    for text in (
        "[None, ", "x1b[1m", "1e+20", "kept: {'a': TRUE", "'b': None", "walking seal",
        "Abandoned: the run ended", "before this was answered",
    ):  # fmt: skip
        assert hits(log, text), text
        assert may_contain(log, text), text
        assert not may_contain(other, text), text
    assert not may_contain(log, "nowhere")


def test_a_plan_that_goes_on_where_it_was_whole(tmp_path: Path) -> None:
    run = RunBuilder().start()
    first = run.iteration(1)
    run.plan(first, "the seal", "y")
    run.add(e.PlanDelta(span=first, field="reasoning", text=" of wax"))
    log = open_run(save(tmp_path, "r", run.events).path)
    assert hits(log, "seal of wax")
    assert may_contain(log, "seal of wax")


def test_what_is_no_log_of_ours_is_looked_at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log = open_run(save(tmp_path, "r", told_run().events).path)
    whole = log.events_path.read_bytes()
    assert not may_contain(log, "nowhere")
    for lines in (
        whole + b"no event\n",
        whole + b"\n",
        whole + b'{"type":"newer"}\n',
        whole + b'{"type":"note","level":"info","text":"\\u006eowhere"}\n',
        whole + b'{"type":"note","level":"info","text":"\\\\\\u006eowhere"}\n',
        whole + b'{"type":"note","level":"info","text":"\xff"}\n',
        whole.replace(b'"task":"', b'"format":99,"task":"', 1),
    ):
        log.events_path.write_bytes(lines)
        assert may_contain(log, "nowhere")
    for lines in (
        whole + b'{"type":"note","level":"info","text":"\\u001b[31m \\\\u006eowhere"}\n',
        whole + b'{"type":"note","level":"info","text":"what was cut',
        b"",
    ):
        log.events_path.write_bytes(lines)
        assert not may_contain(log, "nowhere")
    monkeypatch.setattr(may_contain_module, "LONGEST_LINE", 1_000)
    log.events_path.write_bytes(whole + b"x" * 2_000)
    assert may_contain(log, "nowhere")
    with log.events_path.open("r+b") as file:
        file.truncate(MOST_BYTES + 1)
    assert may_contain(log, "nowhere")
    log.events_path.unlink()
    assert may_contain(log, "nowhere")


@pytest.mark.parametrize("read", [1, 7, 100, 1_000])
def test_a_long_log_and_a_long_blob_are_read_in_parts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, read: int
) -> None:
    monkeypatch.setattr(may_contain_module, "READ_BYTES", read)
    folder = RunFolder.create("r", {}, runs=tmp_path)
    for event_told in told_run().events:
        folder.append(event_told)
    folder.value("a" * 3_000 + "wa\u212aing \u017feal" + "b" * 3_000)
    folder.close()
    log = open_run(folder.path)
    for text in ("WAKING SEAL", "no such step", "printed by step 1", "aaaaaw"):
        assert may_contain(log, text)
    for text in ("waking seals", "printed by step 9"):
        assert not may_contain(log, text)


def test_the_command_folds_what_may_have_hits_and_says_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folded: list[str] = []
    trajectory = RunLog.trajectory

    def counted(log: RunLog, **how: Any) -> Trajectory:
        folded.append(log.run_id)
        return trajectory(log, **how)

    monkeypatch.setenv("RLM_TUI_HOME", str(tmp_path))
    for number in range(5):
        save(runs_directory(), f"r{number}", told_run(thoughts=(f"Brass {number}.", "b", "c")).events)
    damaged = save(runs_directory(), "damaged", told_run().events).events_path
    damaged.write_bytes(damaged.read_bytes() + b"no event\n")
    monkeypatch.setattr(RunLog, "trajectory", counted)
    with pytest.raises(typer.Exit) as ended:
        find_text("brass 3")
    told = capsys.readouterr()
    assert ended.value.exit_code == 0
    assert sorted(folded) == ["damaged", "r3"]
    assert [line.split()[0] for line in told.out.splitlines()] == ["r3"]
    assert "damaged: warning    Line" in told.err
    with pytest.raises(typer.Exit) as ended:
        find_text("nowhere")
    assert ended.value.exit_code == 1
    assert capsys.readouterr().out == "Not found in 6 runs.\n"
    assert len(folded) == 3
