"""Choose a task, fill its inputs, see with what it will run, and run it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Button, Input, OptionList, Static
from textual.widgets.option_list import Option

from rlm_tui.core.tasks import Task, with_more
from rlm_tui.core.text import one_line
from rlm_tui.ui.key_groups import RUN
from rlm_tui.ui.widgets.input_editors import Edited
from rlm_tui.ui.widgets.problem_line import ProblemLine
from rlm_tui.ui.widgets.typed_field import TypedField

CHOSEN, OTHER = "●", "○"
TYPED_COLUMNS = 50
"""From this width on the signature is shown with its types, and the run options in full."""


class OptionsLine(Static, can_focus=True):
    """With what the run will be made: model, sandbox, volume, budgets. Opens into a form."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "enter",
            "open",
            "run options",
            id="task.options",
            tooltip="Change model, sandbox, volume, budgets",
            group=RUN,
        ),
    ]

    class Opened(Message):
        """The run options are to be changed."""

    def action_open(self) -> None:
        self.post_message(self.Opened())

    def on_click(self) -> None:
        self.post_message(self.Opened())


class ToolsLine(Static, can_focus=True):
    """Which tools the cells of the next run can call. Opens into a choice."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "open", "tools", id="task.tools", tooltip="Choose the tools of cells", group=RUN),
    ]

    class Opened(Message):
        """The tools are to be chosen."""

    def action_open(self) -> None:
        self.post_message(self.Opened())

    def on_click(self) -> None:
        self.post_message(self.Opened())


class TaskForm(VerticalScroll, can_focus=False):
    """The task pane. Its `values` and `task` are what a run is started with."""

    class TaskChosen(Message):
        """Another task was chosen."""

        def __init__(self, task: Task) -> None:
            super().__init__()
            self.task = task

    class RunPressed(Message):
        """The Run button was pressed."""

    class DocumentWanted(Message):
        """The person wants to choose the document."""

    def __init__(self, tasks: Iterable[Task], chosen: Task) -> None:
        super().__init__(id="task-form")
        self._tasks = {task.name: task for task in tasks}
        self.chosen_task = chosen
        self._kept: dict[str, dict[str, str]] = {}
        self._tools: dict[str, tuple[str, ...]] = {}
        self._document = "choose one in 1 Documents"
        self._options = ("", "")

    def compose(self) -> ComposeResult:
        yield OptionList(id="task-list", compact=True, markup=False)
        yield Static("", markup=False, id="signature")
        yield Vertical(*self._fields(), id="task-inputs")
        yield ProblemLine(id="task-problem")
        yield ToolsLine("", markup=False, id="tools-line")
        yield OptionsLine("", markup=False, id="options-line")
        with Horizontal(id="run-row"):
            yield Button(
                "Run  ^R", id="run", variant="success", compact=True, tooltip="Start a run of this task"
            )

    def on_mount(self) -> None:
        self._list_tasks()

    def on_resize(self) -> None:
        self._describe()

    # What is chosen

    @property
    def tasks(self) -> tuple[Task, ...]:
        """What can be chosen."""
        return tuple(self._tasks.values())

    @property
    def values(self) -> dict[str, str]:
        """What stands in the fields, by input; a field left empty that has no default is left out."""
        return {
            field.item.name: field.value
            for field in self.query(TypedField)
            if field.value or field.item.default is not None
        }

    @property
    def run_task(self) -> Task:
        """The chosen task with the tools that were added to it for its runs here."""
        return with_more(self.chosen_task, self.more_tools, "")

    @property
    def more_tools(self) -> tuple[str, ...]:
        """The tools that were added to the chosen task for its runs here."""
        return self._tools.get(self.chosen_task.name, ())

    def add_tools(self, tools: tuple[str, ...]) -> None:
        """From now on the chosen task runs with these tools too."""
        self._tools[self.chosen_task.name] = tools
        self.say("")
        self._describe()

    def choose(self, name: str) -> None:
        """Choose the task of this name; what was typed for the one before is kept."""
        task = self._tasks.get(name)
        if task is None or task is self.chosen_task:
            return
        self._kept[self.chosen_task.name] = {field.item.name: field.value for field in self.query(TypedField)}
        self.chosen_task = task
        self._list_tasks()
        self._describe()
        self.say("")
        inputs = self.query_one("#task-inputs", Vertical)
        inputs.remove_children()
        inputs.mount_all(self._fields())
        self.post_message(self.TaskChosen(task))

    def add(self, task: Task) -> None:
        """Add a task, or put it in the place of the one of its name; it is chosen."""
        self._tasks[task.name] = task
        self._kept.pop(task.name, None)
        if self.chosen_task.name == task.name:
            self.chosen_task = next(iter(self._tasks.values()))
        self.choose(task.name)

    def set_tasks(self, tasks: Iterable[Task]) -> None:
        """These are the tasks now; the chosen one stays if it is still there as it was."""
        self._tasks = {task.name: task for task in tasks}
        chosen = self._tasks.get(self.chosen_task.name)
        if chosen == self.chosen_task:
            self._list_tasks()
            return
        self._kept.pop(self.chosen_task.name, None)
        self.choose((chosen or next(iter(self._tasks.values()))).name)

    def set_document(self, words: str) -> None:
        """Say which document will be read."""
        self._document = words
        for field in self.query(".document-field").results(Static):
            field.update(words)

    def set_options(self, words: str, brief: str) -> None:
        """Say with what the run will be made; `brief` where there is little room."""
        self._options = (words, brief)
        self._describe()

    def say(self, problem: str) -> None:
        """Show one sentence about what is wrong with the form; nothing takes it away."""
        self.query_one(ProblemLine).say(problem)

    def set_running(self, running: bool) -> None:
        """Show whether a run can be started."""
        button = self.query_one("#run", Button)
        button.disabled = running
        button.label = "running …" if running else "Run  ^R"

    def focus_input(self, name: str) -> None:
        """Put the cursor into the field of this input."""
        for field in self.query(TypedField):
            if field.item.name == name:
                field.focus_editor()

    # Drawing

    def _list_tasks(self) -> None:
        tasks = self.query_one("#task-list", OptionList)
        names = list(self._tasks)
        with self.app.batch_update():
            tasks.clear_options()
            for name in names:
                chosen = name == self.chosen_task.name
                label = Content.styled(f"{CHOSEN if chosen else OTHER} {name}", "bold" if chosen else "")
                tasks.add_option(Option(label, id=name))
            tasks.highlighted = names.index(self.chosen_task.name)

    def _describe(self) -> None:
        task = self.chosen_task
        typed = self.size.width >= TYPED_COLUMNS
        inputs, outputs = (
            ", ".join(
                f"{item.name}: {item.type}" if typed and item.type != "str" else item.name for item in items
            )
            for items in (task.inputs, task.outputs)
        )
        signature = self.query_one("#signature", Static)
        signature.update(f"{inputs} → {outputs}")
        signature.tooltip = Content(f"{task.signature}\n\n{task.blurb}")
        tools = ", ".join(one_line(tool, 60) for tool in self.run_task.tools)
        self.query_one(ToolsLine).update(f"tools: {tools or 'none'}")
        self.query_one(OptionsLine).update(self._options[self.size.width < TYPED_COLUMNS])

    def _fields(self) -> list[Widget]:
        task = self.chosen_task
        kept = self._kept.get(task.name, {})
        width = min(12, max((len(item.name) for item in task.inputs), default=0) + 1)
        rows: list[Widget] = []
        for item in task.inputs:
            if item.document:
                label = Static(item.name, markup=False, classes="input-label")
                label.styles.width = width
                field = DocumentField(self._document, markup=False, classes="document-field")
                rows.append(Horizontal(label, field, classes="input-row"))
            else:
                rows.append(TypedField(item, kept.get(item.name, item.default or ""), width))
        return rows

    # Messages of its parts

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        if event.option_id:
            self.choose(event.option_id)

    def on_button_pressed(self, event: Button.Pressed) -> None:
        event.stop()
        self.post_message(self.RunPressed())

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.screen.focus_next()

    def on_edited(self, event: Edited) -> None:
        event.stop()
        self.say("")


class DocumentField(Static):
    """Names the document that fills an input; a click leads to the picker."""

    def on_click(self) -> None:
        self.post_message(TaskForm.DocumentWanted())
