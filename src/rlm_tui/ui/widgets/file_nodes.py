"""Files and directories as a tree of nodes that is listed as far as the person has opened it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Literal

Listing = Literal["unread", "reading", "read", "failed"]


@dataclass(eq=False)
class FileNode:
    """A file or directory. `key` is what its owner finds it by: a path on disk, or a path inside a volume.

    `size` is in bytes and `modified` in seconds since the epoch; None where that isn't known. `remark` stands
    in place of the size ("built on first use"), `mark` before it ("new").
    """

    name: str
    key: str
    is_directory: bool
    size: int | None = None
    modified: float | None = None
    remark: str = ""
    mark: str = ""
    depth: int = 0
    expanded: bool = False
    listing: Listing = "unread"
    problem: str = ""
    children: list[FileNode] = field(default_factory=list)
    parent: FileNode | None = None

    @property
    def root(self) -> FileNode:
        """The root of the tree that this node is in."""
        return self if self.parent is None else self.parent.root

    def adopt(self, children: Iterable[FileNode]) -> None:
        """Take these as the directory's content, keeping what was open in the content it had before."""
        before = {child.key: child for child in self.children}
        self.children = []
        for child in children:
            known = before.get(child.key)
            if known is not None and known.is_directory and child.is_directory:
                child.expanded, child.listing = known.expanded, known.listing
                child.children, child.problem = known.children, known.problem
                for grandchild in child.children:
                    grandchild.parent = child
            child.parent, child.depth = self, self.depth + 1
            self.children.append(child)
        self.listing, self.problem = "read", ""


def visible_nodes(roots: Iterable[FileNode]) -> Iterator[FileNode]:
    """The nodes a person sees, in order: every root, and what is in the directories that are open."""
    pending = list(reversed(list(roots)))
    while pending:
        node = pending.pop()
        yield node
        if node.expanded:
            pending.extend(reversed(node.children))


def matches(name: str, wanted: str) -> bool:
    """Whether every word of `wanted` occurs in `name`, in any order and case."""
    folded = name.casefold()
    return all(word in folded for word in wanted.casefold().split())
