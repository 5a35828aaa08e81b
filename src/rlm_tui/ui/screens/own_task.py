"""Write a task of one's own: its signature is checked while it is typed, and kept as a file."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import Button, Input, Static

from rlm_tui.core.own_tasks import TaskFile, make_own_task, task_folders, write_task
from rlm_tui.core.signature_text import SignatureFields, SignatureTextError, parse_signature
from rlm_tui.core.task import Task, TaskError
from rlm_tui.core.tasks import DOCUMENT_NAMES
from rlm_tui.core.text import one_line
from rlm_tui.ui.key_groups import EDIT
from rlm_tui.ui.screens.dialog import Dialog
from rlm_tui.ui.widgets.problem_line import ProblemLine

FIELDS = (
    ("name", "name", "small letters, digits and dashes"),
    ("signature", "signature", "docs, question -> answer: str, confidence: float"),
    ("instructions", "instructions", "what the planner is told"),
    ("tools", "tools", "regex_extract, own_module:function"),
    ("where", "kept in", "config (every project), or project"),
)
CONFIG, PROJECT = "config", "project"


class OwnTaskScreen(Dialog[Task]):
    """Answers with the task that was kept. What can't be run is said in place and keeps the form open."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "app.focus_previous", "Up", show=False, id="task.up", group=EDIT,
                tooltip="The field above"),
        Binding("down", "app.focus_next", "Down", show=False, id="task.down", group=EDIT,
                tooltip="The field below"),
        Binding("ctrl+o", "overwrite", "overwrite", id="task.overwrite", group=EDIT, priority=True,
                tooltip="Write over the task of this name"),
    ]  # fmt: skip

    def __init__(self, directory: Path) -> None:
        super().__init__()
        self._config, self._project = task_folders(directory)
        self._occupied = False

    def compose(self) -> ComposeResult:
        with Vertical(id="dialog") as box:
            box.border_title = "A task of your own"
            box.border_subtitle = "Enter keeps it · Esc closes"
            for field, label, hint in FIELDS:
                with Horizontal(classes="option-row"):
                    yield Static(label, markup=False, classes="option-label")
                    value = CONFIG if field == "where" else ""
                    yield Input(
                        value, placeholder=hint, id=f"task-{field}", compact=True, select_on_focus=False
                    )
            yield Static("", markup=False, id="task-check")
            yield ProblemLine(id="problem")
            with Horizontal(classes="buttons"):
                yield Button("Keep  Enter", id="keep", variant="primary", compact=True)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        return self._occupied if action == "overwrite" else True

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        self._occupied = False
        self.refresh_bindings()
        self.query_one(ProblemLine).say("")
        if event.input.id == "task-signature":
            self.query_one("#task-check", Static).update(Content(checked(event.value)))

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self._keep(overwrite=False)

    def on_button_pressed(self, event: Button.Pressed) -> None:
        event.stop()
        self._keep(overwrite=False)

    def action_overwrite(self) -> None:
        self._keep(overwrite=True)

    def _value(self, field: str) -> str:
        return self.query_one(f"#task-{field}", Input).value.strip()

    def _keep(self, *, overwrite: bool) -> None:
        where = self._value("where")
        if where not in (CONFIG, PROJECT):
            self.query_one(ProblemLine).say(f"kept in: write {CONFIG} or {PROJECT}.")
            return
        folder = self._config if where == CONFIG else self._project
        name, file = self._value("name"), self._file()
        self.run_worker(lambda: self._write(name, file, folder, overwrite), thread=True, exit_on_error=False)

    def _file(self) -> TaskFile:
        signature = self._value("signature")
        document = None
        try:
            names = [field.name for field in parse_signature(signature).inputs]
            document = next((name for name in names if name in DOCUMENT_NAMES), None)
        except SignatureTextError:
            pass  # said when it is written
        return TaskFile(
            signature=signature,
            instructions=self._value("instructions"),
            document_input=document,
            tools=tuple(tool.strip() for tool in self._value("tools").split(",") if tool.strip()),
        )

    def _write(self, name: str, file: TaskFile, folder: Path, overwrite: bool) -> None:
        """Check it as a run would, and write it (in a thread: dspy is imported)."""
        from rlm_tui.engine.host_tools import resolve_tools
        from rlm_tui.engine.signatures import SignatureError, build_signature

        tell = self.app.call_from_thread
        try:
            task = make_own_task(name, file)
            build_signature(task)
            resolve_tools(task.tools, taken=[item.name for item in task.inputs])
            write_task(name, file, folder, overwrite=overwrite)
        except FileExistsError:
            tell(self._is_there, name)
        except (TaskError, SignatureTextError, SignatureError) as error:
            tell(self.query_one(ProblemLine).say, str(error))
        else:
            tell(self.dismiss, task)

    def _is_there(self, name: str) -> None:
        self._occupied = True
        self.refresh_bindings()
        self.query_one(ProblemLine).say(f"A task {name} is kept there already: ^O writes over it.")


def checked(signature: str) -> str:
    """What a signature takes and gives, or where and why it can't be read."""
    if not signature.strip():
        return ""
    try:
        fields = parse_signature(signature)
    except SignatureTextError as error:
        start = max(0, error.position - 30)
        part = one_line(signature[start : start + 60], 60)
        return f"{part}\n{' ' * (error.position - start)}▲\n{error.message}"
    return _words(fields)


def _words(fields: SignatureFields) -> str:
    document = next((field.name for field in fields.inputs if field.name in DOCUMENT_NAMES), "")
    takes = ", ".join(
        f"{field.name} (the document)" if field.name == document else f"{field.name}: {field.type}"
        for field in fields.inputs
    )
    gives = ", ".join(f"{field.name}: {field.type}" for field in fields.outputs)
    return f"takes {takes}\ngives {gives}"
