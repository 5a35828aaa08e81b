"""A volume that is a directory of this machine. No path leaves it, whatever a cell has put there."""

from __future__ import annotations

import contextlib
import os
import shutil
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path

from rlm_tui.volumes import local_folders, paths
from rlm_tui.volumes.local_staging import staging
from rlm_tui.volumes.paths import PRIVATE, parts_of, shown
from rlm_tui.volumes.protocol import Progress, Stop, VolumeEntry, VolumeError, VolumeKind, VolumeUsage
from rlm_tui.volumes.transfers import Pieces, incoming, outgoing_files, source_file


class LocalVolume:
    """The files under `directory`, which need not be there yet: an upload makes it.

    Every part of a path is opened below the part before and no symbolic link is followed, so a link that a
    running cell puts in the way between looking and opening leads nowhere either.
    """

    kind: VolumeKind = "local"

    def __init__(self, directory: Path, name: str = "") -> None:
        self.directory = directory
        self.name = name or directory.name

    # Looking

    def entries(self, path: str = "") -> list[VolumeEntry]:
        """What is in the folder `path`, not below it."""
        parts = parts_of(path)
        found: list[VolumeEntry] = []
        with self._opened(path, parts) as folder, os.scandir(folder) as items:
            for item in items:
                if parts or item.name != PRIVATE:
                    with contextlib.suppress(FileNotFoundError):
                        found.append(_entry([*parts, item.name], item.stat(follow_symlinks=False)))
        return sorted(found, key=paths.order)

    def entry(self, path: str) -> VolumeEntry:
        """The file or folder at `path`."""
        parts = parts_of(path)
        with self._opened(path, parts[:-1]) as folder:
            found = local_folders.look(folder, parts[-1]) if parts else os.fstat(folder)
        if found is None:
            raise paths.not_there(path)
        return _entry(parts, found)

    def read(self, path: str, start: int = 0, length: int = 64 * 1024) -> bytes:
        """At most `length` bytes of a file from byte `start`; fewer at its end."""
        parts = parts_of(path)
        if not parts:
            raise paths.is_a_folder("")
        with (
            self._opened(path, parts[:-1]) as folder,
            local_folders.file_in(folder, parts[-1]) as descriptor,
        ):
            mode = os.fstat(descriptor).st_mode
            if stat.S_ISDIR(mode):
                raise paths.is_a_folder(path)
            if not stat.S_ISREG(mode):
                raise VolumeError(f"{shown(path)} is a pipe or a device: choose a file.")
            return os.pread(descriptor, max(length, 0), max(start, 0))

    def pieces(self, path: str, stop: Stop | None = None) -> Iterator[bytes]:
        """All of a file, in pieces of a megabyte."""
        parts = parts_of(path)
        if self.entry(path).is_directory:
            raise paths.is_a_folder(path)
        with (
            self._opened(path, parts[:-1]) as folder,
            local_folders.file_in(folder, parts[-1]) as source,
        ):
            if not stat.S_ISREG(os.fstat(source).st_mode):
                raise VolumeError(f"{shown(path)} is a pipe or a device: it is not downloaded.")
            while piece := os.read(source, local_folders.PIECE_BYTES):
                if stop is not None and stop():
                    raise paths.stopped()
                yield piece

    def below(self, path: str = "") -> Iterator[VolumeEntry]:
        """Everything below the folder `path`, a folder before what is in it; links are left out."""
        parts = parts_of(path)
        with self._opened(path, parts) as top:
            for folder, folders, names, descriptor in os.fwalk(".", dir_fd=top):
                inside = [*parts, *(part for part in folder.split("/") if part != ".")]
                if not inside and PRIVATE in folders:
                    folders.remove(PRIVATE)
                folders.sort()
                for name in (*folders, *sorted(names)):
                    found = local_folders.look(descriptor, name)
                    if found is not None and (stat.S_ISDIR(found.st_mode) or stat.S_ISREG(found.st_mode)):
                        yield _entry([*inside, name], found)

    def usage(self, path: str = "") -> VolumeUsage:
        """What lies below the folder `path`; a file counts itself. Links are not counted."""
        entry = self.entry(path)
        if not entry.is_directory:
            return VolumeUsage(entry.size, 1, 0)
        return paths.counted(self.below(path))

    def search(self, words: str, limit: int = 1_000) -> list[VolumeEntry]:
        """Entries anywhere whose name fits `words`; not more than `limit`."""
        return paths.fitting(self.below(), words, limit)

    # Transfers

    def download(
        self,
        path: str,
        target: Path,
        *,
        overwrite: bool = False,
        on_progress: Progress | None = None,
        stop: Stop | None = None,
    ) -> Path:
        """Bring a file or a folder to `target` of this machine; into it, if it is a folder."""
        entry, parts = self.entry(path), parts_of(path)
        total = self.usage(path).size
        with incoming(
            target, entry.name or self.name, is_directory=entry.is_directory, overwrite=overwrite
        ) as place:
            pieces = Pieces(total, on_progress, stop)
            if not entry.is_directory:
                self._bring(path, place.place(()), pieces)
                return place.target
            place.place_folder(())
            for inner in self.below(path):
                names = parts_of(inner.path)
                if inner.is_directory:
                    place.place_folder(names[len(parts) :])
                else:
                    self._bring(inner.path, place.place(names[len(parts) :]), pieces)
            return place.target

    def upload(
        self,
        source: Path,
        path: str,
        *,
        overwrite: bool = False,
        on_progress: Progress | None = None,
        stop: Stop | None = None,
    ) -> str:
        """Put a file or a folder of this machine at `path`; into it, when it is a folder or ends with "/"."""
        source, files = outgoing_files(source)
        is_directory = bool(files[0].parts)
        try:
            self.directory.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise local_folders.explained("", error) from error
        with self._opened(path, ()) as root:
            parts = paths.target_parts(path, source.name, lambda wanted: _is_folder(root, wanted))
            whole = "/".join(parts)
            _refuse_occupied(root, parts, is_directory=is_directory, overwrite=overwrite)
            pieces = Pieces(sum(file.size for file in files), on_progress, stop)
            with staging(root) as stage:
                for file in files:
                    below = ("whole", *file.parts)
                    with (
                        local_folders.folder_below(stage, below[:-1], make=True) as folder,
                        source_file(file) as content,
                    ):
                        local_folders.write_file(folder, below[-1], content, pieces.add)
                pieces.add(0)
                with local_folders.folder_below(root, parts[:-1], make=True) as folder:
                    _refuse_occupied(root, parts, is_directory=is_directory, overwrite=overwrite)
                    if clash := local_folders.clash(stage, "whole", folder, parts[-1]):
                        raise paths.other_kind("/".join([*parts[:-1], *clash]))
                    local_folders.land(stage, "whole", folder, parts[-1])
        return whole

    # Changes

    def copy(self, path: str, to: str) -> str:
        """Copy a file, or a folder with all in it. Never over something that is there."""
        entry, parts = self.entry(path), parts_of(path)
        if not parts:
            raise paths.root_refused("copied")
        with self._opened(path, ()) as root:
            target = self._free_target(root, parts, to)
            with (
                staging(root) as stage,
                local_folders.folder_below(root, parts[:-1]) as folder,
                local_folders.folder_below(root, target[:-1], make=True) as to_folder,
            ):
                local_folders.copy(folder, parts[-1], stage, "whole", lambda _: None)
                if local_folders.look(stage, "whole") is None:
                    raise VolumeError(f"{shown(entry.path)} is a link, a pipe or a device: it is not copied.")
                _refuse_occupied(root, target, is_directory=entry.is_directory, overwrite=False)
                local_folders.land(stage, "whole", to_folder, target[-1])
        return "/".join(target)

    def rename(self, path: str, to: str) -> str:
        """Move a file or a folder. Never over something that is there."""
        self.entry(path)
        parts = parts_of(path)
        if not parts:
            raise paths.root_refused("renamed")
        with self._opened(path, ()) as root:
            target = self._free_target(root, parts, to)
            with (
                local_folders.folder_below(root, parts[:-1]) as folder,
                local_folders.folder_below(root, target[:-1], make=True) as to_folder,
            ):
                os.rename(parts[-1], target[-1], src_dir_fd=folder, dst_dir_fd=to_folder)
        return "/".join(target)

    def remove(self, path: str) -> None:
        """Delete a file, or a folder with all in it; of a link the link alone."""
        entry, parts = self.entry(path), parts_of(path)
        if not parts:
            raise paths.root_refused("deleted")
        with self._opened(path, parts[:-1]) as folder:
            if entry.is_directory:
                shutil.rmtree(parts[-1], dir_fd=folder)
            else:
                os.unlink(parts[-1], dir_fd=folder)

    # Ways in

    @contextlib.contextmanager
    def _opened(self, path: str, parts: Sequence[str]) -> Iterator[int]:
        """A descriptor of the folder `parts`; what goes wrong in the block is told of `path`."""
        try:
            root = os.open(self.directory, os.O_RDONLY | getattr(os, "O_DIRECTORY", 0))
        except FileNotFoundError:
            raise paths.no_volume(self.name, "A run or an upload makes it.") from None
        except OSError as error:
            raise local_folders.explained("", error) from error
        try:
            with local_folders.folder_below(root, parts) as folder:
                yield folder
        except OSError as error:
            if isinstance(error, VolumeError):
                raise
            raise local_folders.explained(path, error) from error
        except RecursionError:
            raise VolumeError(f"{shown(path)}: there are too many folders within folders.") from None
        finally:
            os.close(root)

    def _bring(self, path: str, target: Path, pieces: Pieces) -> None:
        """Write a file of the volume to `target` of this machine."""
        with target.open("xb") as file:
            for piece in self.pieces(path):
                file.write(piece)
                pieces.add(len(piece))

    def _free_target(self, root: int, parts: Sequence[str], to: str) -> list[str]:
        target = paths.target_parts(to, parts[-1], lambda wanted: _is_folder(root, wanted), what=parts)
        _refuse_occupied(root, target, is_directory=False, overwrite=False)
        return target


def _is_folder(root: int, parts: Sequence[str]) -> bool:
    try:
        with local_folders.folder_below(root, parts[:-1]) as folder:
            return local_folders.is_folder(folder, parts[-1])
    except FileNotFoundError:
        return False


def _refuse_occupied(root: int, parts: Sequence[str], *, is_directory: bool, overwrite: bool) -> None:
    """Raise VolumeOccupiedError if what is to come there would destroy something."""
    try:
        with local_folders.folder_below(root, parts[:-1]) as folder:
            there = local_folders.look(folder, parts[-1])
    except FileNotFoundError:
        return
    if there is None:
        return
    if not overwrite:
        raise paths.occupied("/".join(parts))
    if stat.S_ISDIR(there.st_mode) != is_directory:
        raise paths.other_kind("/".join(parts))


def _entry(parts: Sequence[str], found: os.stat_result) -> VolumeEntry:
    is_directory = stat.S_ISDIR(found.st_mode)
    return VolumeEntry(
        path="/".join(parts),
        name=parts[-1] if parts else "",
        is_directory=is_directory,
        size=0 if is_directory else found.st_size,
        modified=found.st_mtime,
    )
