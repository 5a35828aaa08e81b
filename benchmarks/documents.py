"""Choosing documents: one of 1 GB and a folder of 10,000, beside `wc` and a plain reading of every file.

    uv run python benchmarks/documents.py

The large one is the committed incident log, over and over.
"""

from __future__ import annotations

import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from rlm_tui.core.document_facts import facts_words, look_at
from rlm_tui.core.document_pack import packed
from rlm_tui.core.documents import describe, gather, preview

LOG = Path(__file__).parents[1] / "rlm_content" / "incident.log"
LARGE_BYTES = 1_000_000_000
FILES = 10_000
Found = TypeVar("Found")


def timed(what: str, act: Callable[[], Found]) -> Found:
    """Do it, and print how long it took."""
    began = time.perf_counter()
    found = act()
    print(f"{what:<44} {1000 * (time.perf_counter() - began):>9,.1f} ms")
    return found


def one_large(folder: Path) -> None:
    """A file of 1 GB: choosing it, its first page, what it amounts to."""
    path = folder / "large.log"
    block = LOG.read_bytes()
    with path.open("wb") as file:
        while file.tell() < LARGE_BYTES:
            file.write(block)
    timed("1 GB: wc -lw", lambda: subprocess.run(["wc", "-lw", str(path)], check=True, capture_output=True))
    document = timed("1 GB: chosen (encoding, size)", lambda: describe(path))
    timed("1 GB: a page from its midst", lambda: preview(document, LARGE_BYTES // 2))
    facts = timed("1 GB: lines, words, tokens from samples", lambda: look_at(document))
    print(f"      {facts_words(facts)}")


def many_small(folder: Path) -> None:
    """A folder of 10,000 files: gathered, counted, packed."""
    block = LOG.read_text("utf-8")
    for number in range(FILES):
        below = folder / "many" / str(number // 100)
        below.mkdir(parents=True, exist_ok=True)
        (below / f"{number}.log").write_text(block[number * 50 : number * 50 + 2000])
    root = folder / "many"
    timed("10,000 files: plain reading of all", lambda: [path.read_text() for path in root.rglob("*.log")])
    documents = timed("10,000 files: chosen", lambda: gather([root]))
    timed("10,000 files: lines, words, tokens", lambda: look_at(documents))

    def pack() -> None:
        with packed(documents, "benchmark"):
            pass

    timed("10,000 files: packed for a sandbox", pack)


def main() -> None:
    """Both, in a folder that goes away."""
    with tempfile.TemporaryDirectory() as name:
        one_large(Path(name))
        many_small(Path(name))


if __name__ == "__main__":
    main()
