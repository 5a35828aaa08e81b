"""A task of one's own, written on the screen: checked while it is typed, kept as a file, and run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from rlm_tui.core.events import Budgets
from rlm_tui.core.own_tasks import TaskBudgets, TaskFile, read_task, read_task_file, task_folders, write_task
from rlm_tui.core.settings import LMSettings, Settings
from rlm_tui.ui.screens.own_task import OwnTaskScreen
from rlm_tui.ui.task_looks import look_at_signature, look_at_text
from rlm_tui.ui.widgets.check_line import CheckLine, Finding
from rlm_tui.ui.widgets.problem_line import ProblemLine
from tests.pilot.conftest import OpenApp, Sessions, press_button, screen_text, settled, until


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
            ({"name": "../../escaped", "signature": "a -> b"}, "is no name for a task"),
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
        await pilot.press("f5", "ctrl+n")
        await settled(pilot)
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
    assert look_at_text("").words == ""
    assert look_at_text("a -> b") == Finding("takes a: str\ngives b: str")
    assert "▲" in look_at_text("x" * 100 + " y -> z").words


@pytest.mark.parametrize(
    ("signature", "under", "why"),
    [
        ("docs, question -> answer: Strr", "Strr", "did you mean"),
        ("docs, question -> answer: list[widget]", "list", "write a type of your own as module.widget"),
        ("question -> answer: nothing_there.Model", "nothing_there", "can't be imported"),
        ("question -> answer: str, answer", "answer", "stands there twice"),
    ],
)
def test_the_place_is_marked_below_the_text(signature: str, under: str, why: str) -> None:
    text, mark, words = look_at_signature(signature).words.splitlines()
    assert text[len(mark) - 1 :].startswith(under)
    assert why in words


async def found(pilot: Pilot[Any], words: str) -> None:
    """Wait for a look in a thread to be shown."""
    lines = pilot.app.screen.query(CheckLine)
    await until(pilot, lambda: any(words in line.finding.words for line in lines), repr(words))


TOOLS = '''
import sys
print("printed at import")
sys.stderr.write("and to the error stream")

def count(text: str) -> int:
    """Counts."""
    return len(text)

def bare(text):
    """Has no annotation."""

def mute(text: str) -> int:
    return 1

def lines(text: str) -> int:
    """Counts lines."""
    return 1
'''


async def test_types_and_tools_are_looked_at_while_typing(open_app: OpenApp, workplace: Path) -> None:
    (workplace / "tools_of_pilot.py").write_text(TOOLS)
    async with open_app(size=(100, 45)) as pilot:
        await pilot.press("f5")
        fill(pilot, signature="question -> answer: tools_of_pilot.Nothing")
        await found(pilot, "tools_of_pilot has no Nothing")
        assert "▲" in screen_text(pilot)
        for tools, words in (
            ("tools_of_pilot:count, regex_extract", "count(text: str) -> int: Counts."),
            ("tools_of_pilot:bare", "its parameter text has no annotation"),
            ("tools_of_pilot:mute", "has no docstring"),
            ("tools_of_pilot:gone", "has no gone"),
            ("tools_of_pilot", "is no tool"),
            ("no_such_module:x", "can't be imported: ModuleNotFoundError"),
        ):
            fill(pilot, tools=tools)
            await found(pilot, words)
        assert "printed at import" not in screen_text(pilot)
        fill(pilot, signature="count -> answer", tools="tools_of_pilot:count")
        await found(pilot, "a tool can't be called count: rename it")


@pytest.mark.parametrize("size", [(80, 24), (120, 36), (160, 45)])
async def test_a_kept_task_is_changed_with_the_keyboard_alone(
    open_app: OpenApp, sessions: Sessions, workplace: Path, size: tuple[int, int]
) -> None:
    config, _ = task_folders(workplace)
    file = TaskFile(
        signature="docs, question -> answer",
        instructions="First.\nThen.",
        document_input="docs",
        defaults={"question": "Who?"},
        blurb="kept",
        budgets=TaskBudgets(max_cost_usd=0.5),
    )
    write_task("mine", file, config)
    async with open_app(size=size, task="mine") as pilot:
        await pilot.press("f5")
        await settled(pilot)
        assert "Task mine" in screen_text(pilot)
        assert "Keep  ^S" in screen_text(pilot), "the buttons are there at every size"
        for _ in range(7):  # signature, instructions, tools, kept in, planner, sub-LM, sandbox
            await pilot.press("tab")
        assert pilot.app.focused is not None
        assert pilot.app.focused.id == "task-sandbox"
        await pilot.press(*"moon")
        await pilot.pause()
        assert "sandbox: write local or modal" in problem(pilot)
        for _ in range(4):
            await pilot.press("backspace")
        await pilot.press(*"local", "tab", *"12", "tab", *"3", "tab", *"x")
        await pilot.pause()
        assert "seconds a cell: write a number above 0, or leave it empty." in problem(pilot)
        assert "seconds a cell" in screen_text(pilot), "what is edited is scrolled to"
        await pilot.press("backspace", *"2.5", "ctrl+s")
        await settled(pilot)
        task = pilot.app.explore.form.chosen_task
        assert (task.sandbox, task.instructions, task.blurb) == ("local", "First.\nThen.", "kept")
        assert task.budgets == Budgets(max_iterations=12, max_llm_calls=3, cell_seconds=2.5, max_cost_usd=0.5)
        assert read_task(config / "mine.toml") == task
        await pilot.press("ctrl+r")
        await settled(pilot)
        assert sessions.requests[-1].settings.budgets == task.budgets
        assert sessions.requests[-1].inputs == {"question": "Who?"}


async def test_models_of_a_task_are_shown_and_used_and_a_key_is_refused(
    open_app: OpenApp, sessions: Sessions, workplace: Path
) -> None:
    settings = Settings(lm=LMSettings("openai/configured"))
    async with open_app(task="basic", settings=settings) as pilot:
        await pilot.press("f5")
        fill(pilot, name="mine", signature="question -> answer", lm="sk-proj-0123456789abcdefghij")
        await pilot.pause()
        assert "planner looks like a key" in problem(pilot)
        fill(pilot, lm="openai/of-the-task", sub_lm="openai/small")
        await pilot.pause()
        assert problem(pilot) == ""
        await pilot.press("ctrl+s")
        await settled(pilot)
        assert "of-the-task + small" in screen_text(pilot)
        assert pilot.app.explore.run_settings.lm.model == "openai/of-the-task"
        pilot.app.explore.form.choose("basic")
        await settled(pilot)
        assert pilot.app.explore.run_settings.lm.model == "openai/configured"
        assert "of-the-task" not in screen_text(pilot)


async def test_a_task_is_deleted_with_the_mouse_and_asks_first(open_app: OpenApp, workplace: Path) -> None:
    project = task_folders(workplace)[1]
    write_task("mine", TaskFile(signature="a -> b"), project)
    async with open_app(size=(80, 24), task="mine") as pilot:
        await pilot.press("f5")
        await settled(pilot)
        await press_button(pilot, "#delete")
        await settled(pilot)
        assert "Delete the task mine?" in screen_text(pilot)
        await pilot.press("escape")
        assert (project / "mine.toml").exists()
        await press_button(pilot, "#delete")
        await settled(pilot)
        await pilot.click("#answer-delete")
        await settled(pilot)
        assert not (project / "mine.toml").exists()
        assert "Task mine is deleted." in screen_text(pilot)
        names = [task.name for task in pilot.app.explore.form.tasks]
        assert "mine" not in names
        assert pilot.app.explore.form.chosen_task.name == names[0]
        await pilot.press("f5")
        await settled(pilot)
        assert "A task of your own" in screen_text(pilot), "a built-in one is not changed"
        assert "Delete" not in screen_text(pilot)


async def test_a_new_task_from_within_another(open_app: OpenApp, workplace: Path) -> None:
    config, _ = task_folders(workplace)
    write_task("mine", TaskFile(signature="a -> b", blurb="of mine"), config)
    async with open_app(task="mine") as pilot:
        await pilot.press("f5")
        await settled(pilot)
        await pilot.press("ctrl+n")
        await settled(pilot)
        await pilot.press(*"other")
        fill(pilot, signature="x -> y")
        await pilot.press("ctrl+s")
        await settled(pilot)
        assert pilot.app.explore.form.chosen_task.name == "other"
        assert (read_task(config / "other.toml").blurb, read_task(config / "mine.toml").blurb) == (
            "",
            "of mine",
        )


async def test_a_class_of_signature_is_kept_as_a_task(
    open_app: OpenApp, sessions: Sessions, workplace: Path
) -> None:
    (workplace / "signatures_of_pilot.py").write_text(
        "import dspy\nfrom typing import Literal\n\nclass Look(dspy.Signature):\n    'Look closely.'\n"
        "    docs: str = dspy.InputField()\n    level: Literal['low', 'high'] = dspy.InputField()\n"
        "    answer: list[int] = dspy.OutputField(desc='What was seen.')\n"
    )
    config, _ = task_folders(workplace)
    async with open_app() as pilot:
        await pilot.press("f5")
        fill(pilot, name="look", signature="signatures_of_pilot:Loo")
        await found(pilot, "signatures_of_pilot has no Loo")
        fill(pilot, signature="signatures_of_pilot:Look")
        await found(pilot, "takes docs (the document), level: Literal['low', 'high']")
        await pilot.press("ctrl+s")
        await settled(pilot)
        task = read_task(config / "look.toml")
        assert task.signature_class == "signatures_of_pilot:Look"
        assert (task.document_input, task.outputs[0].description) == ("docs", "What was seen.")
        from rlm_tui.engine.signatures import build_signature

        assert build_signature(task).instructions == "Look closely."
        assert pilot.app.explore.form.chosen_task.name == "look"
        assert pilot.app.explore.form.query("ChoiceField")
        await pilot.press("f5")
        await settled(pilot)
        assert pilot.app.screen.query_one("#task-signature", Input).value == "signatures_of_pilot:Look"


async def test_a_limit_of_a_task_can_be_taken_away_in_the_run_options(
    open_app: OpenApp, sessions: Sessions, workplace: Path
) -> None:
    budgets = TaskBudgets(max_seconds=60, max_tokens=9)
    write_task("mine", TaskFile(signature="question -> answer", budgets=budgets), task_folders(workplace)[0])
    async with open_app(task="mine") as pilot:
        await pilot.press("f2")
        await settled(pilot)
        field = pilot.app.screen.query_one("#budgets-max_seconds", Input)
        assert field.value == "60"
        field.value = ""
        await pilot.press("enter")
        await settled(pilot)
        pilot.app.explore.form.query_one("#task-inputs Input", Input).value = "Who?"
        await pilot.press("ctrl+r")
        await settled(pilot)
        assert sessions.requests[-1].settings.budgets == Budgets(max_tokens=9)


async def test_opening_and_keeping_changes_nothing(open_app: OpenApp, workplace: Path) -> None:
    (workplace / "kept_of_pilot.py").write_text(
        "import dspy\n\nclass Look(dspy.Signature):\n    'Look.'\n"
        "    docs: str = dspy.InputField()\n    question: str = dspy.InputField()\n"
        "    answer: str = dspy.OutputField()\n"
    )
    config, _ = task_folders(workplace)
    kept = {
        "class": TaskFile(
            signature="docs: str, question: str -> answer: str",
            signature_class="kept_of_pilot:Look",
            document_input="docs",
            defaults={"question": "Who?"},
        ),
        "class-without": TaskFile(
            signature="docs: str, question: str -> answer: str", signature_class="kept_of_pilot:Look"
        ),
        "text": TaskFile(signature="text: str -> answer", budgets=TaskBudgets(max_seconds=1234567.0)),
    }
    for name, file in kept.items():
        write_task(name, file, config)
        async with open_app(task=name) as pilot:
            await pilot.press("f5")
            await settled(pilot)
            await pilot.press("ctrl+s")
            await settled(pilot)
            assert not isinstance(pilot.app.screen, OwnTaskScreen)
        assert read_task_file(config / f"{name}.toml")[1] == file


async def test_the_buttons_stay_below_a_long_problem(open_app: OpenApp) -> None:
    async with open_app(size=(80, 24)) as pilot:
        await pilot.press("f5")
        fill(pilot, name="mine", signature="question: " + "x" * 3000 + " -> " + "answer, " * 500)
        await pilot.press("ctrl+s")
        await settled(pilot)
        assert "can't be read at character" in problem(pilot)
        pilot.app.screen.query_one("#problem", ProblemLine).say("A long sentence. " * 60)
        await pilot.pause()
        assert "Keep  ^S" in screen_text(pilot)
