"""Folders are listed one at a time; what can't be a document is left out; links lead nowhere silently."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from rlm_tui.core.documents import children, discover


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    root = tmp_path / "root"
    for name in (
        "b.txt",
        "a.md",
        "data",
        ".hidden",
        "docs/deep/c.txt",
        "docs/d.log",
        "node_modules/x.txt",
        ".git/y",
    ):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text("text")
    (root / "picture.png").write_bytes(b"\x89PNG")
    (root / "binary").write_bytes(b"a\x00b\x00c" * 100)
    (root / "wide").write_bytes("wide".encode("utf-16"))
    (root / "Z.txt").write_text("zz")
    os.mkfifo(root / "pipe")
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "secret.txt").write_text("out")
    (root / "away").symlink_to(tmp_path / "outside")
    (root / "gone").symlink_to(tmp_path / "nothing")
    (root / "docs" / "up").symlink_to(root)
    (root / "near.txt").symlink_to(root / "b.txt")
    return root


def test_one_folder(tree: Path) -> None:
    found = children(tree)
    assert [entry.name for entry in found] == [
        "away", "docs", "a.md", "b.txt", "data", "near.txt", "wide", "Z.txt",
    ]  # fmt: skip
    sizes = {entry.name: entry.size for entry in found}
    assert sizes["b.txt"] == 4
    assert sizes["docs"] == 0
    assert all(entry.path == tree / entry.name and entry.modified > 0 for entry in found)


def test_a_link_out_of_the_tree_says_where_it_leads(tree: Path) -> None:
    leads = {entry.name: entry.leads_to for entry in children(tree)}
    assert leads["away"] == str(tree.parent / "outside")
    assert not leads["near.txt"]
    assert not children(tree / "docs", tree)[-1].leads_to
    assert {entry.name: entry.leads_to for entry in children(tree / "docs")}["up"] == str(tree)


def test_every_file_below_and_nothing_outside(tree: Path) -> None:
    found = [str(entry.path.relative_to(tree)) for entry in discover(tree)]
    assert found == ["a.md", "b.txt", "data", "near.txt", "wide", "Z.txt", "docs/d.log", "docs/deep/c.txt"]


@pytest.mark.parametrize(
    ("words", "names"),
    [
        ("docs", ["d.log", "c.txt"]),
        ("DEEP c", ["c.txt"]),
        ("txt near", ["near.txt"]),
        ("secret", []),
        ("  ", None),
    ],
)
def test_a_filter_asks_for_every_word_in_any_case(tree: Path, words: str, names: list[str] | None) -> None:
    found = [entry.name for entry in discover(tree, words)]
    assert found == names if names is not None else len(found) == 8


def test_the_limit_holds_and_what_is_not_asked_for_is_not_listed(
    tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert len(list(discover(tree, limit=3))) == 3
    listed: list[object] = []
    scandir = os.scandir

    def counted(path: Path) -> object:
        listed.append(path)
        return scandir(path)

    monkeypatch.setattr(os, "scandir", counted)
    next(discover(tree))
    assert listed == [tree]


def test_a_folder_that_is_gone_is_an_error_to_list_and_passed_over_in_a_search(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="missing"):
        children(tmp_path / "missing")
    assert list(discover(tmp_path / "missing")) == []


def test_a_folder_of_many_files(tmp_path: Path) -> None:
    for number in range(1_500):
        (tmp_path / f"f{number:05}").touch()
    assert len(children(tmp_path)) == 1_500
    assert len(list(discover(tmp_path, "f0099", limit=50))) == 10
