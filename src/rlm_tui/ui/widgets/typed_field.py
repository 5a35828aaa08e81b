"""One input of a task as a row: its name, an editor for its type, and what is wrong with its value."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.widgets import Input, Select, Static, TextArea

from rlm_tui.core.input_types import form_of, input_problem
from rlm_tui.core.task import TaskInput
from rlm_tui.ui.widgets.input_editors import (
    ChoiceField,
    Edited,
    Editor,
    LinesField,
    SwitchField,
    TaskInputField,
    editor_text,
)
from rlm_tui.ui.widgets.problem_line import ProblemLine

UNWRITABLE = ("Image", "Audio", "History")
"""dspy's types that have no form as text."""


class TypedField(Vertical):
    """The row of one input. It tells `Edited` at every change, and says while typing what doesn't fit."""

    def __init__(self, item: TaskInput, value: str, label_width: int) -> None:
        super().__init__(classes="typed-field")
        self.item = item
        self._first_value = value
        self._label_width = label_width
        self._lines = False

    def compose(self) -> ComposeResult:
        label = Static(self.item.name, markup=False, classes="input-label")
        label.styles.width = self._label_width
        label.tooltip = self.item.type
        with Horizontal(classes="input-row"):
            yield label
            if self.is_writable:
                yield self._editor(self._first_value)
            else:
                yield Static(
                    f"{self.item.type} can't be written here", markup=False, classes="unwritable-field"
                )
        yield ProblemLine()

    @property
    def is_writable(self) -> bool:
        """Whether a value of the input's type can be written as text at all."""
        return self.item.type.removeprefix("dspy.") not in UNWRITABLE

    @property
    def editor(self) -> Editor | None:
        found = next(iter(self.query(".editor")), None)
        return found if isinstance(found, Editor) else None

    @property
    def value(self) -> str:
        """What is written, as text; "" for nothing."""
        editor = self.editor
        return self._first_value if editor is None else editor_text(editor)

    def focus_editor(self) -> None:
        """Put the cursor into it."""
        if self.editor is not None:
            self.editor.focus()

    def _editor(self, value: str) -> Editor:
        item, form = self.item, form_of(self.item.type)
        hint = item.description or ("" if item.type == "str" else item.type)
        editor: Editor
        match form.kind:
            case "switch":
                editor = SwitchField(item.name, value)
            case "choice":
                editor = ChoiceField(item.name, value, form.choices)
            case "json" | "unknown":
                editor = LinesField(item.name, value, f"JSON: {item.type}")
            case _ if "\n" in value or self._lines:
                editor = LinesField(item.name, value, hint)
            case kind:
                editor = TaskInputField(item.name, value, hint, lines=kind == "text")
        editor.add_class("editor")
        return editor

    async def on_task_input_field_lines_wanted(self, event: TaskInputField.LinesWanted) -> None:
        """Give the field lines; what it holds stays."""
        event.stop()
        self._lines = True
        row = self.query_one(".input-row", Horizontal)
        await row.query(".editor").remove()
        editor = self._editor(event.text)
        await row.mount(editor)
        editor.focus()
        if isinstance(editor, LinesField):
            editor.move_cursor(editor.document.end)

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        self.post_message(Edited())

    def on_text_area_changed(self, event: TextArea.Changed) -> None:
        event.stop()
        self.post_message(Edited())

    def on_select_changed(self, event: Select.Changed) -> None:
        event.stop()
        self.post_message(Edited())

    def on_edited(self) -> None:
        value = self.value
        problem = input_problem(value, self.item.type) if value.strip() else ""
        self.query_one(ProblemLine).say(problem)
