"""A document: a text file of any size, described from samples and never loaded."""

from __future__ import annotations

import difflib
import errno
import os
import stat
from pathlib import Path

from msgspec import Struct

from rlm_tui.core.encodings import Binary, Encoded, Undecided, tell_encoding
from rlm_tui.core.paths import expanded
from rlm_tui.core.text import one_line

SAMPLE_BYTES = 64 * 1024


class Conversion(Struct, frozen=True):
    """The file that a text was made of: where it lies, and its size and time of change when it was read."""

    path: Path
    size: int
    modified: float


class Document(Struct, frozen=True):
    """A text file that can be read: `path` absolute, `size` in bytes, `modified` in seconds since the epoch.

    `encoding` is a Python codec's name. `broken` says that some bytes are not of that encoding; they read as
    "�". `converted_from` is the file that a person chose, when `path` is the text that was made of it.
    """

    name: str
    path: Path
    size: int
    encoding: str
    modified: float
    broken: bool = False
    converted_from: Conversion | None = None

    @property
    def source(self) -> Path:
        """The file that the person chose."""
        return self.path if self.converted_from is None else self.converted_from.path

    @property
    def has_changed(self) -> bool:
        """Whether the file that the person chose is no longer what it was."""
        was = (self.size, self.modified)
        if self.converted_from is not None:
            was = (self.converted_from.size, self.converted_from.modified)
        try:
            found = self.source.stat()
        except OSError:
            return True
        return (found.st_size, found.st_mtime) != was


class DocumentError(ValueError):
    """A document that can't be used. The message is one sentence: what, where, and what to do."""

    def __init__(self, path: Path, message: str) -> None:
        super().__init__(message)
        self.path = path


class DocumentMissing(DocumentError):
    """There is nothing at the path."""


class DocumentUnreadable(DocumentError):
    """There is something, and it is no file that may be read."""


class DocumentEmpty(DocumentError):
    """The file has no bytes, or nothing but blanks."""


class DocumentBinary(DocumentError):
    """The file is not text."""


class DocumentEncodingUnknown(DocumentError):
    """The file may be text in an encoding that can't be told."""


def describe(path: Path | str) -> Document:
    """The document at `path`, told from samples of its beginning, middle and end; quick at any size.

    Raises a DocumentError.
    """
    given = expanded(path)
    absolute = Path(os.path.abspath(given))  # noqa: PTH100 - keeps symbolic links, unlike resolve
    shown = one_line(str(given), 200)
    try:
        found = absolute.stat()
        _check_kind(absolute, shown, found.st_mode)
        # Not blocking: what was a file may be a pipe by now.
        descriptor = os.open(
            absolute, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0)
        )
        try:
            found = os.fstat(descriptor)
            _check_kind(absolute, shown, found.st_mode)
            samples = _samples(descriptor, found.st_size)
        finally:
            os.close(descriptor)
    except (OSError, ValueError) as error:
        if isinstance(error, DocumentError):
            raise
        raise _translated(absolute, shown, error) from error
    if found.st_size == 0 and any(samples):
        raise DocumentUnreadable(
            absolute, f"{shown} is made up by the system as it is read: copy it to a file and choose that."
        )
    if not any(sample.strip() for sample in samples):
        raise DocumentEmpty(absolute, f"{shown} is empty: choose a document that has text.")
    match tell_encoding(samples):
        case Encoded(encoding=encoding, broken=broken):
            return Document(absolute.name, absolute, found.st_size, encoding, found.st_mtime, broken)
        case Binary(kind=kind):
            what = f"is {kind}" if kind else "is binary data"
            raise DocumentBinary(absolute, f"{shown} is not text: it {what}. Choose a text file.")
        case Undecided():
            raise DocumentEncodingUnknown(
                absolute,
                f"{shown} is in an encoding that can't be told: convert it to UTF-8 first "
                "(iconv -f ENCODING -t UTF-8).",
            )


def _samples(descriptor: int, size: int) -> list[bytes]:
    """The whole of a small file, else its head, middle and tail, each from an even byte."""
    if size <= 3 * SAMPLE_BYTES:
        return [os.pread(descriptor, 3 * SAMPLE_BYTES, 0)]
    starts = (0, (size // 2) & ~3, (size - SAMPLE_BYTES) & ~3)
    return [os.pread(descriptor, SAMPLE_BYTES, start) for start in starts]


def _check_kind(path: Path, shown: str, mode: int) -> None:
    if stat.S_ISREG(mode):
        return
    if stat.S_ISDIR(mode):
        raise DocumentUnreadable(path, f"{shown} is a folder: choose a file in it.")
    kinds = (
        (stat.S_ISFIFO, "a pipe"),
        (stat.S_ISSOCK, "a socket"),
        (stat.S_ISCHR, "a device"),
        (stat.S_ISBLK, "a device"),
    )
    kind = next((word for test, word in kinds if test(mode)), "no regular file")
    raise DocumentUnreadable(
        path, f"{shown} is {kind}, not a file: save what it gives to a file and choose that."
    )


def _translated(path: Path, shown: str, error: OSError | ValueError) -> DocumentError:
    if isinstance(error, OSError):
        if error.errno in (errno.ENOENT, errno.ENOTDIR):
            return DocumentMissing(path, f"There is no document at {shown}: {_near(path)}")
        if error.errno in (errno.EACCES, errno.EPERM):
            return DocumentUnreadable(
                path, f"{shown} may not be read by you: change its permissions or choose another."
            )
        if error.errno == errno.ELOOP:
            return DocumentUnreadable(
                path, f"{shown} is a symbolic link that leads to itself: choose another file."
            )
        return DocumentUnreadable(
            path, f"{shown} can't be read ({error.strerror or error}): choose another file."
        )
    return DocumentMissing(
        path, f"There can be no document at {shown}: the path has a character that no path has."
    )


def _near(path: Path) -> str:
    """What to do about a path that leads nowhere: a file of a near name, else to check it."""
    try:
        with os.scandir(path.parent) as entries:
            names = [entry.name for entry, _ in zip(entries, range(2000), strict=False)]
    except OSError:
        return f"the folder {one_line(str(path.parent), 200)} isn't there either; check the path."
    near = difflib.get_close_matches(path.name, names, n=1, cutoff=0.6)
    return f"did you mean {one_line(near[0], 80)}?" if near else "check the path."
