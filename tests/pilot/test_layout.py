"""Where the panes stand: at every size, zoomed, and when the size changes while somebody works."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual.geometry import Region, Size
from textual.widgets import Input

from rlm_tui.ui.pane_layout import DECK, INSPECTOR, TRAJECTORY, arrangement_for, place_panes
from rlm_tui.ui.widgets.pane import Pane, PaneGrid
from tests.pilot.conftest import OpenApp, screen_lines, screen_text, settled

PANES = ("1 Documents", "2 Task", "3 Trajectory", "4 Calls", "5 Volume", "6 Inspector")


@given(
    width=st.integers(100, 400),
    height=st.integers(18, 120),
    active=st.integers(1, 6),
    deck=st.sampled_from(DECK),
)
def test_panes_tile_the_screen(width: int, height: int, active: int, deck: int) -> None:
    arrangement = arrangement_for(Size(width, height + 2))
    deck = active if active in DECK else deck
    places = place_panes(Size(width, height), arrangement, active=active, deck=deck, zoomed=False)
    assert active in places
    assert sum(region.area for region in places.values()) == width * height
    assert Region.from_union(list(places.values())) == Region(0, 0, width, height)
    for first in places:
        for second in places:
            assert first == second or not places[first].intersection(places[second]).area


@given(width=st.integers(1, 400), height=st.integers(1, 120), active=st.integers(1, 6), zoomed=st.booleans())
def test_the_active_pane_is_always_shown(width: int, height: int, active: int, zoomed: bool) -> None:
    size = Size(width, height)
    deck = active if active in DECK else INSPECTOR
    places = place_panes(size, arrangement_for(size), active=active, deck=deck, zoomed=zoomed)
    assert active in places
    if zoomed:
        assert places == {active: Region(0, 0, width, height)}


def test_few_rows_leave_room_for_one_pane() -> None:
    assert arrangement_for(Size(160, 15)) == "narrow"
    assert arrangement_for(Size(160, 45)) == "wide"
    assert arrangement_for(Size(120, 36)) == "medium"
    assert arrangement_for(Size(80, 24)) == "narrow"


async def test_wide_shows_all_panes(open_app: OpenApp) -> None:
    async with open_app(size=(160, 45)) as pilot:
        text = screen_text(pilot)
        for title in PANES:
            assert title in text


async def test_medium_shares_one_place_as_tabs(open_app: OpenApp) -> None:
    async with open_app(size=(120, 36)) as pilot:
        tabs = next(line for line in screen_lines(pilot) if "6 Inspector" in line)
        assert "6 Inspector  4 Calls  5 Volume" in tabs
        assert "No calls yet" not in screen_text(pilot)
        await pilot.press("4")
        await settled(pilot)
        assert "No calls yet" in screen_text(pilot)


async def test_medium_tabs_take_the_mouse(open_app: OpenApp) -> None:
    async with open_app(size=(120, 36)) as pilot:
        lines = screen_lines(pilot)
        row = next(at for at, line in enumerate(lines) if "6 Inspector" in line)
        await pilot.click(offset=(lines[row].index("5 Volume") + 2, row))
        await settled(pilot)
        assert pilot.app.screen.query_one(PaneGrid).active == 5


async def test_narrow_shows_one_pane_and_a_tab_bar(open_app: OpenApp) -> None:
    async with open_app(size=(80, 24)) as pilot:
        lines = screen_lines(pilot)
        assert "architecture on notes.txt" in lines[0]
        assert all(title in lines[1] for title in PANES)
        assert "● architecture" in screen_text(pilot)
        assert "rlm_content" not in screen_text(pilot)
        await pilot.press("1")
        await settled(pilot)
        assert "rlm_content" in screen_text(pilot)
        await pilot.click("#tab-bar", offset=(screen_lines(pilot)[1].index("3 Trajectory"), 0))
        await settled(pilot)
        assert pilot.app.screen.query_one(PaneGrid).active == TRAJECTORY


@pytest.mark.parametrize("size", [(160, 45), (120, 36), (80, 24)])
async def test_zoom_gives_the_pane_the_screen_and_back(open_app: OpenApp, size: tuple[int, int]) -> None:
    async with open_app(size=size) as pilot:
        await pilot.press("3")
        await settled(pilot)
        before = screen_text(pilot)
        await pilot.press("z")
        await settled(pilot)
        pane = pilot.app.screen.query_one("#pane-3", Pane)
        assert pane.region.size == Size(size[0], size[1] - 2)
        await pilot.press("z")
        await settled(pilot)
        assert screen_text(pilot) == before


async def test_resizing_keeps_state_and_focus(open_app: OpenApp) -> None:
    async with open_app(size=(160, 45), task="basic") as pilot:
        field = pilot.app.screen.query_one(".task-input", Input)
        field.focus()
        field.value = "What is half typed"
        for size in ((120, 36), (80, 24), (40, 12), (160, 45)):
            await pilot.resize_terminal(*size)
            await settled(pilot)
            assert pilot.app.focused is field, size
            assert field.value == "What is half typed"
            assert "half typed" in screen_text(pilot), size


@pytest.mark.parametrize("size", [(40, 24), (59, 15), (40, 10), (33, 9)])
async def test_small_terminals_can_still_be_used(open_app: OpenApp, size: tuple[int, int]) -> None:
    async with open_app(size=size, task="basic") as pilot:
        for key in ("1", "2", "3", "4", "5", "6", "z", "z", "f1", "escape", "2"):
            await pilot.press(key)
            await pilot.pause()
        assert "basic" in screen_text(pilot)
        assert all(len(line) <= size[0] for line in screen_lines(pilot))


@pytest.mark.parametrize("size", [(20, 24), (80, 5), (1, 1)])
async def test_a_terminal_that_is_too_small_says_so(open_app: OpenApp, size: tuple[int, int]) -> None:
    async with open_app(size=size) as pilot:
        if size > (10, 3):
            assert "terminal" in screen_text(pilot)
        await pilot.resize_terminal(80, 24)
        await settled(pilot)
        assert "architecture" in screen_text(pilot)
