"""The Batch screen: real runs of the offline demo over a folder, seen, looked into, cancelled."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from rlm_tui.ui.app import RlmTui
from rlm_tui.ui.screens.batch import BatchScreen
from rlm_tui.ui.screens.confirm import ConfirmScreen
from rlm_tui.ui.screens.text_preview import TextPreviewScreen
from tests.pilot.conftest import OpenApp, screen_lines, screen_text, settled, shown, until

TEXT = "# Handbook\n\n## class {name}(Module)\n\nA module that is called with inputs.\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "many"
    folder.mkdir()
    for name in ("Harvester", "Pruner", "Planter"):
        (folder / f"{name}.md").write_text(TEXT.format(name=name), encoding="utf-8")
    return folder


def app(pilot: Pilot[Any]) -> RlmTui:
    assert isinstance(pilot.app, RlmTui)
    return pilot.app


def batch_screen(pilot: Pilot[Any]) -> BatchScreen:
    found = app(pilot).explore.batch_screen
    assert found is not None
    return found


async def ended(pilot: Pilot[Any]) -> None:
    """Wait until the batch that was started is over."""
    await settled(pilot)
    await until(pilot, lambda: not batch_screen(pilot).active, "the end of the batch")


def open_batch(open_app: OpenApp, folder: Path, **arguments: Any) -> Any:
    return open_app(task="architecture", document=str(folder / "Pruner.md"), **arguments)


@pytest.mark.slow
@pytest.mark.parametrize("size", [(80, 24), (160, 45)])
async def test_a_batch_is_run_and_its_answers_are_looked_at(
    open_app: OpenApp, folder: Path, size: tuple[int, int], tmp_path: Path
) -> None:
    (folder / "broken.md").write_bytes(bytes(range(256)) * 20)
    async with open_batch(open_app, folder, size=size) as pilot:
        await pilot.press("f4")
        await settled(pilot)
        assert batch_screen(pilot).query_one("#batch-documents", Input).value == str(folder / "*.md")
        batch_screen(pilot).query_one("#batch-results", Input).value = str(tmp_path / "r.jsonl")
        await pilot.press("ctrl+r")
        await ended(pilot)
        await shown(pilot, "3 of 4 answered · 1 failed")
        text = screen_text(pilot)
        assert "is not text" in text
        assert len((tmp_path / "r.jsonl").read_text().splitlines()) == 4
        lines = screen_lines(pilot)
        heads = next(line for line in lines if "document" in line and "time" in line)
        row = next(line for line in lines if "submitted" in line)
        assert len(heads) == len(row), "the figures stand under their headings"

        await pilot.press("home", "down", "enter")
        await settled(pilot)
        assert isinstance(pilot.app.screen, TextPreviewScreen)
        assert "Planter" in screen_text(pilot)
        await pilot.press("escape", "escape")
        await settled(pilot)
        assert pilot.app.screen is app(pilot).explore

        await pilot.press("f4", "ctrl+r")
        await ended(pilot)
        await shown(pilot, "3 of them before")


@pytest.mark.slow
async def test_leaving_while_a_batch_goes_on_asks_and_keeps_the_answers(
    open_app: OpenApp, folder: Path, tmp_path: Path
) -> None:
    for number in range(12):
        (folder / f"more-{number:02}.md").write_text(TEXT.format(name=f"Part{number}"), encoding="utf-8")
    results = tmp_path / "r.jsonl"
    async with open_batch(open_app, folder) as pilot:
        await pilot.press("f4")
        await settled(pilot)
        batch_screen(pilot).query_one("#batch-results", Input).value = str(results)
        batch_screen(pilot).query_one("#batch-parallel", Input).value = "1"
        await pilot.press("ctrl+r")
        await until(pilot, lambda: results.exists() and results.read_bytes(), "the first answer")
        await pilot.press("escape")
        await pilot.pause()
        assert pilot.app.screen is app(pilot).explore
        await pilot.press("ctrl+q")
        await pilot.pause()
        assert isinstance(pilot.app.screen, ConfirmScreen)
        await pilot.press("s")
        await pilot.pause()
        assert batch_screen(pilot).active
        await pilot.press("ctrl+q")
        await pilot.pause()
        await pilot.press("c")
        while pilot.app.is_running and batch_screen(pilot).active:
            await pilot.pause(0.05)
    states = [json.loads(line)["status"] for line in results.read_text().splitlines()]
    assert "submitted" in states
    assert len(states) < 15


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("documents", "nowhere/*", "No document fits 'nowhere/*'"),
        ("documents", "", "A batch needs documents"),
        ("parallel", "many", "'many' is no number of runs at a time"),
        ("parallel", "0", "choose a number from 1"),
    ],
)
async def test_what_is_filled_in_wrongly_is_said_in_place(
    open_app: OpenApp, folder: Path, field: str, value: str, words: str
) -> None:
    async with open_batch(open_app, folder) as pilot:
        await pilot.press("f4")
        await settled(pilot)
        batch_screen(pilot).query_one(f"#batch-{field}", Input).value = value
        await pilot.press("ctrl+r")
        await settled(pilot)
        assert words in " ".join(screen_text(pilot).split())
        assert not batch_screen(pilot).active


async def test_a_task_without_a_document_is_no_batch(open_app: OpenApp) -> None:
    async with open_app(task="basic") as pilot:
        await pilot.press("f4")
        await settled(pilot)
        assert "reads no document" in " ".join(screen_text(pilot).split())
        assert pilot.app.screen is app(pilot).explore


async def test_a_folder_that_is_chosen_is_suggested_as_it_is(open_app: OpenApp, folder: Path) -> None:
    async with open_app(task="architecture", document=str(folder)) as pilot:
        await pilot.press("f4")
        await settled(pilot)
        assert pilot.app.screen.query_one("#batch-documents", Input).value == str(folder)
