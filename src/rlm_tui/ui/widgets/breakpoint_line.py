"""The line in which a breakpoint is written. What it will do is said while it is typed, or what is wrong."""

from __future__ import annotations

from functools import partial
from importlib import import_module

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.widgets import Input, Static
from textual.widgets.input import Selection

from rlm_tui.core.breakpoints import FORMS, Breakpoint, BreakpointError, breakpoint_text, parse_breakpoint
from rlm_tui.ui.widgets.check_line import CheckLine, Finding


class BreakpointLine(Vertical):
    """Holds what is written; that it was submitted is for whoever shows it to handle."""

    DEFAULT_CSS = "BreakpointLine { height: auto; }"

    def compose(self) -> ComposeResult:
        with Horizontal(id="breakpoint-row", classes="option-row"):
            yield Static("", markup=False, id="breakpoint-label", classes="option-label")
            yield Input(
                placeholder="iteration=4, Enter adds it", id="breakpoint-line", compact=True,
                select_on_focus=False,
            )  # fmt: skip
        yield CheckLine(id="breakpoint-check")

    def on_mount(self) -> None:
        # Patterns are read while they are typed; importing what reads them takes longer than a key may.
        self.run_worker(partial(import_module, "regex"), thread=True, exit_on_error=False)

    def show_label(self, words: str) -> None:
        """Say what becomes of what is written."""
        self.query_one("#breakpoint-label", Static).update(words)

    def focus_field(self) -> None:
        """To where it is written."""
        self._field.focus()

    def write(self, line: str) -> None:
        """Have this stand there, to be gone on with."""
        self._field.value = line
        self._field.cursor_position = len(line)
        self._field.focus()

    def select_value(self) -> None:
        """Have what is typed next take the place of all behind the sign."""
        line = self._field.value
        if "=" in line:
            self._field.selection = Selection(line.index("=") + 1, len(line))

    def clear(self) -> None:
        """Have nothing stand there."""
        self._field.value = ""

    def read(self) -> Breakpoint | None:
        """The breakpoint that is described there; says what it will do, or what is wrong with it."""
        return self._read(self._field.value)

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        self._read(event.value)

    def _read(self, line: str) -> Breakpoint | None:
        check = self.query_one("#breakpoint-check", CheckLine)
        if not line.strip():
            check.say(Finding(""))
            return None
        try:
            found = parse_breakpoint(line)
        except BreakpointError as error:
            check.say(Finding(str(error), good=False))
            return None
        kind = breakpoint_text(found).partition("=")[0]
        check.say(Finding(f"holds {next(form.words for form in FORMS if form.kind == kind)}"))
        return found

    @property
    def _field(self) -> Input:
        return self.query_one("#breakpoint-line", Input)
