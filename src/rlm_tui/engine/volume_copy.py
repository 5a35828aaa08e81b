"""The copy of a local volume as it was when a run began, in the run's folder: a fork's `/data` begins so."""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Literal

import msgspec

from rlm_tui.core.settings import Settings
from rlm_tui.engine.recorder import Recorder
from rlm_tui.engine.start import local_volume
from rlm_tui.store.errors import StoreError, cannot
from rlm_tui.store.files import PRIVATE_FOLDER, write_whole

COPY = "volume"
STATE = "volume.json"
MOST_FILES = 5_000
_OURS = ".rlm"

CopyState = Literal["kept", "empty", "too large", "remote", "none"]


class VolumeState(msgspec.Struct, frozen=True, omit_defaults=True):
    """What was kept of the volume: "none" is a run that kept no copy. `size` in bytes."""

    state: CopyState = "none"
    volume: str = ""
    files: int = 0
    size: int = 0


class _TooLarge(Exception):
    pass


class VolumeCopy:
    """Makes the copy on a thread of its own; `wait` before the first cell runs."""

    def __init__(self, settings: Settings, folder: Path, recorder: Recorder) -> None:
        self._recorder = recorder
        self._made = threading.Event()
        threading.Thread(
            target=self._make, args=(settings, folder), name="rlm-volume-copy", daemon=True
        ).start()

    def wait(self) -> None:
        """Wait until the copy is made, or given up."""
        self._made.wait()

    def _make(self, settings: Settings, folder: Path) -> None:
        try:
            keep_copy(settings, folder)
        except OSError as error:
            self._recorder.note("info", f"No copy of the volume was kept: {error}")
        finally:
            self._made.set()


def keep_copy(settings: Settings, folder: Path) -> VolumeState:
    """Copy the volume of a run's sandbox into its folder, and say there what was done. Raises OSError.

    At most `debugger.volume_copy_bytes` and 5,000 files are copied; no symbolic link is followed or kept.
    """
    limit = settings.debugger.volume_copy_bytes
    kept = VolumeState(volume=settings.sandbox.volume)
    if settings.sandbox.kind != "local":
        kept = msgspec.structs.replace(kept, state="remote")
    elif limit > 0:
        try:
            files, size = _copy(local_volume(settings), folder / COPY, limit)
            kept = msgspec.structs.replace(kept, state="kept" if files else "empty", files=files, size=size)
        except _TooLarge:
            kept = msgspec.structs.replace(kept, state="too large")
        except OSError:
            shutil.rmtree(folder / COPY, ignore_errors=True)
            raise
    write_whole(folder / STATE, msgspec.json.format(msgspec.json.encode(kept), indent=2) + b"\n")
    return kept


def volume_state(folder: Path) -> VolumeState:
    """What the run in `folder` kept of its volume; "none" for one that says nothing, or nothing readable."""
    try:
        state = msgspec.json.decode((folder / STATE).read_bytes(), type=VolumeState)
    except (OSError, msgspec.DecodeError):
        return VolumeState()
    return VolumeState() if state.state == "kept" and not (folder / COPY).is_dir() else state


def restore_copy(folder: Path, volume: Path) -> None:
    """Fill `volume`, which must not exist yet, with what the run in `folder` kept. Raises StoreError."""
    if volume.exists():
        raise StoreError(f"The volume {volume.name} exists already: fork again, which takes another name.")
    state = volume_state(folder)
    draft = volume.with_name(f".{volume.name}")
    try:
        draft.mkdir(mode=PRIVATE_FOLDER, parents=True)
        if state.state == "kept":
            _copy(folder / COPY, draft, limit=None)
        draft.rename(volume)
    except OSError as error:
        shutil.rmtree(draft, ignore_errors=True)
        raise cannot("made", volume, error) from error


def _copy(source: Path, target: Path, limit: int | None) -> tuple[int, int]:
    """Copy regular files and folders; how many, and their bytes. What is too large leaves nothing behind."""
    found, size = [], 0
    for path, entry in _entries(source, ""):
        if entry.is_file(follow_symlinks=False):
            size += entry.stat(follow_symlinks=False).st_size
        found.append((path, entry))
        if limit is not None and (len(found) > MOST_FILES or size > limit):
            raise _TooLarge
    copied = 0
    for path, entry in found:
        place = target / path
        if entry.is_dir(follow_symlinks=False):
            place.mkdir(mode=PRIVATE_FOLDER, parents=True, exist_ok=True)
            continue
        place.parent.mkdir(mode=PRIVATE_FOLDER, parents=True, exist_ok=True)
        with suppress(FileNotFoundError):  # removed by another run since it was seen
            _copy_file(Path(entry.path), place)
            copied += 1
    return copied, size


def _copy_file(source: Path, target: Path) -> None:
    # O_NOFOLLOW: what was a file may have become a link to anywhere.
    descriptor = os.open(source, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK)
    with os.fdopen(descriptor, "rb") as reading, target.open("xb") as writing:
        shutil.copyfileobj(reading, writing, 1024 * 1024)
        os.fchmod(writing.fileno(), os.fstat(descriptor).st_mode & 0o777)
    shutil.copystat(source, target, follow_symlinks=False)


def _entries(directory: Path, prefix: str) -> Iterator[tuple[str, os.DirEntry[str]]]:
    try:
        entries = list(os.scandir(directory))
    except FileNotFoundError:
        return
    for entry in entries:
        if not prefix and entry.name == _OURS:
            continue
        if entry.is_dir(follow_symlinks=False):
            yield f"{prefix}{entry.name}", entry
            yield from _entries(Path(entry.path), f"{prefix}{entry.name}/")
        elif entry.is_file(follow_symlinks=False):
            yield f"{prefix}{entry.name}", entry
