"""A volume in Modal's cloud. What a sandbox writes there is seen here once it was published."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path, PurePosixPath

from rlm_tui.cloud import modal_client
from rlm_tui.cloud.uploads import upload
from rlm_tui.cloud.volume_reads import read_pieces, read_range
from rlm_tui.core.settings import ModalSettings
from rlm_tui.volumes import paths
from rlm_tui.volumes.modal_way import ModalWay
from rlm_tui.volumes.paths import parts_of, shown
from rlm_tui.volumes.protocol import (
    Progress,
    Stop,
    TransferStoppedError,
    VolumeEntry,
    VolumeError,
    VolumeKind,
    VolumePathError,
    VolumeUsage,
)
from rlm_tui.volumes.transfers import Outgoing, Pieces, incoming, outgoing_files

FOLDER_SECONDS = 600.0
"""How long Modal may take to copy a folder, or to delete one."""
LATE_SECONDS = 1.0
"""How long an upload that was stopped may take to appear all the same."""
KNOWN_SECONDS = 10.0
"""How long the size of a file that is read page by page is taken for known."""


class ModalVolume:
    """The volume `name` of the account that the settings lead to; an upload makes it if it is missing.

    Every call has the deadline `call_seconds`; a transfer has it for each time that nothing moves.
    """

    kind: VolumeKind = "modal"

    def __init__(self, settings: ModalSettings, name: str) -> None:
        self.name = name
        self._way = ModalWay(settings, name)
        self._known: tuple[str, float, VolumeEntry] | None = None

    # Looking

    def entries(self, path: str = "") -> list[VolumeEntry]:
        """What is in the folder `path`, not below it."""
        parts = parts_of(path)
        if parts and not self.entry(path).is_directory:
            raise paths.is_no_folder(path)
        return sorted(self._way.entries(parts, recursive=False), key=paths.order)

    def entry(self, path: str) -> VolumeEntry:
        """The file or folder at `path`, as its parent's list has it."""
        parts = parts_of(path)
        if not parts:
            self._way.volume()
            return VolumeEntry("", "", True, 0, 0.0)
        for entry in self._way.entries(parts[:-1], recursive=False, asked=path):
            if entry.name == parts[-1]:
                return entry
        raise paths.not_there(path)

    def read(self, path: str, start: int = 0, length: int = 64 * 1024) -> bytes:
        """At most `length` bytes of a file from byte `start`; fewer at its end."""
        entry, start = self._file(path), max(start, 0)
        # What lies beyond the end would be a request for all of it.
        wanted = min(max(length, 0), max(entry.size - start, 0))
        volume = self._way.volume()
        return self._way.ask(
            f"reading {shown(path)}", path, lambda: read_range(volume, entry.path, start, wanted)
        )

    def pieces(self, path: str, stop: Stop | None = None) -> Iterator[bytes]:
        """All of a file, in pieces of some megabytes."""
        entry, volume = self._file(path), self._way.volume()
        seconds = self._way.settings.call_seconds
        found = read_pieces(volume, entry.path, seconds, stop or (lambda: False))
        while piece := self._way.ask(f"downloading {shown(path)}", path, lambda: next(found, b""), None):
            yield piece

    def _file(self, path: str) -> VolumeEntry:
        known = self._known
        if known is not None and known[0] == path and time.monotonic() < known[1]:
            return known[2]
        entry = self.entry(path)
        if entry.is_directory:
            raise paths.is_a_folder(path)
        self._known = (path, time.monotonic() + KNOWN_SECONDS, entry)
        return entry

    def below(self, path: str = "") -> list[VolumeEntry]:
        """Everything below the folder `path`; links are left out."""
        found = self._way.entries(parts_of(path), recursive=True, links=False)
        return sorted(found, key=lambda entry: entry.path)

    def usage(self, path: str = "") -> VolumeUsage:
        """What lies below the folder `path`; a file counts itself."""
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
        is_directory = entry.is_directory
        found = self.below(path) if is_directory else [entry]
        pieces = Pieces(sum(one.size for one in found), on_progress, stop)
        with incoming(
            target, entry.name or self.name, is_directory=is_directory, overwrite=overwrite
        ) as place:
            if is_directory:
                place.place_folder(())
            for one in found:
                below = parts_of(one.path)[len(parts) :]
                if one.is_directory:
                    place.place_folder(below)
                    continue
                with place.place(below).open("xb") as file:
                    for piece in self.pieces(one.path, stop):
                        file.write(piece)
                        pieces.add(len(piece))
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
        volume = self._way.volume(create=True)
        parts = paths.target_parts(path, source.name, self._is_folder)
        whole = "/".join(parts)
        is_directory = bool(files[0].parts)
        replaces = self._refuse_occupied(parts, is_directory=is_directory, overwrite=overwrite)
        if replaces and is_directory:
            _refuse_clash(parts, files, self.below(whole))
        total = sum(file.size for file in files)
        Pieces(total, on_progress, stop)
        try:
            self._way.ask(
                "uploading",
                whole,
                lambda: upload(
                    volume,
                    [(file.source, PurePosixPath(*parts, *file.parts)) for file in files],
                    overwrite=overwrite,
                    stall_seconds=self._way.settings.call_seconds,
                    on_progress=lambda done: on_progress(min(done, total), total) if on_progress else None,
                    stop=stop or (lambda: False),
                ),
                None,
            )
        except TransferStoppedError:
            # The last call may have been on its way when it was stopped: only a look can tell.
            if replaces:
                raise TransferStoppedError("The upload was stopped: look whether it appears.") from None
            time.sleep(LATE_SECONDS)
            if not self._arrived(parts, files):
                raise
        if on_progress is not None:
            on_progress(total, total)  # zeros at a block's end are not sent, and not told
        return whole

    def _arrived(self, parts: Sequence[str], files: Sequence[Outgoing]) -> bool:
        """Whether all of an upload is in the volume."""
        try:
            there = {
                name: size
                for name, (is_folder, size) in self._content("/".join(parts)).items()
                if not is_folder
            }
        except VolumeError:
            return False
        return all(there.get("".join(f"/{part}" for part in file.parts)) == file.size for file in files)

    # Changes

    def copy(self, path: str, to: str) -> str:
        """Copy a file, or a folder with all in it. Never over something that is there."""
        entry, parts = self.entry(path), parts_of(path)
        if not parts:
            raise paths.root_refused("copied")
        target = paths.target_parts(to, parts[-1], self._is_folder, what=parts)
        self._refuse_occupied(target, is_directory=entry.is_directory, overwrite=False)
        volume = self._way.volume()
        if entry.is_directory and modal_client.volume_version(volume) == 1:
            raise VolumeError(
                "Modal copies no folders in a volume of version 1.", "Copy its files, or download it."
            )
        self._way.ask(
            f"copying {shown(path)}",
            path,
            lambda: volume.copy_files([entry.path], "/".join(target), recursive=entry.is_directory),
            FOLDER_SECONDS if entry.is_directory else 0.0,
        )
        return "/".join(target)

    def rename(self, path: str, to: str) -> str:
        """Move a file or a folder: a copy, then the end of the first. Modal has no other way.

        What was not copied, because it came later or the copy left it out, is never deleted.
        """
        if not parts_of(path):
            raise paths.root_refused("renamed")
        target = self.copy(path, to)
        if self._content(path) != self._content(target):
            raise VolumeError(
                f"{shown(path)} was changed while it was copied to {shown(target)}: both were kept.",
                "Look at both, and delete the one that is not wanted.",
            )
        try:
            self.remove(path)
        except VolumeError as error:
            raise VolumeError(
                f"{shown(path)} was copied to {shown(target)}, but could not be deleted: {error}", error.hint
            ) from error
        return target

    def remove(self, path: str) -> None:
        """Delete a file, or a folder with all in it."""
        entry = self.entry(path)
        if not entry.path:
            raise paths.root_refused("deleted")
        volume = self._way.volume()
        self._way.ask(
            f"deleting {shown(path)}",
            path,
            lambda: volume.remove_file(entry.path, recursive=entry.is_directory),
            FOLDER_SECONDS if entry.is_directory else 0.0,
        )

    def _content(self, path: str) -> dict[str, tuple[bool, int]]:
        """Every entry of a file or folder by its path inside, links too, with its kind and size."""
        entry, parts = self.entry(path), parts_of(path)
        found: Iterable[VolumeEntry] = [entry]
        if entry.is_directory:
            found = self._way.entries(parts, recursive=True)
        start = len("/".join(parts))
        return {one.path[start:]: (one.is_directory, one.size) for one in found}

    def _is_folder(self, parts: Sequence[str]) -> bool:
        with suppress(VolumePathError):
            return self.entry("/".join(parts)).is_directory
        return False

    def _refuse_occupied(self, parts: Sequence[str], *, is_directory: bool, overwrite: bool) -> bool:
        """Raise VolumeOccupiedError if what is to come there would destroy something; else whether something
        is there.
        """
        try:
            there = self.entry("/".join(parts))
        except VolumePathError:
            return False
        if not overwrite:
            raise paths.occupied(there.path)
        if there.is_directory != is_directory:
            raise paths.other_kind(there.path)
        return True


def _refuse_clash(parts: Sequence[str], files: Iterable[Outgoing], there: Iterable[VolumeEntry]) -> None:
    """Raise VolumeOccupiedError if a file would replace a folder below the target, or a folder a file."""
    is_folder = {entry.path: entry.is_directory for entry in there}
    for file in files:
        whole = [*parts, *file.parts]
        if is_folder.get("/".join(whole)):
            raise paths.other_kind("/".join(whole))
        for length in range(len(parts) + 1, len(whole)):
            if is_folder.get("/".join(whole[:length])) is False:
                raise paths.other_kind("/".join(whole[:length]))
