"""A task of one's own, written on the screen: checked while it is typed, kept as a file, and run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from rlm_tui.core.own_tasks import read_task, task_folders
from rlm_tui.ui.screens.own_task import OwnTaskScreen, checked
from rlm_tui.ui.widgets.problem_line import ProblemLine
from tests.pilot.conftest import OpenApp, Sessions, screen_text, settled


def fill(pilot: Pilot[Any], **values: str) -> None:
    for field, value in values.items():
        pilot.app.screen.query_one(f"#task-{field}", Input).value = value


def problem(pilot: Pilot[Any]) -> str:
    return pilot.app.screen.query_one("#problem", ProblemLine).words


@pytest.mark.parametrize("size", [(80, 24), (160, 45)])
async def test_a_task_is_written_kept_and_run(
    open_app: OpenApp, sessions: Sessions, workplace: Path, size: tuple[int, int]
) -> None:
    async with open_app(size=size) as pilot:
        await pilot.press("f5")
        assert isinstance(pilot.app.screen, OwnTaskScreen)
        await pilot.press(*"roles")
        await pilot.press("down")
        for key in ("d", "o", "c", "s", "space", "minus"):
            await pilot.press(key)
        await pilot.pause()
        assert "▲" in screen_text(pilot), "where it can't be read is shown while typing"
        fill(pilot, signature="docs, question -> answer: str, tags: list[str]", tools="regex_extract")
        await pilot.pause()
        assert "takes docs (the document), question: str" in screen_text(pilot)
        await pilot.press("enter")
        await settled(pilot)
        assert pilot.app.explore.form.chosen_task.name == "roles"
        assert "Task roles is kept." in screen_text(pilot)
        task = read_task(task_folders(workplace)[0] / "roles.toml")
        assert (task.document_input, task.tools) == ("docs", ("regex_extract",))
        pilot.app.explore.form.query_one("#task-inputs Input", Input).value = "Who?"
        await pilot.press("ctrl+r")
        await settled(pilot)
        assert sessions.requests[-1].task.name == "roles"
        assert sessions.requests[-1].inputs["question"] == "Who?"


async def test_what_can_not_be_run_keeps_the_form_open(open_app: OpenApp, workplace: Path) -> None:
    config, project = task_folders(workplace)
    async with open_app() as pilot:
        await pilot.press("f5")
        for values, words in (
            ({"name": "", "signature": "a -> b"}, "is no name for a task"),
            ({"name": "mine", "signature": ""}, "is empty"),
            ({"signature": "a b -> c"}, "at character 1"),
            ({"signature": "a -> b: Strr"}, "can't use the type 'Strr' of 'b'"),
            ({"signature": "a -> b", "tools": "nothing:here"}, "can't be imported"),
            ({"tools": "", "where": "elsewhere"}, "write config or project"),
        ):
            fill(pilot, **values)
            await pilot.press("enter")
            await settled(pilot)
            assert isinstance(pilot.app.screen, OwnTaskScreen)
            assert words in problem(pilot)
        assert not list(config.glob("*")) if config.exists() else True
        fill(pilot, where="project")
        await pilot.press("enter")
        await settled(pilot)
        assert (project / "mine.toml").is_file()
        await pilot.press("f5")
        fill(pilot, name="mine", signature="x -> y", where="project")
        await pilot.press("enter")
        await settled(pilot)
        assert "is kept there already" in problem(pilot)
        assert read_task(project / "mine.toml").signature == "a -> b"
        fill(pilot, signature="x -> y: Strr")
        await pilot.press("ctrl+o")
        await settled(pilot)
        assert read_task(project / "mine.toml").signature == "a -> b", "what was kept is not lost"
        fill(pilot, signature="x -> y")
        await pilot.press("enter")
        await settled(pilot)
        await pilot.press("ctrl+o")
        await settled(pilot)
        assert read_task(project / "mine.toml").signature == "x -> y"
        assert pilot.app.explore.form.chosen_task.signature == "x -> y"


async def test_a_file_that_is_no_task_is_said_at_the_start(open_app: OpenApp, workplace: Path) -> None:
    project = task_folders(workplace)[1]
    project.mkdir(parents=True)
    (project / "broken.toml").write_text("signature = 'a ->'")
    async with open_app() as pilot:
        assert "broken.toml is no task" in pilot.app.explore.footer.spoken


def test_the_check_of_a_signature() -> None:
    assert checked("") == ""
    assert checked("a -> b") == "takes a: str\ngives b: str"
    assert "▲" in checked("x" * 100 + " y -> z")
