"""What only a directory of this machine can do to a person: links, pipes, races."""

from __future__ import annotations

import contextlib
import errno
import os
import threading
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rlm_tui.volumes.local import LocalVolume
from rlm_tui.volumes.protocol import VolumeError


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
    shown = {entry.name: entry for entry in volume.entries()}
    assert not shown["to-folder"].is_directory
    assert "gone" in shown
    for path in ("to-file", "to-folder/secret.txt", "gone"):
        with pytest.raises(VolumeError, match="link"):
            volume.read(path)
    with pytest.raises(VolumeError, match="link"):
        volume.entries("to-folder")
    assert volume.usage().size == 50


def test_no_change_and_no_transfer_goes_through_a_link(volume: LocalVolume, tmp_path: Path) -> None:
    (volume.directory / "out").symlink_to(tmp_path / "outside")
    (volume.directory / "to-file").symlink_to(tmp_path / "secret.txt")
    (tmp_path / "own.txt").write_text("mine")
    with pytest.raises(VolumeError, match="link"):
        volume.upload(tmp_path / "own.txt", "out/planted.txt")
    with pytest.raises(VolumeError, match="is there already"):
        volume.upload(tmp_path / "own.txt", "to-file")
    with pytest.raises(VolumeError, match="link"):
        volume.copy("b.txt", "out/b.txt")
    with pytest.raises(VolumeError, match="link"):
        volume.rename("b.txt", "out/b.txt")
    with pytest.raises(VolumeError, match="link"):
        volume.rename("out/secret.txt", "found.txt")
    with pytest.raises(VolumeError, match="link"):
        volume.remove("out/secret.txt")
    with pytest.raises(VolumeError, match="link"):
        volume.download("to-file", tmp_path / "got")
    with pytest.raises(VolumeError, match="a link"):
        volume.copy("to-file", "copied")
    assert sorted(path.name for path in (tmp_path / "outside").iterdir()) == ["secret.txt"]
    assert (tmp_path / "secret.txt").read_text() == "planted"
    volume.remove("out")
    volume.remove("to-file")
    assert (tmp_path / "outside" / "secret.txt").exists()
    assert (tmp_path / "secret.txt").exists()


def test_a_folder_with_links_is_copied_and_removed_without_them(volume: LocalVolume, tmp_path: Path) -> None:
    (volume.directory / "cache" / "out").symlink_to(tmp_path / "outside")
    os.mkfifo(volume.directory / "cache" / "pipe")
    volume.copy("cache", "copied")
    assert sorted(path.name for path in (volume.directory / "copied").iterdir()) == [".rlm", "deep"]
    volume.download("cache", tmp_path / "down")
    assert sorted(path.name for path in (tmp_path / "down").iterdir()) == [".rlm", "deep"]
    volume.remove("cache")
    assert (tmp_path / "outside" / "secret.txt").exists()


def test_what_is_private_can_not_be_turned_into_a_way_out(volume: LocalVolume, tmp_path: Path) -> None:
    (volume.directory / ".rlm" / "frame").unlink()
    (volume.directory / ".rlm").rmdir()
    (volume.directory / ".rlm").symlink_to(tmp_path / "outside")
    (tmp_path / "own.txt").write_text("mine")
    with pytest.raises(VolumeError):
        volume.upload(tmp_path / "own.txt", "in.txt")
    assert sorted(path.name for path in (tmp_path / "outside").iterdir()) == ["secret.txt"]


def test_what_a_killed_upload_left_is_removed_a_day_later(volume: LocalVolume, tmp_path: Path) -> None:
    (tmp_path / "own.txt").write_text("mine")
    for name, age in (("under-way-old", 100_000), ("under-way-new", 10)):
        (volume.directory / ".rlm" / name).mkdir()
        (volume.directory / ".rlm" / name / "half").write_text("half")
        os.utime(volume.directory / ".rlm" / name, (time.time() - age, time.time() - age))
    volume.upload(tmp_path / "own.txt", "in.txt")
    assert sorted(path.name for path in (volume.directory / ".rlm").iterdir()) == ["frame", "under-way-new"]


def test_a_full_disk_changes_nothing(volume: LocalVolume, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("rlm_tui.volumes.local_folders.os.write", full)
    with pytest.raises(VolumeError, match="The disk is full; nothing was changed"):
        volume.copy("b.txt", "copy.txt")
    assert sorted(entry.name for entry in volume.entries()) == ["A.txt", "b.txt", "c.bin", "cache"]
    assert [path.name for path in (volume.directory / ".rlm").iterdir()] == ["frame"]


def test_very_many_folders_within_folders_are_refused(volume: LocalVolume) -> None:
    at = volume.directory / "bottomless"
    for _ in range(130):
        at = at / "d"
    at.mkdir(parents=True)
    (at / "x").touch()
    with pytest.raises(VolumeError, match="more than 100 folders within folders"):
        volume.copy("bottomless", "copy")
    assert volume.usage("bottomless").folders == 130
    volume.remove("bottomless")
    assert not (volume.directory / "bottomless").exists()


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
    assert len(volume.entries("many")) == 1_000
    assert volume.read("large", 2**33, 10) == b"\0" * 10
    assert time.perf_counter() - began < 10
