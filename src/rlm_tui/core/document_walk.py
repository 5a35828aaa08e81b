"""The files below a folder that a person would count as content: not hidden, built, or ignored by git."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from rlm_tui.core.document_tree import BUILT_FOLDERS

if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec

_IGNORE_FILE = ".gitignore"
_LARGEST_IGNORE_FILE = 256 * 1024


def walk(root: Path) -> Iterator[Path]:
    """The regular files below `root`, folder by folder, by name; lazy, so that any tree begins at once.

    Hidden names, built folders, what the `.gitignore` files of the tree (and of the repository around it)
    leave out, and links that lead out of the tree are passed over, and so are folders that can't be listed.
    """
    inside = root.resolve()
    waiting = [(root, _Ignored.around(root))]
    while waiting:
        folder, ignored = waiting.pop()
        ignored = ignored.entering(folder)
        try:
            with os.scandir(folder) as entries:
                names = sorted(entries, key=lambda entry: entry.name)
        except OSError:
            continue
        below: list[tuple[Path, _Ignored]] = []
        for entry in names:
            path = Path(entry.path)
            try:
                is_folder = entry.is_dir(follow_symlinks=False)
                wanted = not entry.name.startswith(".") and not ignored.leaves_out(path, is_folder=is_folder)
                if not wanted:
                    continue
                if is_folder:
                    if entry.name not in BUILT_FOLDERS:
                        below.append((path, ignored))
                elif entry.is_file() and (not entry.is_symlink() or path.resolve().is_relative_to(inside)):
                    yield path
            except OSError:
                # It went away, or a link leads nowhere.
                continue
        waiting.extend(reversed(below))


class _Ignored:
    """The rules of the `.gitignore` files from a repository's root down to a folder; the deepest wins."""

    def __init__(self, rules: tuple[tuple[Path, GitIgnoreSpec], ...] = ()) -> None:
        self._rules = rules

    @classmethod
    def around(cls, folder: Path) -> _Ignored:
        """The rules from above `folder`, when it lies in a repository."""
        above = [folder, *folder.parents]
        repository = next((at for at, path in enumerate(above) if (path / ".git").exists()), None)
        ignored = cls()
        for path in reversed(above[1 : repository + 1] if repository else []):
            ignored = ignored.entering(path)
        return ignored

    def entering(self, folder: Path) -> _Ignored:
        """These rules and those of a folder below."""
        lines = _lines(folder / _IGNORE_FILE)
        if not lines:
            return self
        from pathspec import GitIgnoreSpec

        try:
            rules = GitIgnoreSpec.from_lines(lines)
        except ValueError:
            return self
        return _Ignored(((folder, rules), *self._rules))

    def leaves_out(self, path: Path, *, is_folder: bool) -> bool:
        for folder, rules in self._rules:
            name = path.relative_to(folder).as_posix() + ("/" if is_folder else "")
            told = rules.check_file(name).include
            if told is not None:
                return told
        return False


def _lines(path: Path) -> list[str]:
    try:
        with path.open("rb") as file:
            return file.read(_LARGEST_IGNORE_FILE).decode("utf-8", "replace").splitlines()
    except OSError:
        return []
