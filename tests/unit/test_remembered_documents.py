"""Recent choices and favourites: kept in a file, and nothing breaks when that can't be read or written."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from rlm_tui.core.paths import data_directory
from rlm_tui.core.remembered_documents import MOST_RECENT, load, remember, toggle_favourite


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RLM_TUI_HOME", str(tmp_path))


def test_the_latest_choice_comes_first_and_none_stands_twice(tmp_path: Path) -> None:
    remember([tmp_path / "a"])
    remember([tmp_path / "b", tmp_path / "c"])
    remember([tmp_path / "a"])
    assert load().recent == ((str(tmp_path / "a"),), (str(tmp_path / "b"), str(tmp_path / "c")))
    for number in range(30):
        remember([tmp_path / str(number)])
    assert len(load().recent) == MOST_RECENT
    assert load().recent[0] == (str(tmp_path / "29"),)


def test_a_name_that_is_no_text_is_remembered(tmp_path: Path) -> None:
    odd = str(tmp_path / os.fsdecode(b"caf\xe9.txt"))
    remember([odd])
    assert load().recent == ((odd,),)


def test_a_favourite_is_made_and_unmade(tmp_path: Path) -> None:
    toggle_favourite([tmp_path / "a"])
    toggle_favourite([tmp_path / "b"])
    assert toggle_favourite([tmp_path / "a"]).favourites == ((str(tmp_path / "b"),),)
    assert load().favourites == ((str(tmp_path / "b"),),)


@pytest.mark.parametrize("content", [b"", b"not json", b'{"recent": 7}', b"\xff\xfe"])
def test_a_file_that_can_not_be_read_is_as_none(content: bytes, tmp_path: Path) -> None:
    data_directory().mkdir(parents=True)
    (data_directory() / "documents.json").write_bytes(content)
    assert load().recent == ()
    assert remember([tmp_path / "a"]).recent == ((str(tmp_path / "a"),),)


def test_a_home_that_can_not_be_written_forgets_and_says_so_for_a_favourite(tmp_path: Path) -> None:
    data_directory().parent.mkdir(parents=True, exist_ok=True)
    data_directory().write_text("a file where the folder should be")
    assert remember([tmp_path / "a"]).recent == ((str(tmp_path / "a"),),)
    with pytest.raises(OSError, match="a folder is needed there"):
        toggle_favourite([tmp_path / "a"])
