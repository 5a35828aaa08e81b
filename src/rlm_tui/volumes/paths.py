"""Paths inside a volume, and the sentences that refuse them: the same for every kind."""

from __future__ import annotations

import fnmatch
import itertools
from collections.abc import Callable, Iterable, Sequence

from rlm_tui.core.text import one_line
from rlm_tui.volumes.protocol import (
    TransferStoppedError,
    VolumeEntry,
    VolumeError,
    VolumeMissingError,
    VolumeOccupiedError,
    VolumePathError,
    VolumeUsage,
)

PRIVATE = ".rlm"
"""Where sandboxes and transfers put what is under way; no business of a person's."""
LONGEST_SHOWN = 200


def parts_of(path: str) -> list[str]:
    """The names of a path below the root. Raises VolumePathError for one that would leave the volume."""
    parts = [part for part in path.split("/") if part not in ("", ".")]
    if ".." in parts or "\0" in path:
        raise VolumePathError(f"{shown(path)} leads out of the volume: give a path inside it.")
    return parts


def shown(path: str) -> str:
    """A path as sentences name it: "/" is the root."""
    return one_line("/" + path.lstrip("/"), LONGEST_SHOWN)


def order(entry: VolumeEntry) -> tuple[bool, str, str]:
    """Folders first, then files, by name."""
    return not entry.is_directory, entry.name.casefold(), entry.name


def counted(entries: Iterable[VolumeEntry]) -> VolumeUsage:
    """What these are together."""
    size = files = folders = 0
    for entry in entries:
        size += entry.size
        files += not entry.is_directory
        folders += entry.is_directory
    return VolumeUsage(size, files, folders)


def fitting(entries: Iterable[VolumeEntry], words: str, limit: int) -> list[VolumeEntry]:
    """Those whose name holds `words` in any case, or fits them if they are a pattern with * or ?."""
    wanted = words.strip().casefold()
    shape = wanted if "*" in wanted or "?" in wanted else f"*{wanted}*"
    shape = shape.replace("[", "[[]")  # brackets are no pattern here
    found = (entry for entry in entries if fnmatch.fnmatchcase(entry.name.casefold(), shape))
    return sorted(itertools.islice(found, limit), key=lambda entry: entry.path)


def target_parts(
    to: str, name: str, is_folder: Callable[[Sequence[str]], bool], *, what: Sequence[str] = ()
) -> list[str]:
    """Where something called `name` goes that is put at `to`: into it, if it is a folder or ends with "/".

    `what` is what is copied or moved, if it lies in the same volume: it can't go into itself.
    """
    parts = parts_of(to)
    if not parts or to.endswith("/") or is_folder(parts):
        parts = [*parts, name]
    if what and parts[: len(what)] == list(what):
        same = "is already there" if len(parts) == len(what) else "can't go into itself"
        raise VolumeOccupiedError(f"{shown('/'.join(what))} {same}: choose another place.")
    return parts


# The sentences of both kinds


def not_there(path: str) -> VolumePathError:
    return VolumePathError(f"{shown(path)} is not in the volume.", "Refresh it, or look at what is there.")


def no_volume(name: str, hint: str) -> VolumeMissingError:
    return VolumeMissingError(f"There is no volume {name}.", hint)


def is_a_folder(path: str) -> VolumePathError:
    return VolumePathError(f"{shown(path)} is a folder: choose a file.")


def is_no_folder(path: str) -> VolumePathError:
    return VolumePathError(f"{shown(path)} is no folder.")


def occupied(path: str) -> VolumeOccupiedError:
    return VolumeOccupiedError(f"{shown(path)} is there already.", "Choose another name, or overwrite it.")


def other_kind(path: str) -> VolumeOccupiedError:
    return VolumeOccupiedError(
        f"{shown(path)} is there already, and a file can't replace a folder, nor a folder a file.",
        "Choose another name.",
    )


def root_refused(deed: str) -> VolumeError:
    return VolumePathError(f"The volume itself can't be {deed}: choose something in it.")


def stopped() -> TransferStoppedError:
    return TransferStoppedError("The transfer was stopped; nothing of it is left.")
