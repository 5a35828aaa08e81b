"""The breakpoints on the screen: written, switched, changed, deleted; kept with the task, set in the run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Button, Input

from rlm_tui.core.breakpoints import SetBreakpoint, breakpoint_text, parse_breakpoint
from rlm_tui.core.events import Held, IterationStarted, RunStarted
from rlm_tui.core.paths import data_directory
from rlm_tui.core.remembered_breakpoints import breakpoints_of, keep_breakpoints
from rlm_tui.core.settings import SandboxSettings, Settings
from rlm_tui.core.tasks import TaskRegistry
from rlm_tui.ui.run_control import start_engine_session
from rlm_tui.ui.screens.breakpoints import BreakpointsScreen
from rlm_tui.ui.widgets.breakpoint_lists import BreakpointForms, BreakpointList
from rlm_tui.ui.widgets.check_line import CheckLine
from rlm_tui.ui.widgets.status_line import StatusLine
from tests.pilot.conftest import (
    OpenApp,
    Sessions,
    chosen_in_the_palette,
    press_button,
    screen_text,
    settled,
    shown,
    until,
)

BASIC = TaskRegistry().get("basic")


def kept() -> list[str]:
    """What is kept for the task, those that are off in brackets."""
    return [
        breakpoint_text(item.breakpoint) if item.on else f"({breakpoint_text(item.breakpoint)})"
        for item in breakpoints_of(BASIC)
    ]


def keep(*lines: str) -> None:
    keep_breakpoints(BASIC, [SetBreakpoint(parse_breakpoint(line)) for line in lines])


async def opened(pilot: Pilot[Any]) -> BreakpointsScreen:
    """Press b outside of the text fields."""
    pilot.app.explore.query_one("#task-list").focus()
    await pilot.press("b")
    await settled(pilot)
    screen = pilot.app.screen
    assert isinstance(screen, BreakpointsScreen)
    return screen


def said(pilot: Pilot[Any]) -> tuple[str, bool]:
    return tuple(pilot.app.screen.query_one("#breakpoint-check", CheckLine).finding)


@pytest.mark.parametrize("size", [(80, 24), (160, 45)])
async def test_one_is_written_switched_changed_and_deleted_with_the_keyboard(
    open_app: OpenApp, sessions: Sessions, size: tuple[int, int]
) -> None:
    async with open_app(size=size, task="basic") as pilot:
        screen = await opened(pilot)
        assert "None yet" in screen_text(pilot)
        assert isinstance(pilot.app.focused, Input), "nothing is there to be switched"
        await pilot.press(*"iteration=0")
        assert said(pilot)[0].startswith("iteration needs a number from 1")
        await pilot.press("enter")
        assert screen.query_one(BreakpointList).option_count == 0
        await pilot.press("backspace", "3")
        assert said(pilot) == ("holds before the plan of this iteration", True)
        await pilot.press("enter", *"error", "enter", *" ERROR", "enter")
        assert screen.query_one(BreakpointList).option_count == 2, "the same is listed once"
        text = screen_text(pilot)
        assert "[x] iteration=3" in text
        assert "[x] error" in text
        assert "Delete  d" in text
        await pilot.press("up", "space")
        assert "[ ] error" in screen_text(pilot)
        await pilot.press("up", "e", "backspace", "4", "enter")
        assert "[x] iteration=4" in screen_text(pilot)
        await pilot.press("up", "d")
        await pilot.press("escape")
        await settled(pilot)
        assert kept() == ["(error)"]
        assert pilot.app.explore.footer.spoken == "Runs of basic are held at 0 breakpoints."
        await pilot.press("ctrl+r")
        await settled(pilot)
        assert sessions.requests[0].breakpoints == breakpoints_of(BASIC)


async def test_all_of_it_with_the_mouse(open_app: OpenApp) -> None:
    keep("error", "submit")
    async with open_app(size=(120, 36), task="basic") as pilot:
        screen = await opened(pilot)
        await pilot.click(BreakpointList, offset=(5, 1))
        assert "[ ] submit" in screen_text(pilot)
        await press_button(pilot, "#switch")
        assert "[x] submit" in screen_text(pilot)
        await press_button(pilot, "#delete")
        await settled(pilot)
        await pilot.click(BreakpointForms, offset=(3, 8))
        line = screen.query_one("#breakpoint-line", Input)
        assert line.value == "iteration=4"
        await pilot.press("7")
        assert line.value == "iteration=7", "what the form gives as an example is typed over"
        await press_button(pilot, "#add")
        await settled(pilot)
        await pilot.click(BreakpointList, offset=(5, 0))
        await press_button(pilot, "#change")
        await settled(pilot)
        assert line.value == "error"
        assert str(screen.query_one("#add", Button).label) == "Put it there  Enter"
        line.value = "llm-query"
        await press_button(pilot, "#add")
        await settled(pilot)
        await press_button(pilot, "#leave")
        await settled(pilot)
        assert kept() == ["(llm-query)", "iteration=7"]


async def test_what_is_wrong_is_said_while_it_is_typed_and_nothing_is_lost(open_app: OpenApp) -> None:
    keep("error", "submit", "llm-query", "variable=x", "change=x", "iteration=9")
    async with open_app(size=(80, 24), task="basic") as pilot:
        screen = await opened(pilot)
        await pilot.press("tab")
        for written, words in (
            ("regex=open(", "The pattern 'open(' doesn't compile: missing ) at position 5."),
            ("itteration=3", "did you mean iteration=4?"),
            ("?" * 50, "write one of code=, regex="),
        ):
            screen.query_one("#breakpoint-line", Input).value = written
            await pilot.pause()
            assert words in said(pilot)[0]
            assert not said(pilot)[1]
            await pilot.press("enter")
            assert screen.query_one("#breakpoint-line", Input).value == written
            assert "Add  Enter" in screen_text(pilot)
            assert "Esc closes" in screen_text(pilot)
        assert screen.query_one(BreakpointList).option_count == 6
        await pilot.press("escape")
        assert len(kept()) == 6


async def test_esc_leaves_the_change_first_and_a_twin_goes(open_app: OpenApp) -> None:
    keep("error", "submit")
    async with open_app(task="basic") as pilot:
        screen = await opened(pilot)
        await pilot.press("e", *"x", "escape")
        assert pilot.app.screen is screen
        assert screen.query_one("#breakpoint-line", Input).value == ""
        await pilot.press("e")
        screen.query_one("#breakpoint-line", Input).value = "submit"
        await pilot.press("enter", "escape")
        await settled(pilot)
        assert kept() == ["submit"]


async def test_typing_in_a_field_opens_nothing_and_the_palette_does(open_app: OpenApp) -> None:
    async with open_app(task="basic") as pilot:
        pilot.app.explore.query_one("#task-inputs Input").focus()
        await pilot.press("b")
        assert not isinstance(pilot.app.screen, BreakpointsScreen)
        pilot.app.explore.query_one("#task-list").focus()
        await chosen_in_the_palette(pilot, "breakpoints where")
        assert isinstance(pilot.app.screen, BreakpointsScreen)


async def test_a_run_that_goes_on_takes_each_change_at_once(open_app: OpenApp, sessions: Sessions) -> None:
    keep("error")
    async with open_app(task="basic") as pilot:
        await pilot.press("ctrl+r")
        await settled(pilot)
        assert [breakpoint_text(item.breakpoint) for item in sessions.requests[0].breakpoints] == ["error"]
        sessions.last.tell([RunStarted(run_id="r", task="basic", signature="question -> answer")])
        await pilot.press("b")
        await settled(pilot)
        await pilot.press("space", "tab", *"submit", "enter")
        assert sessions.last.verbs == ["breakpoints", "breakpoints submit"]
        assert kept() == ["error"], "they are kept when the screen is left"
        await pilot.press("escape", "b")
        await settled(pilot)
        assert "[ ] error" in screen_text(pilot)
        assert "[x] submit" in screen_text(pilot)
        await pilot.press("escape")
        assert kept() == ["(error)", "submit"]


async def test_a_run_that_begins_while_they_are_written_takes_them(
    open_app: OpenApp, sessions: Sessions
) -> None:
    async with open_app(task="basic") as pilot:
        await opened(pilot)
        await pilot.press(*"error", "enter")
        pilot.app.explore.action_run_task()
        await settled(pilot)
        assert sessions.requests[0].breakpoints == ()
        await pilot.press("escape")
        await settled(pilot)
        assert sessions.last.verbs == ["breakpoints error"]


async def test_the_status_line_says_which_one_held_the_run(open_app: OpenApp, sessions: Sessions) -> None:
    async with open_app(size=(120, 36), task="basic") as pilot:
        await pilot.press("ctrl+r")
        await settled(pilot)
        sessions.last.tell(
            [
                RunStarted(run_id="r", task="basic", signature="question -> answer", seq=0),
                IterationStarted(span="iteration-1", parent="run", n=4, of=9, seq=1),
                Held(span="iteration-1", why="breakpoint", before="plan", detail="iteration 4", seq=2),
            ]
        )
        await shown(pilot, "held: iteration 4, before iteration 4")
        assert pilot.app.explore.query_one(StatusLine).display


async def test_what_can_not_be_kept_holds_all_the_same(open_app: OpenApp, sessions: Sessions) -> None:
    async with open_app(task="basic") as pilot:
        (data_directory() / "breakpoints.json").mkdir(parents=True)
        await opened(pilot)
        await pilot.press(*"error", "enter", "escape")
        await settled(pilot)
        assert "they can't be kept" in pilot.app.explore.footer.spoken
        await pilot.press("ctrl+r")
        await settled(pilot)
        assert sessions.requests[0].breakpoints == (SetBreakpoint(parse_breakpoint("error")),)


async def test_a_task_of_ones_own_brings_some_until_others_are_kept(
    open_app: OpenApp, workplace: Path, sessions: Sessions
) -> None:
    folder = workplace / ".rlm-tui" / "tasks"
    folder.mkdir(parents=True)
    (folder / "mine.toml").write_text(
        'signature = "question -> answer"\nbreakpoints = ["error", "iteration=3"]\n'
        '[defaults]\nquestion = "Why?"\n'
    )
    async with open_app(task="mine") as pilot:
        await opened(pilot)
        assert "[x] iteration=3" in screen_text(pilot)
        await pilot.press("space", "escape")
        await pilot.press("ctrl+r")
        await settled(pilot)
        assert [item.on for item in sessions.requests[0].breakpoints] == [False, True]


async def test_leaving_the_app_from_the_screen_keeps_them(open_app: OpenApp) -> None:
    async with open_app(task="basic") as pilot:
        await opened(pilot)
        await pilot.press(*"error", "enter")
        pilot.app.exit()
        await pilot.pause()
    assert kept() == ["error"]


async def test_a_run_that_is_left_to_itself_is_held_by_nobody(open_app: OpenApp, sessions: Sessions) -> None:
    keep("error")
    async with open_app(task="basic") as pilot:
        await pilot.press("ctrl+r")
        await settled(pilot)
        assert pilot.app.explore.run is not None
        pilot.app.explore.run.hand_over()
        assert sessions.last.verbs == ["breakpoints", "leave"]


async def test_a_real_run_of_the_demo_is_held_where_the_screen_says(open_app: OpenApp) -> None:
    keep("llm-query", "submit")
    settings = Settings(sandbox=SandboxSettings(confined="off"))
    async with open_app(task="basic", settings=settings, start_session=start_engine_session) as pilot:
        await pilot.press("ctrl+r")
        explore = pilot.app.explore
        await until(pilot, lambda: explore.run is not None and explore.run.held, "the breakpoint")
        run = explore.run
        held = run.trajectory.held
        assert held is not None
        assert (held.why, held.before) == ("breakpoint", "cell")
        await settled(pilot)
        await shown(pilot, f"held: {held.detail}, before the cell")
        await pilot.press("b")
        await settled(pilot)
        await pilot.press("space", "down", "space", "escape")
        await settled(pilot)
        await pilot.press("space")
        await until(pilot, lambda: run.trajectory.finished is not None, "the end")
        assert run.trajectory.finished.status == "submitted"
