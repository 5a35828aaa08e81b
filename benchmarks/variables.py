"""What it costs to look at a variable of 100 MB: a page of it, beside sending the whole of it.

    uv run python benchmarks/variables.py

Both ask the same live sandbox: `inspect` for a page, as the screen does, and dspy's way to get at a value, a
cell whose tool call hands it to the host.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

from rlm_tui.sandbox.local import ProcessInterpreter

CHARACTERS = 100_000_000
PAGE = 64 * 1024


def milliseconds(act: Callable[[], object], times: int) -> float:
    """The median of several runs."""
    taken = []
    for _ in range(times):
        began = time.perf_counter()
        act()
        taken.append(1000 * (time.perf_counter() - began))
    return statistics.median(taken)


def main() -> None:
    """Print the table."""
    received: list[int] = []

    def take(text: str) -> None:
        received.append(len(text))

    interpreter = ProcessInterpreter(tools={"take": take}, confined="off")
    try:
        interpreter.start()
        interpreter.execute(f"text = 'x' * {CHARACTERS}; table = {{n: str(n) * 9 for n in range(200_000)}}")
        rows = [
            ("a page at the start", lambda: interpreter.inspect("text", 0, PAGE), 20),
            ("a page at the end", lambda: interpreter.inspect("text", CHARACTERS - PAGE, PAGE), 20),
            ("a page of a dict of 200,000", lambda: interpreter.inspect("table", 0, PAGE), 20),
            ("all of it through a tool call", lambda: interpreter.execute("take(text)"), 3),
        ]
        for words, act, times in rows:
            print(f"{words:<32} {milliseconds(act, times):>10,.1f} ms")
        assert set(received) == {CHARACTERS}
    finally:
        interpreter.shutdown()


if __name__ == "__main__":
    main()
