"""Documents of a run that change under it, vanish, or are many: said clearly, and nothing is lost."""

from __future__ import annotations

import os
from pathlib import Path

from msgspec.structs import replace

from rlm_tui.core.documents import gather
from rlm_tui.core.events import CellOutput, Note, RunStarted
from rlm_tui.engine.session import RunRequest
from tests.integration.session_runs import READING, SUBMIT, WatchedRun, request, run
from tests.lm_server import LoopbackLM, planner_script
from tests.lm_server.fixtures import StartLM

LOOK = (
    "Look.",
    "print(sorted(docs), sum(map(len, docs.values()))) if isinstance(docs, dict) else print(docs)",
)


def with_folder(folder: Path, server: LoopbackLM) -> RunRequest:
    return replace(
        request(READING, server, document=next(folder.iterdir())), documents={"docs": gather([folder])}
    )


def notes(watched: WatchedRun) -> str:
    return "\n".join(note.text for note in watched.all(Note))


def folder_of(tmp_path: Path, **texts: str) -> Path:
    folder = tmp_path / "notes"
    folder.mkdir()
    for name, text in texts.items():
        (folder / f"{name}.md").write_text(text)
    return folder


def test_a_folder_is_described_as_the_dict_it_is(loopback_lm: StartLM, tmp_path: Path) -> None:
    folder = folder_of(tmp_path, a="first", b="second")
    server = loopback_lm(planner_script([LOOK, SUBMIT]))
    watched = run(with_folder(folder, server))
    assert watched.finished().status == "submitted"
    assert watched.all(CellOutput)[0].text == "['a.md', 'b.md'] 11\n"
    prompt = server.requests[0].prompt
    assert "Type: dict" in prompt
    assert "'a.md': <str, 5 bytes>" in prompt
    told = watched.all(RunStarted)[0].documents["docs"]
    assert (told.name, told.count, told.size) == ("notes (2 documents)", 2, 11)
    assert told.members == {}, "ten thousand names are no business of an event"


def test_a_document_that_changed_since_it_was_chosen_is_read_as_it_is_now(
    loopback_lm: StartLM, tmp_path: Path
) -> None:
    document = tmp_path / "notes.txt"
    document.write_text("as it was")
    asked = request(READING, loopback_lm(planner_script([LOOK, SUBMIT])), document=document)
    document.write_text("as it is now, a little longer")
    watched = run(asked)
    assert watched.all(CellOutput)[0].text == "as it is now, a little longer\n"
    assert "notes.txt has changed since it was chosen (9 B then, 29 B now)" in notes(watched)


def test_a_document_that_changes_while_the_run_lasts_is_told_of(loopback_lm: StartLM, tmp_path: Path) -> None:
    document = tmp_path / "notes.txt"
    document.write_text("as it was")
    change = f"open({str(document)!r}, 'a').write(' and more')\nprint(docs)"
    watched = run(request(READING, loopback_lm(planner_script([("Go.", change), SUBMIT])), document=document))
    assert watched.all(CellOutput)[0].text == "as it was\n", "cells keep the text that they began with"
    assert watched.finished().status == "submitted"
    assert "notes.txt changed while the run lasted" in notes(watched)


def test_a_document_that_is_gone_when_the_run_starts_fails_in_a_sentence(
    loopback_lm: StartLM, tmp_path: Path
) -> None:
    document = tmp_path / "notes.txt"
    document.write_text("as it was")
    asked = request(READING, loopback_lm(planner_script([LOOK, SUBMIT])), document=document)
    document.unlink()
    finished = run(asked).finished()
    assert finished.status == "failed"
    assert finished.error is not None
    assert finished.error.message.startswith("There is no document at ")


def test_members_of_a_folder_may_change_or_vanish_too(loopback_lm: StartLM, tmp_path: Path) -> None:
    folder = folder_of(tmp_path, a="first", b="second")
    server = loopback_lm(planner_script([LOOK, SUBMIT]))
    asked = with_folder(folder, server)
    (folder / "a.md").write_text("first, and more of it")
    watched = run(asked)
    assert watched.all(CellOutput)[0].text == "['a.md', 'b.md'] 27\n"
    assert "1 document has changed since notes (2 documents) was chosen" in notes(watched)
    asked = with_folder(folder, server)
    (folder / "b.md").unlink()
    finished = run(asked).finished()
    assert finished.status == "failed"
    assert finished.error is not None
    assert "b.md" in finished.error.message


def test_a_folder_that_can_not_fit_is_refused_with_both_figures(loopback_lm: StartLM, tmp_path: Path) -> None:
    folder = folder_of(tmp_path, a="first")
    for number in range(3):
        with (folder / f"{number}.md").open("wb") as file:
            file.write(b"some text\n" * 20_000)
            os.ftruncate(file.fileno(), 30_000_000_000)
            file.seek(0, 2)
            file.write(b"some text\n" * 20_000)
            file.seek(15_000_000_000)
            file.write(b"some text\n" * 20_000)
    finished = run(with_folder(folder, loopback_lm(planner_script([SUBMIT])))).finished()
    assert finished.status == "failed"
    assert finished.error is not None
    assert "notes (4 documents)" in finished.error.message
    assert "GB" in finished.error.message
