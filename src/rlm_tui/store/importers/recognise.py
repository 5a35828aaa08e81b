"""Which format a file is in, told by what stands in it; its name says nothing."""

from __future__ import annotations

import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

from rlm_tui.core.text import human_size, number_of, one_line
from rlm_tui.store.importers.dspy_trajectory import from_dspy, is_dspy
from rlm_tui.store.importers.fast_rlm import from_fast_rlm, is_fast_rlm
from rlm_tui.store.importers.imported import ImportedRun, ImportFailed
from rlm_tui.store.importers.json_lines import BYTE_ORDER_MARK, json_document, json_lines
from rlm_tui.store.importers.predict_rlm import from_predict_rlm, is_predict_rlm
from rlm_tui.store.importers.rlm_cli import from_rlm_cli, is_rlm_cli
from rlm_tui.store.importers.rlm_code import from_rlm_code, is_rlm_code
from rlm_tui.store.importers.rlm_log import from_rlm, is_rlm
from rlm_tui.store.run_log import is_own_log

FORMATS = "dspy trajectories, alexzhang13/rlm, fast-rlm, rlm-code, rlm-cli, predict-rlm, rlm-tui"
MOST_BYTES = 512 * 1024 * 1024
"""A file that is one JSON document is held whole, and not when it is longer."""
LINES_LOOKED_AT = 20
MOST_RUNS = 1_000

_LINES: tuple[tuple[Callable[[dict[str, Any]], bool], Callable[[Path], list[ImportedRun]]], ...] = (
    (is_rlm, from_rlm),
    (is_fast_rlm, from_fast_rlm),
    (is_rlm_code, from_rlm_code),
)
_DOCUMENTS: tuple[tuple[Callable[[Any], bool], Callable[[Any], list[ImportedRun]]], ...] = (
    (is_dspy, from_dspy),
    (is_predict_rlm, from_predict_rlm),
    (is_rlm_cli, from_rlm_cli),
)
_NO_LOGS = (
    (b"\x1f\x8b", "is compressed (gzip): unpack it first"),
    (b"PK\x03\x04", "is a zip archive: unpack it first"),
    (b"\x28\xb5\x2f\xfd", "is compressed (zstd): unpack it first"),
    (b"\xfd7zXZ", "is compressed (xz): unpack it first"),
    (b"BZh", "is compressed (bzip2): unpack it first"),
    (b"\xff\xfe", "is in UTF-16: convert it to UTF-8 first"),
    (b"\xfe\xff", "is in UTF-16: convert it to UTF-8 first"),
)


def read_foreign(path: Path) -> list[ImportedRun]:
    """The runs in the file, one at least. Raises ImportFailed, and OSError if the file can't be read."""
    name = one_line(path.name, 80)
    if problem := _no_log(path):
        raise ImportFailed(f"{name} {problem}.")
    if is_own_log(path):
        raise ImportFailed(f"{name} is a log of rlm-tui itself: open it with `rlm-tui open`.")
    runs = _from_lines(path) or _from_document(path, name)
    whole = [run for run in runs if run.iterations or run.status is not None]
    if not whole:
        words = f"{name} looks like a log of {runs[0].format}, but no iteration can be read in it."
        raise ImportFailed(words)
    if (more := len(whole) - MOST_RUNS) > 0:
        whole = whole[:MOST_RUNS]
        whole[0].left_out.append(f"The file holds {number_of(more, 'more run')}, which were left out.")
    return whole


def check_file(path: Path) -> None:
    """Raise ImportFailed for what is no file with an end, and OSError for what is not there."""
    if not stat.S_ISREG(path.stat().st_mode):
        raise ImportFailed(f"{one_line(path.name, 80)} is no file: give a log.")


def _no_log(path: Path) -> str:
    """Why it can be no log at all; "" if it can."""
    if path.stat().st_size == 0:
        return "is empty"
    with path.open("rb") as file:
        head = file.read(8192)
    for magic, words in _NO_LOGS:
        if head.startswith(magic):
            return words
    if b"\x00" in head:
        return f"is no text, and so no log that is known: looked for {FORMATS}"
    return ""


def _from_lines(path: Path) -> list[ImportedRun]:
    for number, line in json_lines(path, [], LINES_LOOKED_AT):
        for recognises, read in _LINES:
            if recognises(line):
                return read(path)
        if number >= LINES_LOOKED_AT:
            break
    return []


def _from_document(path: Path, name: str) -> list[ImportedRun]:
    size = path.stat().st_size
    if size > MOST_BYTES:
        raise ImportFailed(
            f"{name} is one document of {human_size(size)}: at most {human_size(MOST_BYTES)} are read."
        )
    try:
        value = json_document(path)
    except (ValueError, RecursionError) as error:
        raise ImportFailed(f"{name} is no log that is known: {_damage(path, error)}.") from None
    for recognises, read in _DOCUMENTS:
        if recognises(value):
            return read(value)
    raise ImportFailed(f"{name} is no log that is known: looked for {FORMATS}.")


def _damage(path: Path, error: Exception) -> str:
    """What is wrong with something that may have been meant as JSON."""
    with path.open("rb") as file:
        head = file.read(200).removeprefix(BYTE_ORDER_MARK).lstrip()
    if not head.startswith((b"{", b"[")):
        return f"it is no JSON; looked for {FORMATS}"
    if isinstance(error, RecursionError):
        return "its JSON nests too deeply"
    return f"its JSON is damaged or cut ({str(error).rstrip('.')})"
