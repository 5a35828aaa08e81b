"""The timeline on the screen: followed, folded, zoomed by keys and mouse, and where its bars lead to."""

from __future__ import annotations

from pathlib import Path

import pytest

from rlm_tui.core.trajectory import Trajectory
from rlm_tui.ui.screens.calls import CallsScreen
from rlm_tui.ui.screens.timeline import TimelineScreen
from rlm_tui.ui.widgets.timeline_axis import TimelineAxis
from rlm_tui.ui.widgets.timeline_rows import label_cells
from rlm_tui.ui.widgets.timeline_view import TimelineView
from tests.pilot.conftest import OpenApp, screen_lines, screen_text, until
from tests.pilot.recorded import RunBuilder, finished_run, running_run
from tests.pilot.test_replay_screen import replaying
from tests.saved_runs import nested_run, save


async def test_a_run_that_goes_on_is_followed_and_its_time_is_told(open_app: OpenApp) -> None:
    whole, begun = finished_run().events, running_run().events
    trajectory = Trajectory()
    for event in begun:
        trajectory.apply(event)
    async with open_app(size=(120, 36)) as pilot:
        screen = TimelineScreen(lambda: trajectory)
        pilot.app.push_screen(screen)
        await until(pilot, lambda: "▶" in screen_text(pilot))
        assert "llm_query_batched × 14" in screen_text(pilot)
        assert "nested RLMs" not in screen_text(pilot)
        await pilot.press("plus", "down", "down")
        length = screen.view.window.length
        current = screen.view.current
        for event in whole[len(begun) :]:
            trajectory.apply(event)
        await until(pilot, lambda: "nested RLMs" in screen_text(pilot))
        assert screen.view.current == current
        assert screen.view.window.length == length
        await pilot.press("0", "end")
        await until(pilot, lambda: "1 cell · from" in screen_text(pilot))
        assert "▶" not in screen_text(pilot)


async def test_batches_open_into_their_items_and_a_nested_run_says_what_its_time_went_into(
    open_app: OpenApp, tmp_path: Path
) -> None:
    path = save(tmp_path, "r1", finished_run().events).path
    async with open_app(size=(160, 45)) as pilot:
        await replaying(pilot, path)
        await pilot.press("T")
        await until(pilot, lambda: isinstance(pilot.app.screen, TimelineScreen))
        await until(pilot, lambda: "5 plan" in screen_text(pilot))
        screen = pilot.app.screen
        assert isinstance(screen, TimelineScreen)
        shut = len(screen.view.listing.lines)
        await pilot.press("o")
        await until(pilot, lambda: len(screen.view.listing.lines) == shut + 14)
        await pilot.press("o")
        await until(pilot, lambda: len(screen.view.listing.lines) == shut)
        batch = next(bar for bar in screen.view.listing.lines if bar.kind == "batch")
        screen.view.go_to(batch.key)
        await until(pilot, lambda: "14 of 14 done, 1 failed" in screen_text(pilot))
        await pilot.press("space")
        await until(pilot, lambda: len(screen.view.listing.lines) == shut + 14)
        nested = next(bar for bar in screen.view.listing.lines if bar.kind == "rlm")
        screen.view.go_to(nested.key)
        await until(pilot, lambda: "in it: planner 1.2 s" in screen_text(pilot))
        await pilot.press("v")
        await until(pilot, lambda: isinstance(pilot.app.screen, CallsScreen))
        await until(pilot, lambda: "made by the cell of iteration 5 of 20" in screen_text(pilot))
        await pilot.press("escape")
        await until(pilot, lambda: pilot.app.screen is screen)


async def test_it_is_used_by_the_mouse_alone(open_app: OpenApp, tmp_path: Path) -> None:
    path = save(tmp_path, "r1", nested_run().events).path
    async with open_app(size=(100, 30)) as pilot:
        replay = await replaying(pilot, path)
        await pilot.press("T")
        await until(pilot, lambda: "look(text" in screen_text(pilot))
        screen = pilot.app.screen
        assert isinstance(screen, TimelineScreen)
        view = screen.view
        at = next(place for place, bar in enumerate(view.listing.lines) if bar.kind == "rlm")
        inset = 2 + 2 * view.listing.lines[at].depth
        before = len(view.listing.lines)
        await pilot.click(TimelineView, offset=(1 + inset, at))
        await until(pilot, lambda: len(view.listing.lines) < before)
        await pilot.click(TimelineView, offset=(1 + inset, at))
        await until(pilot, lambda: len(view.listing.lines) == before)
        assert view.current is not None
        assert view.current.kind == "rlm"
        window = view.window
        middle = label_cells(view.blocks.width) + 20
        await pilot._post_mouse_events([events_of_wheel()], TimelineAxis, offset=(middle, 0))
        await until(pilot, lambda: not window.is_whole)
        start = window.start
        await pilot.mouse_down(TimelineAxis, offset=(70, 0))
        await pilot.hover(TimelineAxis, offset=(60, 0))
        await pilot.mouse_up(TimelineAxis, offset=(60, 0))
        await until(pilot, lambda: window.start > start)
        await pilot.click(TimelineView, offset=(60, 1), times=2)
        await until(pilot, lambda: pilot.app.screen is replay)


def events_of_wheel() -> type:
    from textual.events import MouseScrollUp

    return MouseScrollUp


@pytest.mark.parametrize("size", [(80, 24), (160, 45), (40, 12)])
async def test_it_fits(open_app: OpenApp, size: tuple[int, int]) -> None:
    trajectory = Trajectory()
    for event in nested_run().events:
        trajectory.apply(event)
    async with open_app(size=size) as pilot:
        pilot.app.push_screen(TimelineScreen(lambda: trajectory))
        await until(pilot, lambda: "1 plan" in screen_text(pilot))
        await until(pilot, lambda: "planner" in screen_text(pilot))
        assert all(len(line) <= size[0] for line in screen_lines(pilot))


async def test_where_nothing_took_time_it_is_said(open_app: OpenApp) -> None:
    trajectory = Trajectory()
    async with open_app(size=(80, 24)) as pilot:
        pilot.app.push_screen(TimelineScreen(lambda: trajectory))
        await until(pilot, lambda: "Nothing in this run took time" in screen_text(pilot))
        await pilot.press("plus", "right", "z", "space", "v")
        assert isinstance(pilot.app.screen, TimelineScreen)
        trajectory.apply(RunBuilder().start().events[0])
        await pilot.press("escape")
        assert not isinstance(pilot.app.screen, TimelineScreen)
