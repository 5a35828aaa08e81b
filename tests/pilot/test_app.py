"""The application: first paint without the engine, themes, NO_COLOR, and one whole run by one key."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
from textual.theme import BUILTIN_THEMES

from rlm_tui.core.settings import Settings, UISettings
from rlm_tui.ui.app import run_app
from rlm_tui.ui.run_control import start_engine_session
from rlm_tui.ui.themes import OWN_THEMES
from tests.pilot.conftest import OpenApp, Sessions, screen_text, settled, shown, until
from tests.pilot.recorded import running_run

FIRST_PAINT = """
import asyncio, sys
from rlm_tui.ui.app import RlmTui
from rlm_tui.core.settings import Settings

async def main():
    app = RlmTui(Settings())
    seen = {}
    open_explore = app._open

    def painted():
        strips = app.screen._compositor.render_strips()
        seen["first"] = ["".join(segment.text for segment in strip) for strip in strips]
        seen["first modules"] = set(sys.modules)
        open_explore()

    app._open = painted
    app._import_engine = lambda: seen.update(modules=set(sys.modules))
    async with app.run_test(size=(120, 36)) as pilot:
        while "modules" not in seen:
            await pilot.pause(0.01)
        strips = app.screen._compositor.render_strips()
        explore = ["".join(segment.text for segment in strip) for strip in strips]
    assert any("1 Documents" in line for line in seen["first"]), seen["first"]
    corners = [[(y, x) for y, line in enumerate(lines) for x, sign in enumerate(line) if sign in "╭╮╰╯"]
               for lines in (seen["first"], explore)]
    assert corners[0] == corners[1], "Explore's panes stand where the first frame has drawn them"
    heavy = {"dspy", "litellm", "modal", "openai", "numpy", "pandas", "datasets"} & seen["modules"]
    assert not heavy, heavy
    assert "rlm_tui.ui.screens.explore" not in seen["first modules"]

asyncio.run(main())
"""


def test_the_first_paint_needs_no_dspy() -> None:
    done = subprocess.run(
        [sys.executable, "-c", FIRST_PAINT], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    "name", [theme.name for theme in OWN_THEMES] + ["nord", "solarized-light", "gruvbox"]
)
async def test_every_theme_paints_a_run(open_app: OpenApp, sessions: Sessions, name: str) -> None:
    settings = Settings(ui=UISettings(theme=name))
    async with open_app(settings=settings) as pilot:
        assert pilot.app.theme == name
        await pilot.press("ctrl+r")
        await settled(pilot)
        sessions.last.tell(running_run().events)
        await shown(pilot, "6 of 14 calls")


async def test_a_theme_that_does_not_exist_is_the_own_one(open_app: OpenApp) -> None:
    async with open_app(settings=Settings(ui=UISettings(theme="plaid"))) as pilot:
        assert pilot.app.theme == "rlm-night"


async def test_themes_change_while_it_runs(open_app: OpenApp) -> None:
    async with open_app() as pilot:
        borders = set()
        for name in ("rlm-night", "rlm-day", *list(BUILTIN_THEMES)[:4]):
            pilot.app.theme = name
            await settled(pilot)
            borders.add(pilot.app.explore.grid.panes[2].styles.border_top[1].hex)
        assert len(borders) > 3, "the panes' borders follow the theme"


def test_an_unknown_task_is_refused(capsys: pytest.CaptureFixture[str], workplace: Path) -> None:
    assert run_app(task="architektur") == 2
    assert "architecture" in capsys.readouterr().err


def test_a_broken_setting_is_refused(
    capsys: pytest.CaptureFixture[str], workplace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DSPY_LM_MAX_TOKENS", "many")
    assert run_app() == 2
    assert "DSPY_LM_MAX_TOKENS" in capsys.readouterr().err


async def test_without_colour_states_differ_by_their_signs(
    open_app: OpenApp, sessions: Sessions, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    async with open_app() as pilot:
        await pilot.press("ctrl+r")
        await settled(pilot)
        sessions.last.tell(running_run().events)
        await shown(pilot, "6 of 14 calls")
        text = screen_text(pilot)
        assert "✓" in text
        assert "✗" in text
        assert "●" in text


@pytest.mark.slow
async def test_one_key_shows_a_whole_run(open_app: OpenApp) -> None:
    """The real engine, the offline demo, a real sandbox."""
    async with open_app(task="basic", start_session=start_engine_session) as pilot:
        await pilot.press("ctrl+r")
        await finished(pilot)
        run = pilot.app.explore.run
        assert run is not None
        assert run.trajectory.finished.status == "submitted", run.trajectory.finished.error
        text = screen_text(pilot)
        assert "0, 1, 1, 2, 3, 5, 8, 13, 21, 34, 55, 89" in text
        assert "submitted" in text
        assert "offline demo" in text
        assert run.session is not None
        assert run.session.events_path is not None
        assert run.session.events_path.stat().st_size > 0


async def finished(pilot: Any, seconds: float = 60.0) -> None:
    """Wait until the run has ended and has been painted."""
    await until(pilot, lambda: (run := pilot.app.explore.run) is not None and not run.active, seconds=seconds)
    await settled(pilot)


async def test_what_a_thread_tells_while_the_app_goes_down_is_dropped(open_app: OpenApp) -> None:
    told: list[str] = []
    async with open_app() as pilot:
        await asyncio.to_thread(pilot.app.call_from_thread, told.append, "before")
        going = threading.Event()

        def tell() -> None:
            going.wait(20)
            pilot.app.call_from_thread(told.append, "after")

        thread = threading.Thread(target=tell, daemon=True)
        thread.start()
        close_all = pilot.app._close_all

        async def close() -> None:
            going.set()
            await asyncio.to_thread(thread.join, 20)
            await close_all()

        pilot.app._close_all = close
    assert not thread.is_alive()
    assert told == ["before"]
