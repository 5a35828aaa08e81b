"""Finding files of a volume by their names: a field over the tree, and the matches in it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.timer import Timer
from textual.widgets import Input

from rlm_tui.ui.key_groups import LOOK
from rlm_tui.ui.widgets.file_nodes import FileNode
from rlm_tui.ui.widgets.file_tree import FileTree
from rlm_tui.ui.widgets.volume_changes import VolumeChanges
from rlm_tui.volumes.paths import fitting
from rlm_tui.volumes.protocol import Volume, VolumeEntry, VolumeError

FOUND_AT_MOST = 500
SEARCH_SECONDS = 0.2
"""How long the typing must pause before a search begins."""


class VolumeSearch(VolumeChanges):
    """The search over a volume. The tree, and what it lists otherwise, are the subclass's."""

    DEFAULT_CSS = """
    VolumeSearch > #volume-search { display: none; }
    VolumeSearch > #volume-search.-shown { display: block; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("slash", "search", "find", key_display="/", id="volume.search", group=LOOK,
                tooltip="Find a file by its name"),
        Binding("escape", "clear_search", "all files", id="volume.clear_search", group=LOOK,
                tooltip="Show the whole volume again"),
    ]  # fmt: skip

    _everything: list[VolumeEntry] | None = None
    _search_timer: Timer | None = None

    def compose_search(self) -> ComposeResult:
        """The field, hidden until it is asked for."""
        field = Input(placeholder="part of a name", compact=True, id="volume-search", select_on_focus=False)
        field.can_focus = False
        yield field

    @property
    def search_field(self) -> Input:
        return self.query_one("#volume-search", Input)

    def list_again(self, *, publish: bool = False, count: bool = False) -> None:
        """List the volume anew: all of it, or what is searched for."""
        raise NotImplementedError

    def rows_of(self, entries: Iterable[VolumeEntry], *, whole_paths: bool = False) -> list[FileNode]:
        """The tree's nodes for these entries."""
        raise NotImplementedError

    def forget_names(self) -> None:
        """The next search asks the volume for its names again."""
        self._everything = None

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        match action:
            case "clear_search":
                return self.is_mounted and self.search_field.has_class("-shown")
            case "search":
                return self.volume is not None
            case _:
                return super().check_action(action, parameters)

    @property
    def searched(self) -> str:
        """What is being searched for; nothing when all files are shown."""
        return self.search_field.value.strip()

    def action_search(self) -> None:
        field = self.search_field
        field.can_focus = True
        field.add_class("-shown")
        field.focus()
        self.refresh_bindings()

    def action_clear_search(self) -> None:
        field = self.search_field
        field.can_focus = False
        field.remove_class("-shown")
        self.query_one(FileTree).focus()
        if field.value:
            field.value = ""
        self.refresh_bindings()

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        if event.value.strip():
            if self._search_timer is not None:
                self._search_timer.stop()
            self._search_timer = self.set_timer(SEARCH_SECONDS, lambda: self.find(self.searched))
        elif self.is_mounted:
            self.query_one(FileTree).set_roots([])
            self.list_again()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.query_one(FileTree).focus()

    def find(self, wanted: str) -> None:
        volume, everything = self.volume, self._everything
        if volume is None or not wanted:
            return

        def find() -> None:
            """Search in a thread; the whole list is asked for once, until it is refreshed."""
            found: list[VolumeEntry] = []
            problem, known = "", everything
            try:
                known = list(volume.below()) if known is None else known
                found = fitting(known, wanted, FOUND_AT_MOST)
            except VolumeError as error:
                problem = f"{error} {error.hint}".strip()
            self.app.call_from_thread(self._show_found, volume, wanted, known, found, problem)

        self.run_worker(find, thread=True, exclusive=True, group="root", exit_on_error=False)

    def _show_found(
        self,
        volume: Volume,
        wanted: str,
        everything: list[VolumeEntry] | None,
        found: list[VolumeEntry],
        problem: str,
    ) -> None:
        if volume is self.volume and self.is_mounted and wanted == self.searched:
            self._everything = everything
            tree = self.query_one(FileTree)
            tree.empty = problem or f"Nothing in the volume has {wanted!r} in its name."
            tree.set_roots(self.rows_of(found, whole_paths=True))
            self.refresh_bindings()
