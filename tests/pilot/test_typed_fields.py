"""Inputs in the task pane by their types: an editor for each, and what doesn't fit said while typing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from textual import events
from textual.pilot import Pilot
from textual.widgets import OptionList

from rlm_tui.core.tasks import TaskRegistry, make_task
from rlm_tui.ui.widgets.input_editors import ChoiceField, LinesField, SwitchField, TaskInputField
from rlm_tui.ui.widgets.problem_line import ProblemLine
from rlm_tui.ui.widgets.task_form import TaskForm
from rlm_tui.ui.widgets.typed_field import TypedField
from tests.pilot.conftest import OpenApp, Sessions, screen_text, settled

SIGNATURE = (
    "question, strict: bool, level: Literal['low', 'middle', 'high'], limit: int, share: float, "
    "tags: list[str], ages: dict[str, int], maybe: bool | None -> answer"
)


def registry(signature: str = SIGNATURE, **defaults: str) -> TaskRegistry:
    return TaskRegistry([make_task(name="typed", signature=signature, defaults=defaults)])


def field(pilot: Pilot[Any], name: str) -> TypedField:
    fields = pilot.app.explore.query_one(TaskForm).query(TypedField)
    return next(one for one in fields if one.item.name == name)


def said(pilot: Pilot[Any], name: str) -> str:
    return field(pilot, name).query_one(ProblemLine).words


@pytest.mark.parametrize("size", [(80, 24), (160, 45)])
async def test_a_form_is_filled_with_the_keyboard_alone(
    open_app: OpenApp, sessions: Sessions, size: tuple[int, int]
) -> None:
    async with open_app(size=size, task="typed", registry=registry()) as pilot:
        await pilot.press("2")
        field(pilot, "question").focus_editor()
        await pilot.press(*"why?", "down")
        assert isinstance(pilot.app.focused, SwitchField)
        await pilot.press("space", "down")
        assert isinstance(pilot.app.focused, ChoiceField)
        await pilot.press("enter")
        await pilot.pause()
        assert isinstance(pilot.app.focused, OptionList)
        await pilot.press("end", "enter")
        await pilot.pause()
        await pilot.press("down", *"12x")
        await pilot.pause()
        assert said(pilot, "limit") == "It wants a whole number and was given '12x'."
        await pilot.press("backspace", "down", *"0.5", "down")
        assert isinstance(pilot.app.focused, LinesField)
        await pilot.press(*'["a",', "enter", *"b]")
        await pilot.pause()
        assert said(pilot, "tags") == "This is no JSON yet, at line 2, character 1: expecting value."
        await pilot.press("left", "left", "delete", *'"b"', "tab", *'{"x": "y"}')
        await pilot.pause()
        assert said(pilot, "tags") == ""
        assert "Expected `int`, got `str` - at `$[...]`" in said(pilot, "ages")
        assert "Expected `int`" in screen_text(pilot), "and it is in view"
        for _ in range(4):
            await pilot.press("backspace")
        await pilot.press(*"3}", "tab", "enter")
        await pilot.pause()
        await pilot.press("end", "enter", "ctrl+r")
        await settled(pilot)
        assert sessions.requests[0].inputs == {
            "question": "why?", "strict": True, "level": "high", "limit": 12, "share": 0.5,
            "tags": ["a", "b"], "ages": {"x": 3}, "maybe": None,
        }  # fmt: skip


async def test_a_form_is_filled_with_the_mouse(open_app: OpenApp, sessions: Sessions) -> None:
    signature = "strict: bool, level: Literal['low', 'high'] -> answer"
    async with open_app(task="typed", registry=registry(signature, strict="true", level="low")) as pilot:
        assert "[x] true" in screen_text(pilot)
        assert "low" in screen_text(pilot)
        await pilot.click(SwitchField)
        await pilot.click(ChoiceField)
        await pilot.pause()
        overlay = field(pilot, "level").query_one("SelectOverlay", OptionList)
        await pilot.click(overlay, offset=(3, 3))
        await pilot.pause()
        assert pilot.app.explore.form.values == {"strict": "false", "level": "high"}
        await pilot.click("#run")
        await settled(pilot)
        assert sessions.requests[0].inputs == {"strict": False, "level": "high"}


async def test_a_choice_that_was_not_made_is_a_missing_input(open_app: OpenApp, sessions: Sessions) -> None:
    async with open_app(task="typed", registry=registry("level: Literal['[red]low', 'b'] -> c")) as pilot:
        await pilot.press("ctrl+r")
        await settled(pilot)
        problem = pilot.app.explore.form.query_one("#task-problem", ProblemLine).words
        assert "needs a value for level" in problem
        assert not sessions.requests
        field(pilot, "level").focus_editor()
        await pilot.press("enter")
        await pilot.pause()
        assert "[red]low" in screen_text(pilot), "a value is no markup"


async def test_a_text_of_several_lines_keeps_them(open_app: OpenApp, sessions: Sessions) -> None:
    async with open_app(task="typed", registry=registry("one, two -> c", one="a\nb")) as pilot:
        assert isinstance(field(pilot, "one").editor, LinesField)
        assert isinstance(field(pilot, "two").editor, TaskInputField)
        field(pilot, "two").focus_editor()
        await pilot.press(*"xy", "left")
        pilot.app.post_message(events.Paste("1\n2\n"))
        await settled(pilot)
        assert field(pilot, "two").value == "x1\n2\ny"
        assert isinstance(pilot.app.focused, LinesField)
        await pilot.press("z")
        assert field(pilot, "two").value.endswith("yz")
        await pilot.press("escape")
        assert not isinstance(pilot.app.focused, LinesField), "single keys act again"
        await pilot.press("ctrl+r")
        await settled(pilot)
        assert sessions.requests[0].inputs == {"one": "a\nb", "two": "x1\n2\nyz"}


async def test_a_line_becomes_several_by_a_key(open_app: OpenApp) -> None:
    async with open_app(task="typed", registry=registry("one, n: int -> c")) as pilot:
        field(pilot, "one").focus_editor()
        await pilot.press("a", "ctrl+j", "b")
        await settled(pilot)
        assert field(pilot, "one").value == "a\nb"
        field(pilot, "n").focus_editor()
        await pilot.press("1", "ctrl+j")
        await settled(pilot)
        assert isinstance(field(pilot, "n").editor, TaskInputField), "a number has one line"


async def test_a_type_of_ones_own_is_written_as_json_and_what_can_not_be_written_says_so(
    open_app: OpenApp, sessions: Sessions, workplace: Path
) -> None:
    (workplace / "types_of_fields.py").write_text(
        "import pydantic\n\nclass Finding(pydantic.BaseModel):\n    title: str\n    lines: list[int] = []\n"
    )
    asked = registry("own: types_of_fields.Finding -> answer")
    async with open_app(task="typed", registry=asked) as pilot:
        editor = field(pilot, "own").editor
        assert isinstance(editor, LinesField)
        editor.text = '{"lines": [1]}'
        await pilot.press("ctrl+r")
        await settled(pilot)
        problem = pilot.app.explore.form.query_one("#task-problem", ProblemLine).words
        assert "Input own of task typed can't be used: expected Finding" in problem
        assert "title: Field required" in problem
        editor.text = '{"title": "T"}'
        await pilot.press("ctrl+r")
        await settled(pilot)
        assert sessions.requests[0].inputs == {"own": {"title": "T", "lines": []}}
    asked = registry("picture: dspy.Image -> answer")
    async with open_app(size=(80, 24), task="typed", registry=asked) as pilot:
        assert "dspy.Image can't be written here" in screen_text(pilot)
        assert field(pilot, "picture").editor is None
