"""All formats that a saved run can be exported in, by the name that a person writes."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from rlm_tui.core.events import Value
from rlm_tui.core.redaction import Redactor
from rlm_tui.store.errors import StoreError
from rlm_tui.store.exporters.as_json import export_json
from rlm_tui.store.exporters.calls_csv import export_csv
from rlm_tui.store.exporters.markdown import export_markdown
from rlm_tui.store.exporters.notebook import export_notebook
from rlm_tui.store.exporters.rlm_jsonl import export_rlm_jsonl
from rlm_tui.store.exporters.source import Source
from rlm_tui.store.exporters.web_page import export_html
from rlm_tui.store.run_log import RunLog


class TargetOccupied(StoreError):
    """Something is there already, and was not to be replaced."""


class Format(NamedTuple):
    """A format: the end of its files' names, what it is for, and who writes it."""

    suffix: str
    words: str
    write: Callable[[Source], Iterator[str]]


FORMATS: dict[str, Format] = {
    "md": Format(".md", "to read", export_markdown),
    "html": Format(".html", "one page that needs nothing else", export_html),
    "ipynb": Format(".ipynb", "a notebook that runs with the recorded answers", export_notebook),
    "json": Format(".json", "dspy's trajectory and all that is known", export_json),
    "csv": Format(".csv", "the calls, for a spreadsheet", export_csv),
    "rlm-jsonl": Format(".jsonl", "alexzhang13/rlm's log, for its visualizer", export_rlm_jsonl),
}


PICTURE = "svg"
"""The format that no log is written in: the screen, as a picture."""
SUFFIXES = {name: form.suffix for name, form in FORMATS.items()} | {PICTURE: ".svg"}


def source_of(log: RunLog, redactor: Redactor | None = None) -> Source:
    """The run of a log, folded; with a `redactor` as it may leave. Raises StoreError."""

    def whole(value: Value) -> str:
        try:
            text = log.text(value)
        except OSError:
            text = value.text
        return text if redactor is None else redactor.text(text)

    try:
        documents = log.documents()
    except StoreError:
        documents = {}
    return Source(log.run_id, log.trajectory(redactor=redactor), whole, documents)


def file_for(target: Path, run_id: str, form: str) -> Path:
    """The file that is meant: in a directory, one with the run's name."""
    return target / f"{run_id}{SUFFIXES[form]}" if target.is_dir() else target


def write_export(pieces: Iterable[str], target: Path, *, replace: bool = False) -> int:
    """Write an export to `target`, whole or not at all; its bytes. Raises StoreError.

    What is there is not replaced unless that is asked for, also when it came while the export was written.
    """
    check_target(target, replace=replace)
    try:
        part = target.with_name(f".rlm-tui-{secrets.token_hex(6)}.part")
        try:
            with part.open("x", encoding="utf-8", errors="replace", newline="") as file:
                for piece in pieces:
                    file.write(piece)
                file.flush()
                os.fsync(file.fileno())
            size = part.stat().st_size
            if replace:
                part.replace(target)
            else:
                _appear(part, target)
        finally:
            part.unlink(missing_ok=True)
    except StoreError:
        raise
    except (OSError, ValueError) as error:
        raise _cannot(target, error) from error
    return size


def check_target(target: Path, *, replace: bool) -> None:
    """Look whether a file can be there, before what is to be in it is made. Raises StoreError."""
    try:
        if target.is_dir():
            raise StoreError(f"{target} is a directory: add a file name.")
        if os.path.lexists(target) and not replace:
            raise _occupied(target)
        if target.exists() and not target.is_file():
            raise StoreError(f"{target} is no file that can be replaced: give another name.")
    except StoreError:
        raise
    except (OSError, ValueError) as error:  # a name with a NUL in it is a ValueError
        raise _cannot(target, error) from error


def _cannot(target: Path, error: OSError | ValueError) -> StoreError:
    reason = (getattr(error, "strerror", None) or str(error)).lower()
    return StoreError(f"{target} can't be written: {reason}. Give another place.")


def _appear(part: Path, target: Path) -> None:
    """Give the file its name, unless something has it by now."""
    try:
        os.link(part, target)
    except FileExistsError:
        raise _occupied(target) from None
    except OSError:  # no hard links there
        if os.path.lexists(target):
            raise _occupied(target) from None
        part.rename(target)


def _occupied(target: Path) -> TargetOccupied:
    return TargetOccupied(f"{target} is there already: give another name, or --force to replace it.")
