"""Export a saved run from a screen: a format, a file name; what is there already is not replaced unasked."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar, NamedTuple

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.widgets import Button, Input, Label, OptionList
from textual.widgets.option_list import Option

from rlm_tui.core.paths import expanded
from rlm_tui.core.text import visible
from rlm_tui.store.errors import StoreError
from rlm_tui.store.exporters.formats import (
    FORMATS,
    PICTURE,
    SUFFIXES,
    TargetOccupied,
    check_target,
    write_export,
)
from rlm_tui.store.exporters.picture import offline
from rlm_tui.store.run_log import open_run
from rlm_tui.ui.key_groups import RESULT
from rlm_tui.ui.screens.dialog import Dialog
from rlm_tui.ui.widgets.problem_line import ProblemLine

CLOSED = "Enter goes on · Esc closes"
_WORDS = {name: form.words for name, form in FORMATS.items()} | {PICTURE: "this screen, as a picture"}


class Exported(NamedTuple):
    """The file that was written, and its bytes."""

    path: Path
    size: int


class ExportScreen(Dialog[Exported]):
    """Writes the run in the folder `run`, in a thread. `picture` is the screen below, as SVG."""

    AUTO_FOCUS = "#export-formats"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+o", "overwrite", "overwrite", id="export.overwrite", group=RESULT, priority=True,
                tooltip="Overwrite the file that is there"),
    ]  # fmt: skip

    def __init__(self, run: Path, picture: str) -> None:
        super().__init__()
        self._run = run
        self._picture = picture
        self._occupied = False
        self._writes = False

    def compose(self) -> ComposeResult:
        with Vertical(id="dialog", classes="question") as box:
            box.border_title = "Export the run"
            box.border_subtitle = CLOSED
            formats = [Option(f"{name:<10} {words}", id=name) for name, words in _WORDS.items()]
            yield OptionList(*formats, id="export-formats", markup=False, compact=True)
            yield Label("to the file", classes="field-name")
            yield Input("", id="export-file", select_on_focus=False, compact=True)
            yield ProblemLine(id="problem")
            with Horizontal(classes="buttons"):
                yield Button("Write  enter", id="ok", variant="primary", compact=True)
                yield Button("Overwrite  ^O", id="overwrite", variant="warning", compact=True)
                yield Button("Close  esc", id="close", compact=True)

    def on_mount(self) -> None:
        self.query_one(OptionList).highlighted = 0
        self._set_occupied(False)

    @property
    def form(self) -> str:
        """The format under the cursor."""
        option = self.query_one(OptionList).highlighted_option
        return PICTURE if option is None or option.id is None else option.id

    def on_option_list_option_highlighted(self, event: OptionList.OptionHighlighted) -> None:
        """The name follows the format, with what the person wrote before its end."""
        event.stop()
        field = self.query_one(Input)
        name = field.value or self._run.name
        suffix = next((one for one in SUFFIXES.values() if name.endswith(one)), "")
        field.value = name.removesuffix(suffix) + SUFFIXES[self.form]
        field.cursor_position = len(field.value)

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        self.query_one(Input).focus()

    def on_input_changed(self, event: Input.Changed) -> None:
        self._set_occupied(False)
        self.query_one(ProblemLine).say("")

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self._begin(replace=False)

    def on_button_pressed(self, event: Button.Pressed) -> None:
        event.stop()
        match event.button.id:
            case "ok":
                self._begin(replace=False)
            case "overwrite":
                self._begin(replace=True)
            case _:
                self.dismiss(None)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        return self._occupied if action == "overwrite" else True

    def action_overwrite(self) -> None:
        self._begin(replace=True)

    def _begin(self, *, replace: bool) -> None:
        name = self.query_one(Input).value.strip()
        if not name:
            self._refused("A file needs a name: type one.")
            return
        target, form = expanded(name).absolute(), self.form
        if not self._writes:
            self._writes = True
            self.query_one("#dialog").border_subtitle = "writing …"
            self.run_worker(
                lambda: self._write(form, target, replace=replace), thread=True, exit_on_error=False
            )

    def _write(self, form: str, target: Path, *, replace: bool) -> None:
        # It imports the engine, which would keep this screen from opening.
        from rlm_tui.headless.exported import export_source, redactor_now

        try:
            check_target(target, replace=replace)
            if form == PICTURE:
                pieces = iter([redactor_now().text(offline(self._picture))])
            else:
                pieces = FORMATS[form].write(export_source(open_run(self._run)))
            size = write_export(pieces, target, replace=replace)
        except TargetOccupied:
            words = f"{target.name} is there already: choose another name, or ^O overwrites it."
            self.app.call_from_thread(self._refused, words, occupied=True)
            return
        except StoreError as error:
            self.app.call_from_thread(self._refused, str(error))
            return
        self.app.call_from_thread(self._written, Exported(target, size))

    def _written(self, exported: Exported) -> None:
        if self.is_current:
            self.dismiss(exported)

    def _refused(self, problem: str, *, occupied: bool = False) -> None:
        if not self.is_mounted:
            return
        self._writes = False
        self.query_one("#dialog").border_subtitle = CLOSED
        self.query_one(ProblemLine).say(visible(problem))
        self._set_occupied(occupied)

    def _set_occupied(self, occupied: bool) -> None:
        """Offer to overwrite the file that is there, with a key and with the mouse."""
        self._occupied = occupied
        self.query_one("#overwrite").display = occupied
        self.refresh_bindings()
