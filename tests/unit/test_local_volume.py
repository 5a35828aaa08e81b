"""A local volume lists and reads what is in it, and nothing else."""

from __future__ import annotations

import contextlib
import os
import threading
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rlm_tui.volumes.local import LocalVolume
from rlm_tui.volumes.protocol import Volume, VolumeError


@pytest.fixture
def volume(tmp_path: Path) -> LocalVolume:
    root = tmp_path / "volume"
    for name in ("cache/deep/x.json", "b.txt", "A.txt", "c.bin", ".rlm/frame", "cache/.rlm"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(b"0123456789")
    (tmp_path / "secret.txt").write_text("planted")
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "secret.txt").write_text("planted")
    return LocalVolume(root, "work")


def names(volume: Volume, path: str = "") -> list[str]:
    return [entry.name for entry in volume.list(path)]


def test_folders_first_then_files_by_name(volume: LocalVolume) -> None:
    assert (volume.name, volume.kind) == ("work", "local")
    assert names(volume) == ["cache", "A.txt", "b.txt", "c.bin"]
    assert names(volume, "cache") == ["deep", ".rlm"]
    (deep,) = volume.list("cache/deep")
    assert (deep.path, deep.name, deep.is_directory, deep.size) == ("cache/deep/x.json", "x.json", False, 10)
    assert abs(deep.modified - time.time()) < 60
    assert volume.list()[0].size == 0
    assert volume.total_size() == 50


def test_a_file_is_read_by_slices(volume: LocalVolume) -> None:
    assert volume.read("b.txt") == b"0123456789"
    assert volume.read("./cache//deep/x.json", 2, 3) == b"234"
    assert volume.read("b.txt", 8, 100) == b"89"
    assert volume.read("b.txt", 100, 1) == b""
    assert volume.read("b.txt", -5, 2) == b"01"


def test_a_volume_that_is_not_there_yet_is_empty(tmp_path: Path) -> None:
    volume = LocalVolume(tmp_path / "later")
    assert (volume.name, volume.list(), volume.total_size()) == ("later", [], 0)
    with pytest.raises(VolumeError, match="no longer in the volume"):
        volume.list("sub")
    assert not (tmp_path / "later").exists()


@pytest.mark.parametrize(
    "path",
    [
        "..",
        "../secret.txt",
        "cache/../../secret.txt",
        "/etc/passwd",
        "cache/../..",
        "a/..",
        "b.txt\0",
        "//etc",
    ],
)
def test_a_path_that_leads_out_is_refused(volume: LocalVolume, path: str) -> None:
    for look in (volume.list, volume.read):
        with pytest.raises(VolumeError, match="leads out of the volume"):
            look(path)


@given(
    st.lists(
        st.sampled_from(["..", ".", "cache", "deep", "secret.txt", "", "link", "\x00", "x.json"]), max_size=6
    )
)
def test_no_path_reads_a_file_outside(tmp_path_factory: pytest.TempPathFactory, parts: list[str]) -> None:
    folder = tmp_path_factory.mktemp("paths")
    (folder / "secret.txt").write_text("planted")
    (folder / "volume" / "cache" / "deep").mkdir(parents=True)
    (folder / "volume" / "cache" / "deep" / "x.json").write_text("inside")
    (folder / "volume" / "link").symlink_to(folder)
    (folder / "volume" / "cache" / "link").symlink_to("../..")
    with contextlib.suppress(VolumeError):
        assert LocalVolume(folder / "volume").read("/".join(parts)) == b"inside"


def test_links_are_shown_and_never_followed(volume: LocalVolume, tmp_path: Path) -> None:
    (volume.directory / "to-file").symlink_to(tmp_path / "secret.txt")
    (volume.directory / "to-folder").symlink_to(tmp_path / "outside")
    (volume.directory / "gone").symlink_to("nowhere")
    shown = {entry.name: entry for entry in volume.list()}
    assert not shown["to-folder"].is_directory
    assert "gone" in shown
    for path in ("to-file", "to-folder/secret.txt", "gone"):
        with pytest.raises(VolumeError, match="link"):
            volume.read(path)
    with pytest.raises(VolumeError, match="link"):
        volume.list("to-folder")
    assert volume.total_size() == 50


def test_a_link_that_changes_under_the_reader_leads_nowhere(volume: LocalVolume, tmp_path: Path) -> None:
    (volume.directory / "swap").mkdir()
    (volume.directory / "swap" / "secret.txt").write_text("inside")
    (tmp_path / "parked").mkdir()
    stop = threading.Event()

    def swap() -> None:
        while not stop.is_set():
            (volume.directory / "swap").rename(tmp_path / "parked" / "swap")
            (volume.directory / "swap").symlink_to(tmp_path / "outside")
            (volume.directory / "swap").unlink()
            (tmp_path / "parked" / "swap").rename(volume.directory / "swap")

    thread = threading.Thread(target=swap)
    thread.start()
    try:
        seen = set()
        until = time.monotonic() + 0.5
        while time.monotonic() < until:
            try:
                seen.add(volume.read("swap/secret.txt"))
            except VolumeError:
                seen.add(b"refused")
    finally:
        stop.set()
        thread.join()
    assert b"planted" not in seen
    assert b"inside" in seen


def test_a_pipe_is_never_waited_for(volume: LocalVolume) -> None:
    os.mkfifo(volume.directory / "pipe")
    with pytest.raises(VolumeError, match="a pipe or a device"):
        volume.read("pipe")


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("gone.txt", "gone.txt is no longer in the volume: refresh it"),
        ("cache", "cache is a folder: choose a file"),
        ("b.txt/below", "no folder"),
        ("", "choose a file in it"),
    ],
)
def test_what_can_not_be_read_is_named(volume: LocalVolume, path: str, words: str) -> None:
    with pytest.raises(VolumeError, match=words):
        volume.read(path)


def test_a_name_can_not_colour_the_sentence(volume: LocalVolume) -> None:
    with pytest.raises(VolumeError) as caught:
        volume.read("\x1b[31mred\n")
    assert "\x1b" not in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_large_folder_and_a_large_file(volume: LocalVolume) -> None:
    many = volume.directory / "many"
    many.mkdir()
    for number in range(1_000):
        (many / f"{number:04}").touch()
    with (volume.directory / "large").open("wb") as file:
        file.truncate(2**34)
    began = time.perf_counter()
    assert len(volume.list("many")) == 1_000
    assert volume.read("large", 2**33, 10) == b"\0" * 10
    assert time.perf_counter() - began < 10
