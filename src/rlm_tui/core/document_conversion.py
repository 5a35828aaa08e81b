"""Documents that are no text, as text: PDF and Word always, HTML when that is wanted; each converted once."""

from __future__ import annotations

import contextlib
import hashlib
import importlib.util
import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import msgspec

from rlm_tui.core.document import Conversion, Document, DocumentError, describe
from rlm_tui.core.paths import cache_directory, expanded, private_directory
from rlm_tui.core.text import one_line

NO_TEXT = frozenset({".pdf", ".docx"})
MARKUP = frozenset({".html", ".htm", ".xhtml"})
CONVERTER = "rlm_tui.core.document_converter"
LONGEST_SECONDS = 300.0
KEPT = 500
KEPT_SECONDS = 24 * 3600.0
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
        stat = source.stat()
        text = _converted(source, stat, stop)
    except OSError as error:
        raise ConversionFailed(
            source, f"{shown} can't be converted ({error.strerror or error}): choose another file."
        ) from error
    found = describe(text)
    return msgspec.structs.replace(
        found,
        name=source.name,
        modified=stat.st_mtime,
        converted_from=Conversion(source, stat.st_size, stat.st_mtime),
    )


def readable_again(document: Document) -> Document:
    """The same document as it is now, converted again if it was. Raises a DocumentError."""
    if document.converted_from is None:
        return describe(document.path)
    return readable(document.source, html=True)


def _converted(source: Path, stat: os.stat_result, stop: Callable[[], bool]) -> Path:
    key = f"{_VERSION}\0{source}\0{stat.st_size}\0{stat.st_mtime_ns}"
    folder = private_directory(cache_directory() / "converted")
    target = folder / f"{hashlib.sha256(os.fsencode(key)).hexdigest()[:32]}.txt"
    if target.is_file():
        with contextlib.suppress(OSError):
            os.utime(target)  # the longest unused are forgotten first
        return target
    part = target.with_suffix(f".{secrets.token_hex(8)}.part")
    try:
        _run_converter(source, part, stop)
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)
    _forget_old(folder)
    return target


def _run_converter(source: Path, target: Path, stop: Callable[[], bool]) -> None:
    # -P: nothing that lies in the person's working folder is imported.
    command = [sys.executable, "-P", "-m", CONVERTER, str(source), str(target)]
    process = subprocess.Popen(
        command,
        env=_environment(),
        cwd=target.parent,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    shown, words = one_line(str(source), 200), ""
    deadline = time.monotonic() + LONGEST_SECONDS
    try:
        while True:
            try:
                _, said = process.communicate(timeout=0.2)
                words = said.decode("utf-8", "replace").strip()
                break
            except subprocess.TimeoutExpired:
                if stop():
                    raise ConversionStopped from None
                if time.monotonic() > deadline:
                    raise ConversionFailed(
                        source,
                        f"{shown} took over {LONGEST_SECONDS:.0f} s to convert: convert it yourself first.",
                    ) from None
    finally:
        if process.returncode is None:  # whatever ended the wait
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
    if process.returncode != 0:
        last = one_line(words.splitlines()[-1], 200) if words else f"status {process.returncode}"
        raise ConversionFailed(source, f"{shown} can't be converted to text: {last.rstrip('.')}.")


def _forget_old(folder: Path) -> None:
    """Delete what was not used for a day, beyond the newest: a set that is being gathered stays whole."""
    used: list[tuple[float, Path]] = []
    for path in folder.iterdir():
        with contextlib.suppress(OSError):
            used.append((path.stat().st_mtime, path))
    for at, path in sorted(used, reverse=True)[KEPT:]:
        if at < time.time() - KEPT_SECONDS:
            with contextlib.suppress(OSError):
                path.unlink()


def _environment() -> dict[str, str]:
    """What the converter needs, and no secret; modules from nowhere but places that were named whole."""
    kept = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
    places = [place for place in os.environ.get("PYTHONPATH", "").split(os.pathsep) if os.path.isabs(place)]  # noqa: PTH117
    return {**kept, "PYTHONPATH": os.pathsep.join(places)} if places else kept
