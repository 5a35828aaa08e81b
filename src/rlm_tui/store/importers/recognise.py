"""Which format a file is in, told by what stands in it; its name says nothing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from rlm_tui.core.text import human_size
from rlm_tui.store.importers.documents_of_one import (
    from_predict_rlm,
    from_rlm_cli,
    is_predict_rlm,
    is_rlm_cli,
)
from rlm_tui.store.importers.dspy_trajectory import from_dspy, is_dspy
from rlm_tui.store.importers.fast_rlm import from_fast_rlm, is_fast_rlm
from rlm_tui.store.importers.imported import ImportedRun, ImportFailed
from rlm_tui.store.importers.json_lines import json_lines
from rlm_tui.store.importers.rlm_code import from_rlm_code, is_rlm_code
from rlm_tui.store.importers.rlm_log import from_rlm, is_rlm

FORMATS = "dspy trajectories, alexzhang13/rlm, fast-rlm, rlm-code, rlm-cli, predict-rlm, rlm-tui"
MOST_BYTES = 512 * 1024 * 1024
"""A file that is one JSON document is held whole, and not when it is longer."""
LINES_LOOKED_AT = 20

_LINES: tuple[tuple[Callable[[dict[str, Any]], bool], Callable[[Path], ImportedRun]], ...] = (
    (is_rlm, from_rlm),
    (is_fast_rlm, from_fast_rlm),
    (is_rlm_code, from_rlm_code),
)
_DOCUMENTS: tuple[tuple[Callable[[Any], bool], Callable[[Any], ImportedRun]], ...] = (
    (is_dspy, from_dspy),
    (is_predict_rlm, from_predict_rlm),
    (is_rlm_cli, from_rlm_cli),
)


def read_foreign(path: Path) -> ImportedRun:
    """The run in the file. Raises ImportFailed, and OSError if the file can't be read."""
    run = _from_lines(path) or _from_document(path)
    if run is None:
        raise ImportFailed(f"{path.name} is no log that is known: looked for {FORMATS}.")
    if not run.iterations and run.status is None:
        words = f"{path.name} looks like a log of {run.format}, but no iteration can be read in it."
        raise ImportFailed(words)
    return run


def _from_lines(path: Path) -> ImportedRun | None:
    for number, line in enumerate(json_lines(path, [])):
        for recognises, read in _LINES:
            if recognises(line):
                return read(path)
        if number >= LINES_LOOKED_AT:
            return None
    return None


def _from_document(path: Path) -> ImportedRun | None:
    size = path.stat().st_size
    if size > MOST_BYTES:
        raise ImportFailed(
            f"{path.name} is one document of {human_size(size)}: at most {human_size(MOST_BYTES)} are read."
        )
    try:
        value = msgspec.json.decode(path.read_bytes())
    except (ValueError, RecursionError):
        return None
    for recognises, read in _DOCUMENTS:
        if recognises(value):
            return read(value)
    return None
