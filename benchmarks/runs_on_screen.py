"""The Runs screen of the real program, from a key until its answer is painted: see `runs.py`."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence

from terminal import Terminal, milliseconds, spread

SETTLED_SECONDS = 8.0
"""So long after its first paint the program has imported all that it needs: it starts without a key."""
BETWEEN_KEYS = 0.1
"""Of somebody who types fast, or keeps a key pressed."""
CTRL_F, CTRL_O, ESCAPE = "\x06", "\x0f", "\x1b"
DOWN, END, HOME, LEFT = "\x1b[B", "\x1b[F", "\x1b[H", "\x1b[D"
FIRST_ROW = f"{'basic':<18} submitted"
MOVES = 40


def told(what: str, took: float | Sequence[float]) -> None:
    """A line of the table; of several times the median and the worst."""
    words = milliseconds(took) if isinstance(took, float) else spread(took)
    print(f"{what:<58} {words}", flush=True)


def on_screen(names: Sequence[str], needle: str, *, indexed: bool) -> None:
    """What a person waits for; `names` are the runs, the newest first, and `needle` stands in one of them."""
    many = f"{len(names):,} runs"
    with Terminal([sys.executable, "-m", "rlm_tui"]) as terminal:
        terminal.until("Documents")
        time.sleep(SETTLED_SECONDS)
        since = terminal.press(CTRL_O)
        state = "indexed" if indexed else "nothing indexed"
        told(f"on the screen, {state}: Ctrl-O until runs are listed", terminal.until(FIRST_ROW, since))
        if not indexed:
            # The preview names the run on which the cursor stands: a key is answered when the next is named.
            keys = [moved(terminal, name) for name in names[1:MOVES]]
            told("  a key meanwhile", keys)
            terminal.until(many, since)
            told(f"  all {len(names):,} of them are listed", time.perf_counter() - since)
            return
        told(f"  all {len(names):,} of them are listed", terminal.until(many, since))
        told("  a key: down", [moved(terminal, name) for name in names[1:MOVES]])
        told("  a key: end", terminal.until(names[-1], terminal.press(END)))
        told("  a key: home", terminal.until(names[0], terminal.press(HOME)))
        filtered(terminal, needle, f"1 run of {many.removesuffix(' runs')}")
        terminal.press(ESCAPE)
        time.sleep(1)
        terminal.until(many, terminal.press(ESCAPE))
        terminal.until("Find in these runs", terminal.press(CTRL_F))
        found(terminal, needle, f"in 1 run of {many.removesuffix(' runs')}")


def moved(terminal: Terminal, name: str) -> float:
    time.sleep(BETWEEN_KEYS)
    return terminal.until(name, terminal.press(DOWN))


def filtered(terminal: Terminal, needle: str, result: str) -> None:
    terminal.whole(terminal.press("/"))
    echoes = typed(terminal, needle)
    told("  a key typed into the filter, until it is seen", echoes)
    took = terminal.until(result, since=time.perf_counter()) + echoes[-1]
    told("  the filter's last key until the one run is listed", took)


def typed(terminal: Terminal, words: str) -> list[float]:
    """Type these; how long each letter took until it stood in the field, before the field's empty rest."""
    echoes = []
    for end in range(1, len(words) + 1):
        time.sleep(BETWEEN_KEYS)
        echoes.append(terminal.until(words[:end] + " " * 20, terminal.press(words[end - 1])))
    return echoes


def found(terminal: Terminal, words: str, result: str) -> None:
    typed(terminal, words)
    since, keys = time.perf_counter(), []
    while result not in terminal.painted:
        pressed = terminal.press(LEFT, forget=False)
        keys.append(terminal.first(pressed))
        time.sleep(BETWEEN_KEYS)
    told("  found in all runs: what stands in one", terminal.until(result, since))
    told("    a key meanwhile", keys)
