"""The files below a folder that a person would count as content: not hidden, built, or ignored by git."""

from __future__ import annotations

import contextlib
import fnmatch
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from stat import S_ISREG
from typing import TYPE_CHECKING

from rlm_tui.core.document_tree import BUILT_FOLDERS

if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec

Tick = Callable[[], None]
_IGNORE_FILE = ".gitignore"
_LARGEST_IGNORE_FILE = 256 * 1024


def walk(root: Path, tick: Tick = lambda: None) -> Iterator[Path]:
    """The regular files below `root`, folder by folder, by name; lazy, so that any tree begins at once.

    Hidden names, built folders, what the `.gitignore` files of the tree (and of the repository around it)
    leave out, and links that lead out of the tree are passed over, and so are folders that can't be listed.
    `tick` is called at every folder, and may raise to stop it.
    """
    inside = root.resolve()
    waiting = [(root, _Ignored.around(root))]
    while waiting:
        tick()
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


def fitting(pattern: Path, tick: Tick = lambda: None) -> Iterator[Path]:
    """The regular files that an absolute pattern fits (`*`, `?`, `[…]`, `**`); a file may come twice.

    As in a shell a hidden name is fitted by a part that begins with a dot alone. No linked folder is entered
    for `**`, and what lies outside of the folder before the first sign is passed over. `tick` as in `walk`.
    """
    at = next((at for at, part in enumerate(pattern.parts) if is_pattern(part)), len(pattern.parts))
    base = Path(*pattern.parts[:at])
    inside = base.resolve()
    for path in _fitting(base, pattern.parts[at:], tick):
        with contextlib.suppress(OSError):
            if path.is_file() and path.resolve().is_relative_to(inside):
                yield path


def is_pattern(text: str) -> bool:
    """Whether a part of a path fits more than one name."""
    return any(sign in text for sign in "*?[")


def _fitting(folder: Path, parts: tuple[str, ...], tick: Tick) -> Iterator[Path]:
    tick()
    head, rest = parts[0], parts[1:]
    if not is_pattern(head):
        yield from _fitting(folder / head, rest, tick) if rest else [folder / head]
        return
    try:
        with os.scandir(folder) as listed:
            entries = sorted(listed, key=lambda entry: entry.name)
    except OSError:
        return
    if head == "**":
        while rest and rest[0] == "**":
            rest = rest[1:]
        yield from _fitting(folder, rest or ("*",), tick)
        for entry in entries:
            if entry.is_dir(follow_symlinks=False) and not entry.name.startswith("."):
                yield from _fitting(Path(entry.path), ("**", *rest), tick)
        return
    for entry in entries:
        if entry.name.startswith(".") and not head.startswith("."):
            continue
        if fnmatch.fnmatchcase(entry.name, head):
            yield from _fitting(Path(entry.path), rest, tick) if rest else [Path(entry.path)]


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
        # A folder that was named itself is wanted, whatever its repository leaves out.
        return cls() if ignored.leaves_out(folder, is_folder=True) else ignored

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
        # Not blocking: it may be a pipe.
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0))
        with os.fdopen(descriptor, "rb") as file:
            if not S_ISREG(os.fstat(descriptor).st_mode):
                return []
            return file.read(_LARGEST_IGNORE_FILE).decode("utf-8", "replace").splitlines()
    except OSError:
        return []
