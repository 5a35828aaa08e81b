"""How outputs are compared with what is known to be true."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from rlm_tui.headless.truth import TruthError, check, expected


def write(folder: Path, truths: Any) -> Path:
    document = folder / "d.md"
    document.write_text("words")
    (folder / "d.md.truth.json").write_text(json.dumps({"truths": truths}))
    return document


def test_a_truth_holds_for_its_task_and_inputs_only(tmp_path: Path) -> None:
    document = write(tmp_path, [{"task": "t", "inputs": {"query": "a"}, "outputs": {"x": 1}}])
    assert expected(document, "t", {"query": " a "}) == {"x": 1}
    assert expected(document, "t", {"query": "b"}) is None
    assert expected(document, "other", {"query": "a"}) is None
    assert expected(tmp_path / "none.md", "t", {}) is None


WITHOUT_WORDS = '{"truths": [{"task": "t", "inputs": {}, "outputs": {"a": [{"x": 1}]}}]}'
BROKEN = ("{", "[]", WITHOUT_WORDS, '{"truths": [1]}', '{"truths": [{"task": "t"}]}', "null")


@pytest.mark.parametrize("broken", BROKEN)
def test_a_truth_that_can_not_be_read_is_named(tmp_path: Path, broken: str) -> None:
    document = write(tmp_path, [])
    (tmp_path / "d.md.truth.json").write_text(broken)
    with pytest.raises(TruthError, match=r"d\.md\.truth\.json can't be read as the truth about d\.md"):
        expected(document, "t", {})


def test_lists_numbers_mappings_and_words() -> None:
    found = check(
        {
            "names": ["GET  /a", "`get /b`", "GET /z"],
            "counts": {"A": 3, "B": 1, "C": 9},
            "total": 13,
            "share": 99.99,
            "answer": "Under the THIRD stair.",
            "lines": ["x req-1 y", "req-2"],
        },
        {
            "names": ["GET /a", "GET /b", "GET /c"],
            "counts": {"A": 3, "B": 2},
            "total": 13,
            "share": 100.0,
            "answer": {"holds": "third stair"},
            "lines": [{"holds": "req-1"}, {"holds": "req-3"}],
        },
    )
    by_name = {field.name: field for field in found.fields}
    assert (by_name["names"].found, by_name["names"].missing, by_name["names"].extra) == (2, ("GET /c",), 1)
    assert (by_name["counts"].found, by_name["counts"].missing, by_name["counts"].extra) == (1, ("B: 2",), 1)
    assert [by_name[name].found for name in ("total", "share", "answer", "lines")] == [1, 1, 1, 1]
    assert by_name["lines"].extra is None
    assert (found.found, found.of) == (7, 10)
    assert found.words.startswith("7 of 10 facts found (names 2/3, 1 extra; counts 1/2, 1 extra;")


def test_outputs_that_are_missing_or_of_another_type_find_nothing() -> None:
    found = check(
        {"a": None, "b": "text", "c": True}, {"a": ["x"], "b": {"K": 1}, "c": 1, "d": {"holds": "y"}}
    )
    assert found.found == 0
    assert found.of == 4


def test_a_number_too_large_for_a_float_is_another() -> None:
    assert check({"n": 10**400}, {"n": 1.5}).found == 0


def test_one_path_is_not_found_in_a_longer_one() -> None:
    found = check({"names": ["GET /a/{id}"]}, {"names": ["GET /a"]})
    assert (found.found, found.fields[0].extra) == (0, 1)
