"""Write a text to a file whose name is asked for; an existing file is never overwritten unasked."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Input

from rlm_tui.core.paths import expanded
from rlm_tui.ui.key_groups import RESULT
from rlm_tui.ui.screens.dialog import Dialog
from rlm_tui.ui.widgets.problem_line import ProblemLine


class SaveScreen(Dialog[Path]):
    """Answers with the path that was written."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "ctrl+o",
            "overwrite",
            "overwrite",
            id="save.overwrite",
            tooltip="Overwrite the file that is there",
            group=RESULT,
            priority=True,
        ),
    ]

    def __init__(self, text: str, suggested: str) -> None:
        super().__init__()
        self._text = text
        self._suggested = suggested
        self._occupied: Path | None = None

    def compose(self) -> ComposeResult:
        with Vertical(id="dialog", classes="question") as box:
            box.border_title = "Write to a file"
            box.border_subtitle = "Enter writes · Esc closes"
            yield Input(self._suggested, id="file-name", select_on_focus=False, compact=True)
            yield ProblemLine(id="problem")

    def on_input_submitted(self, event: Input.Submitted) -> None:
        self._write(overwrite=False)

    def on_input_changed(self, event: Input.Changed) -> None:
        self._occupied = None
        self.query_one(ProblemLine).say("")
        self.refresh_bindings()

    def action_overwrite(self) -> None:
        self._write(overwrite=True)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        return self._occupied is not None if action == "overwrite" else True

    def _write(self, *, overwrite: bool) -> None:
        name = self.query_one("#file-name", Input).value.strip()
        problem = self.query_one(ProblemLine)
        if not name:
            problem.say("A file needs a name: type one.")
            return
        path = expanded(name).absolute()
        if path.is_dir():
            problem.say(f"{path} is a directory: add a file name.")
            return
        try:
            with path.open("w" if overwrite else "x", encoding="utf-8", errors="backslashreplace") as file:
                file.write(self._text)
        except FileExistsError:
            self._occupied = path
            problem.say(f"{path.name} is there already: choose another name, or ^O overwrites it.")
            self.refresh_bindings()
            return
        except OSError as error:
            problem.say(f"{path} can't be written: {error.strerror or error}. Choose another place.")
            return
        self.dismiss(path)
