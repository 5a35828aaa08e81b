"""What can be looked at of a run: nested RLMs, texts that are found one after the other, exports."""

from __future__ import annotations

from pathlib import Path

import pytest

from rlm_tui.ui.screens.export import ExportScreen
from rlm_tui.ui.screens.find import FindScreen
from rlm_tui.ui.screens.nested import NestedScreen, RlmTree
from rlm_tui.ui.screens.replay import ReplayScreen
from rlm_tui.ui.widgets.inspector import Inspector
from rlm_tui.ui.widgets.trajectory_view import TrajectoryView
from tests.pilot.conftest import OpenApp, screen_text, until
from tests.pilot.test_replay_screen import replaying
from tests.saved_runs import nested_run, save, told_run


@pytest.mark.parametrize("size", [(80, 24), (160, 45)])
async def test_nested_rlms_by_keys(open_app: OpenApp, tmp_path: Path, size: tuple[int, int]) -> None:
    path = save(tmp_path, "r1", nested_run().events).path
    async with open_app(size=size) as pilot:
        await replaying(pilot, path)
        await pilot.press("N")
        await until(pilot, lambda: isinstance(pilot.app.screen, NestedScreen))
        await until(pilot, lambda: "3 nested RLMs made 5 of the 8 requests" in screen_text(pilot))
        await pilot.press("right")
        await until(pilot, lambda: "Its middle is long" in screen_text(pilot))
        assert "A lighthouse burns." in screen_text(pilot)
        assert "Two chapters" not in screen_text(pilot)
        await pilot.press("right")
        await until(pilot, lambda: "› look(text -> words)" in screen_text(pilot))
        await pilot.press("v")
        await until(pilot, lambda: "Calls in full" in screen_text(pilot))
        await pilot.press("escape", "left", "down", "down")
        await until(pilot, lambda: "the chapter is empty" in screen_text(pilot))
        await pilot.press("left", "right", "tab", "home", "g")
        await until(pilot, lambda: isinstance(pilot.app.screen, ReplayScreen))
        trajectory = pilot.app.screen.query_one(TrajectoryView)
        await until(pilot, lambda: "middle = look(text)" in screen_text(pilot))
        inner = pilot.app.screen.recorded.trajectory.calls[1].nested[0]  # type: ignore[attr-defined]
        assert trajectory.selected == inner.span


async def test_nested_rlms_by_mouse_and_while_the_run_goes_on(open_app: OpenApp, tmp_path: Path) -> None:
    events = nested_run().events
    folder = save(tmp_path, "r1", events[:-14], keep_open=True)
    async with open_app(size=(120, 36)) as pilot:
        screen = await replaying(pilot, folder.path, follow=True)
        await until(pilot, lambda: screen.recorded.length == len(events) - 14)
        await pilot.press("N")
        await until(pilot, lambda: isinstance(pilot.app.screen, NestedScreen))
        await pilot.click(RlmTree, offset=(6, 1))
        await until(pilot, lambda: "middle = look(text)" in screen_text(pilot))
        assert "A lighthouse burns." not in screen_text(pilot)
        for event in events[-14:]:
            folder.append(event)
        folder.close()
        await until(pilot, lambda: "A lighthouse burns." in screen_text(pilot))


async def test_hits_are_gone_through(open_app: OpenApp, tmp_path: Path) -> None:
    path = save(tmp_path, "r1", nested_run().events).path
    async with open_app(size=(120, 36)) as pilot:
        screen = await replaying(pilot, path)
        inspector = screen.query_one(Inspector)
        await pilot.press("ctrl+f", *"lighthouse")
        await until(pilot, lambda: "4 hits" in screen_text(pilot))
        await pilot.press("enter", "down", "enter")
        await until(pilot, lambda: "Hit 2 of 4" in screen_text(pilot))
        assert inspector.tab == "output"
        assert "a lighthouse burns" in screen_text(pilot)
        await pilot.press("full_stop")
        assert inspector.tab == "call"
        await pilot.press("full_stop", "full_stop")
        await until(pilot, lambda: "Hit 1 of 4" in screen_text(pilot))
        await pilot.press("comma")
        await until(pilot, lambda: "Hit 4 of 4" in screen_text(pilot))
        await pilot.press("ctrl+f")
        await until(pilot, lambda: isinstance(pilot.app.screen, FindScreen))
        await until(pilot, lambda: "4 hits" in screen_text(pilot))


async def test_a_hit_deep_in_a_long_text_is_brought_into_view(open_app: OpenApp, tmp_path: Path) -> None:
    lines = "".join(f"line {n:,}\n" for n in range(20_000))
    path = save(tmp_path, "r1", told_run(thoughts=(f"{lines}the needle\n{lines}", "b")).events).path
    async with open_app(size=(120, 36)) as pilot:
        await replaying(pilot, path)
        await pilot.press("ctrl+f", *"the needle")
        await until(pilot, lambda: "1 hit" in screen_text(pilot))
        await pilot.press("enter", "enter")
        await until(pilot, lambda: "line 19,999" in screen_text(pilot))
        assert "the needle" in screen_text(pilot)


@pytest.mark.parametrize(
    ("keys", "suffix", "begins"), [(("down",), ".html", "<!"), (("end",), ".svg", "<svg")]
)
async def test_a_run_is_exported(
    open_app: OpenApp, tmp_path: Path, keys: tuple[str, ...], suffix: str, begins: str
) -> None:
    path = save(tmp_path, "r1", nested_run().events).path
    target = tmp_path / f"out{suffix}"
    async with open_app(size=(80, 24)) as pilot:
        await replaying(pilot, path)
        for _ in range(2):
            await pilot.press("X")
            await until(pilot, lambda: isinstance(pilot.app.screen, ExportScreen))
            await pilot.press(*keys, "enter", "ctrl+u", *str(target), "enter")
            await until(
                pilot, lambda: "Written to" in screen_text(pilot) or "there already" in screen_text(pilot)
            )
        assert isinstance(pilot.app.screen, ExportScreen)
        assert target.read_text().startswith(begins)
        target.write_text("mine")
        await pilot.click("#overwrite")
        await until(pilot, lambda: isinstance(pilot.app.screen, ReplayScreen))
        assert target.read_text().startswith(begins)
        assert 'url("http' not in target.read_text()
        await pilot.press("X", "enter", "ctrl+u", *f"{tmp_path}/none/x.md", "enter")
        await until(pilot, lambda: "can't be written" in screen_text(pilot))
