"""The library of saved runs: filters, labels, and an index that nothing stops."""

from __future__ import annotations

import sqlite3
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rlm_tui.core import events as e
from rlm_tui.core.filter_syntax import FilterError, Term, parse_filter
from rlm_tui.core.run_filter import FIELDS, parse_run_filter
from rlm_tui.core.run_listing import SORTS, listing_of
from rlm_tui.core.run_record import RunRecord
from rlm_tui.store import library as library_module
from rlm_tui.store import run_index
from rlm_tui.store.errors import StoreError
from rlm_tui.store.labels import Labels, labels_of, write_labels
from rlm_tui.store.library import RunLibrary
from rlm_tui.store.runs import EVENTS, RunFolder

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


def value(text: str) -> e.Value:
    return e.Value(text=text, length=len(text))


def save(runs: Path, name: str, *, says: str = "", status: e.RunStatus | None = "submitted") -> Path:
    """A run on disk: one iteration that reasons `says`, ended with `status` if it ended."""
    folder = RunFolder.create(name, {"task": "basic"}, runs=runs)
    folder.append(
        e.RunStarted(
            span="run", run_id=name, task="basic", signature="question -> answer", planner="openai/gpt",
            started=NOW.isoformat(),
        )
    )  # fmt: skip
    folder.append(e.IterationStarted(span="i", parent="run", n=1, of=5))
    folder.append(e.PlanReady(span="i", reasoning=value(says), code=value("x = 1"), seconds=1.0))
    if status is not None:
        totals = e.Totals(iterations=1, prompt_tokens=70, completion_tokens=7, cost_usd=0.5, seconds=2.0)
        folder.append(e.RunFinished(span="run", status=status, totals=totals, outputs={"answer": "yes"}))
    folder.close()
    return folder.path


def listed(library: RunLibrary, text: str = "") -> list[str]:
    return [run.run_id for run in library.filtered(parse_run_filter(text))]


def test_runs_are_listed_searched_and_forgotten(tmp_path: Path) -> None:
    runs = tmp_path / "runs"
    save(runs, "r1", says="The brass key lies beneath the stair.")
    save(runs, "r2", says="Nothing of it.", status="failed")
    save(runs, "r3", status=None)
    (runs / "r4").mkdir()
    (runs / "r4" / EVENTS).write_bytes(b"no event\n")
    (runs / "no-run").mkdir()
    library = RunLibrary(runs, tmp_path / "index.sqlite")
    assert library.records() == []
    assert library.update() == ""
    assert listed(library) == ["r4", "r3", "r2", "r1"]
    assert {run.run_id: run.status for run in library.records()} == {
        "r1": "submitted", "r2": "failed", "r3": "interrupted", "r4": "unreadable",
    }  # fmt: skip
    first = library.records()[-1]
    assert (first.tokens, first.cost_usd, first.iterations, first.seconds) == (77, 0.5, 1, 2.0)
    assert listed(library, "brass") == listed(library, '"brass key lies"') == ["r1"]
    assert listed(library, "brass status:failed") == []
    assert listed(library, "status:failed") == ["r2"]
    assert listed(library, "-status:failed calls<1 task:basic tokens>70") == ["r1"]
    write_labels(runs / "r2", ["good", "good"], "look again")
    save(runs, "r5", says="brass")
    for path in (runs / "r1").iterdir():
        path.unlink() if path.is_file() else path.rmdir()
    (runs / "r1").rmdir()
    library.update()
    assert listed(library, "brass") == ["r5"]
    assert listed(library, "tag:good") == ["r2"]
    assert library.records()[-1].note == "look again"


def test_a_run_that_goes_on_is_looked_at_again(tmp_path: Path) -> None:
    folder = RunFolder.create("r1", {}, runs=tmp_path / "runs")
    folder.append(e.RunStarted(span="run", run_id="r1", task="t", signature="a -> b"))
    library = RunLibrary(tmp_path / "runs", tmp_path / "index.sqlite")
    library.update()
    assert [run.status for run in library.records()] == ["running"]
    assert not library.has_news()
    folder.append(e.Note(level="info", text="more"))
    assert library.has_news()
    library.update()
    assert not library.has_news()
    folder.close()
    assert library.has_news()
    library.update()
    assert [run.status for run in library.records()] == ["interrupted"]
    save(tmp_path / "runs", "r2")
    assert library.has_news()


def test_long_texts_and_damage_are_known(tmp_path: Path) -> None:
    folder = RunFolder.create("r1", {}, runs=tmp_path / "runs")
    folder.append(e.RunStarted(span="run", run_id="r1", task="t", signature="a -> b"))
    folder.append(e.PlanReady(span="i", reasoning=folder.value(f"{'x ' * 1_500} brass"), code=value("")))
    result = folder.value(f"{'y ' * 1_900} ledger {'y ' * 5_000} stair")
    folder.append(e.CallFinished(span="c", result=result))
    folder.close()
    save(tmp_path / "runs", "r2")
    with (tmp_path / "runs" / "r1" / EVENTS).open("ab") as log:
        log.write(b'\0\0\0\n{"type":"plan_ready","seq":"no number"}\n{"cut')
    (tmp_path / "runs" / "\udcff").mkdir()
    (tmp_path / "runs" / "\udcff" / EVENTS).write_bytes(b"a name that is no text\n")
    library = RunLibrary(tmp_path / "runs", tmp_path / "index.sqlite")
    assert library.update() == ""
    for asked in ("brass", "ledger", "status:damaged"):
        assert listed(library, asked) == ["r1"]
    assert listed(library, "stair") == [], "so far into one text only `find` looks"
    assert [run.damaged for run in library.records()] == [0, 2]


def test_what_can_not_be_indexed_is_listed_before_what_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(library_module, "MOST_UNINDEXED", 2)
    for name in ("r1", "r2", "r3"):
        save(tmp_path / "runs", name, says="brass")
    library = RunLibrary(tmp_path / "runs", tmp_path / "index.sqlite")
    library.update()
    save(tmp_path / "runs", "r4")
    with sqlite3.connect(tmp_path / "index.sqlite", isolation_level=None) as other:
        other.execute("begin immediate")
        monkeypatch.setattr(run_index, "LOCK_SECONDS", 0.05)
        assert "what is older is as it was: database is locked" in library.update()
        assert listed(library) == ["r4", "r3", "r2", "r1"]
        assert listed(library, "brass") == ["r3", "r2", "r1"]
        other.rollback()
    assert library.update() == ""
    assert listed(library) == ["r4", "r3", "r2", "r1"]


@pytest.mark.parametrize("damage", [b"no database at all, but long enough" * 40, b""])
def test_a_damaged_index_is_made_anew(tmp_path: Path, damage: bytes) -> None:
    runs, index = tmp_path / "runs", tmp_path / "index.sqlite"
    save(runs, "r1")
    index.write_bytes(damage)
    library = RunLibrary(runs, index)
    assert library.update() == ""
    assert listed(library) == ["r1"]
    with sqlite3.connect(index) as database:
        database.execute("update runs set record = x'00'")
    assert library.records() == []
    library.update()
    assert listed(library) == ["r1"]
    assert index.stat().st_mode & 0o077 == 0


def test_an_index_that_can_not_be_written_is_said_and_stops_nothing(tmp_path: Path) -> None:
    save(tmp_path / "runs", "r1")
    (tmp_path / "file").write_text("")
    library = RunLibrary(tmp_path / "runs", tmp_path / "file" / "index.sqlite")
    assert "can't be indexed" in library.update()
    assert listed(library) == ["r1"], "read from the folders"


def test_several_bring_it_up_to_date_at_once(tmp_path: Path) -> None:
    for number in range(30):
        save(tmp_path / "runs", f"r{number:02}")
    libraries = [RunLibrary(tmp_path / "runs", tmp_path / "index.sqlite") for _ in range(4)]
    said: list[str] = []
    threads = [threading.Thread(target=lambda one=one: said.append(one.update())) for one in libraries]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert said == [""] * 4
    assert len(libraries[0].records()) == 30


def test_what_takes_too_long_is_left_for_the_next_time(tmp_path: Path) -> None:
    for number in range(5):
        save(tmp_path / "runs", f"r{number}")
    library = RunLibrary(tmp_path / "runs", tmp_path / "index.sqlite")
    asked = iter([False, False, True])
    library.update(lambda: next(asked))
    assert listed(library) == ["r4", "r3"], "the newest first"
    library.update()
    assert len(listed(library)) == 5


def test_labels_are_checked_and_a_damaged_file_has_none(tmp_path: Path) -> None:
    for bad in ("two words", "a:b", "", "x" * 41, "\x1b[2J"):
        with pytest.raises(StoreError, match="can't be a tag"):
            write_labels(tmp_path, [bad], "")
    with pytest.raises(StoreError, match="A note has at most"):
        write_labels(tmp_path, [], "n" * 10_001)
    assert write_labels(tmp_path, ["b", "a"], " n ") == labels_of(tmp_path) == Labels(("a", "b"), "n")
    (tmp_path / "labels.json").write_text("[]")
    assert labels_of(tmp_path) == Labels()
    write_labels(tmp_path, [], "")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        ("", ()),
        ("key", (Term("", "", "key"),)),
        ('-"two words" x', (Term("", "", "two words", negated=True), Term("", "", "x"))),
        ("cost>=0.5", (Term("cost", ">=", "0.5"),)),
        ('Task:"a b"', (Term("task", ":", "a b"),)),
        ("https://a.b/c", (Term("", "", "https://a.b/c"),)),
        ("- x", (Term("", "", "x"),)),
    ],
)
def test_a_filter_is_read_as_it_is_written(text: str, terms: tuple[Term, ...]) -> None:
    assert parse_filter(text, FIELDS) == terms


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('"open', "not closed"),
        ("colour:red", "There is no field colour: filter by age"),
        ("task:", "Nothing stands behind task:"),
        ("seconds>fast", "needs a number"),
        ("status:lost", "it is one of submitted"),
        ("task>2", "task is a text: write task:2"),
        ("age<soon", "needs a time"),
    ],
)
def test_what_can_not_be_meant_is_said(text: str, words: str) -> None:
    with pytest.raises(FilterError, match=words):
        parse_run_filter(text)


@given(st.text(alphabet='ab:<>="- \\0.5kM', max_size=30))
def test_any_filter_is_refused_in_words_or_can_be_used(text: str) -> None:
    try:
        wanted = parse_run_filter(text)
    except FilterError:
        return
    run = RunRecord(run_id="r", status="failed", task="ab")
    assert wanted.matches(run, NOW) in (True, False)


def test_ages_and_numbers_that_are_not_known() -> None:
    old = RunRecord(run_id="r", status="failed", started=(NOW - timedelta(days=3)).isoformat())
    assert parse_run_filter("age>2d").matches(old, NOW)
    assert not parse_run_filter("age<2d").matches(old, NOW)
    assert not parse_run_filter("cost<1").matches(old, NOW), "what is not known is not little"
    assert parse_run_filter("size<1k").matches(old, NOW)


def test_a_word_is_looked_for_in_every_text_and_in_none_across_two() -> None:
    words = {"run_id": "Uno", "task": "Due", "sandbox": "Tre", "note": "Quattro", "error": "Cinque",
             "parent": "Sei", "imported": "Sette"}  # fmt: skip
    texts = {"documents": ("Otto",), "models": ("Nove", "Dieci"), "tags": ("Undici", "Dodici")}
    run = RunRecord(**words, **texts, status="failed", offline=True, damaged=1)  # type: ignore[arg-type]
    for word in (*words.values(), *(each for several in texts.values() for each in several)):
        assert parse_run_filter(word.lower()).matches(run, NOW)
        assert not parse_run_filter(f"-{word}").matches(run, NOW)
    for word in ("failed", "offline", "damaged"):
        assert parse_run_filter(word).matches(run, NOW)
    for word in ("unodue", "novedieci", "ottonove", "undicidodici"):
        assert not parse_run_filter(word).matches(run, NOW)


def test_folders_without_a_log_are_no_runs_and_one_that_gets_its_log_is(tmp_path: Path) -> None:
    runs = tmp_path / "runs"
    there = save(runs, "r1")
    (runs / "r2").mkdir()
    library = RunLibrary(runs, tmp_path / "index.sqlite")
    for _time in range(2):
        library.update()
        assert listed(library) == ["r1"]
    (there / EVENTS).rename(runs / "r2" / EVENTS)
    library.update()
    assert listed(library) == ["r2"], "the other one has no log any more"


def test_of_a_run_that_ended_what_comes_after_its_end_changes_nothing(tmp_path: Path) -> None:
    path = save(tmp_path / "runs", "r1")
    with (path / EVENTS).open("ab") as log:
        log.write(b'{"type":"note","at":99.0,"level":"warning","text":"too late"}\n')
    library = RunLibrary(tmp_path / "runs", tmp_path / "index.sqlite")
    library.update()
    (run,) = library.records()
    assert (run.status, run.seconds) == ("submitted", 2.0)


def test_runs_stand_in_any_order_and_each_is_found_where_it_stands() -> None:
    runs = [
        RunRecord("c", "failed", task="logs", seconds=2.0, size=1),
        RunRecord("b", "failed", cost_usd=1.0, llm_calls=0, size=3),
        RunRecord("a", "failed", task="basic", seconds=5.0, cost_usd=2.0, llm_calls=7, size=2),
    ]
    orders = {sort: "".join(run.run_id for run in listing_of(runs, sort).runs) for sort in SORTS}
    assert orders == {
        "newest first": "cba",
        "longest first": "acb",
        "dearest first": "abc",
        "most calls first": "abc",
        "largest first": "bac",
        "by task": "acb",
    }
    listing = listing_of(runs, "largest first")
    assert dict(listing.places) == {"b": 0, "a": 1, "c": 2}
    assert listing.size == 6
