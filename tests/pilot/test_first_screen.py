"""A saved run is the first screen that is opened; Explore comes when it is left."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.geometry import Size

from rlm_tui.core.settings import Settings
from rlm_tui.store.run_log import open_run
from rlm_tui.ui.pane_layout import REPLAY_PANES
from rlm_tui.ui.recorded_run import RecordedRun
from rlm_tui.ui.screens.explore import ExploreScreen
from rlm_tui.ui.screens.fork import ForkScreen
from rlm_tui.ui.screens.help import HelpScreen
from rlm_tui.ui.screens.replay import ReplayScreen
from rlm_tui.ui.widgets.first_paint import EXPLORE, REPLAY, outlines
from tests.pilot.conftest import OpenApp, screen_text, shown, until
from tests.saved_runs import save, told_run


def replay_of(path: Path, settings: Settings) -> ReplayScreen:
    return ReplayScreen(RecordedRun(open_run(path)), settings)


async def test_explore_is_opened_when_the_run_is_left(open_app: OpenApp, tmp_path: Path) -> None:
    path = save(tmp_path, "r1", told_run().events).path
    async with open_app(size=(120, 36), first=lambda settings: replay_of(path, settings)) as pilot:
        assert isinstance(pilot.app.screen, ReplayScreen)
        await shown(pilot, "replay of r1")
        with pytest.raises(RuntimeError):
            _ = pilot.app.explore  # type: ignore[attr-defined]
        await pilot.press("f1")
        await until(pilot, lambda: isinstance(pilot.app.screen, HelpScreen))
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(pilot.app.screen, ReplayScreen))
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(pilot.app.screen, ExploreScreen))
        await shown(pilot, "notes.txt")


async def test_the_run_is_forked_on_explore(open_app: OpenApp, tmp_path: Path) -> None:
    path = save(tmp_path, "r1", told_run().events).path
    async with open_app(size=(120, 36), first=lambda settings: replay_of(path, settings)) as pilot:
        await shown(pilot, "replay of r1")
        await pilot.press("f8")
        await until(pilot, lambda: isinstance(pilot.app.screen, ForkScreen))
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(pilot.app.screen, ExploreScreen))


async def test_explore_says_what_could_not_be_read(open_app: OpenApp, tmp_path: Path) -> None:
    path = save(tmp_path, "r1", told_run().events).path

    def unreadable(settings: Settings) -> ReplayScreen:
        screen = replay_of(path, settings)
        (path / "events.jsonl").unlink()
        return screen

    async with open_app(size=(120, 36), first=unreadable) as pilot:
        await until(pilot, lambda: isinstance(pilot.app.screen, ExploreScreen))
        await shown(pilot, "can't be read")


async def test_what_was_asked_wrongly_is_refused_when_explore_is_to_be_opened(
    open_app: OpenApp, tmp_path: Path
) -> None:
    path = save(tmp_path, "r1", told_run().events).path
    async with open_app(
        size=(80, 24), task="no-task-of-ours", first=lambda settings: replay_of(path, settings)
    ) as pilot:
        await shown(pilot, "event ")
        await pilot.press("escape")
        await until(pilot, lambda: not pilot.app.is_running)
        assert pilot.app.return_code == 2
        assert "no-task-of-ours" in pilot.app.refusal  # type: ignore[attr-defined]


async def test_the_app_can_be_left_from_there(open_app: OpenApp, tmp_path: Path) -> None:
    path = save(tmp_path, "r1", told_run().events).path
    async with open_app(size=(80, 24), first=lambda settings: replay_of(path, settings)) as pilot:
        await shown(pilot, "event ")
        await pilot.press("ctrl+q")
        await until(pilot, lambda: not pilot.app.is_running)


@pytest.mark.parametrize("size", [(80, 24), (120, 36), (160, 45)])
async def test_the_panes_stand_where_the_first_frame_draws_them(
    open_app: OpenApp, tmp_path: Path, size: tuple[int, int]
) -> None:
    path = save(tmp_path, "r1", told_run().events).path
    drawn = outlines(Size(*size), REPLAY)
    async with open_app(size=size, first=lambda settings: replay_of(path, settings)) as pilot:
        await shown(pilot, "event ")
        seen = screen_text(pilot).splitlines()
        for row, line in enumerate(drawn):
            for column, sign in enumerate(line):
                if sign in "╭╰":
                    assert seen[row][column] == sign, f"{row}, {column}:\n{screen_text(pilot)}"
        names = drawn[EXPLORE.above + 2] if size[0] < 100 else "".join(drawn)
        assert all(name in names for name in REPLAY_PANES.values() if size[0] >= 140 or name == "Trajectory")
