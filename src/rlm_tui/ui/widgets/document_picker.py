"""Choose the document: built-in content, the working folder, or a path typed in; a filter; a look inside."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.message import Message
from textual.widgets import Input

from rlm_tui.core.content import ContentMissing, content_directory, knowledge_path, resolve_content
from rlm_tui.core.documents import Document, DocumentError, children, describe, discover
from rlm_tui.core.paths import expanded
from rlm_tui.ui.key_groups import LOOK
from rlm_tui.ui.widgets.file_nodes import FileNode
from rlm_tui.ui.widgets.file_tree import FileTree
from rlm_tui.ui.widgets.path_suggester import PATH_STARTS, PathSuggester
from rlm_tui.ui.widgets.problem_line import ProblemLine

BUILT_LATER = "built on first use"
FOUND_AT_MOST = 200
NO_DOCUMENTS = (".truth.json", "generator")
"""What lies beside the built-in documents and is none."""


class DocumentPicker(Vertical):
    """The documents pane. Posts `Chosen` with a document that was looked at and can be read."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "slash",
            "filter",
            "find",
            key_display="/",
            id="documents.filter",
            tooltip="Filter, or type a path",
            group=LOOK,
        ),
    ]

    class Chosen(Message):
        """A document was chosen, described, and can be used. `document` None: it is built on first use."""

        def __init__(self, path: Path, document: Document | None) -> None:
            super().__init__()
            self.path, self.document = path, document

    class LookedAt(Message):
        """A document is to be shown."""

        def __init__(self, path: Path) -> None:
            super().__init__()
            self.path = path

    def __init__(self, working_directory: Path) -> None:
        super().__init__(id="document-picker")
        self._working_directory = working_directory
        self._added: list[Path] = []
        self._roots: list[FileNode] = []
        self.path: Path | None = None
        self.document: Document | None = None

    def compose(self) -> ComposeResult:
        yield Input(
            placeholder="/ filter, or a path",
            compact=True,
            id="document-filter",
            suggester=PathSuggester(use_cache=False),
            select_on_focus=False,
        )
        yield ProblemLine(id="document-problem")
        yield FileTree(self._list, id="document-tree")

    def on_mount(self) -> None:
        self._show_roots()

    # What is listed

    def _show_roots(self) -> None:
        roots: list[FileNode] = []
        try:
            roots.append(FileNode("rlm_content", str(content_directory()), True, expanded=True))
        except ContentMissing as error:
            self.say(str(error))
        roots.append(FileNode(_short(self._working_directory), str(self._working_directory), True))
        roots += [FileNode(_short(path), str(path), True, expanded=True) for path in self._added]
        self._roots = roots
        self.query_one(FileTree).set_roots(roots)

    def _list(self, node: FileNode) -> Iterable[FileNode]:
        """The content of a directory (in a thread). The built-in knowledge is listed before it is built."""
        directory, knowledge, content = Path(node.key), knowledge_path(), content_directory()
        if directory == knowledge.parent and not directory.exists():
            return [FileNode(knowledge.name, str(knowledge), False, remark=BUILT_LATER)]
        nodes = [
            FileNode(
                entry.name,
                str(entry.path),
                entry.is_directory,
                size=None if entry.is_directory else entry.size,
                remark=f"→ {entry.leads_to}" if entry.leads_to else "",
                expanded=entry.path == knowledge.parent,
            )
            for entry in children(directory, Path(node.root.key))
            if not (directory == content and entry.name.endswith(NO_DOCUMENTS))
        ]
        names = {child.name for child in nodes}
        if directory == content and knowledge.parent.name not in names:
            nodes.insert(0, FileNode(knowledge.parent.name, str(knowledge.parent), True, expanded=True))
        elif directory == knowledge.parent and knowledge.name not in names:
            nodes.append(FileNode(knowledge.name, str(knowledge), False, remark=BUILT_LATER))
        return nodes

    # The field: a filter, or a path

    def action_filter(self) -> None:
        self.query_one("#document-filter", Input).focus()

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        self.say("")
        wanted = event.value.strip()
        if not wanted or wanted.startswith(PATH_STARTS):
            tree = self.query_one(FileTree)
            if tree.roots is not self._roots:
                tree.empty = ""
                tree.set_roots(self._roots)
            return
        self.run_worker(
            lambda: self._find(wanted), thread=True, exclusive=True, group="find", exit_on_error=False
        )

    def _find(self, wanted: str) -> None:
        """Search below every root (in a thread); the built-in document is found before it is built."""
        found: list[FileNode] = []
        for root in self._roots:
            directory = Path(root.key)
            for entry in discover(directory, wanted, FOUND_AT_MOST - len(found)):
                name = f"{root.name}/{entry.path.relative_to(directory).as_posix()}"
                found.append(FileNode(name, str(entry.path), False, size=entry.size))
        knowledge = knowledge_path()
        name = f"rlm_content/{knowledge.parent.name}/{knowledge.name}"
        if str(knowledge) not in {node.key for node in found} and all(
            word in name.casefold() for word in wanted.casefold().split()
        ):
            found.insert(0, FileNode(name, str(knowledge), False, remark=BUILT_LATER))
        self.app.call_from_thread(self._show_found, wanted, found)

    def _show_found(self, wanted: str, found: list[FileNode]) -> None:
        if self.query_one("#document-filter", Input).value.strip() != wanted:
            return
        tree = self.query_one(FileTree)
        tree.empty = f"Nothing below these folders has {wanted!r} in its name."
        tree.set_roots(found)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        text = event.value.strip()
        if not text.startswith(PATH_STARTS):
            self.query_one(FileTree).focus()
            return
        path = expanded(text).absolute()
        if path.is_dir():
            self._added = [path, *(other for other in self._added if other != path)]
            event.input.value = ""
            self._show_roots()
            self.query_one(FileTree).focus()
        else:
            self.choose(path)

    # Choosing

    def on_file_tree_chosen(self, event: FileTree.Chosen) -> None:
        event.stop()
        self.choose(Path(event.node.key))

    def on_file_tree_looked(self, event: FileTree.Looked) -> None:
        event.stop()
        self.post_message(self.LookedAt(Path(event.node.key)))

    def choose(self, path: Path | str) -> None:
        """Choose a document; what is wrong with it is said in place. It is looked at in a thread."""
        wanted = resolve_content(path) or expanded(path).absolute()
        self.run_worker(lambda: self._describe(wanted), thread=True, exclusive=True, group="describe")

    def _describe(self, path: Path) -> None:
        try:
            document = None if path == knowledge_path() and not path.exists() else describe(path)
        except DocumentError as error:
            self.app.call_from_thread(self.say, str(error))
            return
        self.app.call_from_thread(self.take, path, document)

    def take(self, path: Path, document: Document | None) -> None:
        """Have this document chosen."""
        self.path, self.document = path, document
        self.say("")
        self.query_one(FileTree).set_chosen(str(path))
        self.post_message(self.Chosen(path, document))

    def built(self, document: Document) -> None:
        """The built-in document has been built: show its size."""
        self.document = document
        self._show_roots()
        self.query_one(FileTree).set_chosen(str(document.path))

    def say(self, problem: str) -> None:
        """Show one sentence about a document that can't be used; nothing takes it away."""
        self.query_one(ProblemLine).say(problem)


def _short(path: Path) -> str:
    try:
        inside = path.relative_to(Path.home())
    except ValueError:
        return str(path)
    return "~" if inside == Path() else f"~/{inside.as_posix()}"
