"""A log of others becomes a saved run: whole or not at all, and without secrets."""

from __future__ import annotations

import hashlib
import secrets
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from rlm_tui.core.events import Value
from rlm_tui.core.paths import runs_directory
from rlm_tui.store.errors import cannot
from rlm_tui.store.importers.events_of import Telling
from rlm_tui.store.importers.imported import ImportFailed
from rlm_tui.store.importers.recognise import read_foreign
from rlm_tui.store.runs import RunFolder, new_run_id

_CHUNK = 1024 * 1024


class Imported(NamedTuple):
    """The new run's folder, its format before, its iterations, and sentences on what was left out."""

    path: Path
    format: str
    iterations: int
    left_out: tuple[str, ...]


def import_file(file: Path, redact: Callable[[str], str], runs: Path | None = None) -> Imported:
    """Import `file` into the folder `runs`. Raises ImportFailed, StoreError."""
    try:
        run = read_foreign(file)
        digest = _digest(file)
    except OSError as error:
        raise cannot("read", file, error) from error
    except MemoryError:
        raise ImportFailed(f"{file.name} is too long to be read on this machine.") from None
    root = runs_directory() if runs is None else runs
    # Hidden until it is whole: a list of runs never shows half of one.
    draft = root / f".importing-{secrets.token_hex(4)}"
    try:
        source = {"format": run.format, "file": redact(file.name), "sha256": digest}
        asked = {"task": run.task, "imported": source}
        folder = RunFolder.create(new_run_id(_name(run.task)), asked, runs=draft)

        def value(text: str) -> Value:
            return folder.value(redact(text))

        try:
            for event in Telling(run, folder.run_id, value, redact).events():
                folder.append(event)
        finally:
            folder.close()
        target = root / folder.run_id
        folder.path.rename(target)
    except OSError as error:
        raise cannot("imported", file, error) from error
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return Imported(target, run.format, len(run.iterations), tuple(run.left_out))


def _name(task: str) -> str:
    kept = "".join(letter if letter.isalnum() and letter.isascii() else "-" for letter in task)
    return kept.strip("-")[:40] or "imported"


def _digest(file: Path) -> str:
    digest = hashlib.sha256()
    with file.open("rb") as source:
        while chunk := source.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()
