"""The verbs of the debugger by keys and by mouse, with a real session and sandbox and the loopback LM."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from textual.command import CommandPalette
from textual.widgets import Input

from rlm_tui.core.builtin_tasks import builtin_tasks
from rlm_tui.core.settings import Settings
from rlm_tui.ui.comparison_plan import Asked, ready
from rlm_tui.ui.screens.ask import AskScreen
from rlm_tui.ui.screens.confirm import ConfirmScreen
from rlm_tui.ui.screens.edit_cell import EditCellScreen
from rlm_tui.ui.widgets.code_editor import CodeEditor
from rlm_tui.ui.widgets.held_bar import HeldBar
from rlm_tui.ui.widgets.inspector import Inspector
from tests.lm_server import LMRequest, planner_script
from tests.lm_server.fixtures import StartLM
from tests.pilot.conftest import OpenApp, Sessions, screen_lines, screen_text, settled
from tests.pilot.debugging import CELLS, CODE, held_screen


async def test_f9_starts_held_and_steps_go_phase_by_phase(open_app: OpenApp, loopback_lm: StartLM) -> None:
    long = "\n".join([CODE, *(f"row_{n} = {n}" for n in range(60))])
    server = loopback_lm(planner_script([("I look first.", long), *CELLS[1:]]))
    async with held_screen(open_app, server) as screen:
        pilot = screen.pilot
        await screen.held("plan", 1)
        assert screen.prompts() == []
        await pilot.press("s")
        await screen.held("cell", 1)
        assert len(screen.prompts()) == 1
        assert screen.last.cell is None
        assert pilot.app.screen.query_one(Inspector).tab == "prompt"
        await screen.shows("Your input fields are")
        text = screen_text(pilot)
        assert "print(words)" in text, "code is read from its beginning"
        assert "row_59" not in text
        assert "Your input fields are" in text, "code and prompt are both seen"
        await pilot.press("n")
        await screen.held("plan", 2)
        assert screen.trajectory.iterations[0].cell is not None
        assert pilot.app.screen.query_one(Inspector).tab == "variables"
        await screen.shows("row_59 = 59")
        await screen.shows("as planned")  # what the step printed is seen below its code
        await pilot.press("space")
        await screen.ended()
        await screen.until(lambda: not pilot.app.screen.query_one(HeldBar).display)


async def test_space_holds_at_the_next_boundary_and_says_that_it_will(
    open_app: OpenApp, loopback_lm: StartLM
) -> None:
    may_plan, script = threading.Event(), planner_script(CELLS)

    def planned(asked: LMRequest) -> Any:
        may_plan.wait(60)
        return script(asked)

    server = loopback_lm(planned)
    async with held_screen(open_app, server, key="ctrl+r") as screen:
        pilot = screen.pilot
        await screen.until(screen.prompts)
        await pilot.press("space")
        await screen.shows("‖ WILL BE HELD at the next boundary")
        await screen.until(lambda: "then held" in screen_lines(pilot)[0])
        await pilot.press("space")
        await screen.until(lambda: "WILL BE HELD" not in screen_text(pilot))  # it was taken back
        await pilot.press("space")
        await screen.shows("WILL BE HELD")
        may_plan.set()
        await screen.held("cell", 1)
        await pilot.press("space")
        await screen.ended()


async def test_edited_code_is_what_runs_and_what_the_planner_reads(
    open_app: OpenApp, loopback_lm: StartLM
) -> None:
    server = loopback_lm(planner_script(CELLS))
    async with held_screen(open_app, server) as screen:
        pilot = screen.pilot
        await screen.held("plan", 1)
        await pilot.press("s")
        await screen.held("cell", 1)
        await pilot.press("e")
        await screen.until(lambda: isinstance(pilot.app.screen, EditCellScreen))
        editor = pilot.app.screen.query_one(CodeEditor)
        assert editor.text == CODE
        assert editor.is_syntax_aware
        await pilot.press("ctrl+end", "enter", *"print((")
        await screen.shows("line 3: '(' was never closed")
        await pilot.press("ctrl+s")
        await pilot.pause(0.2)
        assert isinstance(pilot.app.screen, EditCellScreen), "what does not parse stays in the editor"
        assert screen.last.original_code is None
        await pilot.press("end", "backspace", "backspace", *"(words.upper())", "f4")
        await screen.shows("+print(words.upper())")
        await screen.shows("The code parses; it is changed.")
        await pilot.press("ctrl+s")
        await screen.held("cell", 1)
        await screen.shows("edited by you  +1 −0 lines")
        assert screen.last.original_code == CODE
        assert screen.last.cell is None, "it is kept, and the run stays held"
        await pilot.press("e")
        await screen.until(lambda: isinstance(pilot.app.screen, EditCellScreen))
        await pilot.press("ctrl+r")
        await screen.held("plan", 2)
        ran = screen.trajectory.iterations[0].cell
        assert ran is not None
        assert ran.text == "as planned\nAS PLANNED\n"
        await pilot.press("space")
        await screen.ended()
        assert "words.upper()" in screen.prompts()[1]


async def test_esc_in_the_editor_asks_before_it_drops_anything(
    open_app: OpenApp, loopback_lm: StartLM
) -> None:
    server = loopback_lm(planner_script(CELLS))
    async with held_screen(open_app, server, size=(80, 24)) as screen:
        pilot = screen.pilot
        await screen.held("plan", 1)
        await pilot.press("s")
        await screen.held("cell", 1)
        explore = pilot.app.screen
        await pilot.press("e")
        await screen.until(lambda: isinstance(pilot.app.screen, EditCellScreen))
        await pilot.press("escape")
        await screen.until(lambda: pilot.app.screen is explore)  # nothing was changed: nothing is asked
        await pilot.press("e", "tab", "escape")
        await screen.until(lambda: isinstance(pilot.app.screen, ConfirmScreen))
        await pilot.press("s")
        await screen.until(lambda: isinstance(pilot.app.screen, EditCellScreen))
        assert pilot.app.screen.query_one(CodeEditor).text == f"    {CODE}"
        await pilot.press("ctrl+z")
        assert pilot.app.screen.query_one(CodeEditor).text == CODE
        await pilot.press("ctrl+y", "escape")
        await screen.until(lambda: isinstance(pilot.app.screen, ConfirmScreen))
        await pilot.press("d")
        await screen.until(lambda: pilot.app.screen is explore)
        assert screen.last.code == CODE
        assert screen.trajectory.held is not None


async def test_a_skipped_cell_is_not_run_and_the_planner_reads_why(
    open_app: OpenApp, loopback_lm: StartLM
) -> None:
    server = loopback_lm(planner_script(CELLS))
    async with held_screen(open_app, server) as screen:
        pilot = screen.pilot
        await screen.held("plan", 1)
        await pilot.press("s")
        await screen.held("cell", 1)
        await pilot.press("k")
        await screen.until(lambda: isinstance(pilot.app.screen, AskScreen))
        await pilot.press(*"too early", "enter")
        await screen.held("plan", 2)
        await screen.shows("You skipped the cell")
        first = screen.trajectory.iterations[0]
        assert (first.cell, first.skipped) == (None, "too early")
        await screen.shows("skipped · plan")
        await pilot.press("space")
        await screen.ended()
        assert "too early" in screen.prompts()[1]


async def test_the_planner_is_told_and_sent_back(open_app: OpenApp, loopback_lm: StartLM) -> None:
    server = loopback_lm(planner_script(CELLS))
    async with held_screen(open_app, server) as screen:
        pilot = screen.pilot
        await screen.held("plan", 1)
        await pilot.press("t", *"mind the gap", "enter")
        await screen.shows("you told the planner  mind the gap")
        await screen.held("plan", 1)
        assert screen.prompts() == [], "it stays held"
        await pilot.press("s")
        await screen.held("cell", 1)
        assert "mind the gap" in screen.prompts()[0]
        await pilot.press("t", "enter")
        await screen.shows("Write something first")
        await pilot.press(*"shorter", "enter")
        await screen.shows("you sent it back  shorter")
        await screen.shows("You sent the planner back: this is its new code.")
        assert len(screen.prompts()) == 2
        assert "shorter" in screen.prompts()[1]
        await screen.click("▸ not run")
        await screen.shows("▾ not run")
        await pilot.press("space")
        await screen.ended()


async def test_a_run_on_the_screen_has_somebody_to_ask_and_one_that_is_compared_has_not(
    open_app: OpenApp, sessions: Sessions
) -> None:
    async with open_app(task="basic") as pilot:
        await pilot.press("f9")
        await settled(pilot)
        assert (sessions.requests[0].hold, sessions.requests[0].attended) == (True, True)
    task = builtin_tasks()[0]
    request = ready(Asked(task, {item.name: "why?" for item in task.inputs}, (), Settings(), None)).request
    assert (request.hold, request.attended) == (False, False)


@pytest.mark.parametrize("size", [(80, 24), (160, 45)])
async def test_everything_by_mouse_alone(
    open_app: OpenApp, loopback_lm: StartLM, size: tuple[int, int]
) -> None:
    server = loopback_lm(planner_script([*CELLS[:1], *CELLS]))
    async with held_screen(open_app, server, size=size) as screen:
        pilot = screen.pilot
        await screen.held("plan", 1)
        bar = pilot.app.screen.query_one(HeldBar)
        assert bar.region.height == (3 if size[1] < 30 else 5)
        await screen.click("^P palette")
        await screen.until(lambda: isinstance(pilot.app.screen, CommandPalette))
        await pilot.press("escape")
        await screen.click(" s  step")
        await screen.held("cell", 1)
        await screen.click(" e  edit")
        await screen.until(lambda: isinstance(pilot.app.screen, EditCellScreen))
        await screen.click("Prompt F3")
        await screen.shows("The prompt")
        await screen.click("Diff F4")
        await screen.shows("Nothing is changed")
        await screen.click("Esc close")
        await screen.click(" k  skip")
        await screen.until(lambda: isinstance(pilot.app.screen, AskScreen))
        await screen.click("OK  enter")
        await screen.held("plan", 2)
        await screen.click(" t  tell")
        await screen.until(lambda: isinstance(pilot.app.screen, AskScreen))
        pilot.app.screen.query_one(Input).value = "pasted"
        await screen.click("OK  enter")
        await screen.until(lambda: screen.last.remarks == ["pasted"])
        await screen.held("plan", 2)
        await screen.click(" n  next")
        await screen.held("plan", 3)
        await screen.click(" space  release")
        await screen.ended()
