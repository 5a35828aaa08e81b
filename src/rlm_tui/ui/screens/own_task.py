"""A task of one's own: write one, change it, delete it. What is typed is checked while it is typed."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar, NamedTuple

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.widgets import Button, Input, Static, TextArea

from rlm_tui.core.own_tasks import ENDING, TaskFile, delete_task, make_own_task, task_folders, write_task
from rlm_tui.core.signature_text import SignatureTextError, names_a_class
from rlm_tui.core.task import Task, TaskError
from rlm_tui.core.text import one_line
from rlm_tui.ui.key_groups import EDIT
from rlm_tui.ui.own_task_fields import (
    CONFIG,
    GROUPS,
    PROJECT,
    OwnTask,
    TaskField,
    file_of,
    file_of_class,
    input_names,
    tool_names,
    written,
)
from rlm_tui.ui.screens.confirm import Choice, ConfirmScreen
from rlm_tui.ui.screens.dialog import Dialog
from rlm_tui.ui.task_looks import look_at_signature, look_at_text, look_at_tools
from rlm_tui.ui.widgets.check_line import CheckLine, Finding
from rlm_tui.ui.widgets.field_scroll import FieldScroll
from rlm_tui.ui.widgets.input_editors import LinesField
from rlm_tui.ui.widgets.problem_line import ProblemLine

_BELOW = 10
"""Lines of the dialog that are no fields: its border, what is wrong, and the buttons."""


class OwnTaskAnswer(NamedTuple):
    """What became of it: the task that was kept, or the name of the one that was deleted."""

    kept: Task | None = None
    deleted: str = ""


class OwnTaskScreen(Dialog[OwnTaskAnswer]):
    """Answers with what was done. What can't be run is said in place and keeps the form open."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "app.focus_previous", "Up", show=False, id="task.up", group=EDIT,
                tooltip="The field above"),
        Binding("down", "app.focus_next", "Down", show=False, id="task.down", group=EDIT,
                tooltip="The field below"),
        Binding("ctrl+s", "keep", "keep", id="task.keep", group=EDIT, priority=True,
                tooltip="Keep the task"),
        Binding("ctrl+o", "overwrite", "overwrite", id="task.overwrite", group=EDIT, priority=True,
                tooltip="Write over the task of this name"),
        Binding("ctrl+n", "new", "new", id="task.new", group=EDIT, priority=True,
                tooltip="Write a new task in place of changing this one"),
        Binding("f8", "delete", "delete", id="task.delete", group=EDIT, priority=True,
                tooltip="Delete this task's file"),
    ]  # fmt: skip

    def __init__(self, directory: Path, own: OwnTask | None = None) -> None:
        """Changes `own`, or writes a new task."""
        super().__init__()
        self._config, self._project = (folder.absolute() for folder in task_folders(directory))
        self._own = own
        self._occupied = False

    def compose(self) -> ComposeResult:
        own = self._own
        values = written(own, self._project)
        with Vertical(id="dialog", classes="own-task") as box:
            box.border_title = "A task of your own" if own is None else f"Task {own.name}"
            box.border_subtitle = "Enter or ^S keeps it · Esc closes"
            with FieldScroll(id="options"):
                for at, (title, fields) in enumerate(GROUPS):
                    if at:
                        yield Static(title, markup=False, classes="option-group")
                    for field in fields:
                        yield from self._row(field, values[field.name])
            yield ProblemLine(id="problem")
            with Horizontal(classes="buttons"):
                yield Button("Keep  ^S", id="keep", variant="primary", compact=True)
                if own is not None:
                    yield Button("New  ^N", id="new", compact=True)
                    yield Button("Delete  F8", id="delete", compact=True)

    def _row(self, field: TaskField, value: str) -> ComposeResult:
        with Horizontal(classes="option-row"):
            yield Static(field.label, markup=False, classes="option-label")
            name = f"task-{field.name}"
            if field.name == "instructions":
                lines = LinesField(field.name, value, field.hint)
                lines.id = name
                yield lines
            else:
                yield Input(value, placeholder=field.hint, id=name, compact=True, select_on_focus=False)
        if field.name in ("signature", "tools"):
            yield CheckLine(id=f"{field.name}-check")

    def on_mount(self) -> None:
        self._look_at_signature()
        self._look_at_tools()

    def on_resize(self, event: events.Resize) -> None:
        """The fields scroll; what is wrong and the buttons below them are always there."""
        self.query_one("#options").styles.max_height = max(3, event.size.height * 92 // 100 - _BELOW)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        match action:
            case "overwrite":
                return self._occupied
            case "new" | "delete":
                return self._own is not None
            case _:
                return True

    # While it is typed

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        self._changed()
        if event.input.id == "task-signature":
            self._look_at_signature()
            self._look_at_tools()
        elif event.input.id == "task-tools":
            self._look_at_tools()

    def on_text_area_changed(self, event: TextArea.Changed) -> None:
        event.stop()
        self._changed()

    def _changed(self) -> None:
        self._occupied = False
        self.refresh_bindings()
        problem = ""
        try:
            self._file()
        except TaskError as error:
            problem = str(error)
        self.query_one("#problem", ProblemLine).say(problem)

    def _look_at_signature(self) -> None:
        line, signature = self.query_one("#signature-check", CheckLine), self._value("signature")
        finding = look_at_text(signature)
        line.say(finding)
        if finding.good and signature:
            line.look(lambda: look_at_signature(signature))

    def _look_at_tools(self) -> None:
        line, tools = self.query_one("#tools-check", CheckLine), tool_names(self._value("tools"))
        if not tools:
            line.say(Finding(""))
            return
        taken = input_names(self._value("signature"))
        line.look(lambda: look_at_tools(tools, taken), "looking at the tools …")

    # Keeping

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self._keep(overwrite=False)

    def on_button_pressed(self, event: Button.Pressed) -> None:
        event.stop()
        self.run_worker(self.run_action(event.button.id or "keep"), exit_on_error=False)

    def action_keep(self) -> None:
        self._keep(overwrite=False)

    def action_overwrite(self) -> None:
        self._keep(overwrite=True)

    def _value(self, field: str) -> str:
        found = self.query_one(f"#task-{field}")
        return found.value.strip() if isinstance(found, Input | LinesField) else ""

    def _file(self) -> TaskFile:
        values = {field.name: self._value(field.name) for _, fields in GROUPS for field in fields}
        return file_of(values, self._own.file if self._own is not None else None)

    def _keep(self, *, overwrite: bool) -> None:
        problem, where, name = (
            self.query_one("#problem", ProblemLine),
            self._value("where"),
            self._value("name"),
        )
        if where not in (CONFIG, PROJECT):
            problem.say(f"kept in: write {CONFIG} or {PROJECT}.")
            return
        folder = self._config if where == CONFIG else self._project
        changes = self._own is not None and (self._own.path.parent, self._own.name) == (folder, name)
        try:
            file = self._file()
        except TaskError as error:
            problem.say(str(error))
            return
        self.run_worker(
            lambda: self._write(name, folder, file, overwrite or changes),
            thread=True,
            exit_on_error=False,
            group="keep",
        )

    def _write(self, name: str, folder: Path, file: TaskFile, overwrite: bool) -> None:
        """Check it as a run would, and write it (in a thread: dspy is imported)."""
        from rlm_tui.engine.host_tools import resolve_tools
        from rlm_tui.engine.signatures import SignatureError, build_signature, task_of_class

        tell = self.app.call_from_thread
        try:
            if names_a_class(file.signature):
                before = self._own.file if self._own is not None else None
                file = file_of_class(file, task_of_class(file.signature), before)
            task = make_own_task(name, file, folder / f"{name}{ENDING}")
            build_signature(task)
            resolve_tools(task.tools, taken=[item.name for item in task.inputs])
            write_task(name, file, folder, overwrite=overwrite)
        except FileExistsError:
            tell(self._is_there, name)
        except (TaskError, SignatureTextError, SignatureError) as error:
            tell(self.query_one("#problem", ProblemLine).say, str(error))
        else:
            tell(self.dismiss, OwnTaskAnswer(kept=task))

    def _is_there(self, name: str) -> None:
        self._occupied = True
        self.refresh_bindings()
        words = f"A task {name} is kept there already: ^O writes over it."
        self.query_one("#problem", ProblemLine).say(words)

    # Another one, or none

    async def action_new(self) -> None:
        self._own = None
        await self.recompose()
        self.on_mount()
        self.refresh_bindings()
        self.query_one("#task-name").focus()

    def action_delete(self) -> None:
        own = self._own
        if own is None:
            return

        def answered(answer: str | None) -> None:
            if answer != "delete":
                return
            try:
                delete_task(own.path)
            except TaskError as error:
                self.query_one("#problem", ProblemLine).say(str(error))
            else:
                self.dismiss(OwnTaskAnswer(deleted=own.name))

        question = f"Delete the task {own.name}? Its file goes: {one_line(str(own.path), 300)}"
        choices = [Choice("stay", "s", "Stay"), Choice("delete", "d", "Delete it")]
        self.app.push_screen(ConfirmScreen("Delete a task", question, choices), answered)
