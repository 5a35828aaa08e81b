"""The Explore screen over a run that was really recorded, at three sizes: before, in its midst, after.

`recorded/garden` is the run folder of an offline `rlm-tui run architecture` on `recorded/handbook.md`;
`recorded/garden-direct.json` what one prompt with a window of 3,000 tokens answered to the same.
Renew the pictures with `uv run pytest tests/snapshots --snapshot-update`, and look at each of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from textual.pilot import Pilot
from textual.widgets import Input, TextArea

from rlm_tui.core import content
from rlm_tui.core.events import AnyEvent, CellOutput
from rlm_tui.core.settings import Settings
from rlm_tui.engine import direct
from rlm_tui.store.run_log import open_run
from rlm_tui.ui.app import RlmTui
from rlm_tui.ui.clock import RunClock
from rlm_tui.ui.screens.explore import ExploreScreen
from tests.pilot.conftest import Sessions, settled, shown, until

RECORDED = Path(__file__).parent / "recorded"
CHECKOUT = Path("/tmp/rlm-tui-snapshots/garden")
SIZES = [(160, 45), (120, 36), (80, 24)]


@pytest.fixture(autouse=True)
def still(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing blinks, no clock goes on by itself, and the folder in which the test stands has one name."""
    monkeypatch.setattr(Input, "_toggle_cursor", lambda self: None)
    monkeypatch.setattr(TextArea, "_toggle_cursor_blink_visible", lambda self: None)
    monkeypatch.setattr(RunClock, "now", lambda self: self._at)
    monkeypatch.setattr(ExploreScreen, "show_confinement", lambda self, usable: None)
    # The same names on every machine: a checkout with the handbook in it, and nothing built yet.
    (CHECKOUT / "rlm_content").mkdir(parents=True, exist_ok=True)
    (CHECKOUT / "pyproject.toml").touch()
    (CHECKOUT / "rlm_content" / "handbook.md").write_bytes((RECORDED / "handbook.md").read_bytes())
    monkeypatch.setattr(content, "_CHECKOUT", CHECKOUT)
    monkeypatch.chdir(CHECKOUT)


def recorded_events() -> list[AnyEvent]:
    return list(open_run(RECORDED / "garden").events())


def until_third_cell_prints(events: list[AnyEvent]) -> list[AnyEvent]:
    printed = [number for number, event in enumerate(events) if isinstance(event, CellOutput)]
    return events[: printed[2] + 1]


def playing(events: Iterable[AnyEvent], *keys: str, then: str = "") -> Callable[[Pilot[Any]], Any]:
    """Tell the events to a run, press the keys, and wait for the words that come `then`."""

    async def before(pilot: Pilot[Any]) -> None:
        app = pilot.app
        assert isinstance(app, RlmTui)
        await until(pilot, lambda: app.is_open, "the first screen")
        await settled(pilot)
        told = list(events)
        if told:
            await pilot.press("ctrl+r")
            await settled(pilot)
            sessions: Any = app._asked["start_session"]
            sessions.last.tell(told)
            await until(
                pilot,
                lambda: (run := app.explore.run) is not None and run.trajectory.last_seq == told[-1].seq,
                "the last event",
            )
            await pilot.pause(0.5)  # panes that show how time goes by do so a few times a second
        for key in keys:
            await pilot.press(key)
        if then:
            await shown(pilot, then)
        await settled(pilot)

    return before


def explore() -> RlmTui:
    app = RlmTui(
        Settings(),
        directory=CHECKOUT,
        documents=[str(CHECKOUT / "rlm_content" / "handbook.md")],
        start_session=Sessions(),
        warm_up=False,
    )
    app.animation_level = "none"
    return app


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
def test_before_a_run(snap_compare: Any, size: tuple[int, int]) -> None:
    assert snap_compare(explore(), terminal_size=size, run_before=playing([]))


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
def test_in_the_midst_of_a_run(snap_compare: Any, size: tuple[int, int]) -> None:
    events = until_third_cell_prints(recorded_events())
    assert snap_compare(explore(), terminal_size=size, run_before=playing(events))


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
def test_after_a_run(snap_compare: Any, size: tuple[int, int]) -> None:
    assert snap_compare(explore(), terminal_size=size, run_before=playing(recorded_events()))


def test_the_help(snap_compare: Any) -> None:
    assert snap_compare(explore(), terminal_size=(120, 36), run_before=playing(recorded_events(), "f1"))


def compared(events: Iterable[AnyEvent]) -> Callable[[Pilot[Any]], Any]:
    """Compare, and tell the RLM's side these events; the other answers as it was recorded."""

    async def before(pilot: Pilot[Any]) -> None:
        app: Any = pilot.app
        await until(pilot, lambda: app.is_open, "the first screen")
        await settled(pilot)
        await pilot.press("f6")
        await settled(pilot)
        app.screen.query_one("#compare-window", Input).value = "3,000"
        await settled(pilot)
        await pilot.press("ctrl+r")
        await settled(pilot)
        app._asked["start_session"].last.tell(events)
        await until(pilot, lambda: app.screen.comparison.shown_end, "the end")
        await settled(pilot)

    return before


def test_a_comparison_that_is_over(snap_compare: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    recorded = (RECORDED / "garden-direct.json").read_bytes()
    answer = msgspec.json.decode(recorded, type=direct.DirectAnswer)
    monkeypatch.setattr(direct, "ask_directly", lambda *_, **__: answer)
    assert snap_compare(explore(), terminal_size=(120, 36), run_before=compared(recorded_events()))
