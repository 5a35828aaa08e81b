"""Dialogs: what changes behind one is drawn now and then, in the dialog's tint, and never lost."""

from __future__ import annotations

import time
from typing import Any

import pytest
from textual.app import App, ComposeResult
from textual.pilot import Pilot
from textual.widgets import Static

from rlm_tui.ui.screens import dialog
from rlm_tui.ui.screens.dialog import Dialog
from tests.pilot.conftest import screen_text, until


class Question(Dialog[None]):
    def compose(self) -> ComposeResult:
        yield Static("a question", id="dialog")

    def on_mount(self) -> None:
        self.drawn = 0

    def render(self) -> Any:
        self.drawn += 1
        return super().render()


class Counting(App[None]):
    CSS = "Question { align: center middle; } #dialog { width: 20; height: 1; }"

    def compose(self) -> ComposeResult:
        yield Static("nothing yet", id="count")

    def count(self, number: int) -> None:
        self.screen_stack[0].query_one("#count", Static).update(f"counted to {number}")


async def opened(pilot: Pilot[None]) -> Question:
    question = Question()
    await pilot.app.push_screen(question)
    await pilot.pause()
    assert "nothing yet" in screen_text(pilot)
    return question


async def test_many_changes_below_are_drawn_once_and_the_last_one_stands(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(dialog, "BELOW_SECONDS", 0.3)
    app = Counting()
    async with app.run_test(size=(60, 10)) as pilot:
        question = await opened(pilot)
        before, began = question.drawn, time.monotonic()
        for number in range(12):
            app.count(number)
            await pilot.pause(0.01)
        assert question.drawn - before <= 1 + (time.monotonic() - began) / 0.3
        await until(pilot, lambda: "counted to 11" in screen_text(pilot))
        assert "a question" in screen_text(pilot)


async def test_what_stands_behind_is_dimmed_as_textual_dims_it() -> None:
    app = Counting()
    async with app.run_test(size=(60, 10)) as pilot:
        question = await opened(pilot)
        ours = app.export_screenshot()
        question.render = lambda: super(Dialog, question).render()  # type: ignore[method-assign]
        question.refresh()
        await pilot.pause()
        assert app.export_screenshot() == ours
