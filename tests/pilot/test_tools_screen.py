"""Tools chosen on the screen for the runs of any task: checked while typed, called by cells, logged."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Input, OptionList

from rlm_tui.core.event_codec import decode
from rlm_tui.core.events import CallStarted
from rlm_tui.core.settings import LMSettings, SandboxSettings, Secret, Settings
from rlm_tui.ui.run_control import start_engine_session
from rlm_tui.ui.screens import tools
from rlm_tui.ui.screens.tools import ToolsScreen
from rlm_tui.ui.widgets.check_line import CheckLine, Finding
from rlm_tui.ui.widgets.task_form import ToolsLine
from tests.lm_server import planner_script
from tests.lm_server.fixtures import StartLM
from tests.pilot.conftest import OpenApp, Sessions, press_button, screen_text, settled, until

TOOLS = '''
import os, time
time.sleep(0.4)
print("printed at import")

def shout(text: str) -> str:
    """Says it loudly."""
    print("printed by a tool")
    return text.upper()

def bare(text) -> str:
    """No annotation."""
    return text
'''


async def found(pilot: Pilot[Any], line: str, words: str) -> None:
    """Wait for a look in a thread to be shown."""
    check = pilot.app.screen.query_one(f"#{line}", CheckLine)
    await until(pilot, lambda: words in check.finding.words, repr(words))


@pytest.fixture
def own_tools(workplace: Path) -> str:
    (workplace / "tools_of_screen.py").write_text(TOOLS)
    return "tools_of_screen"


@pytest.mark.parametrize("size", [(80, 24), (160, 45)])
async def test_tools_are_taken_and_left_with_the_keyboard(
    open_app: OpenApp, sessions: Sessions, own_tools: str, size: tuple[int, int]
) -> None:
    async with open_app(size=size, task="basic") as pilot:
        assert str(pilot.app.explore.query_one(ToolsLine).content) == "tools: none"
        await pilot.press("f7")
        assert isinstance(pilot.app.screen, ToolsScreen)
        assert isinstance(pilot.app.focused, OptionList)
        await found(pilot, "chosen-check", "and no tools")
        await pilot.press("space")
        await found(pilot, "chosen-check", "regex_extract(pattern: str, text: str)")
        assert "[x] regex_extract" in screen_text(pilot)
        await pilot.press("tab", *f"{own_tools}:bare")
        await found(pilot, "tool-check", "its parameter text has no annotation")
        await pilot.press("enter")
        await until(pilot, lambda: not pilot.app.screen.query_one("#tool-check", CheckLine).looking)
        await found(pilot, "tool-check", "its parameter text has no annotation")
        assert f"[x] {own_tools}:bare" not in screen_text(pilot), "what can't be used is not added"
        for _ in range(4):
            await pilot.press("backspace")
        await pilot.press(*"shout")
        await found(pilot, "tool-check", "shout(text: str) -> str: Says it loudly.")
        await pilot.press("enter")
        await found(pilot, "chosen-check", "Says it loudly.")
        assert f"[x] {own_tools}:shout" in screen_text(pilot)
        assert "printed at import" not in screen_text(pilot)
        await pilot.press("ctrl+s")
        await settled(pilot)
        words = f"tools: regex_extract, {own_tools}:shout"
        assert str(pilot.app.explore.query_one(ToolsLine).content) == words
        await pilot.press("ctrl+r")
        await settled(pilot)
        assert sessions.requests[0].task.tools == ("regex_extract", f"{own_tools}:shout")
        pilot.app.explore.form.choose("architecture")
        assert pilot.app.explore.form.run_task.tools == (), "they were chosen for the other task"


async def test_what_a_task_brings_stays_and_esc_changes_nothing(open_app: OpenApp, own_tools: str) -> None:
    async with open_app(task="custom-tool") as pilot:
        await pilot.click(ToolsLine)
        await settled(pilot)
        await pilot.press("space")
        assert "[x] regex_extract  of the task" in screen_text(pilot)
        pilot.app.screen.query_one("#tool-name", Input).value = f"{own_tools}:shout"
        await pilot.press("escape")
        assert pilot.app.explore.form.run_task.tools == ("regex_extract",)


async def test_what_stands_in_the_field_is_added_when_they_are_used(
    open_app: OpenApp, own_tools: str
) -> None:
    async with open_app(task="basic") as pilot:
        await pilot.press("f7")
        pilot.app.screen.query_one("#tool-name", Input).value = "nothing_there:x"
        await pilot.pause()
        await pilot.click("#apply")
        await found(pilot, "tool-check", "can't be imported")
        assert isinstance(pilot.app.screen, ToolsScreen)
        pilot.app.screen.query_one("#tool-name", Input).value = f"{own_tools}:shout"
        await press_button(pilot, "#apply")
        form = pilot.app.explore.form
        await until(pilot, lambda: form.run_task.tools == (f"{own_tools}:shout",), "the tool of the task")
        assert not isinstance(pilot.app.screen, ToolsScreen)


async def test_looks_that_were_asked_for_before_do_not_decide(
    open_app: OpenApp, own_tools: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The chosen tools are good before the one in the field is; the news of its text comes late."""
    shout, may_look = f"{own_tools}:shout", threading.Event()
    looked: list[tuple[str, ...]] = []
    really = tools.look_at_tools

    def look(names: tuple[str, ...], taken: list[str]) -> Finding:
        if shout in names:
            assert may_look.wait(30)
        finding = really(names, taken)
        looked.append(names)
        return finding

    monkeypatch.setattr(tools, "look_at_tools", look)
    async with open_app(task="basic") as pilot:
        await pilot.press("f7")
        screen = pilot.app.screen
        field = screen.query_one("#tool-name", Input)
        field.value = shout
        await pilot.press("space", "ctrl+s")
        await until(pilot, lambda: ("regex_extract",) in looked, "a look at what was chosen before")
        assert pilot.app.screen is screen
        screen.post_message(Input.Changed(field, shout))
        await pilot.pause()
        may_look.set()
        form = pilot.app.explore.form
        await until(pilot, lambda: form.run_task.tools == ("regex_extract", shout), "both tools")
        assert pilot.app.screen is not screen


async def test_calls_of_two_tools_show_in_the_calls_and_in_the_log(
    open_app: OpenApp, own_tools: str, loopback_lm: StartLM
) -> None:
    server = loopback_lm(
        planner_script(
            [
                ("I use both.", "found = regex_extract('a+', 'baab')\nprint(shout('loud'), found)"),
                ("I have it.", "SUBMIT(answer=shout(found[0]))"),
            ]
        )
    )
    lm = LMSettings("openai/test-model", api_base=server.api_base, api_key=Secret("loopback-key-4711"))
    settings = Settings(lm=lm, sandbox=SandboxSettings(confined="off"))
    async with open_app(task="basic", settings=settings, start_session=start_engine_session) as pilot:
        pilot.app.explore._unconfined_accepted = True
        pilot.app.explore.form.add_tools(("regex_extract", f"{own_tools}:shout"))
        await pilot.press("ctrl+r")
        explore = pilot.app.explore
        await until(pilot, lambda: explore.run is not None and explore.run.trajectory.finished is not None)
        run = explore.run
        assert run.trajectory.finished.outputs == {"answer": "AA"}
        await pilot.press("4")
        await settled(pilot)
        text = screen_text(pilot)
        assert text.count("shout") >= 2
        assert "regex_extract" in text
        assert "printed by a tool" not in text
        assert run.session is not None
        log = run.session.events_path
    assert log is not None
    events = [decode(line) for line in log.read_bytes().splitlines()]
    called = [event.name for event in events if isinstance(event, CallStarted) and event.kind == "tool"]
    assert called == ["regex_extract", "shout", "shout"]


async def test_a_module_that_raises_no_exception_is_a_finding_and_the_app_stays(
    open_app: OpenApp, workplace: Path
) -> None:
    (workplace / "raising_of_screen.py").write_text("raise KeyboardInterrupt('in the module')\n")
    async with open_app(task="basic") as pilot:
        await pilot.press("f7")
        pilot.app.screen.query_one("#tool-name", Input).value = "raising_of_screen:x"
        await found(pilot, "tool-check", "can't be imported: KeyboardInterrupt: in the module")
        assert isinstance(pilot.app.screen, ToolsScreen)


async def test_a_look_may_raise_anything(open_app: OpenApp) -> None:
    def look() -> Finding:
        raise KeyboardInterrupt("while looking")

    async with open_app(task="basic") as pilot:
        await pilot.press("f7")
        pilot.app.screen.query_one("#tool-check", CheckLine).look(look)
        await found(pilot, "tool-check", "KeyboardInterrupt: while looking")


async def test_the_buttons_stay_where_there_are_many_tools(open_app: OpenApp, workplace: Path) -> None:
    names = [f"shout_{number}" for number in range(12)]
    (workplace / "many_of_screen.py").write_text(
        "\n".join(f"def {name}(text: str) -> str:\n    'Loud {name}.'\n    return text\n" for name in names)
    )
    async with open_app(size=(80, 24), task="basic") as pilot:
        pilot.app.explore.form.add_tools(tuple(f"many_of_screen:{name}" for name in names))
        await pilot.press("f7")
        await found(pilot, "chosen-check", "Loud shout_11.")
        await pilot.pause()
        assert "Use them  ^S" in screen_text(pilot)
        pilot.app.screen.query_one("#tool-name", Input).value = "many_of_screen:" + "gone_" * 12
        await found(pilot, "tool-check", "has no gone")
        await pilot.pause()
        assert "Use them  ^S" in screen_text(pilot)
