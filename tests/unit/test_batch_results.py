"""The results of a batch: kept line by line, read back, and nobody's file harmed."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rlm_tui.headless.batch_request import BatchError
from rlm_tui.headless.batch_results import BatchResults


def result(document: Path, **more: Any) -> dict[str, Any]:
    found = document.stat()
    place = {"document": str(document), "size": found.st_size, "modified": found.st_mtime}
    return {**place, "status": "submitted", "outputs": {"answer": "é"}, **more}


@pytest.fixture
def document(tmp_path: Path) -> Path:
    path = tmp_path / "one.txt"
    path.write_text("words", encoding="utf-8")
    return path


def kept(path: Path, *lines: dict[str, Any]) -> Path:
    results = BatchResults(path)
    for line in lines:
        results.add(line)
    results.close()
    return path


def test_an_answer_is_found_again_until_its_document_changes(tmp_path: Path, document: Path) -> None:
    line = result(document)
    path = kept(tmp_path / "made" / "results.jsonl", line)
    results = BatchResults(path)
    assert results.answer_for(document) == line
    os.utime(document, (1, 1))
    assert results.answer_for(document) is None
    document.unlink()
    assert results.answer_for(document) is None


def test_a_failed_run_is_no_answer_and_the_last_line_counts(tmp_path: Path, document: Path) -> None:
    path = kept(tmp_path / "r.jsonl", result(document, status="failed"))
    assert BatchResults(path).answer_for(document) is None
    path.unlink()
    kept(path, result(document, status="failed"), result(document))
    assert BatchResults(path).answer_for(document) is not None


def test_an_answer_of_another_batch_is_none_of_this_one(tmp_path: Path, document: Path) -> None:
    path = kept(tmp_path / "r.jsonl", result(document, batch="one"), result(document, batch="two"))
    for key, found in (("one", True), ("two", True), ("three", False), ("", False)):
        results = BatchResults(path, key)
        assert (results.answer_for(document) is not None) is found
        results.close()


@given(cut=st.integers(min_value=1))
def test_a_line_that_was_cut_anywhere_is_taken_away(
    cut: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("cut")
    document = folder / "one.txt"
    document.write_text("words", encoding="utf-8")
    path = kept(folder / "r.jsonl", result(document))
    whole = path.read_bytes()
    path.write_bytes(whole + whole[: cut % (len(whole) - 2) + 1])
    results = BatchResults(path)
    assert path.read_bytes() == whole
    results.add(result(document, status="failed"))
    results.close()
    assert [json.loads(line)["status"] for line in path.read_text().splitlines()] == ["submitted", "failed"]


def test_a_whole_last_line_without_its_newline_is_kept(tmp_path: Path, document: Path) -> None:
    path = kept(tmp_path / "r.jsonl", result(document))
    path.write_bytes(path.read_bytes().rstrip())
    results = BatchResults(path)
    assert results.answer_for(document) is not None
    results.add(result(document))
    assert len(path.read_text().splitlines()) == 2


@pytest.mark.parametrize(
    "foreign", [b"my notes", b"my notes\n", b"[1]\n", b'{"a": 1}\n', b'{"a": 1}', b"\xff\n"]
)
def test_a_file_that_is_something_else_is_left_as_it_is(tmp_path: Path, foreign: bytes) -> None:
    path = tmp_path / "notes.txt"
    path.write_bytes(foreign)
    with pytest.raises(BatchError, match=r"Line 1 of .*notes\.txt is no result of a batch"):
        BatchResults(path)
    assert path.read_bytes() == foreign


def test_one_batch_at_a_time_holds_the_file(tmp_path: Path, document: Path) -> None:
    path = tmp_path / "r.jsonl"
    first = BatchResults(path)
    with pytest.raises(BatchError, match="Another batch is writing"):
        BatchResults(path)
    first.close()
    first.close()
    BatchResults(path).close()


def test_a_folder_in_its_place_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BatchError, match="can't be written"):
        BatchResults(tmp_path)
