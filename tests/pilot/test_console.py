"""The console on a held run: a real session, a real local sandbox, the loopback LM."""

from __future__ import annotations

import pytest

from rlm_tui.ui.screens.console import ConsoleScreen
from rlm_tui.ui.widgets.console_input import ConsoleInput
from tests.lm_server import planner_script
from tests.lm_server.fixtures import StartLM
from tests.pilot.conftest import OpenApp, screen_text
from tests.pilot.debugging import HeldScreen, held_screen

CELLS = (
    ("First.", "words = ['alpha', 'beta']\ncounts = {'stock': 3, 'staff': 2}"),
    ("Second.", "print('found', found)\nSUBMIT(answer=str(found))"),
)


async def console(screen: HeldScreen) -> ConsoleInput:
    await screen.pilot.press("c")
    await screen.until(lambda: isinstance(screen.pilot.app.screen, ConsoleScreen))
    return screen.pilot.app.screen.query_one(ConsoleInput)


async def typed(screen: HeldScreen, code: str, shows: str) -> None:
    screen.pilot.app.screen.query_one(ConsoleInput).put(code)
    await screen.pilot.press("enter")
    await screen.shows(shows)


async def second_plan(screen: HeldScreen) -> None:
    await screen.held("plan", 1)
    await screen.pilot.press("n")
    await screen.held("plan", 2)


async def test_what_is_tried_is_no_part_of_the_run_until_it_is_inserted(
    open_app: OpenApp, loopback_lm: StartLM
) -> None:
    async with held_screen(open_app, loopback_lm(planner_script(CELLS))) as screen:
        await second_plan(screen)
        field = await console(screen)
        before = len(screen.trajectory.iterations[0].steps)
        await typed(screen, "len(words) * 111", "222")
        await typed(screen, "print('[b]\\x1b[31mred')", "[b]␛[31mred")
        await typed(screen, "1 / 0", "ZeroDivisionError: division by zero")
        await typed(screen, "llm_query('who?')", "insert the code as a step of the run")
        await screen.pilot.press(*"for w in words:", "enter", *"print(w.upper())", "enter", "enter")
        await screen.shows("BETA")
        assert screen.trajectory.totals.llm_calls == 0
        assert len(screen.trajectory.iterations[0].steps) == before
        await typed(screen, "found = 7", "› found = 7")
        await screen.until(lambda: "found" in screen.trajectory.variables)
        await screen.pilot.press("ctrl+s")
        await screen.shows("inserted into the run as a step of yours")
        await screen.until(lambda: screen.last.person_cells and screen.trajectory.held is not None)
        assert screen.last.person_cells[0].code == "found = 7", "the last that was evaluated"
        await screen.pilot.press("up")
        assert field.text == "found = 7"
        await screen.pilot.press("escape")
        await console(screen)
        assert "BETA" in screen_text(screen.pilot), "the console of the run is there again"
        await screen.pilot.press("escape", "space")
        await screen.ended()
        assert screen.trajectory.finished is not None
        assert screen.trajectory.finished.outputs == {"answer": "7"}
        assert "found = 7" in screen.prompts()[-1], "the planner read the step"
        assert "* 111" not in screen.prompts()[-1]


async def test_an_endless_loop_is_interrupted_and_the_run_goes_on(
    open_app: OpenApp, loopback_lm: StartLM
) -> None:
    async with held_screen(open_app, loopback_lm(planner_script(CELLS))) as screen:
        await second_plan(screen)
        await console(screen)
        await typed(screen, "found = 1\nwhile True: pass\n", "evaluating …")
        await screen.pilot.press("escape")
        await screen.shows("You interrupted it")
        await typed(screen, "found + 41", "42")
        await screen.pilot.press("escape", "space")
        await screen.ended()
        statuses = [iteration.cell.status for iteration in screen.trajectory.iterations if iteration.cell]
        assert statuses == ["ok", "submitted"]


@pytest.mark.parametrize(
    ("begun", "keys", "completed"),
    [
        ("coun", ("tab",), "counts"),
        ("words.app", ("tab",), "words.append"),
        ("counts['s", ("tab",), "counts['st"),
        ("counts['s", ("tab", "tab", "tab"), "counts['staff']"),
        ("words.nothing_begins_so", ("tab",), "words.nothing_begins_so"),
    ],
)
async def test_tab_completes(
    open_app: OpenApp, loopback_lm: StartLM, begun: str, keys: tuple[str, ...], completed: str
) -> None:
    async with held_screen(open_app, loopback_lm(planner_script(CELLS))) as screen:
        await second_plan(screen)
        field = await console(screen)
        field.put(begun)
        for key in keys:
            await screen.pilot.press(key)
            await screen.pilot.app.workers.wait_for_complete()
            await screen.pilot.pause()
        assert field.text == completed


@pytest.mark.parametrize("size", [(80, 24), (160, 45)])
async def test_with_the_mouse_alone(open_app: OpenApp, loopback_lm: StartLM, size: tuple[int, int]) -> None:
    async with held_screen(open_app, loopback_lm(planner_script(CELLS)), size=size) as screen:
        await second_plan(screen)
        await screen.click("console")
        await screen.until(lambda: isinstance(screen.pilot.app.screen, ConsoleScreen))
        screen.pilot.app.screen.query_one(ConsoleInput).put("found = len(words)")
        await screen.click("Run enter")
        await screen.shows("› found = len(words)")
        await screen.click("Insert as a step")
        await screen.shows("inserted into the run")
        await screen.click("Esc close")
        await screen.until(lambda: not isinstance(screen.pilot.app.screen, ConsoleScreen))
        await screen.click("release")
        await screen.ended()
