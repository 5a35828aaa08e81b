"""The field of the console: Enter runs what is whole, the arrows walk through what was typed before."""

from __future__ import annotations

from collections.abc import Sequence

from textual import events
from textual.message import Message

from rlm_tui.core.console_code import is_whole, next_indentation
from rlm_tui.ui.console_completion import shared_beginning
from rlm_tui.ui.widgets.code_editor import CodeEditor

LONGEST_LOOKED_AT = 20_000
"""Characters. Longer code was pasted and runs as it is: to parse it takes longer than a key may."""


class ConsoleInput(CodeEditor):
    """Ctrl+J breaks a line anywhere. Tab asks for completion behind a name, and indents elsewhere."""

    DEFAULT_CSS = """
    ConsoleInput { height: auto; min-height: 1; max-height: 10; }
    """

    class Entered(Message):
        """The code is to be run."""

        def __init__(self, code: str) -> None:
            super().__init__()
            self.code = code

    class CompletionWanted(Message):
        """Tab was pressed; `line` stands before the cursor."""

        def __init__(self, line: str) -> None:
            super().__init__()
            self.line = line

    def __init__(self, history: Sequence[str], *, id: str | None = None) -> None:  # noqa: A002
        super().__init__("", id=id)
        self.show_line_numbers = False
        self._history = history
        self._at: int | None = None
        self._draft = ""
        self._cycle: tuple[list[str], int, str] | None = None

    @property
    def line(self) -> str:
        """What stands before the cursor in its line."""
        row, column = self.cursor_location
        return self.document.get_line(row)[:column]

    def put(self, code: str) -> None:
        """Have `code` in the field, with the cursor at its end."""
        self.text = code
        self.move_cursor(self.document.end)

    async def _on_key(self, event: events.Key) -> None:
        if event.key != "tab":
            self._cycle = None
        if self._has_handled(event.key):
            event.stop()
            event.prevent_default()
            return
        await super()._on_key(event)

    def _has_handled(self, key: str) -> bool:
        row = self.cursor_location[0]
        match key:
            case "enter":
                self._enter()
            case "ctrl+j":
                self._break_line()
            case "tab" if self.line.strip():
                self._complete()
            case "up" if row == 0:
                self._walk(-1)
            case "down" if row == self.document.line_count - 1:
                self._walk(1)
            case _:
                return False
        return True

    def _enter(self) -> None:
        code = self.text
        if not code.strip():
            return
        if len(code) <= LONGEST_LOOKED_AT and not is_whole(code):
            self._break_line()
            return
        self._at = None
        self.post_message(self.Entered(code))

    def _break_line(self) -> None:
        self.insert("\n" + next_indentation(self.line))

    # What was typed before

    def _walk(self, step: int) -> None:
        if self._at is None:
            self._draft = self.text
        at = (len(self._history) if self._at is None else self._at) + step
        if 0 <= at < len(self._history):
            self._at = at
            self.put(self._history[at])
        elif at >= len(self._history) and self._at is not None:
            self._at = None
            self.put(self._draft)
        if step < 0:
            self.move_cursor((0, len(self.document.get_line(0))))

    # Completion

    def _complete(self) -> None:
        if self._cycle is None:
            self.post_message(self.CompletionWanted(self.line))
            return
        candidates, at, close = self._cycle
        after = (at + 1) % len(candidates)
        standing = "" if at < 0 else candidates[at] + close
        if self.line.endswith(standing):
            begun = shared_beginning(candidates) if at < 0 else standing
            self._replace(begun, candidates[after] + close)
            self._cycle = candidates, after, close

    def complete(self, line: str, begun: str, candidates: Sequence[str], close: str = "") -> None:
        """Go on with what all `candidates` share, or with the only one; nothing if more was typed since."""
        if self.line != line or not candidates:
            return
        if len(candidates) == 1:
            self._replace(begun, candidates[0] + close)
            return
        self._replace(begun, shared_beginning(candidates))
        self._cycle = list(candidates), -1, close

    def _replace(self, begun: str, text: str) -> None:
        row, column = self.cursor_location
        self.replace(text, (row, column - len(begun)), (row, column))
