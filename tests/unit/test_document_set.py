"""Files, folders and patterns as one set: what belongs to it, what is passed over, and what is refused."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from rlm_tui.core.documents import (
    DocumentBinary,
    DocumentMissing,
    DocumentSet,
    DocumentsTooMany,
    GatheringStopped,
    gather,
    is_several,
)


def make(root: Path, *names: str, text: str = "some text\n") -> None:
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def keys(documents: DocumentSet) -> list[str]:
    return [member.key for member in documents.members]


def test_a_folder_is_all_its_texts_by_their_paths_below_it(tmp_path: Path) -> None:
    make(tmp_path, "b.md", "a/z.txt", "a/b.py", ".env", ".git/config", "node_modules/x.js", "empty.txt")
    (tmp_path / "empty.txt").write_text("")
    (tmp_path / "picture.png").write_bytes(b"\x89PNG\r\n")
    (tmp_path / "blob").write_bytes(bytes(range(256)) * 10)
    documents = gather([tmp_path])
    assert keys(documents) == ["a/b.py", "a/z.txt", "b.md"]
    assert documents.passed_over == {"binary": 2, "empty": 1}
    assert documents.remark == "2 binary, 1 empty"
    assert documents.size == 30
    assert documents.name == f"{tmp_path.name} (3 documents)"


def test_what_git_ignores_is_left_out(tmp_path: Path) -> None:
    make(tmp_path, "src/keep.py", "src/build/out.py", "src/debug.log", "src/deep/kept.log", "top.txt")
    (tmp_path / ".git").mkdir()
    (tmp_path / ".gitignore").write_text("build/\n*.log\n")
    (tmp_path / "src" / "deep" / ".gitignore").write_text("!kept.log\n")
    assert keys(gather([tmp_path])) == ["src/deep/kept.log", "src/keep.py", "top.txt"]
    assert keys(gather([tmp_path / "src"])) == ["deep/kept.log", "keep.py"], "rules from above it hold too"
    assert keys(gather([tmp_path / "src" / "debug.log", tmp_path / "top.txt"])) == [
        "src/debug.log",
        "top.txt",
    ], "a file that was named itself is wanted"


def test_a_pattern_is_every_file_that_it_fits(tmp_path: Path) -> None:
    make(tmp_path, "a.md", "b.txt", "deep/c.md", "deep/deeper/d.md")
    documents = gather([tmp_path / "**" / "*.md"])
    assert keys(documents) == ["a.md", "deep/c.md", "deep/deeper/d.md"]
    assert documents.name == f"{tmp_path.name}/**/*.md (3 documents)"
    assert keys(gather([tmp_path / "deep" / "?.md"])) == ["c.md"]


def test_several_of_each_kind_are_one_set_and_no_file_is_in_it_twice(tmp_path: Path) -> None:
    make(tmp_path, "notes/a.md", "notes/b.md", "logs/one.log", "more.txt")
    documents = gather(
        [tmp_path / "notes", tmp_path / "notes" / "a.md", tmp_path / "logs/*", tmp_path / "more.txt"]
    )
    assert keys(documents) == ["logs/one.log", "more.txt", "notes/a.md", "notes/b.md"]
    assert documents.path == tmp_path


def test_a_link_out_of_the_folder_is_not_followed_and_a_circle_ends(tmp_path: Path) -> None:
    make(tmp_path, "outside/secret.txt", "inside/a.txt")
    inside = tmp_path / "inside"
    (inside / "way-out.txt").symlink_to(tmp_path / "outside" / "secret.txt")
    (inside / "folder-out").symlink_to(tmp_path / "outside")
    (inside / "circle").symlink_to(inside)
    assert keys(gather([inside])) == ["a.txt"]


def test_a_folder_with_more_files_than_a_run_takes_is_refused_in_a_sentence(tmp_path: Path) -> None:
    make(tmp_path, *(f"{number}.txt" for number in range(30)))
    with pytest.raises(DocumentsTooMany, match=r"has more than 20 documents, and a run takes 20: choose a"):
        gather([tmp_path], most=20)


def test_gathering_tells_how_far_it_is_and_can_be_stopped(tmp_path: Path) -> None:
    make(tmp_path, *(f"{number}.txt" for number in range(450)))
    told: list[int] = []
    gather([tmp_path], progress=told.append)
    assert told == [200, 400]
    with pytest.raises(GatheringStopped):
        gather([tmp_path], stop=lambda: True)


def test_what_holds_no_text_is_refused_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(DocumentMissing, match=r"There is no text file in .*empty: choose another"):
        gather([tmp_path / "empty"])
    with pytest.raises(DocumentMissing, match=r"There is no text file in .*\*\.rst"):
        gather([tmp_path / "*.rst"])
    (tmp_path / "blob.bin").write_bytes(b"\0\1\2")
    with pytest.raises(DocumentMissing, match=r"No file of .* can be used \(1 binary\)"):
        gather([tmp_path])
    with pytest.raises(DocumentBinary):
        gather([tmp_path / "blob.bin", tmp_path / "empty"])
    with pytest.raises(DocumentMissing, match="There is no document at"):
        gather([tmp_path / "nowhere.txt", tmp_path])
    with pytest.raises(DocumentMissing, match="No document was named"):
        gather([])


@pytest.mark.skipif(os.name != "posix", reason="names of bytes")
def test_a_name_that_is_no_text_becomes_one(tmp_path: Path) -> None:
    (tmp_path / os.fsdecode(b"caf\xe9.txt")).write_text("text")
    (tmp_path / os.fsdecode(b"caf\xe8.txt")).write_text("text")
    (tmp_path / "caf\\xe9.txt").write_text("text")
    assert keys(gather([tmp_path])) == ["caf\\xe8.txt", "caf\\xe9.txt", "caf\\xe9.txt (2)"]


def test_which_paths_mean_a_set(tmp_path: Path) -> None:
    make(tmp_path, "a.md", "odd[1].md")
    assert not is_several([tmp_path / "a.md"])
    assert not is_several([tmp_path / "odd[1].md"]), "a file of that name is that file"
    assert not is_several([tmp_path / "nowhere"])
    assert is_several([tmp_path])
    assert is_several([tmp_path / "*.md"])
    assert is_several([tmp_path / "a.md", tmp_path / "a.md"])


def test_a_folder_that_was_named_itself_is_wanted_whatever_its_repository_leaves_out(tmp_path: Path) -> None:
    make(tmp_path, "data/a.txt", "data/b.log", "src/c.py")
    (tmp_path / ".git").mkdir()
    (tmp_path / ".gitignore").write_text("data/\n")
    assert keys(gather([tmp_path / "data"])) == ["a.txt", "b.log"]
    assert keys(gather([tmp_path])) == ["src/c.py"]


def test_a_pattern_leads_out_by_no_link_and_ends_in_a_circle(tmp_path: Path) -> None:
    make(tmp_path, "outside/secret.txt", "inside/a.txt", "inside/deep/b.txt", "inside/.hidden/c.txt")
    inside = tmp_path / "inside"
    (inside / "one").symlink_to(inside)
    (inside / "two").symlink_to(inside)
    (inside / "link").symlink_to(tmp_path / "outside")
    (inside / "way-out.txt").symlink_to(tmp_path / "outside" / "secret.txt")
    assert keys(gather([inside / "**" / "*.txt"])) == ["a.txt", "deep/b.txt"]
    assert keys(gather([inside / "**"])) == ["a.txt", "deep/b.txt"]
    assert keys(gather([inside / "**" / "**" / "b.*"])) == ["b.txt"]
    assert keys(gather([inside / ".h*" / "*"])) == ["c.txt"]
    assert keys(gather([tmp_path / "in*" / "d[a-e]ep" / "?.txt"])) == ["b.txt"]


def test_a_pattern_that_fits_nothing_hears_a_stop(tmp_path: Path) -> None:
    make(tmp_path, *(f"{number}/a.txt" for number in range(30)))
    asked: list[int] = []

    def stop() -> bool:
        asked.append(1)
        return len(asked) > 5

    with pytest.raises(GatheringStopped):
        gather([tmp_path / "**" / "*.nomatch"], stop=stop)


def test_a_pipe_that_is_named_gitignore_holds_nothing_up(tmp_path: Path) -> None:
    make(tmp_path, "a.txt")
    os.mkfifo(tmp_path / ".gitignore")
    assert keys(gather([tmp_path])) == ["a.txt"]
