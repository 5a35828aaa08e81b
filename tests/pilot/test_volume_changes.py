"""The volume pane changes a volume: by keys and by mouse, on a directory and on a loopback Modal."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from rlm_tui.core.settings import ModalSettings, SandboxSettings, Settings
from rlm_tui.ui.screens.ask import AskScreen
from rlm_tui.ui.screens.confirm import ConfirmScreen
from rlm_tui.ui.screens.text_preview import TextPreviewScreen
from rlm_tui.ui.screens.transfer import TransferScreen
from rlm_tui.ui.screens.volumes import VolumesScreen
from rlm_tui.ui.widgets.file_tree import FileTree
from rlm_tui.ui.widgets.key_footer import KeyFooter
from rlm_tui.ui.widgets.problem_line import ProblemLine
from rlm_tui.volumes.catalog import local_directory
from tests.modal_server.server import LoopbackModal
from tests.pilot.conftest import OpenApp, screen_text, settled, until

NAME = "rlm-volume-dspy"
PNG = b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + b"IHDR" + struct.pack(">II", 640, 480) + bytes(400)


@pytest.fixture(params=["local", "modal"])
def volume(request: pytest.FixtureRequest) -> tuple[Settings, Path]:
    """The settings that lead to a volume with some files, and the directory where they really lie."""
    if request.param == "local":
        settings, files = Settings(), local_directory(NAME)
    else:
        server: LoopbackModal = request.getfixturevalue("loopback_modal")
        server.volumes.create(NAME, 2)
        settings = Settings(sandbox=SandboxSettings(kind="modal"), modal=ModalSettings(call_seconds=10))
        files = server.volume(NAME)
    (files / "cache").mkdir(parents=True)
    (files / "cache" / "index.json").write_text('{"modules":["A","B"],"name":"ä"}', encoding="utf-8")
    (files / "notes.txt").write_text("kept\n", encoding="utf-8")
    return settings, files


def rows(pilot: Pilot[Any]) -> list[str]:
    return [node.name for node in pilot.app.screen.query_one("#volume-tree", FileTree).rows]


def problem(pilot: Pilot[Any]) -> str:
    """The sentence that stands over the tree."""
    return pilot.app.screen.query_one("#volume-problem", ProblemLine).words


def words_without_files(pilot: Pilot[Any]) -> str:
    """What the tree says when it has nothing to list."""
    return pilot.app.screen.query_one("#volume-tree", FileTree).empty


def choose(pilot: Pilot[Any], name: str) -> None:
    """Put the cursor on the file or folder of this name."""
    tree = pilot.app.screen.query_one("#volume-tree", FileTree)
    tree.move_to([node.name for node in tree.rows].index(name))


async def write(pilot: Pilot[Any], text: str) -> None:
    """Write the answer into the question that is asked, and give it."""
    assert isinstance(pilot.app.screen, AskScreen)
    pilot.app.screen.query_one(Input).value = text
    await pilot.press("enter")
    await settled(pilot)


def files_in(folder: Path) -> list[str]:
    found = (path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    return sorted(path for path in found if not path.startswith(".rlm/"))


async def test_upload_download_copy_move_and_delete(
    open_app: OpenApp, volume: tuple[Settings, Path], tmp_path: Path
) -> None:
    settings, files = volume
    (tmp_path / "own.txt").write_text("mine", encoding="utf-8")
    async with open_app(settings=settings) as pilot:
        await pilot.press("5")
        await settled(pilot)
        assert rows(pilot) == ["cache", "notes.txt"]
        choose(pilot, "cache")
        await pilot.press("u")
        assert "to go into /cache" in screen_text(pilot)
        await write(pilot, str(tmp_path / "own.txt"))
        assert (files / "cache" / "own.txt").read_text() == "mine"
        assert pilot.app.screen.query_one(KeyFooter).spoken == "/cache/own.txt is uploaded"
        await pilot.press("c")
        await write(pilot, "/copies/")
        assert rows(pilot) == ["cache", "copies", "notes.txt"]
        choose(pilot, "notes.txt")
        await pilot.press("m")
        await write(pilot, "/moved.txt")
        assert rows(pilot) == ["cache", "copies", "moved.txt"]
        choose(pilot, "moved.txt")
        await pilot.press("d")
        await write(pilot, str(tmp_path / "down.txt"))
        assert (tmp_path / "down.txt").read_text() == "kept\n"
        choose(pilot, "copies")
        await pilot.press("x")
        await settled(pilot)
        assert "Delete /copies with 2 files, " in screen_text(pilot)
        await pilot.press("k")
        await settled(pilot)
        assert files_in(files / "copies") == ["cache/index.json", "cache/own.txt"]
        await pilot.press("x")
        await settled(pilot)
        await pilot.press("d")
        await settled(pilot)
        assert rows(pilot) == ["cache", "moved.txt"]
        assert files_in(files) == ["cache/index.json", "cache/own.txt", "moved.txt"]
        assert "3 files" in screen_text(pilot)


async def test_what_is_there_is_overwritten_only_after_a_question(
    open_app: OpenApp, volume: tuple[Settings, Path], tmp_path: Path
) -> None:
    settings, files = volume
    (tmp_path / "notes.txt").write_text("newer", encoding="utf-8")
    async with open_app(settings=settings) as pilot:
        await pilot.press("5")
        await settled(pilot)
        choose(pilot, "notes.txt")
        for answer, left in (("k", "kept\n"), ("o", "newer")):
            await pilot.press("u")
            await write(pilot, str(tmp_path / "notes.txt"))
            assert isinstance(pilot.app.screen, ConfirmScreen)
            assert "/notes.txt is there already" in screen_text(pilot)
            await pilot.press(answer)
            await settled(pilot)
            assert (files / "notes.txt").read_text() == left
        await pilot.press("c")
        await write(pilot, "/cache/../../out")
        assert "leads out of the volume" in problem(pilot)
        await pilot.press("u")
        await write(pilot, str(tmp_path / "nothing"))
        assert "is not on this machine" in problem(pilot)
        assert files_in(files) == ["cache/index.json", "notes.txt"]


@pytest.mark.parametrize("size", [(80, 24), (160, 45)])
async def test_files_are_found_by_name_and_shown_by_kind(
    open_app: OpenApp, volume: tuple[Settings, Path], size: tuple[int, int]
) -> None:
    settings, files = volume
    (files / "picture.png").write_bytes(PNG)
    (files / "broken.json").write_text('{"a": ', encoding="utf-8")
    async with open_app(settings=settings, size=size) as pilot:
        await pilot.press("5", "slash")
        await settled(pilot)
        await pilot.press(*"dex")
        await until(pilot, lambda: rows(pilot) == ["cache/index.json"], "the file that is found")
        await pilot.press("enter", "v")
        await settled(pilot)
        assert isinstance(pilot.app.screen, TextPreviewScreen)
        assert '  "modules": [' in screen_text(pilot)
        assert '"name": "ä"' in screen_text(pilot)
        assert "JSON, laid out" in screen_text(pilot)
        await pilot.press("escape", "escape")
        await settled(pilot)
        assert rows(pilot) == ["cache", "broken.json", "notes.txt", "picture.png"]
        choose(pilot, "picture.png")
        await pilot.press("v")
        await settled(pilot)
        text = screen_text(pilot)
        assert "640 × 480" in text
        assert "Portable Network Graphics" in text
        assert "not text" in text
        await pilot.press("escape")
        choose(pilot, "broken.json")
        await pilot.press("v")
        await settled(pilot)
        assert '{"a": ' in screen_text(pilot)
        assert "no JSON" in screen_text(pilot)


async def test_a_transfer_is_stopped_by_esc(
    open_app: OpenApp, loopback_modal: LoopbackModal, tmp_path: Path
) -> None:
    loopback_modal.volumes.create(NAME, 2)
    loopback_modal.misbehave.upload_seconds = 0.05
    (tmp_path / "large").write_bytes(bytes(range(256)) * 80_000)
    settings = Settings(sandbox=SandboxSettings(kind="modal"), modal=ModalSettings(call_seconds=10))
    async with open_app(settings=settings) as pilot:
        await pilot.press("5")
        await settled(pilot)
        await pilot.press("u")
        assert isinstance(pilot.app.screen, AskScreen)
        pilot.app.screen.query_one(Input).value = str(tmp_path / "large")
        await pilot.press("enter")
        await until(pilot, lambda: loopback_modal.bytes_uploaded, "the first bytes")
        assert isinstance(pilot.app.screen, TransferScreen)
        await pilot.press("escape")
        await settled(pilot)
        assert "nothing of it is" in problem(pilot)
        assert files_in(loopback_modal.volume(NAME)) == []


async def test_another_volume_is_looked_into(open_app: OpenApp, loopback_modal: LoopbackModal) -> None:
    local_directory("other").mkdir(parents=True)
    (local_directory("other") / "own.txt").touch()
    loopback_modal.volumes.create("in-the-cloud", 2)
    (loopback_modal.volume("in-the-cloud") / "far.txt").write_text("far")
    async with open_app() as pilot:
        await pilot.press("5", "o")
        await settled(pilot)
        assert isinstance(pilot.app.screen, VolumesScreen)
        assert "other · on this machine" in screen_text(pilot)
        assert "in-the-cloud" not in screen_text(pilot)
        await pilot.press("enter")
        await settled(pilot)
        assert rows(pilot) == ["own.txt"]
        assert "other, local" in screen_text(pilot)
        await pilot.press("o", "m")
        await settled(pilot)
        await pilot.press("end", "enter")
        await settled(pilot)
        assert rows(pilot) == ["far.txt"]
        assert "in-the-cloud, at Modal" in screen_text(pilot)


async def test_modal_that_can_not_be_asked_says_why(
    open_app: OpenApp, loopback_modal: LoopbackModal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MODAL_TOKEN_SECRET", "as-wrong")
    settings = Settings(sandbox=SandboxSettings(kind="modal"), modal=ModalSettings(call_seconds=10))
    async with open_app(settings=settings) as pilot:
        await pilot.press("5")
        await settled(pilot)
        text = words_without_files(pilot)
        assert "does not accept the token" in text
        assert "modal token new" in text
        assert "as-wrong" not in text
        await pilot.press("o")
        await settled(pilot)
        assert "does not accept the token" in " ".join(screen_text(pilot).split())


async def test_a_modal_volume_that_is_not_there_is_made_by_the_first_upload(
    open_app: OpenApp, loopback_modal: LoopbackModal, tmp_path: Path
) -> None:
    (tmp_path / "own.txt").write_text("mine")
    settings = Settings(sandbox=SandboxSettings(kind="modal"), modal=ModalSettings(call_seconds=10))
    async with open_app(settings=settings) as pilot:
        await pilot.press("5")
        await settled(pilot)
        assert (
            "what a run writes to /data stays" in pilot.app.screen.query_one("#volume-tree", FileTree).empty
        )
        await pilot.press("u")
        await write(pilot, str(tmp_path / "own.txt"))
        assert rows(pilot) == ["own.txt"]
