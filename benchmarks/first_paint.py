"""Time from the start of the process to the first painted screen: rlm-tui beside an empty Textual app.

    uv run python benchmarks/first_paint.py [REPEATS]

Each is started in a pseudo-terminal of 120 x 36, in turn; the clock stops at its first words on the terminal.
"""

from __future__ import annotations

import statistics
import sys
import tempfile

from terminal import Terminal

EMPTY = """
from textual.app import App
from textual.widgets import Static

class Empty(App):
    def compose(self):
        yield Static("ready-to-look-at")

Empty().run()
"""
PROGRAMS = {
    "empty Textual app": ([sys.executable, "-c", EMPTY], "ready-to-look-at"),
    "rlm-tui": ([sys.executable, "-m", "rlm_tui"], "Documents"),
}


def first_paint(command: list[str], words: str, home: str) -> float:
    """Seconds until `words` stand on the terminal."""
    with Terminal(command, size=(120, 36), RLM_TUI_HOME=home) as terminal:
        return terminal.until(words)


def main() -> None:
    repeats = int(sys.argv[1]) if len(sys.argv) > 1 else 10
    taken: dict[str, list[float]] = {name: [] for name in PROGRAMS}
    with tempfile.TemporaryDirectory() as home:
        for round_number in range(repeats + 1):
            for name, (command, words) in PROGRAMS.items():
                seconds = first_paint(command, words, home)
                if round_number:  # the first round fills the caches of the file system and of bytecode
                    taken[name].append(seconds)
    base = statistics.median(taken["empty Textual app"])
    print(f"{'program':<20} {'median s':>9} {'best s':>8} {'ratio':>6}")
    for name, seconds in taken.items():
        middle = statistics.median(seconds)
        print(f"{name:<20} {middle:>9.3f} {min(seconds):>8.3f} {middle / base:>6.2f}")


if __name__ == "__main__":
    main()
