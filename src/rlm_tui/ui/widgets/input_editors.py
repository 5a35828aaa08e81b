"""The editors of a task's inputs, one for each way a value is written; all tell their text the same way."""

from __future__ import annotations

from typing import ClassVar

from rich.segment import Segment
from textual import events
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.message import Message
from textual.strip import Strip
from textual.widgets import Input, Select, Static, TextArea

from rlm_tui.core.text import visible
from rlm_tui.ui.key_groups import EDIT


def _between_fields(owner: str) -> tuple[Binding, Binding]:
    """Up and down from field to field."""
    return (
        Binding("up", "app.focus_previous", "Up", show=False, id=f"{owner}.up", group=EDIT,
                tooltip="The field above"),
        Binding("down", "app.focus_next", "Down", show=False, id=f"{owner}.down", group=EDIT,
                tooltip="The field below"),
    )  # fmt: skip


class Edited(Message):
    """What an editor holds was changed."""


class TaskInputField(Input):
    """A field of one line. Esc leaves it, Enter goes on to the next."""

    BINDINGS: ClassVar[list[BindingType]] = [
        *_between_fields("field"),
        Binding("ctrl+j", "more_lines", "Lines", show=False, id="field.lines", group=EDIT,
                tooltip="Write several lines here"),
    ]  # fmt: skip

    class LinesWanted(Message):
        """Several lines are to be written or were pasted; `text` is what the field would hold."""

        def __init__(self, text: str) -> None:
            super().__init__()
            self.text = text

    def __init__(self, name: str, value: str, placeholder: str, *, lines: bool = False) -> None:
        super().__init__(value, placeholder=placeholder, name=name, compact=True, select_on_focus=False)
        self.add_class("task-input")
        self._lines = lines

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        return self._lines if action == "more_lines" else super().check_action(action, parameters)

    def action_more_lines(self) -> None:
        self.post_message(self.LinesWanted(self.value + "\n"))

    def _on_paste(self, event: events.Paste) -> None:
        """Textual's own field keeps the first line of what is pasted, and says nothing of the others."""
        if self._lines and len(event.text.splitlines()) > 1:
            event.stop()
            event.prevent_default()
            before, after = self.value[: self.selection.start], self.value[self.selection.end :]
            self.post_message(self.LinesWanted(f"{before}{event.text}{after}"))

    def render_line(self, y: int) -> Strip:
        """The value; one that is longer than the field ends in a sign while it isn't edited."""
        strip = super().render_line(y)
        width = self.scrollable_content_region.width
        if self.has_focus or not self.value or self.content_width <= width + 1:
            return strip
        *_, last = strip.crop(width - 1, width)
        return Strip.join([strip.crop(0, width - 1), Strip([Segment("…", last.style)])])


class LinesField(TextArea):
    """A field of several lines: JSON, or a text that has them. Tab goes on to the next."""

    def __init__(self, name: str, value: str, placeholder: str, *, classes: str = "") -> None:
        super().__init__(
            value, name=name, placeholder=Content(placeholder), compact=True, soft_wrap=True, classes=classes
        )
        self.add_class("lines-field")

    @property
    def value(self) -> str:
        return self.text


class SwitchField(Static, can_focus=True):
    """true or false; Enter, space or a click turns it over."""

    BINDINGS: ClassVar[list[BindingType]] = [
        *_between_fields("switch"),
        Binding("enter,space", "turn", "Turn over", show=False, id="switch.turn", group=EDIT,
                tooltip="Turn true into false, or back"),
    ]  # fmt: skip

    def __init__(self, name: str, value: str) -> None:
        super().__init__("", name=name, markup=False, classes="switch-field")
        self.on = value.strip().lower() in ("true", "yes", "on", "1")
        self._show()

    @property
    def value(self) -> str:
        return "true" if self.on else "false"

    def action_turn(self) -> None:
        self.on = not self.on
        self._show()
        self.post_message(Edited())

    def on_click(self) -> None:
        self.action_turn()

    def _show(self) -> None:
        self.update(f"[{'x' if self.on else ' '}] {self.value}")


class ChoiceField(Select[str], inherit_bindings=False):
    """One of a few values; Enter or a click opens them."""

    BINDINGS: ClassVar[list[BindingType]] = [
        *_between_fields("choice"),
        Binding("enter,space", "show_overlay", "Open", show=False, id="choice.open", group=EDIT,
                tooltip="Show what can be chosen"),
    ]  # fmt: skip

    def __init__(self, name: str, value: str, choices: tuple[str, ...]) -> None:
        chosen = value if value in choices else Select.NULL
        super().__init__(
            [(Content(visible(choice)), choice) for choice in choices],
            prompt="choose",
            value=chosen,
            allow_blank=True,
            compact=True,
            name=name,
        )


Editor = TaskInputField | LinesField | SwitchField | ChoiceField


def editor_text(editor: Editor) -> str:
    """What an editor holds, as text; "" for a choice not made."""
    if isinstance(editor, ChoiceField):
        return "" if editor.value is Select.NULL else str(editor.value)
    return str(editor.value)
