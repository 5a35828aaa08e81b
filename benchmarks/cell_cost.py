"""What a cell costs beside documents of three sizes: rlm-tui's sandbox, and dspy's LocalInterpreter.

    uv run python benchmarks/cell_cost.py

Both run the same cell, in turn. dspy hands every input on again with each cell, as `RLM` does;
rlm-tui binds a document once, by its path.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from dspy.primitives.local_interpreter import LocalInterpreter

from rlm_tui.core.documents import describe
from rlm_tui.sandbox.document_input import DocumentInput
from rlm_tui.sandbox.local import ProcessInterpreter

SIZES = {"83 KB": 83_000, "10 MB": 10_000_000, "100 MB": 100_000_000}
LINE = "A line of a document that is long enough to look like one, number 0123456789.\n"
CELL = "x = len(docs)"


def milliseconds(run: Callable[[], object], repeats: int) -> float:
    """The median of `repeats` runs, in milliseconds."""
    run()
    taken = []
    for _ in range(repeats):
        began = time.perf_counter()
        run()
        taken.append((time.perf_counter() - began) * 1000)
    return statistics.median(taken)


def ours(path: Path) -> float:
    """A cell in rlm-tui's local sandbox, the document bound by its path."""
    document = describe(path)
    given = DocumentInput(document)
    interpreter = ProcessInterpreter(documents=[document])
    try:
        interpreter.start()
        interpreter.execute(given.sandbox_assignment("docs", "_raw_docs"))
        return milliseconds(lambda: interpreter.execute(CELL), 200)
    finally:
        interpreter.shutdown()


def peer(path: Path) -> float:
    """The same cell in dspy's LocalInterpreter, the text among the variables as RLM passes them."""
    text = path.read_text(encoding="utf-8")
    interpreter = LocalInterpreter()
    try:
        interpreter.start()
        return milliseconds(
            lambda: interpreter.execute(CELL, variables={"docs": text}), 20 if len(text) < 10**7 else 5
        )
    finally:
        interpreter.shutdown()


def main() -> None:
    print(f"{'document':>10} {'rlm-tui ms':>12} {'LocalInterpreter ms':>20} {'ratio':>8}")
    with tempfile.TemporaryDirectory() as folder:
        for name, size in SIZES.items():
            path = Path(folder, "document.txt")
            path.write_text((LINE * (size // len(LINE) + 1))[:size], encoding="utf-8")
            mine, theirs = ours(path), peer(path)
            print(f"{name:>10} {mine:>12.2f} {theirs:>20.2f} {theirs / mine:>7.0f}x", flush=True)


if __name__ == "__main__":
    main()
