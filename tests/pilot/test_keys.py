"""Keys: ids, tooltips and groups; single keys act outside of fields; help, palette and keymap."""

from __future__ import annotations

from typing import Any

import pytest
from textual.binding import Binding
from textual.command import CommandPalette
from textual.pilot import Pilot
from textual.widgets import Input, Static

from rlm_tui.core.settings import Settings, UISettings
from rlm_tui.ui.app import RlmTui
from rlm_tui.ui.key_groups import ORDER
from rlm_tui.ui.screens.compare import CompareScreen
from rlm_tui.ui.screens.edit_cell import EditCellScreen
from rlm_tui.ui.screens.explore import ExploreScreen
from rlm_tui.ui.screens.help import HelpScreen
from rlm_tui.ui.screens.own_task import OwnTaskScreen
from rlm_tui.ui.screens.run_options import RunOptionsScreen
from rlm_tui.ui.screens.save import SaveScreen
from rlm_tui.ui.screens.text_preview import TextPreviewScreen
from rlm_tui.ui.screens.tools import ToolsScreen
from rlm_tui.ui.widgets.calls_view import CallsList
from rlm_tui.ui.widgets.code_editor import CodeEditor
from rlm_tui.ui.widgets.document_picker import DocumentPicker
from rlm_tui.ui.widgets.field_scroll import FieldScroll
from rlm_tui.ui.widgets.file_tree import FileTree
from rlm_tui.ui.widgets.input_editors import ChoiceField, SwitchField, TaskInputField
from rlm_tui.ui.widgets.inspector import Inspector
from rlm_tui.ui.widgets.task_form import OptionsLine, ToolsLine
from rlm_tui.ui.widgets.trajectory_view import TrajectoryView
from rlm_tui.ui.widgets.volume_browser import VolumeBrowser
from tests.pilot.conftest import (
    OpenApp,
    Sessions,
    chosen_in_the_palette,
    screen_lines,
    screen_text,
    settled,
    until,
)

OWNERS = (
    RlmTui,
    ExploreScreen,
    CompareScreen,
    HelpScreen,
    RunOptionsScreen,
    SaveScreen,
    TextPreviewScreen,
    FileTree,
    DocumentPicker,
    VolumeBrowser,
    OptionsLine,
    ToolsLine,
    TaskInputField,
    SwitchField,
    ChoiceField,
    OwnTaskScreen,
    ToolsScreen,
    FieldScroll,
    TrajectoryView,
    CallsList,
    Inspector,
    EditCellScreen,
    CodeEditor,
)


@pytest.mark.parametrize("owner", OWNERS, ids=lambda owner: owner.__name__)
def test_every_binding_has_an_id_a_tooltip_and_a_group(owner: type) -> None:
    own = [binding for base in owner.__mro__ if base.__module__.startswith("rlm_tui")
           for binding in vars(base).get("BINDINGS", [])]  # fmt: skip
    for binding in own:
        assert isinstance(binding, Binding)
        assert binding.id, binding
        assert binding.tooltip, binding
        assert binding.group is not None, binding
        assert binding.group.description in ORDER, binding


def test_ids_are_unique() -> None:
    seen: dict[str, tuple[str, str]] = {}
    for owner in OWNERS:
        for base in owner.__mro__:
            for binding in vars(base).get("BINDINGS", []) if base.__module__.startswith("rlm_tui") else []:
                what = (base.__name__, binding.action)
                assert seen.setdefault(binding.id, what) == what, binding.id


async def test_single_keys_are_typed_in_a_field_and_esc_leaves_it(
    open_app: OpenApp, sessions: Sessions
) -> None:
    async with open_app(task="basic") as pilot:
        field = pilot.app.screen.query_one(".task-input", Input)
        field.value = ""
        field.focus()
        await pilot.press("s", "space", "1", "z", "left_square_bracket", "slash", "y")
        assert field.value == "s 1z[/y"
        assert pilot.app.focused is field
        assert "zoom" not in screen_lines(pilot)[-1], "the footer lists no key that would be typed"
        await pilot.press("escape")
        assert pilot.app.focused is not field
        await pilot.press("1")
        await settled(pilot)
        assert pilot.app.explore.grid.active == 1


async def test_what_cannot_be_done_now_has_no_key(open_app: OpenApp) -> None:
    async with open_app() as pilot:
        footer = screen_lines(pilot)[-1]
        assert "^R run" in footer
        for absent in ("hold", "step", "cancel", "copy", "write"):
            assert absent not in footer


@pytest.mark.parametrize("width", [160, 120, 80, 40])
async def test_the_footer_cuts_no_key_in_two(open_app: OpenApp, width: int) -> None:
    async with open_app(size=(width, 24)) as pilot:
        shown = [part for part in screen_lines(pilot)[-1].split("  ") if part.strip()]
        assert shown
        assert all(len(part.split()) >= 2 for part in shown), shown


def shown_keys(pilot: Pilot[Any]) -> str:
    """The text of the help screen, also what would have to be scrolled to."""
    return str(pilot.app.screen.query_one("#keys", Static).content)


async def test_help_lists_the_keys_of_the_place_in_groups(open_app: OpenApp) -> None:
    async with open_app(size=(120, 50)) as pilot:
        await pilot.press("1", "f1")
        await settled(pilot)
        text = screen_text(pilot)
        assert "Keys in Documents" in text
        assert "Choose the file" in text
        assert "Run the task on the document" in text
        listed = [line for line in shown_keys(pilot).splitlines() if line in ORDER]
        assert listed == [name for name in ORDER if name in listed]
        assert {"Run", "Panes", "Move", "Look", "Application"} <= set(listed)
        await pilot.press("escape", "3", "f1")
        await settled(pilot)
        assert "To the next iteration" in screen_text(pilot)
        assert "Choose the file" not in screen_text(pilot)


async def test_the_palette_reaches_every_action_that_can_be_done(open_app: OpenApp) -> None:
    async with open_app() as pilot:
        pilot.app.explore.grid.focus_pane(3)
        await settled(pilot)
        wanted = {
            active.binding.tooltip
            for active in pilot.app.screen.active_bindings.values()
            if active.binding.id and active.enabled and active.binding.id != "app.palette"
        }
        await pilot.press("ctrl+p")
        await until(pilot, lambda: isinstance(pilot.app.screen, CommandPalette))
        options = pilot.app.screen.query_one("CommandList")

        def shown() -> set[str]:
            return {str(option.hit.text) for option in options._options if hasattr(option, "hit")}

        await until(pilot, lambda: wanted | {"Theme: rlm-day"} <= shown(), "every action")


async def test_an_action_of_the_palette_acts_on_the_pane_it_was_opened_from(open_app: OpenApp) -> None:
    async with open_app() as pilot:
        await chosen_in_the_palette(pilot, "whole")
        assert pilot.app.explore.grid.zoomed


async def test_the_keymap_of_the_settings_changes_keys(open_app: OpenApp, sessions: Sessions) -> None:
    settings = Settings(ui=UISettings(keymap={"run.start": "f5", "pane.zoom": "x"}))
    async with open_app(settings=settings, task="basic") as pilot:
        assert "F5 run" in screen_lines(pilot)[-1]
        await pilot.press("3", "x")
        await settled(pilot)
        assert pilot.app.explore.grid.zoomed
        await pilot.press("ctrl+r")
        await settled(pilot)
        assert not sessions.made
        await pilot.press("f5")
        await settled(pilot)
        assert sessions.made
