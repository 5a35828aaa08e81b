"""Forks from the Explore screen with the real engine: the offline demo, run, saved, and forked otherwise."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Static

from rlm_tui.core.paths import volumes_directory
from rlm_tui.core.trajectory import Trajectory
from rlm_tui.ui import fork_request, run_control
from rlm_tui.ui.run_control import start_engine_session
from rlm_tui.ui.screens.confirm import ConfirmScreen
from rlm_tui.ui.screens.fork import ForkScreen
from rlm_tui.ui.widgets.fork_change import ForkChange
from rlm_tui.ui.widgets.fork_from import ForkFrom
from rlm_tui.ui.widgets.iteration_choice import IterationChoice
from rlm_tui.ui.widgets.problem_line import ProblemLine
from rlm_tui.ui.widgets.trajectory_view import TrajectoryView
from tests.pilot.conftest import OpenApp, screen_text, settled, until


def paced(monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    """Have the offline planner take so long for a word."""
    for module in (run_control, fork_request):
        monkeypatch.setattr(module, "OFFLINE_PACE_SECONDS", seconds)


@pytest.fixture(autouse=True)
def unpaced(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody watches."""
    paced(monkeypatch, 0.0)


def trajectory(pilot: Pilot[Any]) -> Trajectory:
    return pilot.app.explore.run.trajectory


def folder(pilot: Pilot[Any]) -> Path:
    path = pilot.app.explore.run.session.events_path
    assert path is not None
    return Path(path).parent


async def ended(pilot: Pilot[Any]) -> None:
    await until(pilot, lambda: not pilot.app.explore.run.active, "the end")
    await settled(pilot)


async def ran(pilot: Pilot[Any]) -> Path:
    await pilot.press("ctrl+r")
    await until(pilot, lambda: pilot.app.explore.run is not None, "a run")
    await ended(pilot)
    return folder(pilot)


async def opened(pilot: Pilot[Any], at: int) -> ForkScreen:
    """The dialog over the run on the screen, with iteration `at` chosen."""
    await pilot.press("f8")
    await until(pilot, lambda: isinstance(pilot.app.screen, ForkScreen), "the dialog")
    screen = pilot.app.screen
    assert isinstance(screen, ForkScreen)
    await until(pilot, lambda: screen.query_one(ForkFrom).saved is not None, "the run that was read")
    screen.query_one(IterationChoice).highlighted = at - 1
    await settled(pilot)
    return screen


def problem(screen: ForkScreen) -> str:
    return screen.query_one("#problem", ProblemLine).words


async def forked(pilot: Pilot[Any], parent: Path) -> Trajectory:
    """The run that was started from `parent`, at its end."""
    await until(
        pilot,
        lambda: (
            (session := pilot.app.explore.run.session) is not None and session.events_path.parent != parent
        ),
        "the fork",
    )
    await ended(pilot)
    return trajectory(pilot)


@pytest.mark.slow
async def test_a_run_is_forked_with_other_code(open_app: OpenApp) -> None:
    async with open_app(size=(160, 45), task="basic", start_session=start_engine_session) as pilot:
        parent = await ran(pilot)
        was = trajectory(pilot)
        screen = await opened(pilot, 3)
        change = screen.query_one(ForkChange)
        change.choose("code")
        await settled(pilot)
        assert change.editor.text == was.iterations[2].code
        change.editor.load_text("SUBMIT(answer='from the fork')")
        await pilot.press("ctrl+r")
        now = await forked(pilot, parent)
        assert now.finished is not None
        assert now.finished.outputs == {"answer": "from the fork"}
        assert [iteration.code for iteration in now.iterations[:2]] == [
            iteration.code for iteration in was.iterations[:2]
        ]
        assert all(iteration.origin == parent.name for iteration in now.iterations[:2])
        assert now.prefix is not None
        assert now.prefix.differed == []
        assert now.started is not None
        assert now.started.forked is not None
        assert (now.started.forked.run_id, now.started.forked.at) == (parent.name, 3)
        text = screen_text(pilot)
        assert "fork at 3" in text or f"fork of {parent.name} at 3" in text
        assert "2 iterations of the run" in text.replace("\n", " ") or "recorded" in text
        await opened(pilot, 1)
        assert "↳ at 3" in screen_text(pilot), "forks know their parent in the list"


@pytest.mark.slow
async def test_the_iteration_that_is_looked_at_is_offered(open_app: OpenApp) -> None:
    async with open_app(size=(120, 36), task="basic", start_session=start_engine_session) as pilot:
        await ran(pilot)
        pilot.app.explore.query_one(TrajectoryView).focus()
        await pilot.press("left_square_bracket", "left_square_bracket")
        await settled(pilot)
        await pilot.press("f8")
        await until(pilot, lambda: isinstance(pilot.app.screen, ForkScreen), "the dialog")
        source = pilot.app.screen.query_one(ForkFrom)
        await until(pilot, lambda: source.saved is not None, "the run that was read")
        assert source.at == 2
        plan = str(pilot.app.screen.query_one("#fork-words", Static).content)
        assert plan.startswith("Iteration 1 is executed again with recorded answers: no LM is called;")


@pytest.mark.slow
async def test_what_is_refused_is_said_and_the_form_stays(open_app: OpenApp) -> None:
    async with open_app(size=(120, 36), task="basic", start_session=start_engine_session) as pilot:
        parent = await ran(pilot)
        screen = await opened(pilot, 2)
        assert screen.query_one(IterationChoice).option_count == len(trajectory(pilot).iterations)
        screen.query_one("#budgets-max_iterations").value = "1"  # type: ignore[attr-defined]
        await settled(pilot)
        await pilot.press("ctrl+r")
        await until(pilot, lambda: "beyond the budget of 1 iteration: give" in problem(screen), "the refusal")
        assert pilot.app.screen is screen
        assert "--" not in problem(screen), "what a command is told has no place here"
        screen.query_one("#budgets-max_iterations").value = "none"  # type: ignore[attr-defined]
        screen.query_one(IterationChoice).highlighted = 1
        await settled(pilot)
        await pilot.press("ctrl+r")
        await until(pilot, lambda: "iterations" in problem(screen), "the budget's refusal")
        shutil.rmtree(parent)
        screen.query_one("#budgets-max_iterations").value = "10"  # type: ignore[attr-defined]
        await settled(pilot)
        await pilot.press("ctrl+r")
        await until(pilot, lambda: "There is no run in" in problem(screen), "that the run is gone")
        assert folder(pilot) == parent, "nothing else was started"


@pytest.mark.slow
async def test_a_changed_document_is_asked_about(open_app: OpenApp, workplace: Path) -> None:
    async with open_app(size=(80, 24), task="architecture", start_session=start_engine_session) as pilot:
        parent = await ran(pilot)
        (workplace / "notes.txt").write_text("other words\n", encoding="utf-8")
        screen = await opened(pilot, 2)
        await pilot.press("ctrl+r")
        await until(pilot, lambda: isinstance(pilot.app.screen, ConfirmScreen), "the question")
        question = screen_text(pilot)
        assert "has changed since the run read it" in " ".join(question.split())
        assert "--" not in question
        await pilot.press("n")
        await settled(pilot)
        assert pilot.app.screen is screen
        assert "has changed" in problem(screen)
        await pilot.press("ctrl+r")
        await until(pilot, lambda: isinstance(pilot.app.screen, ConfirmScreen), "the question again")
        await pilot.press("f")
        now = await forked(pilot, parent)
        assert now.started is not None
        assert now.started.forked is not None
        assert any("has changed" in change for change in now.started.forked.changes)


@pytest.mark.slow
async def test_a_run_that_goes_on_is_asked_about_and_can_be_forked(
    open_app: OpenApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    paced(monkeypatch, 0.008)
    async with open_app(size=(120, 36), task="basic", start_session=start_engine_session) as pilot:
        await pilot.press("ctrl+r")
        await until(
            pilot,
            lambda: pilot.app.explore.run is not None and len(trajectory(pilot).iterations) > 1,
            "a second iteration",
        )
        await pilot.press("space")
        await until(pilot, lambda: pilot.app.explore.run.held, "that it is held")
        parent = folder(pilot)
        screen = await opened(pilot, 1)
        saved = screen.query_one(ForkFrom).saved
        assert saved is not None
        assert saved.summary.status == "running"
        await pilot.press("ctrl+r")
        await until(pilot, lambda: isinstance(pilot.app.screen, ConfirmScreen), "the question")
        assert "has not ended" in screen_text(pilot)
        await pilot.press("c")
        now = await forked(pilot, parent)
        assert now.finished is not None
        assert now.finished.status == "submitted"


@pytest.mark.slow
@pytest.mark.parametrize("kept", [True, False])
async def test_what_was_written_goes_into_a_copy_or_is_asked_about(open_app: OpenApp, kept: bool) -> None:
    async with open_app(size=(120, 36), task="basic", start_session=start_engine_session) as pilot:
        first = await ran(pilot)
        screen = await opened(pilot, 2)
        assert "/data is the volume rlm-volume-dspy." in str(screen.query_one("#fork-words", Static).content)
        screen.query_one(ForkChange).choose("code")
        await settled(pilot)
        screen.query_one(ForkChange).editor.load_text("open('/data/found.txt', 'w').write('x')")
        await pilot.press("ctrl+r")
        await forked(pilot, first)
        second = folder(pilot)
        assert local_volume(pilot).joinpath("found.txt").exists()
        if not kept:
            (second / "volume.json").unlink()

        screen = await opened(pilot, 3)
        plan = str(screen.query_one("#fork-words", Static).content)
        assert ("/data is a new and empty volume" if kept else "No copy was kept of the volume") in plan
        await pilot.press("ctrl+r")
        if not kept:
            await until(pilot, lambda: isinstance(pilot.app.screen, ConfirmScreen), "the question")
            assert "--" not in " ".join(screen_text(pilot).split("│"))
            await pilot.press("e")
        await forked(pilot, second)
        assert ".fork-" in pilot.app.explore.run.request.settings.sandbox.volume


def local_volume(pilot: Pilot[Any]) -> Path:
    return volumes_directory() / str(pilot.app.explore.run.request.settings.sandbox.volume)
