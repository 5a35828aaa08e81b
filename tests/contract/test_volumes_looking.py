"""What is in a volume: the same answers of a directory and of Modal."""

from __future__ import annotations

import os
import time

import pytest

from rlm_tui.volumes.protocol import Volume, VolumeError, VolumeMissingError, VolumePathError
from tests.contract.volumes import Shelf, missing, names, paths, shelf

__all__ = ["missing", "shelf"]


def test_folders_first_then_files_by_name(shelf: Shelf) -> None:
    assert shelf.volume.name == "work"
    assert names(shelf.volume.entries()) == ["cache", "A.txt", "b.txt"]
    assert names(shelf.volume.entries("/cache/")) == ["deep", ".rlm", "notes.md"]
    (deep,) = shelf.volume.entries("cache/deep")
    assert (deep.path, deep.name, deep.is_directory, deep.size) == ("cache/deep/x.json", "x.json", False, 10)
    assert abs(deep.modified - time.time()) < 60
    assert shelf.volume.entries()[0].size == 0


def test_an_entry_is_found_by_its_path(shelf: Shelf) -> None:
    assert shelf.volume.entry("/cache").is_directory
    assert shelf.volume.entry("cache/notes.md").size == 10
    root = shelf.volume.entry("/")
    assert (root.path, root.is_directory) == ("", True)
    for path in ("nothing", "cache/nothing", "nothing/at/all"):
        with pytest.raises(VolumePathError, match=f"/{path} is not in the volume"):
            shelf.volume.entry(path)


def test_a_file_is_read_by_slices(shelf: Shelf) -> None:
    read = shelf.volume.read
    assert read("b.txt") == b"0123456789"
    assert read("./cache//deep/x.json", 2, 3) == b"234"
    assert read("b.txt", 8, 100) == b"89"
    assert read("b.txt", 100, 1) == b""
    assert read("b.txt", -5, 2) == b"01"
    assert read("b.txt", 3, 0) == b""
    shelf.write("empty", b"")
    assert read("empty") == b""


def test_a_slice_across_the_pieces_of_a_large_file(shelf: Shelf) -> None:
    block = 8 * 1024 * 1024
    content = os.urandom(1000) + bytes(block) + os.urandom(1000)
    shelf.write("large", content)
    assert shelf.volume.read("large", 0, 2000) == content[:2000]
    assert shelf.volume.read("large", block - 10, 500) == content[block - 10 : block + 490]
    assert shelf.volume.read("large", len(content) - 5, 500) == content[-5:]


def test_what_can_not_be_read_is_named(shelf: Shelf) -> None:
    for path, words in (("cache", "/cache is a folder"), ("", "/ is a folder"), ("no", "/no is not in")):
        with pytest.raises(VolumeError, match=words):
            shelf.volume.read(path)
    with pytest.raises(VolumeError, match=r"/b\.txt is no folder"):
        shelf.volume.entries("b.txt")
    with pytest.raises(VolumePathError, match="/nowhere is not in the volume"):
        shelf.volume.entries("nowhere")


@pytest.mark.parametrize("path", ["..", "../secret.txt", "cache/../../x", "/..", "a/..", "b.txt\0", "//../x"])
def test_a_path_that_leads_out_is_refused(shelf: Shelf, path: str) -> None:
    volume = shelf.volume
    for look in (volume.entries, volume.entry, volume.read, volume.usage, volume.remove):
        with pytest.raises(VolumePathError, match="leads out of the volume"):
            look(path)
    for change in (volume.copy, volume.rename):
        with pytest.raises(VolumePathError, match="leads out of the volume"):
            change("b.txt", path)
        with pytest.raises(VolumePathError, match="leads out of the volume"):
            change(path, "c.txt")
    assert shelf.paths() == ["A.txt", "b.txt", "cache/.rlm", "cache/deep/x.json", "cache/notes.md"]


def test_usage_counts_files_and_folders(shelf: Shelf) -> None:
    usage = shelf.volume.usage()
    assert (usage.size, usage.files, usage.folders) == (50, 5, 2)
    usage = shelf.volume.usage("/cache")
    assert (usage.size, usage.files, usage.folders) == (30, 3, 1)
    usage = shelf.volume.usage("b.txt")
    assert (usage.size, usage.files, usage.folders) == (10, 1, 0)


def test_everything_below_a_folder(shelf: Shelf) -> None:
    found = paths(list(shelf.volume.below()))
    assert sorted(found) == [
        "A.txt",
        "b.txt",
        "cache",
        "cache/.rlm",
        "cache/deep",
        "cache/deep/x.json",
        "cache/notes.md",
    ]
    assert found.index("cache") < found.index("cache/deep") < found.index("cache/deep/x.json")
    assert sorted(paths(list(shelf.volume.below("/cache/deep/")))) == ["cache/deep/x.json"]


def test_search_by_a_part_of_a_name_or_by_a_pattern(shelf: Shelf) -> None:
    search = shelf.volume.search
    assert paths(search("TXT")) == ["A.txt", "b.txt"]
    assert paths(search("*.json")) == ["cache/deep/x.json"]
    assert paths(search("?.txt")) == ["A.txt", "b.txt"]
    assert paths(search("deep")) == ["cache/deep"]
    assert paths(search("frame")) == [], "what is private to sandboxes is no business of a person's"
    assert search("[ab].txt") == [], "brackets are no pattern"
    assert len(search("", limit=3)) == 3


def test_a_volume_that_is_not_there_yet_says_so(missing: Volume) -> None:
    for look in (missing.entries, missing.entry, missing.usage):
        with pytest.raises(VolumeMissingError, match="There is no volume work"):
            look("")
    with pytest.raises(VolumeMissingError):
        missing.search("x")


def test_names_that_look_like_something_else(shelf: Shelf) -> None:
    for name in ("[red]x", "a b", "-rf", "äöü 文", "x*y", "quote'\"", "new\nline"):
        shelf.write(f"odd/{name}", name.encode())
    found = shelf.volume.entries("odd")
    assert len(found) == 7
    for entry in found:
        assert shelf.volume.read(entry.path) == entry.name.encode()
