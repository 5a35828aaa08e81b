"""The files that come with the program: the driver and the documents, in a checkout and in a wheel."""

from __future__ import annotations

from pathlib import Path

from rlm_tui.core.paths import cache_directory, expanded

KNOWLEDGE = "dspy-knowledge/dspy-doc.txt"
CONTENT = "rlm_content"

_PACKAGE = Path(__file__).resolve().parents[1]
_BUNDLED = _PACKAGE / "_bundled"
_CHECKOUT = _PACKAGE.parents[1]


class ContentMissing(Exception):
    """The installation lacks a file that belongs to it; installing again mends it."""

    def __init__(self, path: Path) -> None:
        super().__init__(f"{path} belongs to rlm-tui and is not there: install rlm-tui again")
        self.path = path


def in_checkout() -> bool:
    """Whether the program runs from its source tree, beside whose documents others may be built."""
    return (
        not _BUNDLED.is_dir() and (_CHECKOUT / "pyproject.toml").is_file() and (_CHECKOUT / CONTENT).is_dir()
    )


def driver_path() -> Path:
    """The driver's one file. Raises ContentMissing."""
    root = _CHECKOUT if in_checkout() else _BUNDLED
    path = root / "driver" / "driver.py"
    if not path.is_file():
        raise ContentMissing(path)
    return path


def driver_source() -> str:
    """The driver as text: it is shipped to where it runs and never imported."""
    return driver_path().read_text(encoding="utf-8")


def content_directory() -> Path:
    """The built-in documents. Raises ContentMissing."""
    path = (_CHECKOUT if in_checkout() else _BUNDLED) / CONTENT
    if not path.is_dir():
        raise ContentMissing(path)
    return path


def knowledge_path() -> Path:
    """Where dspy's own documentation is, or will be built: in the checkout, else in the cache."""
    return (content_directory() if in_checkout() else cache_directory() / CONTENT) / KNOWLEDGE


def resolve_content(path: Path | str) -> Path | None:
    """The file that a built-in document's path means, whether it is there yet or not; None for any other
    path.

    "rlm_content/…" is looked for in the working directory first, so a person's own folder of that name wins.
    """
    given = expanded(path)
    if given.absolute() == knowledge_path():
        return knowledge_path()
    if given.is_absolute():
        try:
            inner = given.relative_to(content_directory())
        except ValueError:
            return None
        return knowledge_path() if inner.as_posix() == KNOWLEDGE else given
    parts = [part for part in given.parts if part != "."]
    if not parts or parts[0] != CONTENT or ".." in parts:
        return None
    if given.is_file():
        return given.absolute()
    inner = Path(*parts[1:])
    return knowledge_path() if inner.as_posix() == KNOWLEDGE else content_directory() / inner
