"""What lies in a volume: listed as it is opened, with sizes, ages, and what the run wrote."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.widgets import Static

from rlm_tui.core.settings import Settings
from rlm_tui.core.text import human_size, number_of
from rlm_tui.ui.key_groups import FILES
from rlm_tui.ui.screens.volumes import VolumesScreen
from rlm_tui.ui.widgets.file_nodes import FileNode
from rlm_tui.ui.widgets.file_tree import FileTree
from rlm_tui.ui.widgets.problem_line import ProblemLine
from rlm_tui.ui.widgets.volume_search import VolumeSearch
from rlm_tui.volumes.catalog import VolumeSummary, open_volume
from rlm_tui.volumes.protocol import Volume, VolumeEntry, VolumeError, VolumeMissingError, VolumeUsage

EMPTY = "Nothing is here yet: what a run writes to /data stays."
Publish = Callable[[], bool]
"""Lets everybody see what cells wrote so far; blocks, may raise RuntimeError. False: nothing runs."""


class VolumeBrowser(VolumeSearch):
    """The volume pane. `written` marks what the present run wrote into the runs' own volume."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("r", "refresh_volume", "refresh", id="volume.refresh", group=FILES,
                tooltip="Publish what the run wrote, and list the volume anew"),
        Binding("o", "choose_volume", "volumes", id="volume.choose", group=FILES,
                tooltip="Look into another volume"),
    ]  # fmt: skip

    class LookedAt(Message):
        """A file of the volume is to be shown."""

        def __init__(self, volume: Volume, path: str, size: int) -> None:
            super().__init__()
            self.volume, self.path, self.size = volume, path, size

    class Opened(Message):
        """Another volume is looked into; `own` if it is the runs' own."""

        def __init__(self, volume: Volume, own: bool) -> None:
            super().__init__()
            self.volume, self.own = volume, own

    def __init__(self, volume: Volume | None, *, clock: Callable[[], float] = time.time) -> None:
        super().__init__(id="volume-browser")
        self.volume = volume
        self._own = volume
        self._settings: Settings | None = None
        self._publish: Publish = lambda: False
        self._clock = clock
        self._written: frozenset[str] = frozenset()
        self._usage: VolumeUsage | None = None
        self._asked = 0

    def compose(self) -> ComposeResult:
        yield from self.compose_search()
        yield ProblemLine(id="volume-problem")
        yield FileTree(self._list, id="volume-tree", clock=self._clock)
        yield Static("", markup=False, id="volume-summary")

    def on_mount(self) -> None:
        self.set_volume(self.volume)

    # Which volume

    def set_settings(self, settings: Settings) -> None:
        """Look into the volume of the runs that are made with these."""
        before, self._settings = self._settings, settings
        if before is not None and (before.sandbox, before.modal) == (settings.sandbox, settings.modal):
            return
        self._own = open_volume(settings)
        self.set_volume(self._own)

    def set_volume(self, volume: Volume | None) -> None:
        """Show this volume; None says that there is none."""
        self.volume = volume
        self._usage = None
        self.say_problem("")
        self.search_field.value = ""
        tree = self.query_one(FileTree)
        tree.empty = "reading …" if volume is not None else "No volume is mounted."
        tree.set_roots([])
        self.list_again(count=True)
        if volume is not None:
            self.post_message(self.Opened(volume, volume is self._own))

    def action_choose_volume(self) -> None:
        settings = self._settings
        if settings is None:
            return

        def chosen(summary: VolumeSummary | None) -> None:
            if summary is not None:
                own = (summary.kind, summary.name) == (settings.sandbox.kind, settings.sandbox.volume)
                self.set_volume(self._own if own else open_volume(settings, summary.kind, summary.name))

        self.app.push_screen(VolumesScreen(settings), chosen)

    # Listing

    def set_publish(self, publish: Publish) -> None:
        """How a refresh lets what the present run wrote be seen."""
        self._publish = publish

    def set_written(self, written: Iterable[str]) -> None:
        """Mark these paths, relative to the volume's root, as written by the present run, and list anew."""
        now = frozenset(written)
        if now != self._written:
            self._written = now
            self.list_again()

    def action_refresh_volume(self) -> None:
        self.list_again(publish=True, count=True)

    def changed(self) -> None:
        self.list_again(publish=True, count=True)

    def list_again(self, *, publish: bool = False, count: bool = False) -> None:
        """List anew in a thread; while something is searched for, its matches."""
        volume = self.volume
        if volume is None:
            return
        self.forget_names()
        self._asked += 1
        number, searched = self._asked, self.searched
        self.run_worker(
            lambda: self._read_root(volume, number, searched, publish=publish, count=count),
            thread=True,
            exclusive=True,
            group="root",
            exit_on_error=False,
        )

    def _read_root(self, volume: Volume, number: int, searched: str, *, publish: bool, count: bool) -> None:
        """Publish, list the volume's root or what is searched for, then count all that is in it (in a
        thread). Of several that go on, the newest counts.
        """
        tell = self.app.call_from_thread
        if publish and volume is self._own:
            try:
                self._publish()
            except RuntimeError as error:
                tell(self.say_problem, f"What the run wrote could not be published: {error}")
        if searched:
            tell(self.find, searched)
            return
        try:
            entries, problem = volume.entries(), ""
        except VolumeMissingError:
            entries, problem = [], ""  # the first run makes it
        except OSError as error:
            hint = getattr(error, "hint", "")
            entries, problem = [], f"{error} {hint} Press r to try again.".replace("  ", " ")
        tell(self._show_root, number, entries, problem)
        if count and not problem:
            try:
                tell(self._show_usage, volume, volume.usage())
            except VolumeError:
                tell(self._show_usage, volume, None)

    def _show_root(self, number: int, entries: list[VolumeEntry], problem: str) -> None:
        if number != self._asked or not self.is_mounted or self.searched:
            return
        tree = self.query_one(FileTree)
        root = FileNode("", "", True, depth=-1, children=tree.roots)
        root.adopt(self.rows_of(entries))
        tree.empty = problem or EMPTY
        tree.set_roots(root.children)
        tree.read_again()
        self._summarize()
        self.refresh_bindings()

    def _show_usage(self, volume: Volume, usage: VolumeUsage | None) -> None:
        if volume is self.volume and self.is_mounted:
            self._usage = usage
            self._summarize()

    def _summarize(self) -> None:
        words = []
        if self._usage is not None and self._usage.files:
            words = [number_of(self._usage.files, "file"), human_size(self._usage.size)]
        if self._written and self.volume is self._own:
            words.append(f"{len(self._written)} written by this run")
        if self.volume is not None:
            words.append("Modal volume" if self.volume.kind == "modal" else "local volume")
        self.query_one("#volume-summary", Static).update(" · ".join(words))

    def _list(self, node: FileNode) -> Iterable[FileNode]:
        """The content of a folder (in a thread)."""
        return self.rows_of(self.volume.entries(node.key)) if self.volume is not None else []

    def rows_of(self, entries: Iterable[VolumeEntry], *, whole_paths: bool = False) -> list[FileNode]:
        return [
            FileNode(
                entry.path if whole_paths else entry.name,
                entry.path,
                entry.is_directory,
                size=None if entry.is_directory else entry.size,
                modified=entry.modified or None,
                mark="new" if self._is_new(entry) else "",
            )
            for entry in entries
        ]

    def _is_new(self, entry: VolumeEntry) -> bool:
        if self.volume is not self._own:
            return False
        if entry.is_directory:
            return any(written.startswith(f"{entry.path}/") for written in self._written)
        return entry.path in self._written

    # What stands under the cursor

    @property
    def node(self) -> FileNode | None:
        return self.query_one(FileTree).node if self.is_mounted else None

    def say_problem(self, words: str) -> None:
        self.query_one("#volume-problem", ProblemLine).say(words)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        match action:
            case "choose_volume":
                return self._settings is not None
            case "refresh_volume":
                return self.volume is not None
            case _:
                return super().check_action(action, parameters)

    def on_file_tree_chosen(self, event: FileTree.Chosen) -> None:
        event.stop()
        self._look_at(event.node)

    def on_file_tree_looked(self, event: FileTree.Looked) -> None:
        event.stop()
        self._look_at(event.node)

    def _look_at(self, node: FileNode) -> None:
        if self.volume is not None:
            self.post_message(self.LookedAt(self.volume, node.key, node.size or 0))
