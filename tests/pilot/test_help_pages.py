"""The help's pages: turned to by key, mouse and palette; read, scrolled, and shut."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Markdown

from rlm_tui.ui.help_pages import PAGES
from rlm_tui.ui.screens.help import HelpScreen
from tests.pilot.conftest import OpenApp, chosen_in_the_palette, screen_lines, screen_text, settled, until

FIRST_WORDS = {
    "what-an-rlm-is": "A Recursive Language Model does not read a long text.",
    "best-practices": "Name outputs as they are used and give them types",
    "rlm-or-one-prompt": "F6 asks the same question both ways",
    "next-steps": "Your documents: pane 1 opens any text file.",
    "debugger": "A run stops only at its boundaries: before a plan and before a cell.",
}


def help_screen(pilot: Pilot[Any]) -> HelpScreen:
    assert isinstance(pilot.app.screen, HelpScreen), pilot.app.screen
    return pilot.app.screen


def shown(pilot: Pilot[Any]) -> str:
    """The words on the screen, without the box that they stand in."""
    return " ".join(screen_text(pilot).replace("│", " ").split())


async def until_shown(pilot: Pilot[Any], words: str) -> None:
    await until(pilot, lambda: words in shown(pilot), repr(words))


@pytest.mark.parametrize("size", [(80, 24), (120, 36), (160, 45)])
async def test_every_page_is_a_number_away(open_app: OpenApp, size: tuple[int, int]) -> None:
    async with open_app(size=size) as pilot:
        await pilot.press("f1")
        await settled(pilot)
        assert "Keys in Task" in screen_text(pilot)
        for number, page in enumerate(PAGES[1:], 2):
            await pilot.press(str(number))
            await until_shown(pilot, FIRST_WORDS[page.name])
            assert help_screen(pilot).page == page
            assert f"{number} {page.title}" in shown(pilot)
        await pilot.press("1")
        await settled(pilot)
        assert "Run the task on the document" in screen_text(pilot)
        assert len(pilot.app.screen.query(Markdown)) == 5, "a page is made once"
        await pilot.press("f1")
        await settled(pilot)
        assert pilot.app.screen is pilot.app.explore


async def test_arrows_turn_and_scroll(open_app: OpenApp) -> None:
    async with open_app(size=(80, 24)) as pilot:
        await pilot.press("f1", "left")
        await until_shown(pilot, FIRST_WORDS["debugger"])
        await pilot.press("left")
        await until_shown(pilot, FIRST_WORDS["next-steps"])
        await pilot.press("left", "left")
        await until_shown(pilot, FIRST_WORDS["best-practices"])
        assert "Do not believe it" not in shown(pilot)
        await pilot.press("end")
        await until_shown(pilot, "Do not believe it")
        await pilot.press(*["right"] * 4)
        await until_shown(pilot, "Keys in Task")


async def test_the_mouse_turns_pages_and_shuts_the_help(open_app: OpenApp) -> None:
    async with open_app(size=(120, 36)) as pilot:
        await pilot.press("f1")
        await settled(pilot)
        await click(pilot, "3 Best practices")
        await until_shown(pilot, FIRST_WORDS["best-practices"])
        await click(pilot, "Esc closes")
        await settled(pilot)
        assert pilot.app.screen is pilot.app.explore


async def test_a_link_is_opened_on_a_click_alone(open_app: OpenApp, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []
    async with open_app(size=(120, 36)) as pilot:
        monkeypatch.setattr(pilot.app, "open_url", lambda url, **_: opened.append(url))
        await pilot.press("f1", "5")
        await until_shown(pilot, "arXiv 2512.24601")
        assert not opened
        await click(pilot, "Recursive Language Models, arXiv")
        await settled(pilot)
        assert opened == ["https://arxiv.org/abs/2512.24601"]


async def click(pilot: Pilot[Any], words: str) -> None:
    for y, line in enumerate(screen_lines(pilot)):
        if words in line:
            await pilot.click(offset=(line.index(words) + 2, y))
            return
    raise AssertionError(f"{words!r} is not on the screen:\n{screen_text(pilot)}")


async def test_the_palette_names_the_pages(open_app: OpenApp) -> None:
    async with open_app(size=(120, 36)) as pilot:
        await chosen_in_the_palette(pilot, "help: best practices")
        await until_shown(pilot, FIRST_WORDS["best-practices"])


async def test_help_in_help_turns_its_page(open_app: OpenApp) -> None:
    async with open_app() as pilot:
        await pilot.press("f1")
        await settled(pilot)
        await pilot.app.run_action("app.help('next-steps')")
        await until_shown(pilot, FIRST_WORDS["next-steps"])
        assert [type(screen) for screen in pilot.app.screen_stack].count(HelpScreen) == 1


PROGRAM = """
import asyncio, json, sys
from rlm_tui.core.settings import Settings
from rlm_tui.ui.app import RlmTui

async def main():
    app = RlmTui(Settings(), warm_up=False)
    async with app.run_test() as pilot:
        while not app.is_open:
            await pilot.pause(0.01)
        await pilot.press("f1")
        await pilot.pause()
        print(json.dumps([name for name in sys.modules if "markdown" in name]))

asyncio.run(main())
"""


async def test_markdown_is_imported_for_the_first_page_and_not_before() -> None:
    done = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-c", PROGRAM],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout.splitlines()[-1]) == []
