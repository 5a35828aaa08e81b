"""The pages, cut at their headings: the commands, the files and the messages that stand in each section."""

from __future__ import annotations

import functools
import re
import textwrap
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
_FIRST = [ROOT / "README.md", ROOT / "AGENTS.md", ROOT / "docs" / "workflows.md"]
PAGES = (*_FIRST, *(page for page in sorted((ROOT / "docs").glob("*.md")) if page not in _FIRST))

_BLOCK = re.compile(r"^( *)```(\w*)\n(.*?)^ *```$", re.DOTALL | re.MULTILINE)
_COMMENT = re.compile(r"\s+#\s.*$")
_FILE_NAME = re.compile(r"# (\S+\.(?:py|toml))\n")
_PROGRAMS = "rlm-tui|uv|modal|bash|git|cp|env|cat|iconv|apt|sudo|python3?|pytest|jupyter"
# Between backquotes in a sentence: a program, with at least one argument. "…" is a form and no command.
_INLINE = re.compile(
    rf"`(?!uv run`)((?:[A-Z_]+=\S+ )*(?:{_PROGRAMS}) [^`\n…]+)`|`((?:[A-Z_]+=\S+ )+rlm-tui)`"
)


@dataclass(frozen=True)
class Section:
    """A part of a page with the lines that its shell blocks hold, and those that stand in its sentences."""

    name: str
    lines: tuple[str, ...]
    inline: tuple[str, ...]


@functools.cache
def sections() -> tuple[Section, ...]:
    """Every section of every page that holds a command, in the order of the pages."""
    found = []
    for page in PAGES:
        for part in re.split(r"^(?=## )", page.read_text("utf-8"), flags=re.MULTILINE):
            title = part.partition("\n")[0].lstrip("# ")
            lines = [
                line
                for block in _blocks(part, "bash")
                for raw in block.replace("\\\n", " ").splitlines()
                if (line := _COMMENT.sub("", raw).strip())
            ]
            sentences = _BLOCK.sub("", part)
            inline = [one.strip() for pair in _INLINE.findall(sentences) for one in pair if one]
            if lines or inline:
                found.append(Section(f"{page.name}: {title}", tuple(lines), tuple(dict.fromkeys(inline))))
    return tuple(found)


@functools.cache
def files() -> dict[str, str]:
    """The files that the pages show in full, by the name in their first line."""
    found: dict[str, str] = {}
    for page in PAGES:
        for language in ("python", "toml"):
            for block in _blocks(page.read_text("utf-8"), language):
                named = _FILE_NAME.match(block)
                assert named, (
                    f"a {language} block of {page.name} begins with no name of a file: {block[:60]!r}"
                )
                assert named[1] not in found, f"{named[1]} is shown twice"
                found[named[1]] = block
    return found


def quoted(page: Path) -> tuple[str, ...]:
    """The lines of a page that are quoted, each a message that the program shows."""
    return tuple(re.findall(r"^> (.+)$", page.read_text("utf-8"), flags=re.MULTILINE))


def key(line: str) -> str:
    """A command without the program that finds its environment: `uv run x` and `x` are one command."""
    return re.sub(r"(?<!\S)uv run (?!-)", "", line)


def _blocks(text: str, language: str) -> list[str]:
    return [textwrap.dedent(code) for _, named, code in _BLOCK.findall(text) if named == language]
