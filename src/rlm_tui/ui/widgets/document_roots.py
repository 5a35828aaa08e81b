"""What the documents pane lists: favourites, recent choices, built-in documents, the person's folders."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from rlm_tui.core.content import ContentMissing, content_directory, knowledge_path
from rlm_tui.core.documents import children, discover
from rlm_tui.core.remembered_documents import Choice, RememberedDocuments
from rlm_tui.ui.widgets.file_nodes import FileNode

BUILT_LATER = "built on first use"
FOUND_AT_MOST = 200
NO_DOCUMENTS = (".truth.json", "generator")
"""What lies beside the built-in documents and is none."""

FAVOURITES, RECENT = "favourites", "recent"
_SEPARATOR = "\0"


class DocumentRoots:
    """The roots of the tree and what is below each. `list_below` and `find` may be called in any thread."""

    def __init__(self, working_directory: Path) -> None:
        self._working_directory = working_directory
        self._added: list[Path] = []
        self._remembered = RememberedDocuments()
        self.problem = ""
        self.nodes: list[FileNode] = []

    virtual = frozenset({FAVOURITES, RECENT})
    """Keys of what is listed and is no folder."""

    def add(self, folder: Path) -> None:
        """List a folder that was typed in, before those that were typed in earlier."""
        self._added = [folder, *(other for other in self._added if other != folder)]

    def take(self, remembered: RememberedDocuments) -> None:
        """List these favourites and recent choices."""
        self._remembered = remembered

    def build(self) -> list[FileNode]:
        """The roots anew; the folders among them stay as they are listed, open or not."""
        before = {node.key: node for node in self.nodes}
        nodes: list[FileNode] = []
        if self._remembered.favourites:
            nodes.append(FileNode("★ favourites", FAVOURITES, True, expanded=True))
        try:
            nodes.append(FileNode("rlm_content", str(content_directory()), True, expanded=True))
        except ContentMissing as error:
            self.problem = str(error)
        nodes.append(FileNode(short_path(self._working_directory), str(self._working_directory), True))
        nodes += [FileNode(short_path(path), str(path), True, expanded=True) for path in self._added]
        if self._remembered.recent:
            nodes.append(FileNode("recent", RECENT, True))
        for at, node in enumerate(nodes):
            known = before.get(node.key)
            if known is None:
                continue
            if node.key in self.virtual:
                node.expanded = known.expanded
            else:
                nodes[at] = known
        self.nodes = nodes
        return nodes

    def list_below(self, node: FileNode) -> Iterable[FileNode]:
        """The content of a node. The built-in knowledge is listed before it is built. Raises OSError."""
        if node.key == FAVOURITES:
            return [_choice_node(choice) for choice in self._remembered.favourites]
        if node.key == RECENT:
            return [_choice_node(choice) for choice in self._remembered.recent]
        directory, knowledge, content = Path(node.key), knowledge_path(), content_directory()
        if directory == knowledge.parent and not directory.exists():
            return [FileNode(knowledge.name, str(knowledge), False, remark=BUILT_LATER)]
        root = directory if node.root.key in (FAVOURITES, RECENT) else Path(node.root.key)
        nodes = [
            FileNode(
                entry.name,
                str(entry.path),
                entry.is_directory,
                size=None if entry.is_directory else entry.size,
                remark=f"→ {entry.leads_to}" if entry.leads_to else "",
                expanded=entry.path == knowledge.parent,
            )
            for entry in children(directory, root)
            if not (directory == content and entry.name.endswith(NO_DOCUMENTS))
        ]
        names = {child.name for child in nodes}
        if directory == content and knowledge.parent.name not in names:
            nodes.insert(0, FileNode(knowledge.parent.name, str(knowledge.parent), True, expanded=True))
        elif directory == knowledge.parent and knowledge.name not in names:
            nodes.append(FileNode(knowledge.name, str(knowledge), False, remark=BUILT_LATER))
        return nodes

    def find(self, wanted: str) -> list[FileNode]:
        """The files below every folder whose path holds every word; the built-in one before it is built."""
        found: list[FileNode] = []
        for root in self.nodes:
            if root.key in (FAVOURITES, RECENT):
                continue
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
        return found


def paths_of(node: FileNode) -> list[Path]:
    """What a node of the tree stands for: one path, or those of a remembered set."""
    return [Path(part) for part in node.key.split(_SEPARATOR)]


def key_of(paths: Sequence[Path]) -> str:
    """The key of the node that stands for these."""
    return _SEPARATOR.join(map(str, paths))


def short_path(path: Path) -> str:
    """The path with "~" for the home folder."""
    try:
        inside = path.relative_to(Path.home())
    except ValueError:
        return str(path)
    return "~" if inside == Path() else f"~/{inside.as_posix()}"


def _choice_node(choice: Choice) -> FileNode:
    paths = [Path(path) for path in choice]
    first = paths[0]
    if len(paths) > 1:
        return FileNode(f"{short_path(first)} +{len(paths) - 1}", key_of(paths), False)
    try:
        return FileNode(
            short_path(first),
            str(first),
            first.is_dir(),
            size=first.stat().st_size if first.is_file() else None,
            remark="" if first.exists() or any(sign in str(first) for sign in "*?[") else "gone",
        )
    except OSError:
        return FileNode(short_path(first), str(first), False, remark="gone")
