"""A volume in Modal's cloud. What a sandbox writes there is seen here once it was published."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path, PurePosixPath
from typing import Any, TypeVar

from rlm_tui.cloud import modal_client
from rlm_tui.cloud.deadlines import within
from rlm_tui.cloud.errors import CloudError, CloudMissingError
from rlm_tui.cloud.uploads import UploadStoppedError, upload
from rlm_tui.cloud.volume_reads import ReadStoppedError, read_pieces, read_range
from rlm_tui.core.settings import ModalSettings
from rlm_tui.volumes import paths
from rlm_tui.volumes.paths import PRIVATE, parts_of, shown
from rlm_tui.volumes.protocol import (
    Progress,
    Stop,
    VolumeEntry,
    VolumeError,
    VolumeKind,
    VolumePathError,
    VolumeUsage,
)
from rlm_tui.volumes.transfers import Pieces, incoming, outgoing_files

T = TypeVar("T")
MOST_ENTRIES = 200_000


class ModalVolume:
    """The volume `name` of the account that the settings lead to; an upload makes it if it is missing.

    Every call has the deadline `call_seconds`; a transfer has it for each time that nothing moves.
    """

    kind: VolumeKind = "modal"

    def __init__(self, settings: ModalSettings, name: str) -> None:
        self.name = name
        self._settings = settings
        self._lock = threading.Lock()
        self._found: Any = None

    # Looking

    def entries(self, path: str = "") -> list[VolumeEntry]:
        """What is in the folder `path`, not below it."""
        parts = parts_of(path)
        if parts and not self.entry(path).is_directory:
            raise paths.is_no_folder(path)
        return sorted(self._listed(parts, recursive=False), key=paths.order)

    def entry(self, path: str) -> VolumeEntry:
        """The file or folder at `path`, as its parent's list has it."""
        parts = parts_of(path)
        if not parts:
            self._volume()
            return VolumeEntry("", "", True, 0, 0.0)
        for entry in self._listed(parts[:-1], recursive=False, asked=path):
            if entry.name == parts[-1]:
                return entry
        raise paths.not_there(path)

    def read(self, path: str, start: int = 0, length: int = 64 * 1024) -> bytes:
        """At most `length` bytes of a file from byte `start`; fewer at its end."""
        entry, start = self.entry(path), max(start, 0)
        if entry.is_directory:
            raise paths.is_a_folder(path)
        # What lies beyond the end would be a request for all of it.
        wanted = min(max(length, 0), max(entry.size - start, 0))
        volume = self._volume()
        return self._asked(f"reading {shown(path)}", lambda: read_range(volume, entry.path, start, wanted))

    def below(self, path: str = "") -> list[VolumeEntry]:
        """Everything below the folder `path`; links are left out."""
        found = self._listed(parts_of(path), recursive=True, links=False)
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
                else:
                    self._bring(one, place.place(below), pieces, stop or (lambda: False))
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
        source = source.expanduser().absolute()
        files = outgoing_files(source)
        volume = self._volume(create=True)
        parts = paths.target_parts(path, source.name, self._is_folder)
        self._refuse_occupied(parts, is_directory=bool(files[0].parts), overwrite=overwrite)
        total = sum(file.size for file in files)
        Pieces(total, on_progress, stop)
        self._asked(
            "uploading",
            lambda: upload(
                volume,
                [(file.source, PurePosixPath(*parts, *file.parts)) for file in files],
                overwrite=overwrite,
                stall_seconds=self._settings.call_seconds,
                on_progress=lambda done: on_progress(min(done, total), total) if on_progress else None,
                stop=stop or (lambda: False),
            ),
            deadline=False,
        )
        return "/".join(parts)

    # Changes

    def copy(self, path: str, to: str) -> str:
        """Copy a file, or a folder with all in it. Never over something that is there."""
        entry, parts = self.entry(path), parts_of(path)
        if not parts:
            raise paths.root_refused("copied")
        target = paths.target_parts(to, parts[-1], self._is_folder, what=parts)
        self._refuse_occupied(target, is_directory=entry.is_directory, overwrite=False)
        volume = self._volume()
        if entry.is_directory and modal_client.volume_version(volume) == 1:
            raise VolumeError(
                "Modal copies no folders in a volume of version 1.", "Copy its files, or download it."
            )
        self._asked(
            f"copying {shown(path)}",
            lambda: volume.copy_files([entry.path], "/".join(target), recursive=entry.is_directory),
        )
        return "/".join(target)

    def rename(self, path: str, to: str) -> str:
        """Move a file or a folder: a copy, then the end of the first. Modal has no other way."""
        if not parts_of(path):
            raise paths.root_refused("renamed")
        target = self.copy(path, to)
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
        volume = self._volume()
        self._asked(
            f"deleting {shown(path)}", lambda: volume.remove_file(entry.path, recursive=entry.is_directory)
        )

    # Ways to Modal

    def _volume(self, *, create: bool = False) -> Any:
        """The volume, looked up once; raises VolumeError."""
        with self._lock:
            if self._found is None:
                try:
                    self._found = modal_client.volume(self._settings, self.name, create=create)
                except CloudMissingError as error:
                    raise paths.no_volume(self.name, error.hint) from error
                except CloudError as error:
                    raise VolumeError(error.message, error.hint) from error
            return self._found

    def _asked(self, what: str, question: Callable[[], T], *, deadline: bool = True) -> T:
        """What Modal answers within the deadline, or a VolumeError."""
        try:
            return within(self._settings.call_seconds, what, question) if deadline else question()
        except (UploadStoppedError, ReadStoppedError):
            raise paths.stopped() from None
        except CloudMissingError as error:
            raise VolumeError(error.message, "Refresh it, or look at what is there.") from error
        except CloudError as error:
            raise VolumeError(error.message, error.hint) from error
        except FileNotFoundError as error:
            raise VolumeError(
                f"It is no longer in the volume ({what}).", "Refresh it, or look at what is there."
            ) from error
        except FileExistsError as error:
            raise paths.occupied(str(error)) from error

    def _listed(
        self, parts: Sequence[str], *, recursive: bool, links: bool = True, asked: str = ""
    ) -> list[VolumeEntry]:
        """What is in the folder, and with `recursive` below it; without what is private to sandboxes."""
        volume, path = self._volume(), "/".join(parts)

        def listed() -> list[VolumeEntry]:
            found = []
            for item in volume.iterdir(f"/{path}", recursive=recursive):
                if links or item.type.name in ("FILE", "DIRECTORY"):
                    found.append(_entry(item))
                if len(found) > MOST_ENTRIES:
                    raise VolumeError(f"{shown(path)} holds more than {MOST_ENTRIES:,} files.")
            return found

        try:
            found = self._asked(f"listing {shown(path)}", listed)
        except VolumeError as error:
            if isinstance(error.__cause__, CloudMissingError):
                raise paths.not_there(asked or path) from error
            raise
        return [entry for entry in found if _belongs(entry, parts)]

    def _is_folder(self, parts: Sequence[str]) -> bool:
        with suppress(VolumePathError):
            return self.entry("/".join(parts)).is_directory
        return False

    def _refuse_occupied(self, parts: Sequence[str], *, is_directory: bool, overwrite: bool) -> None:
        """Raise VolumeOccupiedError if what is to come there would destroy something."""
        try:
            there = self.entry("/".join(parts))
        except VolumePathError:
            return
        if not overwrite:
            raise paths.occupied(there.path)
        if there.is_directory != is_directory:
            raise paths.other_kind(there.path)

    def _bring(self, entry: VolumeEntry, target: Path, pieces: Pieces, stop: Stop) -> None:
        """Write a file of the volume to `target` of this machine."""

        def write() -> None:
            volume = self._volume()
            with target.open("xb") as file:
                for piece in read_pieces(volume, entry.path, self._settings.call_seconds, stop):
                    file.write(piece)
                    pieces.add(len(piece))

        self._asked(f"downloading {shown(entry.path)}", write, deadline=False)


def _entry(item: Any) -> VolumeEntry:
    path = str(item.path).strip("/")
    is_directory = item.type.name == "DIRECTORY"
    return VolumeEntry(
        path=path,
        name=path.rsplit("/", 1)[-1],
        is_directory=is_directory,
        size=0 if is_directory else int(item.size),
        modified=float(item.mtime),
    )


def _belongs(entry: VolumeEntry, parts: Sequence[str]) -> bool:
    """Whether an entry lies below the folder that was asked for, and is a person's business."""
    own = entry.path.split("/")
    if ".." in own or "" in own or "." in own or own[: len(parts)] != list(parts) or len(own) == len(parts):
        return False
    return own[0] != PRIVATE or parts[:1] == [PRIVATE]
