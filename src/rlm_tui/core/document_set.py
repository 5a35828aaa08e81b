"""Several documents as one input: files, folders and patterns, in the sandbox a dict of texts by name."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import takewhile
from pathlib import Path

from msgspec import Struct

from rlm_tui.core.document import (
    Document,
    DocumentBinary,
    DocumentEmpty,
    DocumentError,
    DocumentMissing,
)
from rlm_tui.core.document_conversion import ConverterMissing, readable, wants_conversion
from rlm_tui.core.document_tree import BINARY_NAME
from rlm_tui.core.document_walk import fitting, is_pattern, walk
from rlm_tui.core.paths import expanded
from rlm_tui.core.text import one_line

MOST_DOCUMENTS = 10_000
TELL_EVERY = 200
StopAsked = Callable[[], bool]
Progress = Callable[[int], None]


class Member(Struct, frozen=True):
    """One document of a set; `key`, its path below the set's folder, is its name in the dict cells see."""

    key: str
    document: Document


class DocumentSet(Struct, frozen=True):
    """Documents that enter the sandbox as one dict, name -> text, in the order of their names.

    `path` is the folder that all are in, `given` the paths and patterns that name it. `passed_over` counts
    files that are there and can't be used, by the reason in a word or two ("binary", "empty").
    """

    path: Path
    members: tuple[Member, ...]
    given: tuple[str, ...]
    passed_over: dict[str, int] = {}

    @property
    def name(self) -> str:
        """What a screen calls it: the folder or pattern, and how many documents it has."""
        asked = Path(self.given[0]) if len(self.given) == 1 else self.path
        begin = next((at for at, part in enumerate(asked.parts) if is_pattern(part)), len(asked.parts))
        short = str(Path(*asked.parts[max(0, begin - 1) :]))
        noun = "document" if len(self.members) == 1 else "documents"
        return f"{one_line(short, 60)} ({len(self.members):,} {noun})"

    @property
    def size(self) -> int:
        """Bytes of all documents together."""
        return sum(member.document.size for member in self.members)

    @property
    def remark(self) -> str:
        """What was passed over, in words; empty when nothing was."""
        return ", ".join(f"{count:,} {reason}" for reason, count in self.passed_over.items())


AnyDocument = Document | DocumentSet
"""What fills a document input: one text, or a dict of them."""


class DocumentsTooMany(DocumentError):
    """There are more files than one run can take."""


class GatheringStopped(Exception):
    """The person did not wait for the end of it."""


def is_several(paths: Sequence[str | Path]) -> bool:
    """Whether these name a set of documents: a folder, a pattern, or more than one of anything."""
    if len(paths) != 1:
        return True
    given = expanded(paths[0])
    return not given.is_file() and (given.is_dir() or is_pattern(str(paths[0])))


def gather(
    paths: Sequence[str | Path],
    *,
    most: int = MOST_DOCUMENTS,
    html: bool = False,
    progress: Progress = lambda _: None,
    stop: StopAsked = lambda: False,
) -> DocumentSet:
    """The set that files, folders and patterns (`*`, `?`, `[…]`, `**`) name; each file once.

    Hidden files, what a `.gitignore` leaves out and what is no text are passed over in folders and patterns;
    a file that was named itself must be usable. PDF and Word files are converted, with `html` web pages too.
    `progress` hears how many were looked at. Raises a
    DocumentError, or GatheringStopped.
    """
    if not paths:
        raise DocumentMissing(Path(), "No document was named: give a file, a folder or a pattern.")
    found: dict[Path, Document] = {}
    passed: Counter[str] = Counter()
    seen: set[Path] = set()

    def tick() -> None:
        if stop():
            raise GatheringStopped

    for given in paths:
        tick()
        shown = one_line(str(given), 200)
        named = expanded(given)
        if named.is_file() or not (named.is_dir() or is_pattern(str(given))):
            document = readable(named, html=html, stop=stop)
            found[document.source] = document
            continue
        before = len(found)
        for path in _paths(given, tick):
            if path in seen or path in found:
                continue
            seen.add(path)
            if len(seen) % TELL_EVERY == 0:
                progress(len(seen))
            reason = _take(path, found, html=html, stop=stop)
            if reason:
                passed[reason] += 1
            if len(found) > most:
                raise DocumentsTooMany(
                    Path(shown),
                    f"{shown} has more than {most:,} documents, and a run takes {most:,}: "
                    "choose a folder below it, or a pattern such as 'src/**/*.py'.",
                )
        if len(found) == before and not passed:
            raise DocumentMissing(Path(shown), f"There is no text file in {shown}: choose another.")
    if not found:
        reasons = ", ".join(f"{count:,} {reason}" for reason, count in passed.items())
        shown = one_line(", ".join(map(str, paths)), 200)
        raise DocumentMissing(Path(shown), f"No file of {shown} can be used ({reasons}): choose another.")
    base = _common_folder(found, paths)
    return DocumentSet(
        path=base,
        members=_members(found, base),
        given=tuple(os.path.abspath(expanded(path)) for path in paths),  # noqa: PTH100
        passed_over=dict(passed),
    )


def _take(path: Path, found: dict[Path, Document], *, html: bool, stop: StopAsked) -> str:
    """Describe one file of a folder or pattern into `found`; why not, in a word, when it can't be used."""
    if BINARY_NAME.search(path.name) and not wants_conversion(path):
        return "binary"
    try:
        document = readable(path, html=html, stop=stop)
    except ConverterMissing:
        return "to be converted, and the converter is not installed"
    except DocumentEmpty:
        return "empty"
    except DocumentBinary:
        return "binary"
    except DocumentMissing:
        return "gone"
    except DocumentError:
        return "unreadable"
    found[document.source] = document
    return ""


def _paths(given: str | Path, tick: Callable[[], None]) -> Iterator[Path]:
    named = expanded(given)
    folder = Path(os.path.abspath(named))  # noqa: PTH100 - keeps symbolic links, unlike resolve
    if named.is_dir():
        yield from walk(folder, tick)
    else:
        # A pattern is heeded as written: what it names is wanted, a .gitignore or not.
        yield from fitting(folder, tick)


def _common_folder(found: Iterable[Path], paths: Sequence[str | Path]) -> Path:
    """The deepest folder that holds all; of one folder that was named, that folder."""
    if len(paths) == 1 and expanded(paths[0]).is_dir():
        return Path(os.path.abspath(expanded(paths[0])))  # noqa: PTH100
    parents = [path.parent.parts for path in found]
    shared = [
        parts[0] for parts in takewhile(lambda parts: len(set(parts)) == 1, zip(*parents, strict=False))
    ]
    return Path(*shared)


def _members(found: Mapping[Path, Document], base: Path) -> tuple[Member, ...]:
    """The documents in the order of their keys, no two of which are the same."""
    keyed: dict[str, Document] = {}
    for path in sorted(found):
        key = plain = _key(path, base)
        copies = 1
        while key in keyed:
            copies += 1
            key = f"{plain} ({copies})"
        keyed[key] = found[path]
    return tuple(Member(key, keyed[key]) for key in sorted(keyed))


def _key(path: Path, base: Path) -> str:
    """The document's name in the dict: its path below the base; a byte that is no text is written `\\xe9`."""
    return os.fsencode(path.relative_to(base).as_posix()).decode("utf-8", "backslashreplace")
