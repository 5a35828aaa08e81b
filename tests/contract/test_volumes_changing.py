"""Uploads, downloads and changes: the same results in a directory and at Modal, whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from rlm_tui.volumes.protocol import (
    TransferStoppedError,
    Volume,
    VolumeError,
    VolumeMissingError,
    VolumeOccupiedError,
    VolumePathError,
)
from tests.contract.volumes import Shelf, missing, shelf

__all__ = ["missing", "shelf"]
THERE = ["A.txt", "b.txt", "cache/.rlm", "cache/deep/x.json", "cache/notes.md"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder of this machine, with a link that must not be followed."""
    made = tmp_path / "own" / "folder"
    (made / "inner").mkdir(parents=True)
    (made / "one.txt").write_bytes(b"one")
    (made / "inner" / "two.bin").write_bytes(bytes(range(256)))
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "secret").write_text("planted")
    (made / "link").symlink_to(tmp_path / "elsewhere")
    (made / "file-link").symlink_to(tmp_path / "elsewhere" / "secret")
    return made


def test_a_file_goes_in_and_comes_back(shelf: Shelf, folder: Path, tmp_path: Path) -> None:
    content = os.urandom(3_000_000)
    (folder / "large").write_bytes(content)
    told: list[tuple[int, int]] = []
    done = shelf.volume.upload(
        folder / "large", "/new/place.bin", on_progress=lambda now, total: told.append((now, total))
    )
    assert done == "new/place.bin"
    assert (shelf.files / "new/place.bin").read_bytes() == content
    assert told[-1] == (len(content), len(content))
    told.clear()
    target = shelf.volume.download(
        "new/place.bin", tmp_path / "back", on_progress=lambda now, total: told.append((now, total))
    )
    assert target == tmp_path / "back"
    assert target.read_bytes() == content
    assert told[0][0] == 0
    assert told[-1] == (len(content), len(content))


def test_into_a_folder_it_keeps_its_name(shelf: Shelf, folder: Path, tmp_path: Path) -> None:
    one = folder / "one.txt"
    assert shelf.volume.upload(one, "") == "one.txt"
    assert shelf.volume.upload(one, "/cache") == "cache/one.txt"
    assert shelf.volume.upload(one, "fresh/") == "fresh/one.txt"
    assert shelf.volume.download("cache/notes.md", tmp_path) == tmp_path / "notes.md"
    assert (tmp_path / "notes.md").read_bytes() == b"0123456789"


def test_a_folder_goes_in_and_comes_back_without_links(shelf: Shelf, folder: Path, tmp_path: Path) -> None:
    assert shelf.volume.upload(folder, "taken") == "taken"
    assert [path for path in shelf.paths() if path.startswith("taken")] == [
        "taken/inner/two.bin",
        "taken/one.txt",
    ]
    assert shelf.volume.download("taken", tmp_path) == tmp_path / "taken"
    assert (tmp_path / "taken/inner/two.bin").read_bytes() == bytes(range(256))
    assert sorted(path.name for path in (tmp_path / "taken").iterdir()) == ["inner", "one.txt"]


def test_the_whole_volume_comes_down_under_its_name(shelf: Shelf, tmp_path: Path) -> None:
    assert shelf.volume.download("/", tmp_path) == tmp_path / "work"
    got = sorted(p.relative_to(tmp_path / "work").as_posix() for p in (tmp_path / "work").rglob("*.*"))
    assert got == ["A.txt", "b.txt", "cache/.rlm", "cache/deep/x.json", "cache/notes.md"]


def test_nothing_is_overwritten_unasked(shelf: Shelf, folder: Path, tmp_path: Path) -> None:
    with pytest.raises(VolumeOccupiedError, match=r"/b\.txt is there already"):
        shelf.volume.upload(folder / "one.txt", "b.txt")
    assert (shelf.files / "b.txt").read_bytes() == b"0123456789"
    (tmp_path / "kept").write_text("mine")
    with pytest.raises(VolumeOccupiedError, match="is there already"):
        shelf.volume.download("b.txt", tmp_path / "kept")
    assert (tmp_path / "kept").read_text() == "mine"
    shelf.volume.upload(folder / "one.txt", "b.txt", overwrite=True)
    assert (shelf.files / "b.txt").read_bytes() == b"one"
    shelf.volume.download("b.txt", tmp_path / "kept", overwrite=True)
    assert (tmp_path / "kept").read_text() == "one"


def test_a_folder_over_a_folder_is_merged_when_asked(shelf: Shelf, folder: Path, tmp_path: Path) -> None:
    shelf.write("folder/one.txt", b"before")
    shelf.write("folder/more.txt", b"stays")
    with pytest.raises(VolumeOccupiedError, match="/folder is there already"):
        shelf.volume.upload(folder, "")
    assert (shelf.files / "folder/one.txt").read_bytes() == b"before"
    shelf.volume.upload(folder, "", overwrite=True)
    assert [path for path in shelf.paths() if path.startswith("folder/")] == [
        "folder/inner/two.bin",
        "folder/more.txt",
        "folder/one.txt",
    ]
    assert (shelf.files / "folder/one.txt").read_bytes() == b"one"
    (tmp_path / "to" / "folder").mkdir(parents=True)
    (tmp_path / "to" / "folder" / "mine").write_text("stays")
    shelf.volume.download("folder", tmp_path / "to", overwrite=True)
    assert sorted(path.name for path in (tmp_path / "to" / "folder").iterdir()) == [
        "inner",
        "mine",
        "more.txt",
        "one.txt",
    ]


def test_a_file_never_replaces_a_folder_nor_a_folder_a_file(
    shelf: Shelf, folder: Path, tmp_path: Path
) -> None:
    with pytest.raises(VolumeOccupiedError, match=r"/A\.txt is there already, and a file can't replace"):
        shelf.volume.upload(folder, "A.txt", overwrite=True)
    shelf.write("cache/one.txt/inside")
    with pytest.raises(VolumeOccupiedError, match=r"/cache/one\.txt is there already, and a file"):
        shelf.volume.upload(folder / "one.txt", "cache/", overwrite=True)
    (tmp_path / "cache").write_text("mine")
    with pytest.raises(VolumeOccupiedError, match="a folder a file"):
        shelf.volume.download("cache", tmp_path / "cache", overwrite=True)
    assert (tmp_path / "cache").read_text() == "mine"


def test_what_is_not_on_this_machine_is_named(shelf: Shelf, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(VolumeError, match="is not on this machine"):
        shelf.volume.upload(tmp_path / "nothing", "x")
    with pytest.raises(VolumeError, match="holds no file"):
        shelf.volume.upload(tmp_path / "empty", "x")
    with pytest.raises(VolumeError, match="is no folder"):
        shelf.volume.download("b.txt", tmp_path / "no" / "such" / "place")
    assert shelf.paths() == THERE


def test_a_stopped_upload_leaves_nothing(shelf: Shelf, tmp_path: Path) -> None:
    (tmp_path / "many").mkdir()
    for number in range(20):
        (tmp_path / "many" / f"{number}.bin").write_bytes(os.urandom(200_000))
    if shelf.server is not None:
        shelf.server.misbehave.upload_seconds = 0.2
    asked = []

    def stop() -> bool:
        asked.append(True)
        return len(asked) > 2

    with pytest.raises(TransferStoppedError, match="nothing of it is"):
        shelf.volume.upload(tmp_path / "many", "into/", stop=stop)
    assert shelf.paths() == THERE
    assert [path for path in (shelf.files / ".rlm").iterdir() if path.name != "frame"] == []


def test_a_stopped_download_leaves_nothing(shelf: Shelf, tmp_path: Path) -> None:
    shelf.write("large", os.urandom(40_000_000))
    target = tmp_path / "to"
    target.mkdir()
    told: list[int] = []
    with pytest.raises(TransferStoppedError):
        shelf.volume.download(
            "large",
            target,
            on_progress=lambda done, _: told.append(done),
            stop=lambda: bool(told and told[-1] > 0),
        )
    assert told[-1] < 40_000_000
    assert list(target.iterdir()) == []


def test_a_file_and_a_folder_are_copied(shelf: Shelf) -> None:
    volume = shelf.volume
    assert volume.copy("b.txt", "c.txt") == "c.txt"
    assert volume.copy("/b.txt", "/cache") == "cache/b.txt"
    assert volume.copy("cache/deep", "copies/of/deep") == "copies/of/deep"
    assert volume.copy("cache/deep", "copies/") == "copies/deep"
    assert shelf.paths() == sorted(
        [*THERE, "c.txt", "cache/b.txt", "copies/deep/x.json", "copies/of/deep/x.json"]
    )
    assert (shelf.files / "copies/deep/x.json").read_bytes() == b"0123456789"


def test_a_file_and_a_folder_are_renamed(shelf: Shelf) -> None:
    volume = shelf.volume
    assert volume.rename("b.txt", "c.txt") == "c.txt"
    assert volume.rename("cache", "kept") == "kept"
    assert volume.rename("c.txt", "kept/") == "kept/c.txt"
    assert shelf.paths() == ["A.txt", "kept/.rlm", "kept/c.txt", "kept/deep/x.json", "kept/notes.md"]


def test_no_change_destroys_what_is_there(shelf: Shelf) -> None:
    for change in (shelf.volume.copy, shelf.volume.rename):
        with pytest.raises(VolumeOccupiedError, match=r"/A\.txt is there already"):
            change("b.txt", "A.txt")
        with pytest.raises(VolumeOccupiedError, match="can't go into itself"):
            change("cache", "cache/deep/again")
        with pytest.raises(VolumeOccupiedError):
            change("cache", "/cache")
        with pytest.raises(VolumeOccupiedError, match="already"):
            change("b.txt", "b.txt")
        with pytest.raises(VolumePathError, match="/nothing is not in the volume"):
            change("nothing", "x")
        with pytest.raises(VolumePathError, match="The volume itself can't be"):
            change("/", "x")
    assert shelf.paths() == THERE


def test_files_and_folders_are_removed(shelf: Shelf) -> None:
    shelf.volume.remove("b.txt")
    shelf.volume.remove("/cache")
    assert shelf.paths() == ["A.txt"]
    with pytest.raises(VolumePathError, match=r"/b\.txt is not in the volume"):
        shelf.volume.remove("b.txt")
    with pytest.raises(VolumePathError, match="The volume itself can't be deleted"):
        shelf.volume.remove("/")
    assert shelf.paths() == ["A.txt"]


def test_the_first_upload_makes_the_volume(missing: Volume, folder: Path) -> None:
    with pytest.raises(VolumeMissingError):
        missing.remove("x")
    assert missing.upload(folder / "one.txt", "/") == "one.txt"
    assert missing.read("one.txt") == b"one"


def test_a_clash_deep_inside_is_found_before_anything_is_replaced(shelf: Shelf, tmp_path: Path) -> None:
    shelf.write("folder/a.txt", b"before")
    shelf.write("folder/b", b"a file")
    shelf.write("folder/c/inside", b"a folder")
    (tmp_path / "folder" / "b").mkdir(parents=True)
    (tmp_path / "folder" / "a.txt").write_text("after")
    (tmp_path / "folder" / "b" / "x").write_text("x")
    with pytest.raises(VolumeOccupiedError, match="/folder/b is there already, and a file can't replace"):
        shelf.volume.upload(tmp_path / "folder", "", overwrite=True)
    assert (shelf.files / "folder/a.txt").read_bytes() == b"before"
    (tmp_path / "down" / "folder" / "c").parent.mkdir(parents=True)
    (tmp_path / "down" / "folder" / "a.txt").write_text("mine")
    (tmp_path / "down" / "folder" / "c").write_text("mine")
    with pytest.raises(VolumeOccupiedError, match="folder/c is there already, and a file can't replace"):
        shelf.volume.download("folder", tmp_path / "down", overwrite=True)
    assert (tmp_path / "down" / "folder" / "a.txt").read_text() == "mine"


def test_names_that_are_hard_to_transfer(shelf: Shelf, tmp_path: Path) -> None:
    (tmp_path / "own.txt").write_text("mine")
    with pytest.raises(VolumeError, match="is not on this machine"):
        shelf.volume.upload(Path("~nobody-of-that-name/x"), "x")
    with pytest.raises(VolumeError, match="is no folder"):
        shelf.volume.download("b.txt", Path("~nobody-of-that-name/x/y"))
    with pytest.raises(VolumeError, match="can't be written"):
        shelf.volume.download("b.txt", tmp_path / ("a" * 300))
    long = "漢" * 84
    shelf.volume.upload(tmp_path / "own.txt", long)
    assert shelf.volume.download(long, tmp_path).read_text() == "mine"
    assert shelf.volume.upload(tmp_path / "own.txt", "/star*/own.txt") == "star*/own.txt"
    assert [entry.name for entry in shelf.volume.entries("star*")] == ["own.txt"]
    assert shelf.volume.usage("star*").files == 1
    if os.fsencode("\udcff") == b"\xff":
        (tmp_path / "folder").mkdir()
        (tmp_path / "folder" / "\udcff").write_text("x")
        with pytest.raises(VolumeError, match="is not UTF-8"):
            shelf.volume.upload(tmp_path / "folder", "in")


def test_a_file_is_given_in_pieces(shelf: Shelf) -> None:
    content = os.urandom(20_000_000)
    shelf.write("large", content)
    assert b"".join(shelf.volume.pieces("/large")) == content
    shelf.write("empty", b"")
    assert b"".join(shelf.volume.pieces("empty")) == b""
    with pytest.raises(TransferStoppedError):
        list(shelf.volume.pieces("large", stop=lambda: True))
    for path in ("cache", "nothing"):
        with pytest.raises(VolumePathError):
            list(shelf.volume.pieces(path))
