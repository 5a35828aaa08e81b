"""A screen is left once, whoever dismisses it how often: what stands below it stays."""

from __future__ import annotations

from typing import Any

import pytest
from textual.app import App, ComposeResult
from textual.screen import Screen
from textual.widgets import Static

from rlm_tui.ui.screens.dialog import Dialog
from rlm_tui.ui.screens.left_once import LeftOnce
from tests.pilot.conftest import screen_text, until


class Page(LeftOnce[str]):
    def compose(self) -> ComposeResult:
        yield Static("a page")


class Question(Dialog[str]):
    def compose(self) -> ComposeResult:
        yield Static("a question", id="dialog")


class Home(App[None]):
    def __init__(self) -> None:
        super().__init__()
        self.answers: list[str | None] = []

    def compose(self) -> ComposeResult:
        yield Static("home")

    async def open(self, screen: Any) -> Screen[str]:
        await self.push_screen(screen, self.answers.append)
        return self.screen


@pytest.mark.parametrize("kind", [Page, Question])
async def test_a_second_dismissal_changes_nothing(kind: type[LeftOnce[str]]) -> None:
    app = Home()
    async with app.run_test() as pilot:
        screen = await app.open(kind())
        screen.dismiss("first")
        screen.dismiss("second")
        await pilot.pause()
        screen.dismiss("third, when it is gone")
        await pilot.pause()
        assert app.answers == ["first"]
        assert len(app.screen_stack) == 1
        assert "home" in screen_text(pilot)


async def test_one_that_stands_below_another_is_left_after_it() -> None:
    app = Home()
    async with app.run_test() as pilot:
        page = await app.open(Page())
        question = await app.open(Question())
        page.dismiss("the page's")
        page.dismiss("the page's second")
        await pilot.pause()
        assert app.screen is question
        assert app.answers == []
        question.dismiss("the question's")
        await until(pilot, lambda: len(app.screen_stack) == 1)
        assert app.answers == ["the question's", "the page's"]
        assert "home" in screen_text(pilot)
