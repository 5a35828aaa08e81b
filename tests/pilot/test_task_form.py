"""The task pane: choosing a task, its fields, what is wrong with them, and the run options."""

from __future__ import annotations

from typing import Any

from textual.pilot import Pilot
from textual.widgets import Button, Input, OptionList

from rlm_tui.core.settings import LMSettings, Settings
from rlm_tui.core.tasks import TaskRegistry, make_task
from rlm_tui.ui.screens.run_options import RunOptionsScreen
from rlm_tui.ui.widgets.problem_line import ProblemLine
from rlm_tui.ui.widgets.task_form import OptionsLine, TaskForm
from tests.pilot.conftest import OpenApp, Sessions, screen_text, settled


def form_of(pilot: Pilot[Any]) -> TaskForm:
    return pilot.app.screen.query_one(TaskForm)


async def test_a_task_shows_its_signature_and_fields_with_defaults(open_app: OpenApp) -> None:
    async with open_app(size=(80, 24), task="architecture") as pilot:
        text = screen_text(pilot)
        assert "docs, query → modules: list[str]" in text
        assert "notes.txt  18 B" in text
        assert form_of(pilot).values == {"query": "Extract all modules and optimizers"}


async def test_another_task_brings_its_own_fields_and_keeps_what_was_typed(open_app: OpenApp) -> None:
    async with open_app(task="architecture") as pilot:
        form_of(pilot).query_one(".task-input", Input).value = "only the names"
        await pilot.press("2", "up", "enter")
        await settled(pilot)
        assert form_of(pilot).chosen_task.name == "basic"
        assert "Fibonacci" in form_of(pilot).values["question"]
        pilot.app.screen.query_one("#task-list", OptionList).focus()
        await pilot.press("down", "enter")
        await settled(pilot)
        assert form_of(pilot).values == {"query": "only the names"}


async def test_a_missing_input_is_one_sentence_in_place(open_app: OpenApp, sessions: Sessions) -> None:
    registry = TaskRegistry([make_task(name="count", signature="text, limit: int -> total: int")])
    async with open_app(task="count", registry=registry) as pilot:
        await pilot.press("ctrl+r")
        await settled(pilot)
        said = form_of(pilot).query_one(ProblemLine)
        assert "needs a value for text" in said.words
        assert said.display
        fields = {field.name: field for field in form_of(pilot).query(".task-input").results(Input)}
        fields["text"].value = "words"
        fields["limit"].value = "a few"
        await pilot.pause()
        assert not said.display, "typing takes the sentence away"
        await pilot.press("ctrl+r")
        await settled(pilot)
        assert "limit" in said.words
        assert "whole number" in said.words
        assert not sessions.made
        fields["limit"].value = "3"
        await pilot.press("ctrl+r")
        await settled(pilot)
        assert sessions.requests[0].inputs == {"text": "words", "limit": 3}


async def test_a_long_value_ends_in_a_sign(open_app: OpenApp) -> None:
    async with open_app(task="basic") as pilot:
        form_of(pilot).query_one(".task-input", Input).value = "word " * 40
        await pilot.press("3")
        await settled(pilot)
        assert "word word…" in screen_text(pilot) or "word wor…" in screen_text(pilot)


async def test_options_name_the_offline_demo_or_the_model(open_app: OpenApp) -> None:
    async with open_app() as pilot:
        assert "offline demo" in screen_text(pilot)
    settings = Settings(lm=LMSettings("openai/gpt-5-mini"), sub_lm=LMSettings("openai/gpt-5-nano"))
    async with open_app(settings=settings) as pilot:
        assert "gpt-5-mini + gpt-5-nano" in screen_text(pilot)
        assert "offline" not in screen_text(pilot)


async def test_run_options_are_changed_in_a_form(open_app: OpenApp, sessions: Sessions) -> None:
    async with open_app(task="basic") as pilot:
        await pilot.press("f2")
        await settled(pilot)
        assert isinstance(pilot.app.screen, RunOptionsScreen)
        fields = {field.name: field for field in pilot.app.screen.query(Input)}
        fields["budgets.max_iterations"].value = "many"
        await pilot.press("enter")
        await pilot.pause()
        assert "iterations" in pilot.app.screen.query_one(ProblemLine).words
        fields["budgets.max_iterations"].value = "7"
        fields["budgets.max_seconds"].value = "90"
        await pilot.press("enter")
        await settled(pilot)
        assert "7 iterations" in str(form_of(pilot).query_one(OptionsLine).content)
        await pilot.press("ctrl+r")
        await settled(pilot)
        assert sessions.requests[0].settings.budgets.max_iterations == 7
        assert sessions.requests[0].settings.budgets.max_seconds == 90


async def test_a_limit_can_be_taken_away_again(open_app: OpenApp) -> None:
    async with open_app() as pilot:
        for value, expected in (("90", 90), ("", None)):
            await pilot.press("f2")
            await settled(pilot)
            pilot.app.screen.query_one("#budgets-max_seconds", Input).value = value
            await pilot.press("enter")
            await settled(pilot)
            assert pilot.app.explore.settings.budgets.max_seconds == expected


async def test_enter_on_the_button_runs(open_app: OpenApp, sessions: Sessions) -> None:
    async with open_app(task="basic") as pilot:
        assert isinstance(pilot.app.focused, Button), "the first thing to do has the focus"
        await pilot.press("enter")
        await settled(pilot)
        assert sessions.requests[0].task.name == "basic"
