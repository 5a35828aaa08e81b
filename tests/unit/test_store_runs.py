"""A run's folder while it is written: names, modes, blobs, and what a full disk does to it."""

from __future__ import annotations

import json
import os
import re
import resource
import stat
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from rlm_tui.core import events
from rlm_tui.core.blobs import HEAD_CHARACTERS, WHOLE_BYTES, MemoryBlobs
from rlm_tui.core.events import DocumentReference, Note, Value
from rlm_tui.core.paths import runs_directory
from rlm_tui.store.errors import StoreError
from rlm_tui.store.run_log import open_run
from rlm_tui.store.runs import RunFolder, new_run_id


def _note(seq: int, text: str = "x") -> Note:
    return Note(seq=seq, at=float(seq), level="info", text=text)


def _folder(run_id: str = "20260206-141503-basic-a1b2") -> RunFolder:
    return RunFolder.create(run_id, {"task": "basic"})


def test_a_run_id_sorts_by_time_and_names_the_task_whatever_it_is_called() -> None:
    first = new_run_id("architecture", datetime(2026, 2, 6, 14, 15, 3, tzinfo=UTC))
    assert re.fullmatch(r"20260206-141503-architecture-[0-9a-f]{4}", first)
    odd = new_run_id("../../Ünï köde!", datetime(2026, 2, 6, 14, 15, 4, tzinfo=UTC))
    assert re.fullmatch(r"20260206-141504-n-k-de-[0-9a-f]{4}", odd)
    assert first < odd
    assert re.fullmatch(r"\d{8}-\d{6}-task-[0-9a-f]{4}", new_run_id("日本"))


@pytest.mark.parametrize("run_id", ["", ".", "..", "a/b", "../x", "/tmp/x", ".hidden", "a\0b", "x" * 201])
def test_no_run_id_leads_out_of_the_library(run_id: str) -> None:
    with pytest.raises(StoreError, match="can't name a run"):
        RunFolder.create(run_id, {})
    with pytest.raises(StoreError, match="no run's id"):
        open_run(run_id)


def test_only_the_owner_may_read_a_run() -> None:
    folder = _folder()
    folder.append(_note(0))
    folder.value("x" * 5_000)
    folder.write_documents({"docs": DocumentReference(name="a", path="/a", size=1)})
    paths = [folder.path, *folder.path.rglob("*")]
    assert len(paths) == 6
    for path in paths:
        wanted = 0o700 if path.is_dir() else 0o600
        assert stat.S_IMODE(path.stat().st_mode) == wanted, path


def test_what_was_asked_and_the_documents_are_read_back() -> None:
    folder = RunFolder.create("asked", {"task": "basic", "odd": "\ud800", "number": float("nan")})
    reference = DocumentReference(name="dspy-doc.txt", path="/a/\udcff.txt", size=97_412)
    folder.write_documents({"docs": reference})
    log = open_run("asked")
    assert log.asked() == {"task": "basic", "odd": "�", "number": "nan"}
    assert log.documents()["docs"].size == 97_412
    assert open_run(_folder().run_id).documents() == {}


def test_an_event_is_on_disk_as_soon_as_it_is_told() -> None:
    folder = _folder()
    for seq in range(3):
        folder.append(_note(seq))
        assert len(folder.events_path.read_bytes().splitlines()) == seq + 1
    folder.close()
    folder.close()
    with pytest.raises(StoreError, match="the run has ended"):
        folder.append(_note(3))


def test_two_runs_of_one_name_never_share_a_folder() -> None:
    one, other = _folder(), _folder()
    assert one.run_id != other.run_id
    assert other.run_id.startswith(one.run_id)
    one.append(_note(0, "one"))
    other.append(_note(0, "other"))
    assert [event.text for event in open_run(one.run_id).events() if isinstance(event, Note)] == ["one"]


def test_processes_that_start_runs_at_the_same_moment_never_collide() -> None:
    script = (
        "from rlm_tui.store.runs import RunFolder\n"
        "from rlm_tui.core.events import Note\n"
        "for n in range(20):\n"
        "    folder = RunFolder.create('20260206-141503-basic-a1b2', {})\n"
        "    folder.append(Note(seq=0, level='info', text=folder.run_id))\n"
        "    folder.close()\n"
    )
    running = [subprocess.Popen([sys.executable, "-c", script]) for _ in range(3)]
    assert [process.wait(30) for process in running] == [0, 0, 0]
    folders = list(runs_directory().iterdir())
    assert len(folders) == 60
    for folder in folders:
        (event,) = open_run(folder).events()
        assert isinstance(event, Note)
        assert event.text == folder.name


@pytest.mark.parametrize("blobs", ["folder", "memory"])
def test_a_long_text_is_kept_once_and_comes_back_whole(blobs: str) -> None:
    folder = _folder()
    keeper = folder if blobs == "folder" else MemoryBlobs()
    short, long = "é" * (WHOLE_BYTES // 2), "é" * (WHOLE_BYTES // 2 + 1)
    assert keeper.value(short) == Value(text=short, length=len(short))
    value = keeper.value(long)
    assert (value.text, value.length) == ("é" * HEAD_CHARACTERS, len(long))
    assert keeper.value(long) == value
    assert keeper.text(value) == long
    odd = keeper.value("\ud800" + long)
    assert keeper.text(odd) == "�" + long
    if blobs == "folder":
        assert len(list((folder.path / "blobs").iterdir())) == 2


def test_a_blob_that_is_missing_changed_or_no_hash_is_told() -> None:
    folder = _folder()
    value = folder.value("x" * 5_000)
    blob = folder.path / "blobs" / str(value.blob)
    blob.write_text("another text")
    with pytest.raises(StoreError, match="is not the text it was"):
        folder.text(value)
    blob.unlink()
    with pytest.raises(StoreError, match="can't be read: no such file"):
        folder.text(value)
    (folder.path.parent / "secret").write_text("do not read me")
    with pytest.raises(StoreError, match="is no hash"):
        folder.text(Value(blob="../../secret", length=9))


def test_a_library_that_is_a_file_is_told_in_a_sentence(tmp_path: Path) -> None:
    place = tmp_path / "runs"
    place.write_text("in the way")
    with pytest.raises(StoreError, match=r"runs can't be made: .* is a file") as failure:
        RunFolder.create("a", {}, runs=place)
    assert isinstance(failure.value, OSError)


FULL = """
import resource, signal, sys
from rlm_tui.core.events import Note
from rlm_tui.store.runs import RunFolder
from rlm_tui.store.errors import StoreError
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
folder = RunFolder.create("full", {})
resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, 10_000))
written = 0
try:
    for seq in range(1000):
        folder.append(Note(seq=seq, level="info", text="x" * 300))
        written += 1
except StoreError as error:
    print(written, error)
for attempt in (lambda: folder.append(Note(level="info", text="x")), lambda: folder.value("y" * 20_000)):
    try:
        attempt()
    except StoreError as error:
        print("again", error)
"""


def test_a_disk_that_is_full_is_one_sentence_and_leaves_whole_lines_behind() -> None:
    done = subprocess.run(
        [sys.executable, "-c", FULL], capture_output=True, text=True, timeout=30, check=True
    )
    first, second, third = done.stdout.splitlines()
    assert re.fullmatch(r"2\d .*events.jsonl can't be written: file too large; raise the limit .*\.", first)
    assert second.startswith("again ")
    assert re.search(r"blobs/[0-9a-f]{64} can't be written: file too large", third)
    log = open_run("full")
    assert len(list(log.events())) == int(first.split()[0])
    assert log.events_path.read_bytes().endswith(b"}\n")
    assert list((log.path / "blobs").iterdir()) == []


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_no_space_left_says_how_to_get_some() -> None:
    folder = _folder()
    os.dup2(os.open("/dev/full", os.O_WRONLY), folder._descriptor)
    with pytest.raises(
        StoreError, match="no space left on device; free some space, or move the runs elsewhere"
    ):
        folder.append(_note(0))


def test_the_log_survives_the_limits_of_the_process_that_reads_it() -> None:
    """Reading writes nothing: a library on a full or read-only disk can still be looked at."""
    folder = _folder()
    folder.append(events.RunFinished(seq=0, status="submitted"))
    folder.close()
    before = {path: path.stat().st_mtime_ns for path in folder.path.rglob("*")}
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, hard))
    try:
        trajectory = open_run(folder.run_id).trajectory()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert trajectory.finished is not None
    assert {path: path.stat().st_mtime_ns for path in folder.path.rglob("*")} == before
    assert json.loads((folder.path / "run.json").read_text()) == {"task": "basic"}
