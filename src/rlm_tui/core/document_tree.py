"""Which documents there are: folders listed one at a time, so that any tree opens at once."""

from __future__ import annotations

import os
import re
from collections import deque
from collections.abc import Iterator
from pathlib import Path

from msgspec import Struct

from rlm_tui.core.document_conversion import wants_conversion

# Known by name, so that they need not be opened; other files are looked into.
BINARY_NAME = re.compile(
    r"\.(7z|a|avi|bin|bmp|bz2|class|db|dll|docx|dylib|ear|egg|exe|flac|gif|gz|ico|iso|jar|jpe?g|lib|mkv|mo|mov|mp[34]|"
    r"np[yz]|o|obj|od[pst]|ogg|parquet|pdf|pickle|pkl|png|pptx|pt|py[co]|rar|safetensors|so|sqlite|tar|tgz|tiff?|ttf|"
    r"wasm|wav|web[mp]|whl|woff2?|xlsx|xz|zip|zst)$",
    re.IGNORECASE,
)
_TEXT_NAME = re.compile(
    r"\.(c|cfg|cpp|css|csv|go|h|html|ini|ipynb|java|js|jsonl?|log|md|py|rs|rst|sh|sql|svg|tex|toml|ts|tsv|txt|xml|ya?ml)$",
    re.IGNORECASE,
)
BUILT_FOLDERS = frozenset({"__pycache__", "node_modules", "site-packages"})
_SNIFF_BYTES = 512
_MOST_SNIFFED = 2000


class Entry(Struct, frozen=True):
    """A file or folder that may be chosen; `size` in bytes, 0 for a folder.

    `leads_to` is where a symbolic link leads if that is outside of the tree's root: such a folder is shown
    and never walked into by itself.
    """

    name: str
    path: Path
    is_directory: bool
    size: int = 0
    modified: float = 0.0
    leads_to: str = ""


def children(path: Path, root: Path | None = None) -> list[Entry]:
    """What may be chosen in one folder: folders first, then text files, by name.

    Hidden names, binary files, pipes and devices are left out. `root` is the tree's; without it, `path`.
    Raises OSError for a folder that can't be listed.
    """
    inside = (root or path).resolve()
    found: list[Entry] = []
    sniffs = 0
    with os.scandir(path) as entries:
        for item in entries:
            if item.name.startswith("."):
                continue
            try:
                is_directory = item.is_dir()
                if not is_directory and not item.is_file():
                    continue
                if is_directory and item.name in BUILT_FOLDERS:
                    continue
                entry = _entry(item, is_directory, inside)
            except OSError:
                # It went away, or a link leads nowhere.
                continue
            if not is_directory:
                if wants_conversion(Path(item.name)):
                    found.append(entry)
                    continue
                if BINARY_NAME.search(item.name):
                    continue
                if not _TEXT_NAME.search(item.name) and sniffs < _MOST_SNIFFED:
                    sniffs += 1
                    if _looks_binary(entry.path):
                        continue
            found.append(entry)
    return sorted(found, key=lambda entry: (not entry.is_directory, entry.name.casefold(), entry.name))


def discover(root: Path, filter_text: str = "", limit: int = 1000) -> Iterator[Entry]:
    """The files under `root` whose path below it holds every word of `filter_text`, in any case; at most
    `limit`.

    Nearer files come first. It is lazy: folders are listed as their files are asked for. Folders that can't
    be listed, and links that lead out of `root`, are passed over.
    """
    words = filter_text.casefold().split()
    waiting = deque([root])
    given = 0
    while waiting and given < limit:
        folder = waiting.popleft()
        try:
            entries = children(folder, root)
        except OSError:
            continue
        for entry in entries:
            if entry.is_directory:
                # A link inside the tree may close a circle; what it leads to is found where it really is.
                if not entry.leads_to and not entry.path.is_symlink():
                    waiting.append(entry.path)
                continue
            name = str(entry.path.relative_to(root)).casefold()
            if all(word in name for word in words):
                yield entry
                given += 1
                if given >= limit:
                    return


def _entry(item: os.DirEntry[str], is_directory: bool, root: Path) -> Entry:
    path = Path(item.path)
    leads_to = ""
    if item.is_symlink():
        target = path.resolve()
        if not target.is_relative_to(root):
            leads_to = str(target)
    found = item.stat()
    size = 0 if is_directory else found.st_size
    return Entry(item.name, path, is_directory, size, found.st_mtime, leads_to)


def _looks_binary(path: Path) -> bool:
    """By its first bytes: NUL bytes that no mark of UTF-16 or UTF-32 explains."""
    try:
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0))
    except OSError:
        # Shown: choosing it says why it can't be read.
        return False
    try:
        head = os.read(descriptor, _SNIFF_BYTES)
    except OSError:
        return False
    finally:
        os.close(descriptor)
    return b"\x00" in head and not head.startswith((b"\xff\xfe", b"\xfe\xff", b"\x00\x00\xfe\xff"))
