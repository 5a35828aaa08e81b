"""The two kinds of volumes, each empty or filled, for cases that must come out the same."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from rlm_tui.core.settings import ModalSettings
from rlm_tui.volumes.local import LocalVolume
from rlm_tui.volumes.modal import ModalVolume
from rlm_tui.volumes.protocol import Volume, VolumeEntry
from tests.modal_server.server import LoopbackModal

NAME = "work"


class Shelf(NamedTuple):
    """A volume, and the directory where its files really lie; `server` is None for a local one."""

    volume: Volume
    files: Path
    server: LoopbackModal | None = None

    def write(self, path: str, content: bytes = b"0123456789") -> None:
        target = self.files / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)

    def paths(self) -> list[str]:
        """Every file that is really there, what is private to sandboxes left out."""
        found = (path.relative_to(self.files).as_posix() for path in self.files.rglob("*") if path.is_file())
        return sorted(path for path in found if not path.startswith(".rlm/"))


@pytest.fixture(params=["local", "modal"])
def missing(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Volume]:
    """A volume that is not there yet."""
    if request.param == "local":
        yield LocalVolume(tmp_path / "volumes" / NAME, NAME)
        return
    request.getfixturevalue("loopback_modal")
    yield ModalVolume(ModalSettings(call_seconds=10), NAME)


@pytest.fixture(params=["local", "modal"])
def shelf(request: pytest.FixtureRequest, tmp_path: Path) -> Shelf:
    """A volume with some files in it."""
    if request.param == "local":
        made = Shelf(LocalVolume(tmp_path / "volumes" / NAME, NAME), tmp_path / "volumes" / NAME)
        made.files.mkdir(parents=True)
    else:
        server: LoopbackModal = request.getfixturevalue("loopback_modal")
        server.volumes.create(NAME, 2)
        made = Shelf(ModalVolume(ModalSettings(call_seconds=10), NAME), server.volume(NAME), server)
    for path in ("cache/deep/x.json", "cache/notes.md", "b.txt", "A.txt", ".rlm/frame", "cache/.rlm"):
        made.write(path)
    return made


def names(entries: list[VolumeEntry]) -> list[str]:
    return [entry.name for entry in entries]


def paths(entries: list[VolumeEntry]) -> list[str]:
    return [entry.path for entry in entries]
