"""What lies in the run's volume: listed as it is opened, with sizes, ages, and what the run wrote."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.message import Message
from textual.widgets import Static

from rlm_tui.core.text import human_size
from rlm_tui.ui.key_groups import LOOK
from rlm_tui.ui.widgets.file_nodes import FileNode
from rlm_tui.ui.widgets.file_tree import FileTree
from rlm_tui.volumes.protocol import Volume, VolumeMissingError

EMPTY = "Nothing is here yet: what a run writes to /data stays."


class VolumeBrowser(Vertical):
    """The volume pane. `written` marks what the present run wrote."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "r", "refresh_volume", "refresh", id="volume.refresh", tooltip="List the volume anew", group=LOOK
        ),
    ]

    class LookedAt(Message):
        """A file of the volume is to be shown."""

        def __init__(self, volume: Volume, path: str, size: int) -> None:
            super().__init__()
            self.volume, self.path, self.size = volume, path, size

    def __init__(self, volume: Volume | None, *, clock: Callable[[], float] = time.time) -> None:
        super().__init__(id="volume-browser")
        self._volume = volume
        self._clock = clock
        self._written: frozenset[str] = frozenset()

    def compose(self) -> ComposeResult:
        yield FileTree(self._list, id="volume-tree", clock=self._clock)
        yield Static("", markup=False, id="volume-summary")

    def on_mount(self) -> None:
        self.set_volume(self._volume)

    def set_volume(self, volume: Volume | None) -> None:
        """Show this volume; None says that there is none."""
        self._volume = volume
        self._written = frozenset()
        self.query_one(FileTree).empty = EMPTY if volume is not None else "No volume is mounted."
        self._show_root()

    def set_written(self, written: Iterable[str]) -> None:
        """Mark these paths, relative to the volume's root, as written by the present run, and list anew."""
        now = frozenset(written)
        if now != self._written:
            self._written = now
            self.action_refresh_volume()

    def action_refresh_volume(self) -> None:
        if self._volume is not None:
            self.run_worker(self._read_root, thread=True, exclusive=True, group="root", exit_on_error=False)

    def _show_root(self) -> None:
        self.query_one(FileTree).set_roots([])
        self.action_refresh_volume()

    def _read_root(self) -> None:
        """List the volume's root (in a thread)."""
        try:
            nodes, problem = list(self._list(FileNode("", "", True, depth=-1))), ""
        except VolumeMissingError:
            # The first run makes it.
            nodes, problem = [], ""
        except OSError as error:
            nodes, problem = (
                [],
                f"The volume can't be listed: {error.strerror or error}. Press r to try again.",
            )
        self.app.call_from_thread(self._show_nodes, nodes, problem)

    def _show_nodes(self, nodes: list[FileNode], problem: str) -> None:
        tree = self.query_one(FileTree)
        root = FileNode("", "", True, depth=-1, children=tree.roots)
        root.adopt(nodes)
        tree.empty = problem or EMPTY
        tree.set_roots(root.children)
        tree.read_again()
        files = [node for node in nodes if not node.is_directory]
        words = []
        if nodes:
            directories = len(nodes) - len(files)
            words.append(_count(directories, "directory", "directories") if directories else "")
            words.append(
                f"{_count(len(files), 'file', 'files')} {human_size(sum(f.size or 0 for f in files))}"
                if files
                else ""
            )
        if self._written:
            words.append(f"{len(self._written)} written by this run")
        if self._volume is not None:
            words.append(f"{self._volume.kind} volume")
        self.query_one("#volume-summary", Static).update(" · ".join(word for word in words if word))

    def _list(self, node: FileNode) -> Iterable[FileNode]:
        if self._volume is None:
            return []
        return [
            FileNode(
                entry.name,
                entry.path,
                entry.is_directory,
                size=None if entry.is_directory else entry.size,
                modified=entry.modified,
                mark="new" if self._is_new(entry.path, entry.is_directory) else "",
            )
            for entry in self._volume.entries(node.key)
        ]

    def _is_new(self, path: str, is_directory: bool) -> bool:
        if is_directory:
            return any(written.startswith(f"{path}/") for written in self._written)
        return path in self._written

    def on_file_tree_chosen(self, event: FileTree.Chosen) -> None:
        event.stop()
        self._look(event.node)

    def on_file_tree_looked(self, event: FileTree.Looked) -> None:
        event.stop()
        self._look(event.node)

    def _look(self, node: FileNode) -> None:
        if self._volume is not None:
            self.post_message(self.LookedAt(self._volume, node.key, node.size or 0))


def _count(number: int, one: str, many: str) -> str:
    return f"{number:,} {one if number == 1 else many}"
