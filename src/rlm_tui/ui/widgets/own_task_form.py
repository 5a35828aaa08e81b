"""The form of a task of one's own. A signature and tools are looked at while they are typed."""

from __future__ import annotations

from collections.abc import Mapping

from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.widgets import Input, Static

from rlm_tui.ui.own_task_fields import GROUPS, TaskField, input_names, tool_names
from rlm_tui.ui.task_looks import look_at_signature, look_at_text, look_at_tools
from rlm_tui.ui.widgets.check_line import CheckLine, Finding
from rlm_tui.ui.widgets.field_scroll import FieldScroll
from rlm_tui.ui.widgets.input_editors import LinesField


class OwnTaskForm(FieldScroll):
    """Shows these values by the names of their fields. Whether they make a task is for its screen to say."""

    def __init__(
        self,
        values: Mapping[str, str],
        *,
        id: str | None = None,  # noqa: A002 - Textual's own name
    ) -> None:
        super().__init__(id=id)
        self._first = values

    def compose(self) -> ComposeResult:
        for at, (title, fields) in enumerate(GROUPS):
            if at:
                yield Static(title, markup=False, classes="option-group")
            for field in fields:
                yield from self._row(field, self._first[field.name])

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

    def value(self, field: str) -> str:
        """What is written in one field."""
        found = self.query_one(f"#task-{field}")
        return found.value.strip() if isinstance(found, Input | LinesField) else ""

    def values(self) -> dict[str, str]:
        """What is written, by the names of the fields."""
        return {field.name: self.value(field.name) for _, fields in GROUPS for field in fields}

    def on_input_changed(self, event: Input.Changed) -> None:
        if event.input.id == "task-signature":
            self._look_at_signature()
            self._look_at_tools()
        elif event.input.id == "task-tools":
            self._look_at_tools()

    def _look_at_signature(self) -> None:
        line, signature = self.query_one("#signature-check", CheckLine), self.value("signature")
        finding = look_at_text(signature)
        line.say(finding)
        if finding.good and signature:
            line.look(lambda: look_at_signature(signature))

    def _look_at_tools(self) -> None:
        line, tools = self.query_one("#tools-check", CheckLine), tool_names(self.value("tools"))
        if not tools:
            line.say(Finding(""))
            return
        taken = input_names(self.value("signature"))
        line.look(lambda: look_at_tools(tools, taken), "looking at the tools …")
