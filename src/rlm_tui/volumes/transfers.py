"""What both kinds of volumes transfer alike: the files that go out, and the place on this machine for those
that come in.
"""

from __future__ import annotations

import os
import secrets
import shutil
import stat
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

from rlm_tui.core.paths import expanded
from rlm_tui.core.text import one_line
from rlm_tui.volumes.paths import stopped
from rlm_tui.volumes.protocol import Progress, Stop, VolumeError, VolumeOccupiedError

MOST_FILES = 100_000


class Outgoing(NamedTuple):
    """A file of this machine on its way: where it lies, its names below the target, its bytes."""

    source: Path
    parts: tuple[str, ...]
    size: int


class Pieces:
    """Counts what was transferred, tells it, and ends the transfer when it is to stop."""

    def __init__(self, total: int, on_progress: Progress | None, stop: Stop | None) -> None:
        self._total = total
        self._on_progress = on_progress
        self._stop = stop
        self._done = 0
        self.add(0)

    def add(self, size: int) -> None:
        """`size` more bytes are over. Raises TransferStoppedError."""
        self._done += size
        if self._stop is not None and self._stop():
            raise stopped()
        if self._on_progress is not None:
            self._on_progress(self._done, max(self._total, self._done))


def outgoing_files(source: Path) -> tuple[Path, list[Outgoing]]:
    """The whole path of `source`, and that file or all files below that folder. Links in it are left out.

    Raises VolumeError when there is none, or one can't be read or named.
    """
    name = one_line(str(source), 200)
    try:
        source = expanded(source).absolute()
        found = source.stat()
        if stat.S_ISREG(found.st_mode):
            return source, [_readable(Outgoing(source, (), found.st_size))]
        if not stat.S_ISDIR(found.st_mode):
            raise VolumeError(f"{name} is neither a file nor a folder.")
        files = list(_files_below(source, name))
    except FileNotFoundError:
        raise VolumeError(f"{name} is not on this machine.", "Look how it is written.") from None
    except OSError as error:
        if isinstance(error, VolumeError):
            raise
        raise VolumeError(f"{name} can't be read: {error.strerror or error}.") from error
    if not files:
        raise VolumeError(f"{name} holds no file: there is nothing to upload.")
    return source, files


def _readable(file: Outgoing) -> Outgoing:
    name = one_line(str(file.source), 200)
    try:
        str(file.source).encode()
    except UnicodeEncodeError as error:
        raise VolumeError(f"The name of {name} is not UTF-8.", "Rename it first.") from error
    if not os.access(file.source, os.R_OK):
        raise VolumeError(f"{name} can't be read: you may not.")
    return file


def _files_below(source: Path, name: str) -> Iterator[Outgoing]:
    def fail(error: OSError) -> None:
        raise error

    count = 0
    for folder, folders, names in os.walk(source, onerror=fail):
        folders.sort()
        inside = Path(folder).relative_to(source).parts
        for file_name in sorted(names):
            path = Path(folder, file_name)
            found = path.lstat()
            if not stat.S_ISREG(found.st_mode):
                continue
            count += 1
            if count > MOST_FILES:
                raise VolumeError(f"{name} holds more than {MOST_FILES:,} files.", "Upload its parts.")
            yield _readable(Outgoing(path, (*inside, file_name), found.st_size))


@contextmanager
def source_file(file: Outgoing) -> Iterator[int]:
    """A descriptor of a file that goes out. Raises VolumeError."""
    try:
        descriptor = os.open(file.source, os.O_RDONLY | getattr(os, "O_CLOEXEC", 0))
    except OSError as error:
        name = one_line(str(file.source), 200)
        raise VolumeError(f"{name} can't be read: {error.strerror or error}.") from error
    try:
        yield descriptor
    finally:
        os.close(descriptor)


class Incoming:
    """A place beside `target` where a download is built up; it becomes the target when it is whole."""

    def __init__(self, target: Path, staged: Path) -> None:
        self.target = target
        self._staged = staged

    def place(self, parts: Sequence[str]) -> Path:
        """Where to write the file with these names below the target (none: the target itself)."""
        path = self._staged.joinpath(*parts)
        path.parent.mkdir(parents=True, exist_ok=True)
        return path

    def place_folder(self, parts: Sequence[str]) -> None:
        self._staged.joinpath(*parts).mkdir(parents=True, exist_ok=True)


@contextmanager
def incoming(target: Path, name: str, *, is_directory: bool, overwrite: bool) -> Iterator[Incoming]:
    """A place for a download called `name` to `target`, or into it when that is a folder.

    What was built there becomes the target when the block ends well, and is removed when it does not. Raises
    VolumeError before anything is written if it could not become the target.
    """
    whole = target
    try:
        target = expanded(target).absolute()
        whole = target / name if target.is_dir() else target
        _refuse_occupied(whole, is_directory=is_directory, overwrite=overwrite)
        if not whole.parent.is_dir():
            raise VolumeError(f"{one_line(str(whole.parent), 200)} is no folder.", "Make it first.")
        os.lstat(
            whole.parent / whole.name[:1]
        )  # a folder that may not be entered says so before the transfer
    except FileNotFoundError:
        pass
    except OSError as error:
        raise _not_written(whole, error) from error
    staged = whole.with_name(f".rlm-{secrets.token_hex(6)}.part")
    try:
        yield Incoming(whole, staged)
        _refuse_occupied(whole, is_directory=is_directory, overwrite=overwrite)
        if clash := _clash(staged, whole):
            raise _other_kind(clash)
        _become(staged, whole)
    except OSError as error:
        raise _not_written(whole, error) from error
    finally:
        with suppress(OSError):
            if staged.is_dir():
                shutil.rmtree(staged, ignore_errors=True)
            else:
                staged.unlink(missing_ok=True)


def _not_written(whole: Path, error: OSError) -> VolumeError:
    if isinstance(error, VolumeError):
        return error
    if isinstance(error, FileExistsError):
        return VolumeError(
            "Two names in the volume are one on this machine's disk.", "Download them one at a time."
        )
    return VolumeError(f"{one_line(str(whole), 200)} can't be written: {error.strerror or error}.")


def _other_kind(path: Path) -> VolumeOccupiedError:
    return VolumeOccupiedError(
        f"{one_line(str(path), 200)} is there already, and a file can't replace a folder, nor a folder a "
        "file.",
        "Choose another place.",
    )


def _refuse_occupied(whole: Path, *, is_directory: bool, overwrite: bool) -> None:
    if not os.path.lexists(whole):
        return
    where = one_line(str(whole), 200)
    if not overwrite:
        raise VolumeOccupiedError(f"{where} is there already.", "Choose another place, or overwrite it.")
    if whole.is_dir() != is_directory:
        raise _other_kind(whole)


def _clash(staged: Path, whole: Path) -> Path | None:
    """What below `whole` is a folder where a file is to come, or a file where a folder is."""
    if not os.path.lexists(whole):
        return None
    if staged.is_dir() != whole.is_dir():
        return whole
    children = sorted(staged.iterdir()) if staged.is_dir() else []
    return next((found for child in children if (found := _clash(child, whole / child.name))), None)


def _become(staged: Path, whole: Path) -> None:
    """Put what was built in its place; a folder that is there is filled file by file."""
    if staged.is_dir() and whole.is_dir():
        for child in sorted(staged.iterdir()):
            _become(child, whole / child.name)
    else:
        staged.replace(whole)
