"""The volume pane: what lies there, how old it is, what the run wrote, and looking inside."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

import pytest
from textual.app import App, ComposeResult
from textual.pilot import Pilot

from rlm_tui.core.paths import volumes_directory
from rlm_tui.ui.screens.text_preview import TextPreviewScreen
from rlm_tui.ui.widgets.file_tree import FileTree
from rlm_tui.ui.widgets.volume_browser import VolumeBrowser
from rlm_tui.volumes.local import LocalVolume
from rlm_tui.volumes.protocol import VolumeEntry, VolumeError
from tests.pilot.conftest import OpenApp, screen_text, settled


class VolumeApp(App[None]):
    """Holds one browser."""

    def __init__(self, browser: VolumeBrowser) -> None:
        super().__init__()
        self.browser = browser

    def compose(self) -> ComposeResult:
        yield self.browser


@pytest.fixture
def volume(tmp_path: Path) -> LocalVolume:
    root = tmp_path / "volume"
    (root / "cache").mkdir(parents=True)
    (root / "cache" / "headings.json").write_text('["Modules"]', encoding="utf-8")
    (root / "notes.txt").write_text("kept\n", encoding="utf-8")
    long_ago = time.time() - 120
    os.utime(root / "notes.txt", (long_ago, long_ago))
    return LocalVolume(root, "rlm-volume-dspy")


def rows(pilot: Pilot[Any]) -> list[str]:
    return [node.name for node in pilot.app.screen.query_one(FileTree).rows]


async def test_directories_are_listed_as_they_are_opened(volume: LocalVolume) -> None:
    async with VolumeApp(VolumeBrowser(volume)).run_test(size=(60, 12)) as pilot:
        await settled(pilot)
        assert rows(pilot) == ["cache", "notes.txt"]
        await pilot.press("home", "right")
        await settled(pilot)
        assert rows(pilot) == ["cache", "headings.json", "notes.txt"]
        text = screen_text(pilot)
        assert "2 min" in text
        assert "11 B" in text


async def test_refresh_shows_what_is_new_and_keeps_what_is_open(volume: LocalVolume) -> None:
    async with VolumeApp(VolumeBrowser(volume)).run_test(size=(60, 12)) as pilot:
        await settled(pilot)
        await pilot.press("home", "right")
        await settled(pilot)
        (volume.directory / "cache" / "more.json").write_text("{}", encoding="utf-8")
        (volume.directory / "notes.txt").unlink()
        await pilot.press("r")
        await settled(pilot)
        assert rows(pilot) == ["cache", "headings.json", "more.json"]


async def test_what_the_run_wrote_is_marked(volume: LocalVolume) -> None:
    browser = VolumeBrowser(volume)
    async with VolumeApp(browser).run_test(size=(60, 12)) as pilot:
        await settled(pilot)
        browser.set_written(["cache/headings.json"])
        await settled(pilot)
        await pilot.press("home", "right")
        await settled(pilot)
        marked = [line for line in screen_text(pilot).splitlines() if " new " in line]
        assert len(marked) == 2, "the file, and the directory that holds it"
        assert "1 written by this run" in screen_text(pilot)


async def test_an_empty_volume_says_what_it_is_for(tmp_path: Path) -> None:
    browser = VolumeBrowser(LocalVolume(tmp_path / "not there yet"))
    async with VolumeApp(browser).run_test(size=(60, 12)) as pilot:
        await settled(pilot)
        assert "what a run writes" in screen_text(pilot)


class BrokenVolume(LocalVolume):
    """A volume that can't be reached."""

    def entries(self, path: str = "") -> list[VolumeEntry]:
        raise VolumeError("The volume is away: try again later.")


async def test_a_volume_that_cannot_be_listed_says_so() -> None:
    async with VolumeApp(VolumeBrowser(BrokenVolume(Path()))).run_test(size=(60, 12)) as pilot:
        await settled(pilot)
        assert "The volume is away" in screen_text(pilot)


async def test_a_file_is_looked_at_in_the_app(open_app: OpenApp) -> None:
    root = volumes_directory() / "rlm-volume-dspy"
    root.mkdir(parents=True)
    (root / "found.txt").write_text("what was found\n\x1b[31m", encoding="utf-8")
    async with open_app() as pilot:
        await pilot.press("5", "enter")
        await settled(pilot)
        assert isinstance(pilot.app.screen, TextPreviewScreen)
        assert "what was found" in screen_text(pilot)
        assert "␛[31m" in screen_text(pilot)


async def test_ten_thousand_files_stay_quick(tmp_path: Path) -> None:
    root = tmp_path / "many"
    root.mkdir()
    for number in range(10_000):
        (root / f"file-{number:05}.txt").touch()
    async with VolumeApp(VolumeBrowser(LocalVolume(root))).run_test(size=(60, 12)) as pilot:
        await settled(pilot)
        assert len(rows(pilot)) == 10_000
        tree = pilot.app.screen.query_one(FileTree)
        began = time.thread_time()
        for _ in range(50):
            tree.action_move(1)
            tree.render_line(0)
        assert (time.thread_time() - began) / 50 < 0.02, "moving must not cost what listing costs"
        await pilot.press("end")
        assert "file-09999.txt" in screen_text(pilot)
