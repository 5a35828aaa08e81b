"""What a person writes on a saved run: tags and a note, in a small file of its folder."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

import msgspec

from rlm_tui.store.errors import StoreError
from rlm_tui.store.files import write_whole

LABELS = "labels.json"
LONGEST_NOTE = 10_000
MOST_TAGS = 50
_TAG = re.compile(r"[^\s,:\"<>\x00-\x1f\x7f-\x9f]{1,40}")


class Labels(msgspec.Struct, frozen=True, omit_defaults=True):
    """The tags, sorted, and the note."""

    tags: tuple[str, ...] = ()
    note: str = ""


def labels_of(run: Path) -> Labels:
    """Those of the run in the folder `run`; none where the file is not there or is damaged."""
    try:
        return msgspec.json.decode((run / LABELS).read_bytes(), type=Labels)
    except (OSError, ValueError, RecursionError):
        return Labels()


def write_labels(run: Path, tags: Iterable[str], note: str) -> Labels:
    """Keep these for the run in the folder `run`, in place of all others. Raises StoreError."""
    wanted = tuple(sorted(dict.fromkeys(tags)))
    for tag in wanted:
        if _TAG.fullmatch(tag) is None:
            raise StoreError(
                f"{tag!r} can't be a tag: use one word of at most 40 characters, without commas and colons."
            )
    if len(wanted) > MOST_TAGS:
        raise StoreError(f"A run has at most {MOST_TAGS} tags.")
    if len(note) > LONGEST_NOTE:
        raise StoreError(f"A note has at most {LONGEST_NOTE:,} characters, and this one {len(note):,}.")
    labels = Labels(wanted, note.strip())
    if labels == Labels():
        (run / LABELS).unlink(missing_ok=True)
    else:
        write_whole(run / LABELS, msgspec.json.format(msgspec.json.encode(labels), indent=2) + b"\n")
    return labels
