"""Choose among the volumes there are: those of this machine, and those at Modal."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from rlm_tui.core.settings import Settings
from rlm_tui.core.text import one_line
from rlm_tui.ui.key_groups import LOOK
from rlm_tui.ui.screens.dialog import Dialog
from rlm_tui.ui.widgets.problem_line import ProblemLine
from rlm_tui.volumes.catalog import VolumeSummary, list_volumes
from rlm_tui.volumes.protocol import VolumeError, VolumeKind

KINDS: dict[VolumeKind, str] = {"local": "on this machine", "modal": "at Modal"}


class VolumesScreen(Dialog[VolumeSummary]):
    """Answers with the chosen volume. Modal is asked at once if runs use it, else at a key."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("m", "ask_modal", "ask Modal", id="volumes.modal", group=LOOK,
                tooltip="List the volumes at Modal too"),
    ]  # fmt: skip

    def __init__(self, settings: Settings) -> None:
        super().__init__()
        self._settings = settings
        self._found: dict[VolumeKind, list[VolumeSummary]] = {}
        self._asking = False

    def compose(self) -> ComposeResult:
        with Vertical(id="dialog", classes="question") as box:
            box.border_title = "Volumes"
            box.border_subtitle = "Enter looks into it · m asks Modal · Esc closes"
            yield OptionList(markup=False, id="volumes")
            yield Static("", markup=False, id="volumes-words")
            yield ProblemLine(id="problem")

    def on_mount(self) -> None:
        self._ask("local")
        if self._settings.sandbox.kind == "modal":
            self.action_ask_modal()

    def action_ask_modal(self) -> None:
        self._asking = True
        self.query_one(ProblemLine).say("")
        self.query_one("#volumes-words", Static).update("asking Modal …")
        self._ask("modal")

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        return not self._asking if action == "ask_modal" else True

    def _ask(self, kind: VolumeKind) -> None:
        self.run_worker(lambda: self._list(kind), thread=True, exit_on_error=False)

    def _list(self, kind: VolumeKind) -> None:
        """Ask for the volumes (in a thread)."""
        try:
            found, problem = list_volumes(self._settings, kind), ""
        except VolumeError as error:
            found, problem = [], f"{error} {error.hint}".strip()
        self.app.call_from_thread(self._show, kind, found, problem)

    def _show(self, kind: VolumeKind, found: list[VolumeSummary], problem: str) -> None:
        if not self.is_mounted:
            return
        if kind == "modal":
            self._asking = False
            self.query_one("#volumes-words", Static).update("")
        self.query_one(ProblemLine).say(problem)
        self._found[kind] = found
        listed = self.query_one(OptionList)
        at = listed.highlighted or 0
        listed.clear_options()
        for summary in self._all():
            listed.add_option(Option(Content(self._words(summary))))
        if self._all():
            listed.highlighted = at
        else:
            self.query_one("#volumes-words", Static).update("There is none yet: the first run makes it.")
        listed.focus()

    def _all(self) -> list[VolumeSummary]:
        return [summary for kind in KINDS for summary in self._found.get(kind, [])]

    def _words(self, summary: VolumeSummary) -> str:
        own = self._settings.sandbox.volume == summary.name and self._settings.sandbox.kind == summary.kind
        words = [one_line(summary.name, 40), KINDS[summary.kind]]
        if summary.version == 1:
            words.append("version 1")
        if own:
            words.append("the runs' own")
        return " · ".join(words)

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        self.dismiss(self._all()[event.option_index])
