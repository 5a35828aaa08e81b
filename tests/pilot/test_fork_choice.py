"""Choosing on the screen what is forked: a saved run, one of its iterations, and what changes."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import msgspec
import pytest
from textual.pilot import Pilot
from textual.widgets import Button, Input, OptionList, Static

from rlm_tui.core.event_codec import decode, encode
from rlm_tui.core.events import ForkedFrom, RunStarted
from rlm_tui.core.paths import runs_directory
from rlm_tui.core.settings import Settings
from rlm_tui.ui.fork_plan import ForkAsked, ForkReady
from rlm_tui.ui.screens.fork import ForkScreen
from rlm_tui.ui.widgets.check_line import CheckLine
from rlm_tui.ui.widgets.fork_change import ForkChange
from rlm_tui.ui.widgets.fork_from import ForkFrom
from rlm_tui.ui.widgets.iteration_choice import IterationChoice
from rlm_tui.ui.widgets.problem_line import ProblemLine
from rlm_tui.ui.widgets.run_choice import RunChoice
from tests.pilot.conftest import OpenApp, press_button, screen_text, settled, until

RECORDED = Path(__file__).parents[1] / "snapshots" / "recorded" / "garden"
OLD, NEW, DAMAGED = (
    "20260101-100000-garden-aa11",
    "20260102-100000-garden-bb22",
    "20260103-100000-broken-cc33",
)
FOREIGN = "20251231-100000-imported-dd44"


class Refused(ValueError):
    """What a fork is refused with in these tests."""


class Asked:
    """Keeps what the form asked for, and refuses it."""

    def __init__(self) -> None:
        self.all: list[ForkAsked] = []

    def __call__(self, asked: ForkAsked) -> ForkReady:
        self.all.append(asked)
        raise Refused("This fork is refused: choose another iteration.")


def save(run_id: str, **changes: Any) -> Path:
    """A saved run of five iterations under that id; `changes` are those of its first event."""
    path = runs_directory() / run_id
    shutil.copytree(RECORDED, path)
    if changes:
        first, _, rest = (path / "events.jsonl").read_bytes().partition(b"\n")
        started = decode(first)
        assert isinstance(started, RunStarted)
        line = encode(msgspec.structs.replace(started, **changes))
        (path / "events.jsonl").write_bytes(line + b"\n" + rest)
    return path


@pytest.fixture
def saved() -> Path:
    save(OLD)
    path = save(NEW, task="second", forked=ForkedFrom(OLD, 3))
    (runs_directory() / DAMAGED).mkdir()
    (runs_directory() / DAMAGED / "events.jsonl").write_bytes(b"")
    save(FOREIGN, signature="", imported="dspy")
    return path


async def opened(pilot: Pilot[Any], asked: Asked, first: Path | None = None, at: int = 0) -> ForkScreen:
    screen = ForkScreen(Settings(), asked, first, at)
    pilot.app.push_screen(screen)
    await read(pilot)
    return screen


async def read(pilot: Pilot[Any]) -> None:
    """Wait for the chosen run to be read."""
    await settled(pilot)
    source = pilot.app.screen.query_one(ForkFrom)
    await until(pilot, lambda: "still being read" not in source.problem, "a run that is read")
    await settled(pilot)


def problem(screen: ForkScreen) -> str:
    return screen.query_one("#problem", ProblemLine).words


def plan(screen: ForkScreen) -> str:
    return str(screen.query_one("#fork-words", Static).content)


async def test_without_saved_runs_it_says_what_to_do(open_app: OpenApp) -> None:
    asked = Asked()
    async with open_app(size=(80, 24)) as pilot:
        screen = await opened(pilot, asked)
        for _ in range(2):
            assert "There is no saved run yet." in problem(screen)
            assert "Ctrl+R" in problem(screen)
            await pilot.press("ctrl+r")
            await settled(pilot)
        assert not asked.all
        await pilot.press("escape")
        await settled(pilot)
        assert pilot.app.screen is pilot.app.explore


async def test_runs_are_listed_newest_first_and_filtered(open_app: OpenApp, saved: Path) -> None:
    async with open_app(size=(160, 45)) as pilot:
        screen = await opened(pilot, Asked())
        runs = screen.query_one(RunChoice)
        assert runs.chosen is not None
        assert runs.chosen.run_id == DAMAGED
        assert "This run can't be forked." in problem(screen)
        assert "holds no event" in problem(screen)
        await pilot.press("ctrl+r")
        assert "This run can't be forked." in problem(screen)
        await pilot.press("down")
        await read(pilot)
        assert runs.chosen.run_id == NEW
        assert problem(screen) == ""
        text = screen_text(pilot)
        assert "↳ at 3" in text
        await pilot.press("end")
        await read(pilot)
        assert runs.chosen.run_id == FOREIGN
        assert problem(screen) == "This run can't be forked: its log does not say what was asked."
        await pilot.press("home", "down")
        await read(pilot)
        assert f"fork of {OLD} at 3" in text
        assert "submitted" in text
        await pilot.press("shift+tab", *"secon")
        assert runs.run_list.option_count == 1
        await pilot.press(*"dx")
        await settled(pilot)
        assert runs.run_list.option_count == 0
        assert "none matches the filter" in problem(screen)


async def test_the_first_run_and_iteration_are_those_of_the_screen(open_app: OpenApp, saved: Path) -> None:
    async with open_app(size=(120, 36)) as pilot:
        screen = await opened(pilot, Asked(), runs_directory() / OLD, 2)
        assert screen.query_one(ForkFrom).at == 2
        chosen = screen.query_one(RunChoice).chosen
        assert chosen is not None
        assert chosen.run_id == OLD
        assert plan(screen).startswith(
            "Iteration 1 is executed again with recorded answers: no LM is called;"
        )
        assert "iteration 2 is planned live by the offline demo" in plan(screen)


@pytest.mark.parametrize("size", [(80, 24), (160, 45)])
async def test_it_is_filled_in_with_the_keyboard(
    open_app: OpenApp, saved: Path, size: tuple[int, int]
) -> None:
    asked = Asked()
    async with open_app(size=size) as pilot:
        screen = await opened(pilot, asked, saved)
        await pilot.press("tab", "home", "down", "down", "tab", "down")  # iteration 3, other code
        await settled(pilot)
        change = screen.query_one(ForkChange)
        recorded = change.editor.text
        assert recorded
        await pilot.press("enter", *"x =", "enter")
        check = screen.query_one("#fork-code-check", CheckLine)
        await until(pilot, lambda: not check.looking and not check.finding.good, "what is wrong")
        assert "does not parse: line 1" in check.finding.words
        await pilot.press("up", "end", *" 1")
        await until(pilot, lambda: not check.looking and check.finding.good, "that it parses")
        await pilot.press("escape", "enter")  # out of the editor, to what starts it held
        assert "iteration 3 runs your code, and iteration 4 is planned live" in plan(screen)
        assert "held before it" in plan(screen)
        screen.query_one("#budgets-max_iterations", Input).focus()
        await pilot.press("end", "backspace", "7", "ctrl+r")
        await settled(pilot)
        (one,) = asked.all
        assert one.run == saved
        assert (one.at, one.code, one.hold, one.remark) == (3, "x = 1\n" + recorded, True, "")
        assert list(one.overrides) == ["budgets.max_iterations"], "what was not changed is no override"
        assert problem(screen) == "This fork is refused: choose another iteration."
        assert change.editor.text == "x = 1\n" + recorded, "what was written is kept"


async def test_it_is_filled_in_with_the_mouse(open_app: OpenApp, saved: Path) -> None:
    asked = Asked()
    async with open_app(size=(160, 45)) as pilot:
        screen = await opened(pilot, asked)
        await pilot.click("#run-list", offset=(5, 2))
        await read(pilot)
        assert screen.query_one(RunChoice).chosen.run_id == OLD  # type: ignore[union-attr]
        await pilot.click("#fork-at", offset=(5, 1))
        await pilot.click("#fork-manner", offset=(5, 2))
        await settled(pilot)
        await pilot.click("#fork")
        await settled(pilot)
        assert "write a remark" in problem(screen)
        assert not asked.all
        await pilot.click("#fork-remark")
        await pilot.press(*"Be brief.")
        await press_button(pilot, "#fork")
        await settled(pilot)
        (one,) = asked.all
        assert (one.run.name, one.at, one.code, one.remark) == (OLD, 2, None, "Be brief.")
        assert str(screen.query_one("#fork", Button).label) == "Fork  ^R", "it can be tried again"


async def test_code_that_was_written_stays_when_another_iteration_is_chosen(
    open_app: OpenApp, saved: Path
) -> None:
    async with open_app(size=(160, 45)) as pilot:
        screen = await opened(pilot, Asked(), saved, 1)
        change = screen.query_one(ForkChange)
        first = change.editor.text
        screen.query_one(IterationChoice).highlighted = 1
        await settled(pilot)
        assert change.editor.text != first, "nothing was written: the code of the iteration is offered"
        change.editor.load_text("print('mine')")
        screen.query_one(IterationChoice).highlighted = 2
        await settled(pilot)
        assert change.editor.text == "print('mine')"


async def test_after_the_last_and_an_answer_at_once(open_app: OpenApp, saved: Path) -> None:
    lines = (saved / "events.jsonl").read_bytes().splitlines(keepends=True)
    last = max(n for n, line in enumerate(lines) if b'"iteration_started"' in line)
    (saved / "events.jsonl").write_bytes(b"".join(lines[:last]))
    async with open_app(size=(160, 45)) as pilot:
        screen = await opened(pilot, Asked(), saved)
        choice = screen.query_one(IterationChoice)
        choice.focus()
        await pilot.press("end")
        await settled(pilot)
        assert choice.at == choice.option_count == 5
        assert screen.query_one(ForkChange).editor.text == ""
        screen.query_one(ForkChange).choose("code")
        await settled(pilot)
        await pilot.press("ctrl+r")
        await settled(pilot)
        assert "There is no code to run" in problem(screen)
        screen.query_one(ForkChange).editor.load_text("x = 1")
        await settled(pilot)
        assert plan(screen).startswith("Iterations 1 to 4 are executed again")
        assert "iteration 5 begins with your code, and is then planned live by" in plan(screen)
        screen.query_one("#fork-manner", OptionList).highlighted = 3
        await settled(pilot)
        assert plan(screen).startswith("Nothing is executed: an answer is extracted by the offline demo")
