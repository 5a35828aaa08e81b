"""Folders opened step by step through descriptors, so that no symbolic link is ever followed.

A cell may put a link in the way at any moment, also between looking and opening: then it leads nowhere.
"""

from __future__ import annotations

import contextlib
import errno
import os
import stat
from collections.abc import Callable, Iterator, Sequence

from rlm_tui.volumes import paths
from rlm_tui.volumes.paths import shown
from rlm_tui.volumes.protocol import VolumeError

MOST_DEEP = 100
"""Folders within folders; each costs a descriptor while it is copied."""
PIECE_BYTES = 1_048_576
_NO_FOLLOW = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0)
_READ = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | _NO_FOLLOW
_WRITE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | _NO_FOLLOW
_WALK = os.O_RDONLY | getattr(os, "O_DIRECTORY", 0) | _NO_FOLLOW


@contextlib.contextmanager
def folder_below(root: int, parts: Sequence[str], *, make: bool = False) -> Iterator[int]:
    """A descriptor of the folder with these names below the open folder `root`; with `make` it is made."""
    current = os.dup(root)
    try:
        for part in parts:
            if make:
                with contextlib.suppress(FileExistsError):
                    os.mkdir(part, dir_fd=current)
            below = os.open(part, _WALK, dir_fd=current)
            os.close(current)
            current = below
        yield current
    finally:
        os.close(current)


@contextlib.contextmanager
def file_in(folder: int, name: str) -> Iterator[int]:
    """A descriptor of a file, to be read. A pipe is not waited for."""
    descriptor = os.open(name, _READ, dir_fd=folder)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def look(folder: int, name: str) -> os.stat_result | None:
    """What is called `name` in the open folder, itself if it is a link; None when nothing is."""
    try:
        return os.stat(name, dir_fd=folder, follow_symlinks=False)
    except FileNotFoundError:
        return None


def is_folder(folder: int, name: str) -> bool:
    """Whether a folder is called `name` in the open folder; a link to one is none."""
    found = look(folder, name)
    return found is not None and stat.S_ISDIR(found.st_mode)


def write_file(folder: int, name: str, source: int, told: Callable[[int], None]) -> None:
    """A new file of what the descriptor `source` holds; `told` is told of each piece's bytes."""
    target = os.open(name, _WRITE, 0o666, dir_fd=folder)
    try:
        while piece := os.read(source, PIECE_BYTES):
            view = memoryview(piece)
            while view:
                view = view[os.write(target, view) :]
            told(len(piece))
    finally:
        os.close(target)


def copy(folder: int, name: str, to: int, to_name: str, told: Callable[[int], None], deep: int = 0) -> None:
    """Copy a file, or a folder with all in it, as a new one; links, pipes and devices are left out."""
    found = look(folder, name)
    if found is None:
        return
    if deep > MOST_DEEP:
        raise VolumeError(f"There are more than {MOST_DEEP} folders within folders: copy the inner ones.")
    if stat.S_ISREG(found.st_mode):
        with file_in(folder, name) as source:
            if stat.S_ISREG(os.fstat(source).st_mode):
                write_file(to, to_name, source, told)
    elif stat.S_ISDIR(found.st_mode):
        os.mkdir(to_name, dir_fd=to)
        with folder_below(folder, [name]) as inner, folder_below(to, [to_name]) as inner_to:
            for child in sorted(os.listdir(inner)):  # noqa: PTH208 - of a descriptor
                copy(inner, child, inner_to, child, told, deep + 1)


def clash(folder: int, name: str, to: int, to_name: str) -> list[str]:
    """The names down to what would be replaced by something of another kind; none if nothing would."""
    if look(to, to_name) is None:
        return []
    inside = is_folder(folder, name)
    if inside != is_folder(to, to_name):
        return [to_name]
    if inside:
        with folder_below(folder, [name]) as inner, folder_below(to, [to_name]) as inner_to:
            for child in sorted(os.listdir(inner)):  # noqa: PTH208 - of a descriptor
                if found := clash(inner, child, inner_to, child):
                    return [to_name, *found]
    return []


def land(folder: int, name: str, to: int, to_name: str) -> None:
    """Move what was built up to its place: a file replaces a file, a folder fills the folder that is there.

    What is of another kind there is left as it is: OSError.
    """
    if is_folder(folder, name) and is_folder(to, to_name):
        with folder_below(folder, [name]) as inner, folder_below(to, [to_name]) as inner_to:
            for child in sorted(os.listdir(inner)):  # noqa: PTH208 - of a descriptor
                land(inner, child, inner_to, child)
    else:
        os.rename(name, to_name, src_dir_fd=folder, dst_dir_fd=to)


def explained(path: str, error: OSError) -> VolumeError:
    """What the system refused at `path`, as a sentence."""
    name = shown(path)
    match error.errno:
        case errno.ENOENT:
            return paths.not_there(path)
        case errno.ELOOP | errno.EMLINK:
            return VolumeError(f"{name} is a symbolic link, and links in a volume are not followed.")
        case errno.ENOTDIR:
            return VolumeError(
                f"{name} is no folder, or a symbolic link stands in its path; none is followed."
            )
        case errno.ENOSPC | errno.EDQUOT:
            return VolumeError("The disk is full; nothing was changed.", "Make room, then try again.")
        case _:
            return VolumeError(f"{name}: {error.strerror or error}.")
