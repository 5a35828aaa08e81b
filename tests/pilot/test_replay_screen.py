"""A recorded run on the screen: any moment by keys and mouse, played, followed while it is written."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import msgspec
import pytest
from textual.pilot import Pilot

from rlm_tui.core import events as e
from rlm_tui.core.event_codec import encode
from rlm_tui.core.trajectory import fold
from rlm_tui.store.run_log import open_run
from rlm_tui.ui.recorded_run import RecordedRun
from rlm_tui.ui.screens.calls import CallsScreen
from rlm_tui.ui.screens.fork import ForkScreen
from rlm_tui.ui.screens.replay import ReplayScreen
from rlm_tui.ui.screens.text_preview import TextPreviewScreen
from rlm_tui.ui.screens.timeline import TimelineScreen
from rlm_tui.ui.widgets.inspector import Inspector
from rlm_tui.ui.widgets.scrubber import ScrubberAxis
from rlm_tui.ui.widgets.timeline_view import TimelineView
from tests.pilot.conftest import OpenApp, screen_text, until
from tests.pilot.recorded import RunBuilder
from tests.saved_runs import nested_run, save, told_run


async def replaying(pilot: Pilot[Any], path: Path, **how: Any) -> ReplayScreen:
    pilot.app.explore.open_saved(path, **how)  # type: ignore[attr-defined]
    await until(pilot, lambda: isinstance(pilot.app.screen, ReplayScreen))
    screen = pilot.app.screen
    assert isinstance(screen, ReplayScreen)
    if not how.get("follow"):
        await until(pilot, lambda: not screen._reading)
    return screen


@pytest.mark.parametrize("size", [(80, 24), (120, 36), (160, 45)])
async def test_every_pane_shows_the_moment(open_app: OpenApp, tmp_path: Path, size: tuple[int, int]) -> None:
    run = told_run()
    path = save(tmp_path, "r1", run.events).path
    async with open_app(size=size) as pilot:
        screen = await replaying(pilot, path)
        assert "submitted" in screen_text(pilot)
        assert screen.recorded.position == len(run.events)
        await pilot.press("<", "]", "]")
        assert "iteration 2" in screen_text(pilot)
        assert "printed by step 2" not in screen_text(pilot)
        await pilot.press("c")
        await pilot.press("4")
        assert "first question?" in screen_text(pilot)
        assert "second question?" not in screen_text(pilot)
        assert len(screen.recorded.trajectory.open_calls) == 1, "it is in flight"
        await pilot.press("c", "right")
        assert "second question?" in screen_text(pilot)
        await pilot.press("left", "left")
        assert "second question?" not in screen_text(pilot)
        await pilot.press("e", "3")
        position = screen.recorded.position
        told = fold(run.events[:position])
        assert told.problems
        assert screen.recorded.trajectory.variables == told.variables
        assert screen.recorded.trajectory.totals == told.totals
        assert "no such step" in screen_text(pilot)
        await pilot.press("E", "[", "E")
        assert screen.recorded.position < position
        await pilot.press(">")
        assert screen.recorded.at_end
        await pilot.press("v")
        await until(pilot, lambda: isinstance(pilot.app.screen, CallsScreen))
        await until(pilot, lambda: "second question?" in screen_text(pilot))
        await pilot.press("escape", "escape")
        assert pilot.app.screen is pilot.app.explore  # type: ignore[attr-defined]


async def test_it_opens_at_an_iteration_of_the_run_itself_or_says_that_there_is_none(
    open_app: OpenApp, tmp_path: Path
) -> None:
    path = save(tmp_path, "r1", nested_run().events).path
    async with open_app(size=(120, 36)) as pilot:
        screen = await replaying(pilot, path, iteration=2)
        assert screen.recorded.trajectory.iterations[-1].n == 2
        assert not screen.recorded.trajectory.calls, "at its beginning"
        await pilot.press("escape")
        screen = await replaying(pilot, path, iteration=9)
        assert screen.recorded.at_end
        assert "There is no iteration 9, only 2 iterations" in screen_text(pilot)


async def test_it_is_played_and_stops_at_the_end(open_app: OpenApp, tmp_path: Path) -> None:
    path = save(tmp_path, "r1", told_run().events).path
    async with open_app(size=(120, 36)) as pilot:
        screen = await replaying(pilot, path, iteration=2)
        assert screen.recorded.trajectory.iterations[-1].n == 2
        await pilot.press("+", "+", "+")
        assert "8×" in screen_text(pilot)
        await pilot.press("<", "space")
        assert screen.playing.on
        await until(pilot, lambda: not screen.playing.on)
        assert screen.recorded.at_end
        assert "answer" in screen_text(pilot)
        await pilot.press("space")
        await until(pilot, lambda: screen.recorded.position > 0 and not screen.recorded.at_end)
        await pilot.press("left")
        await until(pilot, lambda: not screen.playing.on)
        assert not screen.recorded.at_end, "who steps has stopped it"


async def test_a_click_goes_to_a_time_and_f8_forks_there(open_app: OpenApp, tmp_path: Path) -> None:
    run = told_run()
    path = save(tmp_path, "r1", run.events).path
    async with open_app(size=(120, 36)) as pilot:
        screen = await replaying(pilot, path)
        await pilot.click(ScrubberAxis, offset=(60, 0))
        half = screen.recorded.replay.time_of(screen.recorded.position)
        assert half == pytest.approx(run.events[-1].at / 2, rel=0.25)
        n = screen.recorded.trajectory.iterations[-1].n
        await pilot.press("f8")
        await until(pilot, lambda: isinstance(pilot.app.screen, ForkScreen))
        await until(pilot, lambda: f"plan iteration {n} live" in screen_text(pilot))


async def test_a_run_that_another_process_writes_is_followed(open_app: OpenApp, tmp_path: Path) -> None:
    events = told_run().events
    folder = save(tmp_path, "r1", events[:8], keep_open=True)
    async with open_app(size=(120, 36)) as pilot:
        screen = await replaying(pilot, folder.path, follow=True)
        await until(pilot, lambda: screen.recorded.position == 8)
        for event in events[8:20]:
            folder.append(event)
        await until(pilot, lambda: screen.recorded.position == 20)
        await pilot.press("left")
        for event in events[20:]:
            folder.append(event)
        await until(pilot, lambda: screen.recorded.length == len(events))
        assert screen.recorded.position == 19, "who looks back is not carried on"
        await pilot.press(">")
        folder.close()
        await until(pilot, lambda: not screen._reading)
        assert "submitted" in screen_text(pilot)


async def test_a_writer_that_dies_and_a_folder_that_goes_are_said(open_app: OpenApp, tmp_path: Path) -> None:
    events = told_run().events
    folder = save(tmp_path, "r1", events[:12], keep_open=True)
    async with open_app(size=(120, 36)) as pilot:
        screen = await replaying(pilot, folder.path, follow=True)
        await until(pilot, lambda: screen.recorded.position == 12)
        with folder.events_path.open("ab") as log:
            log.write(b'{"type":"cell_out')
        folder.close()
        await until(pilot, lambda: not screen._reading)
        assert screen.recorded.trajectory.interrupted
        assert "interrupted" in screen_text(pilot)
        assert screen.recorded.length == 12, "half a line is no event"
    folder = save(tmp_path, "r2", events[:12], keep_open=True)
    async with open_app(size=(120, 36)) as pilot:
        screen = await replaying(pilot, folder.path, follow=True)
        await until(pilot, lambda: screen.recorded.position == 12)
        shutil.rmtree(folder.path)
        await until(pilot, lambda: "was moved or deleted" in screen_text(pilot))
        await pilot.press("<", "]")
        assert "iteration 1" in screen_text(pilot), "what was read can still be looked at"
        folder.close()


async def test_what_is_damaged_is_shown_as_far_as_it_goes(open_app: OpenApp, tmp_path: Path) -> None:
    lines = [encode(event) for event in told_run().events]
    log = tmp_path / "cut.jsonl"
    hostile = b'{"type":"of_the_future","seq":3,"at":1.0,"text":"\\u001b[2J[red]"}'
    log.write_bytes(b"\n".join([*lines[:12], b"{no event", hostile, *lines[12:20]]) + b"\n" + lines[20][:30])
    async with open_app(size=(120, 36)) as pilot:
        screen = await replaying(pilot, log)
        assert screen.recorded.length == 22
        trajectory = screen.recorded.trajectory
        assert trajectory.interrupted
        assert len(trajectory.unknown) == 1
        assert "Line 13 is not an event" in screen_text(pilot)
        assert "interrupted" in screen_text(pilot)


async def test_what_is_no_run_is_said(open_app: OpenApp, tmp_path: Path) -> None:
    async with open_app(size=(120, 36)) as pilot:
        pilot.app.explore.open_saved(tmp_path)
        await until(pilot, lambda: "There is no run in" in screen_text(pilot))
        path = save(tmp_path, "r1", told_run().events).path
        log = open_run(path)
        log.events_path.unlink()
        pilot.app.push_screen(ReplayScreen(RecordedRun(log)), pilot.app.explore.take_answer)
        await until(pilot, lambda: not isinstance(pilot.app.screen, ReplayScreen))
        assert "can't be read" in screen_text(pilot)


@pytest.mark.parametrize("size", [(80, 24), (140, 40)])
async def test_a_text_is_found_and_the_timeline_leads_to_its_bars(
    open_app: OpenApp, tmp_path: Path, size: tuple[int, int]
) -> None:
    path = save(tmp_path, "r1", told_run().events).path
    async with open_app(size=size) as pilot:
        screen = await replaying(pilot, path)
        await pilot.press("ctrl+f", *"second q")
        await until(pilot, lambda: "2 hits" in screen_text(pilot))
        await pilot.press("enter", "enter")
        await until(pilot, lambda: pilot.app.screen is screen)
        await until(pilot, lambda: "answer to second question?" in screen_text(pilot))
        await pilot.press("ctrl+f", "(", "ctrl+t")
        await until(pilot, lambda: "doesn't compile" in screen_text(pilot))
        await pilot.press("escape", "T")
        await until(pilot, lambda: isinstance(pilot.app.screen, TimelineScreen))
        await until(pilot, lambda: "1 plan" in screen_text(pilot))
        assert "█" in screen_text(pilot)
        window = pilot.app.screen.query_one(TimelineView).window
        whole = window.end
        await pilot.press("plus", "plus", "right")
        assert (window.end - window.start) == pytest.approx(whole / 4)
        assert window.start > 0
        await pilot.press("0", "down", "down", "enter")
        await until(pilot, lambda: pilot.app.screen is screen)
        assert (window.start, window.end) == (0.0, whole)


async def test_the_volume_is_shown_as_it_was_written_by_then(open_app: OpenApp, tmp_path: Path) -> None:
    run = RunBuilder().start()
    changes = (
        e.VolumeChanged(written=["notes/a.txt", "b.txt"]),
        e.VolumeChanged(removed=["b.txt"], unknown=True),
        e.VolumeChanged(),
    )
    for n, change in enumerate(changes, 1):
        iteration = run.iteration(n)
        run.plan(iteration, "Write.", "write()")
        cell = run.cell(iteration, "write()")
        run.add(msgspec.structs.replace(change, span=cell, parent=iteration))
        run.cell_done(cell)
    path = save(tmp_path, "r1", run.events).path
    async with open_app(size=(120, 36)) as pilot:
        screen = await replaying(pilot, path)
        await pilot.press("5")
        assert "+ notes/a.txt  written, iteration 1" in screen_text(pilot)
        assert "- b.txt  removed, iteration 2" in screen_text(pilot)
        assert "iteration 2 may have written more" in screen_text(pilot)
        await pilot.press("<")
        assert "Nothing was written to the volume by now." in screen_text(pilot)
        await pilot.press("]", "]")
        assert screen.recorded.trajectory.iterations[-1].n == 2
        assert "+ b.txt  written, iteration 1" in screen_text(pilot)
        assert "may have written more" not in screen_text(pilot)


async def test_a_variable_opens_with_what_the_log_has_of_it(open_app: OpenApp, tmp_path: Path) -> None:
    path = save(tmp_path, "r1", told_run().events).path
    async with open_app(size=(120, 36)) as pilot:
        screen = await replaying(pilot, path)
        await pilot.press("[", "6")
        screen.query_one(Inspector).show_tab("variables")
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, TextPreviewScreen))
        await until(pilot, lambda: "Of v1 the log has this much" in screen_text(pilot))
        assert "The sandbox of a recorded run is gone; a fork (F8) has one." in screen_text(pilot)
        await pilot.press("escape")
        assert pilot.app.screen is screen


async def test_the_app_keeps_nothing_of_what_showed_a_run(open_app: OpenApp, tmp_path: Path) -> None:
    path = save(tmp_path, "r1", told_run().events).path
    async with open_app(size=(120, 36)) as pilot:
        kept = pilot.app.theme_changed_signal._subscriptions
        screen = await replaying(pilot, path)
        grid = screen.grid
        assert grid in kept
        await pilot.press("escape")
        await until(pilot, lambda: grid not in kept, "that the signal lets it go")
        await until(pilot, lambda: screen.recorded.length and not screen.recorded.replay._checkpoints)
        assert screen.recorded.trajectory.iterations == []
