"""Answers of saved runs, found again: which ones, and that nothing which is wrong with them stops a run."""

from __future__ import annotations

import shutil
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from rlm_tui.core.events import CallFinished, CallStarted, ErrorDetail, RunFinished, RunStarted
from rlm_tui.store.answers import RememberedAnswers
from rlm_tui.store.runs import RunFolder
from rlm_tui.ui.options import options_words, settings_with, written

MODEL = "openai/some-model"
LONG = "Is this long text a question? " * 200


class Runs:
    """Runs that were saved, and what a later run finds in them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "runs"
        self.index = folder / "cache" / "answers.sqlite"
        self.told: list[str] = []

    def begin(self, name: str) -> RunFolder:
        """A run that goes on."""
        run = RunFolder.create(name, {}, runs=self.folder)
        run.append(RunStarted(run_id=name, task="basic", signature="a -> b"))
        return run

    def save(self, name: str, *calls: tuple[str, str], model: str = MODEL, **finished: Any) -> Path:
        """A run that asked these prompts and got these answers."""
        run = self.begin(name)
        for number, (prompt, answer) in enumerate(calls):
            ask(run, f"call-{number}", prompt, answer, model, **finished)
        run.append(RunFinished(status="submitted"))
        run.close()
        return run.path

    def later(self, own_run: str = "later", **more: Any) -> RememberedAnswers:
        """What a later run asks."""
        return RememberedAnswers(
            self.told.append, own_run=own_run, runs=self.folder, index=self.index, **more
        )

    def found(self, prompt: str, model: str = MODEL) -> tuple[str, str] | None:
        """The text and the origin of what a new run finds."""
        answer = self.later().find(model, prompt)
        return None if answer is None else (answer.text, answer.origin)


def ask(
    run: RunFolder,
    span: str,
    prompt: str,
    answer: str,
    model: str = MODEL,
    kind: Any = "llm_query",
    **finished: Any,
) -> None:
    run.append(CallStarted(span=span, kind=kind, name=kind, prompt=run.value(prompt), model=model))
    run.append(CallFinished(span=span, answer=run.value(answer), **finished))


@pytest.fixture
def runs(tmp_path: Path) -> Runs:
    return Runs(tmp_path)


def test_an_answer_is_found_by_its_model_and_its_whole_prompt(runs: Runs) -> None:
    runs.save("20260101-run", ("What?", "This."), (LONG + "1", LONG + "one"), (LONG + "2", "two"))
    assert runs.found("What?") == ("This.", "20260101-run")
    assert runs.found(LONG + "1") == (LONG + "one", "20260101-run")
    assert runs.found(LONG + "2") == ("two", "20260101-run")
    assert runs.found("What? ") is None
    assert runs.found(LONG) is None
    assert runs.found("What?", "openai/other") is None
    assert runs.told == []


def test_the_newest_answer_counts_and_keeps_its_first_origin(runs: Runs) -> None:
    runs.save("20260101-old", ("What?", "old"))
    assert runs.found("What?") == ("old", "20260101-old")
    runs.save("20260102-new", ("What?", "new"))
    assert runs.found("What?") == ("new", "20260102-new")
    runs.save("20260103-took", ("What?", "new"), origin="20260102-new", cached=True)
    shutil.rmtree(runs.folder / "20260102-new")
    assert runs.found("What?") == ("new", "20260102-new")


@pytest.mark.parametrize(
    "finished", [{"error": ErrorDetail(kind="LMError", message="It failed.")}], ids=["failed"]
)
def test_a_failed_answer_is_never_used(runs: Runs, finished: dict[str, Any]) -> None:
    runs.save("20260101-run", ("What?", "half an answ"), **finished)
    assert runs.found("What?") is None


def test_what_is_not_the_whole_answer_of_a_query_is_not_used(runs: Runs) -> None:
    run = runs.begin("20260101-run")
    ask(run, "call-1", "Empty?", "")
    ask(run, "call-2", "Which key?", "It is [redacted].")
    ask(run, "call-3", "A predictor?", "yes", kind="predict")
    run.append(
        CallStarted(span="call-4", kind="llm_query", name="llm_query", prompt=run.value("Open?"), model=MODEL)
    )
    run.close()
    for prompt in ("Empty?", "Which key?", "A predictor?", "Open?"):
        assert runs.found(prompt) is None, prompt


def test_a_run_that_goes_on_is_read_on_and_never_answers_itself(runs: Runs) -> None:
    run = runs.begin("20260101-run")
    run.append(
        CallStarted(span="slow", kind="llm_query", name="llm_query", prompt=run.value("Slow?"), model=MODEL)
    )
    ask(run, "quick", "Quick?", "quick")
    assert runs.found("Quick?") == ("quick", "20260101-run")
    assert runs.found("Slow?") is None
    run.append(CallFinished(span="slow", answer=run.value("slow")))
    assert runs.found("Slow?") == ("slow", "20260101-run")
    assert runs.later(own_run="20260101-run").find(MODEL, "Quick?") is None
    run.close()


def test_the_logs_are_looked_at_once_a_run(runs: Runs) -> None:
    runs.save("20260101-run", ("What?", "This."))
    answers = runs.later()
    assert answers.find(MODEL, "What?") is not None
    runs.save("20260102-run", ("Where?", "There."))
    assert answers.find(MODEL, "Where?") is None
    assert runs.found("Where?") == ("There.", "20260102-run")


def test_a_deleted_or_changed_run_is_a_miss(runs: Runs) -> None:
    gone = runs.save("20260101-gone", ("Gone?", "yes"))
    cut = runs.save("20260102-cut", ("Cut?", "yes"))
    torn = runs.save("20260103-torn", ("Torn?", LONG))
    answers = runs.later()
    assert answers.find(MODEL, "Gone?") is not None
    shutil.rmtree(gone)
    (cut / "events.jsonl").write_bytes((cut / "events.jsonl").read_bytes()[40:])
    for blob in (torn / "blobs").iterdir():
        blob.write_text("other")
    for prompt in ("Gone?", "Cut?", "Torn?"):
        assert answers.find(MODEL, prompt) is None
        assert runs.found(prompt) is None
    assert runs.told == []
    with sqlite3.connect(runs.index) as database:
        assert database.execute("select count(*) from runs").fetchone() == (2,)
        assert database.execute("select count(*) from answers").fetchone() == (2,)
    database.close()


def test_neither_a_prompt_nor_an_answer_stands_in_the_index(runs: Runs) -> None:
    runs.save("20260101-run", ("Unmistakable prompt", "Unmistakable answer"))
    assert runs.found("Unmistakable prompt") is not None
    assert b"Unmistakable" not in runs.index.read_bytes()
    assert runs.index.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("damage", ["no database", "half of it", "no tables"])
def test_a_damaged_index_is_made_anew_with_one_note(runs: Runs, damage: str) -> None:
    runs.save("20260101-run", *((f"{number}?", "yes") for number in range(400)))
    assert runs.found("7?") is not None
    data = runs.index.read_bytes()
    match damage:
        case "no database":
            runs.index.write_bytes(b"This is no database. " * 400)
        case "half of it":
            runs.index.write_bytes(data[: len(data) // 2])
        case _:
            with sqlite3.connect(runs.index) as database:
                database.execute("drop table answers")
            database.close()
    answers = runs.later()
    for number in range(400):
        answers.find(MODEL, f"{number}?")
    assert len(runs.told) == 1
    assert runs.found("7?") == ("yes", "20260101-run")
    assert len(runs.told) == 1


def test_a_locked_index_is_a_miss_with_one_note(runs: Runs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rlm_tui.store.answer_index.LOCK_SECONDS", 0.05)
    runs.save("20260101-run", ("What?", "This."))
    assert runs.found("What?") is not None
    holder = sqlite3.connect(runs.index, isolation_level=None)
    holder.execute("begin exclusive")
    answers = runs.later()
    assert [answers.find(MODEL, "What?") for _ in range(3)] == [None] * 3
    assert len(runs.told) == 1
    assert "locked" in runs.told[0]
    holder.execute("rollback")
    assert answers.find(MODEL, "What?") is not None
    holder.close()


def test_a_cache_that_cannot_be_written_is_a_miss_with_one_note(runs: Runs) -> None:
    runs.save("20260101-run", ("What?", "This."))
    runs.index.parent.parent.mkdir(exist_ok=True)
    runs.index.parent.write_text("a file where a folder is needed")
    answers = runs.later()
    assert [answers.find(MODEL, "What?") for _ in range(2)] == [None, None]
    assert len(runs.told) == 1


def test_runs_for_which_the_time_does_not_suffice_are_indexed_later(runs: Runs) -> None:
    for number in range(20):
        runs.save(f"20260101-run-{number:02}", (f"{number}?", str(number)))
    runs.later(update_seconds=0.0).find(MODEL, "none")
    assert len(runs.told) == 1
    assert "20 earlier runs" in runs.told[0] or "19 earlier runs" in runs.told[0]
    assert runs.found("0?") == ("0", "20260101-run-00")
    assert runs.found("19?") == ("19", "20260101-run-19")


def test_no_runs_at_all(runs: Runs) -> None:
    assert runs.found("What?") is None
    assert runs.told == []


def test_the_run_options_switch_it_on_and_off(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    setting = "debugger.remember_answers"
    assert written(settings_with({}, tmp_path), setting) == ""
    switched_on = settings_with({setting: "true"}, tmp_path)
    assert switched_on.debugger.remember_answers
    assert "answers remembered" in options_words(switched_on, None)
    assert written(switched_on, setting) == "true"
    monkeypatch.setenv("RLM_TUI_DEBUGGER_REMEMBER_ANSWERS", "true")
    assert settings_with({}, tmp_path).debugger.remember_answers
    assert not settings_with({setting: ""}, tmp_path).debugger.remember_answers
