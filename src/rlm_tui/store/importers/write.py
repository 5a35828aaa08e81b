"""A log of others becomes saved runs: whole or not at all, and without secrets."""

from __future__ import annotations

import hashlib
import secrets
import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from rlm_tui.core.event_codec import encode_value
from rlm_tui.core.events import Value
from rlm_tui.core.paths import runs_directory
from rlm_tui.core.redaction import Redactor
from rlm_tui.store.errors import StoreError, cannot
from rlm_tui.store.files import write_whole
from rlm_tui.store.importers.events_of import Telling
from rlm_tui.store.importers.imported import ImportedRun, ImportFailed
from rlm_tui.store.importers.recognise import check_file, read_foreign
from rlm_tui.store.runs import ASKED, RunFolder, new_run_id

FACTS = "imported.json"
"""What a log says that no event has a place for."""
_CHUNK = 1024 * 1024
_DIGEST_IN_NAME = 10
_OLDEST = 2020


class Imported(NamedTuple):
    """A run's folder, what it was, its iterations, what was left out; `again`: it was there before."""

    path: Path
    format: str
    iterations: int
    left_out: tuple[str, ...] = ()
    again: bool = False


def import_file(
    file: Path, redactor: Redactor, runs: Path | None = None, *, anew: bool = False
) -> list[Imported]:
    """Import the runs of `file` into the folder `runs`; those that were imported before are found there.

    `anew` imports them all the same. Raises ImportFailed, StoreError.
    """
    root = runs_directory() if runs is None else runs
    try:
        try:
            check_file(file)
            digest = _digest(file)
            if not anew and (before := _imported_before(root, digest)):
                return before
            found = read_foreign(file)
        except OSError as error:
            raise cannot("read", file, error) from error
        return _write(file, found, digest, redactor, root)
    except StoreError:
        raise
    except OSError as error:
        raise cannot("written", root, error) from error
    except MemoryError:
        raise ImportFailed(f"{file.name} is too long to be read on this machine.") from None
    except RecursionError:
        raise ImportFailed(f"{file.name} nests too deeply to be read.") from None


def _write(
    file: Path, found: list[ImportedRun], digest: str, redactor: Redactor, root: Path
) -> list[Imported]:
    # Hidden until all are whole: a list of runs never shows half of one.
    draft = root / f".importing-{secrets.token_hex(4)}"
    written: list[tuple[ImportedRun, RunFolder]] = []
    try:
        for number, run in enumerate(found, 1):
            source = {
                "format": run.format,
                "file": redactor.text(file.name),
                "sha256": digest,
                "run": number,
                "of": len(found),
                "iterations": len(run.iterations),
            }
            name = f"{new_run_id(run.task, _began(run))}-{digest[:_DIGEST_IN_NAME]}"
            folder = RunFolder.create(name, {"task": run.task, "imported": source}, runs=draft)
            written.append((run, folder))
            _write_run(run, folder, redactor)
        imported = []
        for run, folder in written:
            target = root / folder.run_id
            folder.path.rename(target)
            imported.append(Imported(target, run.format, len(run.iterations), tuple(run.left_out)))
        return imported
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _write_run(run: ImportedRun, folder: RunFolder, redactor: Redactor) -> None:
    def value(text: str) -> Value:
        return folder.value(redactor.text(text))

    try:
        for event in Telling(run, folder.run_id, value, redactor.text, redactor.value).events():
            folder.append(event)
    finally:
        folder.close()
    facts: dict[str, Any] = {"run": run.facts, "iterations": [one.facts for one in run.iterations]}
    if run.facts or any(facts["iterations"]):
        data = msgspec.json.format(encode_value(redactor.value(facts)), indent=1)
        write_whole(folder.path / FACTS, data + b"\n")


def _began(run: ImportedRun) -> datetime | None:
    """When it began, so that runs are listed in that order; None where the log does not say."""
    try:
        began = datetime.fromisoformat(run.began).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return began if _OLDEST <= began.year <= datetime.now(UTC).year else None


def _imported_before(root: Path, digest: str) -> list[Imported]:
    """The runs that came of a file with that digest, if all of them are still there."""
    found: dict[int, Imported] = {}
    for path in sorted(root.glob(f"*-{digest[:_DIGEST_IN_NAME]}*")):
        try:
            told = msgspec.json.decode((path / ASKED).read_bytes())["imported"]
            if told["sha256"] == digest:
                found[told["run"]] = Imported(path, told["format"], told["iterations"], again=True)
                of = told["of"]
        except (OSError, ValueError, KeyError, TypeError):
            continue
    return [found[number] for number in sorted(found)] if found and len(found) == of else []


def _digest(file: Path) -> str:
    digest = hashlib.sha256()
    with file.open("rb") as source:
        while chunk := source.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()
