"""Documents that are no text, as text: PDF and Word always, HTML when that is wanted; each converted once."""

from __future__ import annotations

import contextlib
import hashlib
import importlib.util
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import msgspec

from rlm_tui.core.document import Document, DocumentError, describe
from rlm_tui.core.paths import cache_directory, expanded, private_directory
from rlm_tui.core.text import one_line

NO_TEXT = frozenset({".pdf", ".docx"})
MARKUP = frozenset({".html", ".htm", ".xhtml"})
CONVERTER = "rlm_tui.core.document_converter"
LONGEST_SECONDS = 300.0
KEPT = 500
_VERSION = "1"
_LIBRARIES = ("pypdf", "mammoth", "inscriptis")
INSTALL = "pip install 'rlm-tui[convert]', or `uv sync --extra convert` in a clone"


class ConverterMissing(DocumentError):
    """The document has to be converted first, and the extra that does it is not installed."""


class ConversionFailed(DocumentError):
    """The converter could make no text of the document."""


class ConversionStopped(Exception):
    """The person did not wait for the end of it."""


def can_convert() -> bool:
    """Whether the extra `convert` is installed; nothing is imported to find out."""
    return all(importlib.util.find_spec(name) is not None for name in _LIBRARIES)


def wants_conversion(path: Path, *, html: bool = False) -> bool:
    """Whether a file of this name is converted before it is read; `html`: web pages too."""
    suffix = path.suffix.lower()
    return suffix in NO_TEXT or (html and suffix in MARKUP)


def readable(path: Path | str, *, html: bool = False, stop: Callable[[], bool] = lambda: False) -> Document:
    """The document at `path`, converted where it has to be: its name is the file's, its path the text's.

    A file is converted once while it stays as it is, in a process of its own with limits on time and memory,
    because a parser of foreign files may hang or grow. Raises a DocumentError, or ConversionStopped.
    """
    given = expanded(path)
    if not (wants_conversion(given, html=html) and given.is_file()):
        return describe(given)
    source = Path(os.path.abspath(given))  # noqa: PTH100 - keeps symbolic links, unlike resolve
    shown = one_line(str(given), 200)
    if not can_convert():
        raise ConverterMissing(
            source, f"{shown} has to be converted to text, and the converter is not installed: {INSTALL}."
        )
    try:
        text = _converted(source, stop)
    except OSError as error:
        raise ConversionFailed(
            source, f"{shown} can't be converted ({error.strerror or error}): choose another file."
        ) from error
    found = describe(text)
    return msgspec.structs.replace(found, name=source.name, converted_from=source)


def _converted(source: Path, stop: Callable[[], bool]) -> Path:
    stat = source.stat()
    key = f"{_VERSION}\0{source}\0{stat.st_size}\0{stat.st_mtime_ns}"
    folder = private_directory(cache_directory() / "converted")
    target = folder / f"{hashlib.sha256(os.fsencode(key)).hexdigest()[:32]}.txt"
    if target.is_file():
        return target
    part = target.with_suffix(f".{os.getpid()}.part")
    try:
        _run_converter(source, part, stop)
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)
    _forget_old(folder)
    return target


def _run_converter(source: Path, target: Path, stop: Callable[[], bool]) -> None:
    command = [sys.executable, "-m", CONVERTER, str(source), str(target)]
    environment = {name: os.environ[name] for name in ("PATH", "LANG", "PYTHONPATH") if name in os.environ}
    process = subprocess.Popen(
        command,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    shown, words = one_line(str(source), 200), ""
    deadline = time.monotonic() + LONGEST_SECONDS
    while True:
        try:
            _, said = process.communicate(timeout=0.2)
            words = said.decode("utf-8", "replace").strip()
            break
        except subprocess.TimeoutExpired:
            late = time.monotonic() > deadline
            if not late and not stop():
                continue
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
            if not late:
                raise ConversionStopped from None
            raise ConversionFailed(
                source, f"{shown} took over {LONGEST_SECONDS:.0f} s to convert: convert it yourself first."
            ) from None
    if process.returncode != 0:
        last = one_line(words.splitlines()[-1], 200) if words else f"status {process.returncode}"
        raise ConversionFailed(source, f"{shown} can't be converted to text: {last.rstrip('.')}.")


def _forget_old(folder: Path) -> None:
    texts = sorted(folder.glob("*.txt"), key=lambda path: path.stat().st_mtime, reverse=True)
    for path in texts[KEPT:]:
        with contextlib.suppress(OSError):
            path.unlink()
