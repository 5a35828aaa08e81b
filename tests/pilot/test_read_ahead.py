"""A saved run is read while the cursor rests on it, and opened as far as it was read by then."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from rlm_tui.core.iterations import Cell
from rlm_tui.core.paths import runs_directory
from rlm_tui.store.errors import StoreError
from rlm_tui.store.run_log import open_run
from rlm_tui.ui import read_ahead
from rlm_tui.ui.read_ahead import ReadAhead
from rlm_tui.ui.recorded_run import RecordedRun
from rlm_tui.ui.screens.replay import ReplayScreen
from rlm_tui.ui.screens.runs import RunsScreen
from tests.pilot.conftest import OpenApp, shown, until
from tests.saved_runs import save, told_run

RUN = told_run()


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Logs of any size are read, and soon."""
    monkeypatch.setattr(read_ahead, "PAUSE_SECONDS", 0.01)
    monkeypatch.setattr(read_ahead, "LEAST_BYTES", 0)


def wait(condition: Callable[[], object]) -> None:
    late = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < late
        time.sleep(0.005)


def read_of(ahead: ReadAhead) -> RecordedRun | None:
    return None if ahead._reading is None else ahead._reading.recorded


def is_read(ahead: ReadAhead) -> bool:
    return ahead._reading is not None and ahead._reading.over.is_set()


def living_cells() -> int:
    """How many cells of runs there are; nothing is collected, so that what is free was let go."""
    return sum(isinstance(one, Cell) for one in gc.get_objects())


def test_the_run_under_the_cursor_is_read_and_handed_over(tmp_path: Path) -> None:
    path = save(tmp_path, "r1", RUN.events).path
    ahead = ReadAhead()
    ahead.look_at(path)
    wait(lambda: is_read(ahead))
    read = read_of(ahead)
    taken = ahead.take(path)
    assert taken is read
    assert taken.length == len(RUN.events)
    assert ahead.take(path) is not read, "it is shown somewhere by now"


def test_another_run_takes_the_place_of_the_first(tmp_path: Path) -> None:
    first, second = (save(tmp_path, name, RUN.events).path for name in ("r1", "r2"))
    ahead = ReadAhead()
    ahead.look_at(first)
    reading = ahead._reading
    ahead.look_at(first)
    assert ahead._reading is reading, "it is not begun again"
    ahead.look_at(second)
    assert reading is not None
    assert reading.stop.is_set()
    assert ahead.take(first).path == first, "it is opened as if nothing had been read"
    ahead.look_at(second)
    ahead.look_at(None)
    assert read_of(ahead) is None


@pytest.fixture
def nothing_collected() -> Iterator[None]:
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


@pytest.mark.usefixtures("nothing_collected")
def test_what_was_read_and_given_up_is_freed(tmp_path: Path) -> None:
    first, second = (save(tmp_path, name, RUN.events).path for name in ("r1", "r2"))
    before = living_cells()
    ahead = ReadAhead()
    ahead.look_at(first)
    wait(lambda: is_read(ahead))
    once = living_cells() - before
    assert once >= 4
    ahead.look_at(second)
    wait(lambda: is_read(ahead) and living_cells() - before == once)
    ahead.look_at(None)
    wait(lambda: living_cells() == before)


@pytest.mark.usefixtures("nothing_collected")
@pytest.mark.parametrize("goes_on", [False, True])
def test_a_run_that_was_looked_at_is_freed_though_its_views_stay(tmp_path: Path, goes_on: bool) -> None:
    before = living_cells()
    folder = save(tmp_path, "r1", RUN.events, keep_open=True)
    if not goes_on:
        folder.close()
    recorded = RecordedRun(open_run(folder.path))
    for _ in recorded.read():
        pass
    assert recorded.settle() is not goes_on
    recorded.go_to(recorded.length)
    view = recorded.trajectory
    assert living_cells() > before
    for _ in recorded.let_go():
        pass
    assert living_cells() == before
    assert view.iterations == []
    folder.close()


def test_another_run_in_its_folder_is_not_taken_for_it(tmp_path: Path) -> None:
    path = save(tmp_path, "r1", RUN.events).path
    ahead = ReadAhead()
    ahead.look_at(path)
    wait(lambda: is_read(ahead))
    path.rename(tmp_path / "elsewhere")
    save(tmp_path, "r1", RUN.events[:5])
    taken = ahead.take(path)
    for _ in taken.read():
        pass
    assert taken.length == 5


def test_who_takes_it_early_reads_the_rest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = save(tmp_path, "r1", RUN.events).path
    ahead = ReadAhead()
    monkeypatch.setattr(read_ahead.person, "give_way", lambda: wait(lambda: ahead._reading is None))
    ahead.look_at(path)
    wait(lambda: read_of(ahead) is not None)
    taken = ahead.take(path)
    for _ in taken.read():
        pass
    assert taken.settle()
    assert taken.length == len(RUN.events)
    assert taken.replay.at(taken.length).finished is not None


@pytest.mark.parametrize("bounds", [(10**9, 10**12), (0, 1)])
def test_short_and_very_long_logs_are_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, bounds: tuple[int, int]
) -> None:
    monkeypatch.setattr(read_ahead, "LEAST_BYTES", bounds[0])
    monkeypatch.setattr(read_ahead, "MOST_BYTES", bounds[1])
    path = save(tmp_path, "r1", RUN.events).path
    ahead = ReadAhead()
    ahead.look_at(path)
    wait(lambda: is_read(ahead))
    assert read_of(ahead) is None
    assert ahead.take(path).length == 0


def test_who_opens_what_can_not_be_read_is_told(tmp_path: Path) -> None:
    ahead = ReadAhead()
    ahead.look_at(tmp_path / "gone")
    wait(lambda: is_read(ahead))
    with pytest.raises(StoreError, match="There is no run in"):
        ahead.take(tmp_path / "gone")


async def rested_on_a_run(pilot: Pilot[Any]) -> RunsScreen:
    """The list of one run, once that is read."""
    await pilot.press("ctrl+o")
    await shown(pilot, "1 run")
    runs = pilot.app.screen
    assert isinstance(runs, RunsScreen)
    await until(pilot, lambda: is_read(runs.read_ahead))
    return runs


async def test_a_run_that_goes_on_is_shown_though_nothing_new_is_written(open_app: OpenApp) -> None:
    folder = save(runs_directory(), "20260101-100000-basic-aaaa", RUN.events[:12], keep_open=True)
    async with open_app(size=(120, 36)) as pilot:
        runs = await rested_on_a_run(pilot)
        await pilot.press("enter")
        await shown(pilot, "event 12 of 12")
        replay = pilot.app.screen
        assert isinstance(replay, ReplayScreen)
        assert replay.recorded.position == 12
        folder.append(RUN.events[12])
        await shown(pilot, "event 13 of 13")
        save(runs_directory(), "20260102-100000-basic-bbbb", RUN.events)
        runs.action_refresh_runs()
        await until(pilot, lambda: len(runs.listed) == 2)
        assert runs.read_ahead._reading is None, "no other run is read while this one is looked at"
    folder.close()


async def test_enter_opens_what_was_read(open_app: OpenApp) -> None:
    path = save(runs_directory(), "20260101-100000-basic-aaaa", RUN.events).path
    async with open_app(size=(120, 36)) as pilot:
        runs = await rested_on_a_run(pilot)
        read = read_of(runs.read_ahead)
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, ReplayScreen))
        replay = pilot.app.screen
        assert isinstance(replay, ReplayScreen)
        assert replay.recorded is read
        await shown(pilot, f"event {len(RUN.events)} of {len(RUN.events)}")
        await pilot.press("escape")
        await until(pilot, lambda: pilot.app.screen is runs)
        await until(pilot, lambda: is_read(runs.read_ahead), "it is read again for the next time")
        assert read_of(runs.read_ahead) is not read
        await pilot.press("escape")
        await until(pilot, lambda: pilot.app.screen is not runs)
        assert runs.read_ahead._reading is None
    assert open_run(path).trajectory().finished is not None
