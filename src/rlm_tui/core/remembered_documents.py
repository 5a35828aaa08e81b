"""Which documents were used lately, and which are favourites: a small file, written whole or not at all."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Sequence
from pathlib import Path

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from rlm_tui.core.paths import data_directory, private_directory

FILE = "documents.json"
MOST_RECENT = 12

Choice = tuple[str, ...]
"""What was chosen together: one path, or the paths and patterns of a set."""


class RememberedDocuments(Struct, frozen=True):
    """`recent` begins with the latest; `favourites` are in the order in which they were made."""

    recent: tuple[Choice, ...] = ()
    favourites: tuple[Choice, ...] = ()


def load() -> RememberedDocuments:
    """What is remembered; nothing when there is no file yet or none that can be read."""
    try:
        return msgspec.convert(json.loads(_path().read_bytes()), RememberedDocuments)
    except (OSError, ValueError):
        return RememberedDocuments()


def remember(paths: Sequence[Path | str]) -> RememberedDocuments:
    """Put a choice first among the recent ones. What can't be written is forgotten with the process."""
    choice = _choice(paths)
    before = load()
    recent = (choice, *(other for other in before.recent if other != choice))[:MOST_RECENT]
    return _keep(replace(before, recent=recent))


def toggle_favourite(paths: Sequence[Path | str]) -> RememberedDocuments:
    """Make a choice a favourite, or no longer. Raises OSError when that can't be written."""
    choice = _choice(paths)
    before = load()
    if choice in before.favourites:
        favourites = tuple(other for other in before.favourites if other != choice)
    else:
        favourites = (*before.favourites, choice)
    kept = replace(before, favourites=favourites)
    _write(kept)
    return kept


def _choice(paths: Sequence[Path | str]) -> Choice:
    return tuple(os.path.abspath(path) for path in paths)  # noqa: PTH100 - keeps symbolic links


def _keep(remembered: RememberedDocuments) -> RememberedDocuments:
    with contextlib.suppress(OSError):
        _write(remembered)
    return remembered


def _write(remembered: RememberedDocuments) -> None:
    path = _path()
    private_directory(path.parent)
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    # Escaped: a path may have bytes that are no text.
    part.write_text(json.dumps(msgspec.to_builtins(remembered)), encoding="ascii")
    part.replace(path)


def _path() -> Path:
    return data_directory() / FILE
