"""What only a volume at Modal can do to a person: others change it meanwhile, uploads end late."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

import pytest

from rlm_tui.core.settings import ModalSettings
from rlm_tui.volumes.modal import ModalVolume
from rlm_tui.volumes.protocol import TransferStoppedError, VolumeError
from tests.modal_server import LoopbackModal


@pytest.fixture
def volume(loopback_modal: LoopbackModal) -> ModalVolume:
    loopback_modal.volumes.create("work", 2)
    return ModalVolume(ModalSettings(call_seconds=10), "work")


def test_a_rename_never_deletes_what_was_not_copied(
    volume: ModalVolume, loopback_modal: LoopbackModal, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = loopback_modal.volume("work")
    (files / "folder").mkdir()
    (files / "folder" / "a").write_text("a")
    copy = ModalVolume.copy

    def copied(self: ModalVolume, path: str, to: str) -> Any:
        done = copy(self, path, to)
        (files / "folder" / "published-meanwhile").write_text("b")
        return done

    monkeypatch.setattr(ModalVolume, "copy", copied)
    with pytest.raises(VolumeError, match="was changed while it was copied"):
        volume.rename("folder", "other")
    assert sorted(path.name for path in (files / "folder").iterdir()) == ["a", "published-meanwhile"]


def test_a_volume_that_was_made_anew_is_found_again(
    volume: ModalVolume, loopback_modal: LoopbackModal, tmp_path: Path
) -> None:
    assert volume.entries() == []
    loopback_modal.volumes.forget("work")
    loopback_modal.volumes.create("work", 2)
    (loopback_modal.volume("work") / "new.txt").write_text("new")
    assert [entry.name for entry in volume.entries()] == ["new.txt"]


def test_what_is_said_of_a_stopped_upload_is_so(
    volume: ModalVolume, loopback_modal: LoopbackModal, tmp_path: Path
) -> None:
    source = tmp_path / "large.bin"
    source.write_bytes(os.urandom(30_000_000))
    volume.upload(source, "first.bin")
    asked = []

    def stop() -> bool:
        asked.append(True)
        return len(asked) > 1

    # Every block is there already, so it depends on the moment; but what is said must be so.
    there = loopback_modal.volume("work") / "second.bin"
    said = ""
    try:
        volume.upload(source, "second.bin", stop=stop)
    except TransferStoppedError as error:
        said = str(error)
        time.sleep(0.5)
    assert there.exists() is (said == "")
    assert said == "" or "nothing of it is" in said


def test_a_large_folder_is_listed_as_long_as_it_goes_on(
    volume: ModalVolume, loopback_modal: LoopbackModal
) -> None:
    folder = loopback_modal.volume("work") / "many"
    folder.mkdir()
    for number in range(3_000):
        (folder / f"{number:05}").touch()
    assert volume.usage("many").files == 3_000
    assert len(volume.entries("many")) == 3_000
