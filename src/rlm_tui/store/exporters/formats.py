"""All formats that a saved run can be exported in, by the name that a person writes."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from rlm_tui.core.events import Value
from rlm_tui.store.errors import StoreError, cannot
from rlm_tui.store.exporters.as_json import export_json
from rlm_tui.store.exporters.calls_csv import export_csv
from rlm_tui.store.exporters.markdown import export_markdown
from rlm_tui.store.exporters.notebook import export_notebook
from rlm_tui.store.exporters.rlm_jsonl import export_rlm_jsonl
from rlm_tui.store.exporters.source import Source
from rlm_tui.store.exporters.web_page import export_html
from rlm_tui.store.run_log import RunLog


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


def source_of(log: RunLog) -> Source:
    """The run of a log, folded. Raises StoreError."""

    def whole(value: Value) -> str:
        try:
            return log.text(value)
        except OSError:
            return value.text

    return Source(log.run_id, log.trajectory(), whole)


def write_export(pieces: Iterator[str], target: Path, *, replace: bool = False) -> int:
    """Write an export to `target`, whole or not at all; its bytes. Raises StoreError."""
    if target.exists() and not replace:
        raise StoreError(f"{target} is there already: give another name, or --force to replace it.")
    part = target.with_name(f".{target.name}.{secrets.token_hex(4)}.part")
    try:
        with part.open("w", encoding="utf-8", errors="replace", newline="") as file:
            for piece in pieces:
                file.write(piece)
            file.flush()
            os.fsync(file.fileno())
        size = part.stat().st_size
        part.replace(target)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise cannot("written", target, error) from error
    return size
