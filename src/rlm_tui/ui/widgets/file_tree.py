"""A tree of files drawn line by line: lazy, with sizes right-aligned, quick for directories of any size."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterable
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import Binding, BindingType
from textual.cache import LRUCache
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.widget import Widget

from rlm_tui.ui.key_groups import LOOK, MOVE
from rlm_tui.ui.widgets.file_line import file_line
from rlm_tui.ui.widgets.file_nodes import FileNode, visible_nodes


class FileTree(ScrollView, can_focus=True):
    """Shows `roots`; `list_children` is called in a thread when a directory is opened for the first time.

    `list_children` may raise OSError: its words stand under the directory.
    """

    DEFAULT_CSS = """
    FileTree { height: 1fr; scrollbar-size-vertical: 1; overflow-x: hidden; }
    FileTree > .file-tree--cursor { background: $surface-lighten-1; }
    FileTree:focus > .file-tree--cursor { background: $block-cursor-background; }
    FileTree > .file-tree--directory { color: $foreground; }
    FileTree > .file-tree--file { color: $foreground; }
    FileTree > .file-tree--detail { color: $text-muted; }
    FileTree > .file-tree--chosen { color: $text-primary; text-style: bold; }
    FileTree > .file-tree--mark { color: $text-success; text-style: bold; }
    FileTree > .file-tree--problem { color: $text-error; }
    """
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "file-tree--cursor",
        "file-tree--directory",
        "file-tree--file",
        "file-tree--detail",
        "file-tree--chosen",
        "file-tree--mark",
        "file-tree--problem",
    }
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "move(-1)", "Up", show=False, id="files.up", tooltip="The line above", group=MOVE),
        Binding(
            "down,j", "move(1)", "Down", show=False, id="files.down", tooltip="The line below", group=MOVE
        ),
        Binding(
            "pageup", "page(-1)", "Page up", show=False, id="files.page_up", tooltip="A page up", group=MOVE
        ),
        Binding(
            "pagedown",
            "page(1)",
            "Page down",
            show=False,
            id="files.page_down",
            tooltip="A page down",
            group=MOVE,
        ),
        Binding(
            "home", "jump(0)", "First", show=False, id="files.first", tooltip="The first line", group=MOVE
        ),
        Binding("end", "jump(-1)", "Last", show=False, id="files.last", tooltip="The last line", group=MOVE),
        Binding(
            "right", "open", "Open", show=False, id="files.open", tooltip="Open the directory", group=MOVE
        ),
        Binding(
            "left", "shut", "Shut", show=False, id="files.shut", tooltip="Shut the directory", group=MOVE
        ),
        Binding("enter", "choose", "choose", id="files.choose", tooltip="Choose the file", group=LOOK),
        Binding("v", "look", "view", id="files.view", tooltip="Look at the file, page by page", group=LOOK),
    ]

    class Chosen(Message):
        """A file was chosen."""

        def __init__(self, tree: FileTree, node: FileNode) -> None:
            super().__init__()
            self.tree, self.node = tree, node

        @property
        def control(self) -> Widget:
            return self.tree

    class Looked(Chosen):
        """A file is to be looked at."""

    def __init__(
        self,
        list_children: Callable[[FileNode], Iterable[FileNode]],
        *,
        clock: Callable[[], float] | None = None,
        id: str | None = None,  # noqa: A002 - Textual's own name
    ) -> None:
        super().__init__(id=id)
        self._list_children = list_children
        self._clock = clock
        self.roots: list[FileNode] = []
        self.rows: list[FileNode] = []
        self.cursor = 0
        self.chosen_keys: frozenset[str] = frozenset()
        self.empty = ""
        self._strips: LRUCache[tuple[int, int], Strip] = LRUCache(512)

    def set_roots(self, roots: Iterable[FileNode]) -> None:
        """Show these; directories among them that are `expanded` and unread are listed at once."""
        self.roots = list(roots)
        for root in self.roots:
            if root.is_directory and root.expanded and root.listing == "unread":
                self._read(root)
        self.rebuild()

    def rebuild(self) -> None:
        """Lay the rows out anew after nodes changed; the cursor stays on its node."""
        current = self.node
        self.rows = list(visible_nodes(self.roots))
        if current is not None:
            same = (at for at, node in enumerate(self.rows) if node is current)
            alike = (at for at, node in enumerate(self.rows) if node.key == current.key)
            self.cursor = next(same, next(alike, 0))
        self.virtual_size = Size(self.size.width, max(1, len(self.rows)))
        self.repaint()

    def repaint(self) -> None:
        """Draw every row anew."""
        self._strips.clear()
        self.refresh()

    def set_chosen(self, keys: Iterable[str]) -> None:
        """Mark what has these keys as in use."""
        self.chosen_keys = frozenset(keys)
        self.repaint()

    @property
    def node(self) -> FileNode | None:
        """The node under the cursor."""
        return self.rows[self.cursor] if self.cursor < len(self.rows) else None

    def read_again(self) -> None:
        """List the open directories anew."""
        for node in visible_nodes(self.roots):
            if node.is_directory and node.expanded:
                self._read(node)

    def _read(self, node: FileNode) -> None:
        node.listing = "reading"
        self.run_worker(lambda: self._read_in_thread(node), thread=True, exit_on_error=False)

    def _read_in_thread(self, node: FileNode) -> None:
        try:
            children, problem = list(self._list_children(node)), ""
        except OSError as error:
            children, problem = [], error.strerror or str(error)
        self.app.call_from_thread(self._adopt, node, children, problem)

    def _adopt(self, node: FileNode, children: list[FileNode], problem: str) -> None:
        node.adopt(children)
        if problem:
            node.listing, node.problem = "failed", problem
        for child in node.children:
            if child.is_directory and child.expanded:
                self._read(child)
        self.rebuild()

    # Drawing

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self._strips.clear()

    def on_resize(self) -> None:
        self.virtual_size = Size(self.size.width, max(1, len(self.rows)))
        self._strips.clear()

    def render_line(self, y: int) -> Strip:
        row = y + self.scroll_offset.y
        width = self.scrollable_content_region.width
        if row >= len(self.rows):
            style = self.get_component_rich_style("file-tree--detail")
            lines = [] if self.rows else textwrap.wrap(self.empty, max(8, width))
            words = lines[row] if row < len(lines) else ""
            return Strip([Segment(words, style)]).extend_cell_length(width).apply_style(self.rich_style)
        strip = self._strips.get((row, width))
        if strip is None:
            strip = self._draw(self.rows[row], row == self.cursor, width)
            self._strips[(row, width)] = strip
        return strip

    def _draw(self, node: FileNode, under_cursor: bool, width: int) -> Strip:
        chosen = node.key in self.chosen_keys
        now = None if self._clock is None else self._clock()
        segments = [
            Segment(text, self.get_component_rich_style(f"file-tree--{kind}") if kind else None)
            for text, kind in file_line(node, width, chosen=chosen, now=now)
        ]
        strip = Strip(segments).adjust_cell_length(width)
        if under_cursor:
            ground = Style(bgcolor=self.get_component_rich_style("file-tree--cursor").bgcolor)
            return Strip([Segment(text, (style or Style()) + ground) for text, style, _ in strip])
        return strip.apply_style(self.rich_style)

    # Moving and choosing

    def move_to(self, row: int) -> None:
        """Put the cursor on a row and scroll it into view."""
        if not self.rows:
            return
        self.cursor = max(0, min(row, len(self.rows) - 1))
        self.scroll_to_region(Region(0, self.cursor, 1, 1), animate=False)
        self.repaint()
        self.refresh_bindings()

    def move_to_key(self, key: str) -> None:
        """Put the cursor on the first row with this key, if there is one."""
        at = next((at for at, node in enumerate(self.rows) if node.key == key), None)
        if at is not None:
            self.move_to(at)

    def action_move(self, by: int) -> None:
        self.move_to(self.cursor + by)

    def action_page(self, by: int) -> None:
        self.move_to(self.cursor + by * max(1, self.size.height - 1))

    def action_jump(self, row: int) -> None:
        self.move_to(row if row >= 0 else len(self.rows) - 1)

    def action_open(self) -> None:
        node = self.node
        if node is None or not node.is_directory:
            return
        if node.expanded:
            self.action_move(1)
            return
        node.expanded = True
        if node.listing in ("unread", "failed"):
            self._read(node)
        self.rebuild()

    def action_shut(self) -> None:
        node = self.node
        if node is None:
            return
        if node.is_directory and node.expanded:
            node.expanded = False
            self.rebuild()
        elif node.parent is not None and node.parent in self.rows:
            self.move_to(self.rows.index(node.parent))

    def action_choose(self) -> None:
        node = self.node
        if node is None:
            return
        if not node.is_directory:
            self.post_message(self.Chosen(self, node))
        elif node.expanded:
            self.action_shut()
        else:
            self.action_open()

    def action_look(self) -> None:
        node = self.node
        if node is not None and not node.is_directory:
            self.post_message(self.Looked(self, node))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "look":
            return self.node is not None and not self.node.is_directory
        return True

    def on_focus(self) -> None:
        self.repaint()

    def on_blur(self) -> None:
        self.repaint()

    def on_click(self, event: events.Click) -> None:
        row = event.y + self.scroll_offset.y
        if row < len(self.rows):
            self.move_to(row)
            self.action_choose()
