"""An editor for Python: highlighting in the theme's colours, undo, tabs that indent, line numbers."""

from __future__ import annotations

import re
from typing import ClassVar

from rich.style import Style
from rich.text import Text
from textual import events
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.strip import Strip
from textual.theme import Theme
from textual.widgets import TextArea
from textual.widgets.text_area import TextAreaTheme

from rlm_tui.core.text import visible
from rlm_tui.ui.key_groups import EDIT
from rlm_tui.ui.widgets.row_roles import apart, role_style

LOOK = "code"
SYNTAX = {
    "code-comment": ("comment",),
    "code-keyword": (
        "keyword", "keyword.function", "keyword.return", "keyword.operator", "conditional", "repeat",
        "include", "exception", "boolean", "constant.builtin",
    ),
    "code-string": ("string", "string.documentation", "string.escape"),
    "code-number": ("number", "float"),
    "code-builtin": ("function.builtin", "type.builtin", "variable.builtin", "attribute"),
    "code-function": ("function", "type.class", "method", "class"),
    "code-operator": ("operator", "punctuation.special"),
}  # fmt: skip
"""The names of the grammar's captures by the roles that code has everywhere on the screen."""

_UNSAFE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]")


def _sign(match: re.Match[str]) -> str:
    sign = visible(match.group())
    return sign if len(sign) == 1 else "␦"


class CodeEditor(TextArea):
    """What is typed is Python. Esc is the screen's; control characters are shown as signs, and kept."""

    DEFAULT_CSS = """
    CodeEditor { border: none; padding: 0; height: 1fr; background: $surface; scrollbar-size-vertical: 1; }
    CodeEditor:focus { border: none; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+z", "undo", "undo", show=False, id="editor.undo", tooltip="Undo", group=EDIT),
        Binding("ctrl+y", "redo", "redo", show=False, id="editor.redo", tooltip="Redo", group=EDIT),
        Binding(
            "ctrl+home", "document(0)", show=False, id="editor.first", tooltip="To the first line", group=EDIT
        ),
        Binding(
            "ctrl+end", "document(-1)", show=False, id="editor.last", tooltip="To the last line", group=EDIT
        ),
    ]

    class EscapePressed(Message):
        """The person wants to leave the editor."""

    def __init__(self, code: str, *, id: str | None = None) -> None:  # noqa: A002 - Textual's own name
        super().__init__(
            code,
            language="python",
            tab_behavior="indent",
            show_line_numbers=True,
            soft_wrap=False,
            compact=True,
            id=id,
        )

    def on_mount(self) -> None:
        self._take_theme()
        self.app.theme_changed_signal.subscribe(self, self._theme_changed)

    def on_unmount(self) -> None:
        # The signal is the app's, and would keep this widget with all that it shows.
        self.app.theme_changed_signal.unsubscribe(self)

    def _theme_changed(self, _theme: Theme) -> None:
        self.call_after_refresh(self._take_theme)

    def _take_theme(self) -> None:
        """Colour code as it is coloured everywhere else on the screen."""
        styles: dict[str, Style] = {}
        for role, names in SYNTAX.items():
            style = role_style(self, role)
            styles |= dict.fromkeys(names, Style(color=style.color, bold=style.bold, italic=style.italic))
        self.register_theme(TextAreaTheme(LOOK, syntax_styles=styles))
        self.theme = LOOK

    def get_line(self, line_index: int) -> Text:
        line = super().get_line(line_index)
        if _UNSAFE.search(line.plain):
            line.plain = _UNSAFE.sub(_sign, line.plain)
        return line

    def render_line(self, y: int) -> Strip:
        return apart(super().render_line(y))

    def action_document(self, end: int) -> None:
        self.move_cursor(self.document.end if end else (0, 0))

    def go_to_line(self, line: int) -> None:
        """Put the cursor on `line`, counted from 1."""
        self.move_cursor((max(0, min(line, self.document.line_count) - 1), 0), center=True)

    async def _on_key(self, event: events.Key) -> None:
        if event.key == "escape":  # Textual's own would move the focus
            event.stop()
            event.prevent_default()
            self.post_message(self.EscapePressed())
            return
        await super()._on_key(event)
