"""A task of one's own: write one, change it, delete it. What is typed is checked while it is typed."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar, NamedTuple

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.widgets import Button, Input, TextArea

from rlm_tui.core.own_tasks import TaskFile, delete_task, task_folders
from rlm_tui.core.task import Task, TaskError
from rlm_tui.core.text import one_line
from rlm_tui.ui.key_groups import EDIT
from rlm_tui.ui.own_task_fields import CONFIG, PROJECT, OwnTask, file_of, written
from rlm_tui.ui.own_task_keeping import keep_task
from rlm_tui.ui.screens.confirm import Choice, ConfirmScreen
from rlm_tui.ui.screens.dialog import Dialog
from rlm_tui.ui.widgets.own_task_form import OwnTaskForm
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
        with Vertical(id="dialog", classes="own-task") as box:
            box.border_title = "A task of your own" if own is None else f"Task {own.name}"
            box.border_subtitle = "Enter or ^S keeps it · Esc closes"
            yield OwnTaskForm(written(own, self._project), id="options")
            yield ProblemLine(id="problem")
            with Horizontal(classes="buttons"):
                yield Button("Keep  ^S", id="keep", variant="primary", compact=True)
                if own is not None:
                    yield Button("New  ^N", id="new", compact=True)
                    yield Button("Delete  F8", id="delete", compact=True)

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

    def _file(self) -> TaskFile:
        return file_of(self.query_one(OwnTaskForm).values(), self._before)

    @property
    def _before(self) -> TaskFile | None:
        return self._own.file if self._own is not None else None

    def _keep(self, *, overwrite: bool) -> None:
        problem, form = self.query_one("#problem", ProblemLine), self.query_one(OwnTaskForm)
        where, name = form.value("where"), form.value("name")
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
        tell = self.app.call_from_thread
        try:
            task = keep_task(name, folder, file, self._before, overwrite=overwrite)
        except FileExistsError:
            tell(self._is_there, name)
        except TaskError as error:
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
