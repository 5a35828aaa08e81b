"""A run of a hundred thousand events: how long until it is open, and until any moment of it is shown.

On the screen it is measured in a terminal, from the key or the click until the moment is painted, and until
nothing is painted any more; "open" means that the end is shown and every moment can be gone to. The memory is
that of a process that does nothing else.

Beside it, in the same run: decoding every line as JSON (what any viewer of a log does before it shows one),
and folding the events from the start up to the moment (what a viewer without checkpoints does for each jump).

    uv run python benchmarks/replay.py [--events 100000]
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import msgspec
from terminal import Terminal, milliseconds, spread

from rlm_tui.core import events as e
from rlm_tui.core.paths import runs_directory
from rlm_tui.core.replay import Replay
from rlm_tui.core.trajectory import fold
from rlm_tui.store.event_lines import EventLines
from rlm_tui.store.runs import RunFolder
from rlm_tui.ui.garbage import collect_seldom, leave_alone

JUMPS = 30
WARM_SECONDS = 4.0
"""So long after its first paint the program has imported what it imports ahead."""
CTRL_O, ESCAPE = "\x0f", "\x1b"
REST_SECONDS = 1.5
"""So long the cursor rests on the run before it is opened."""


def value(text: str) -> e.Value:
    return e.Value(text=text, length=len(text))


def make(runs: Path, wanted: int) -> Path:
    """A run of `wanted` events: iterations that stream, print, and ask in batches."""
    folder = RunFolder.create("20260101-000000-long-0000", {"task": "basic"}, runs=runs)
    told: list[e.AnyEvent] = [
        e.RunStarted(span="run", run_id=folder.run_id, task="basic", signature="question -> answer")
    ]
    n = 0
    while len(told) < wanted:
        n += 1
        iteration, cell, batch = f"i{n}", f"c{n}", f"b{n}"
        told.append(e.IterationStarted(span=iteration, parent="run", n=n, of=1_000))
        told.append(e.PlanStarted(span=iteration))
        told += [e.PlanDelta(span=iteration, field="reasoning", text="some more words ") for _ in range(40)]
        told.append(e.PlanReady(span=iteration, reasoning=value("some more words " * 40),
                                code=value("for part in parts:\n    print(llm_query(part))")))  # fmt: skip
        told.append(e.CellStarted(span=cell, parent=iteration, code=value("print(1)")))
        told += [e.CellOutput(span=cell, stream="stdout", text=f"line {at} of it\n") for at in range(60)]
        told.append(e.CallStarted(span=batch, parent=cell, kind="llm_query_batched", name="llm_query_batched",
                                  size=48))  # fmt: skip
        prompt = value("Summarise: " + "x" * 200)
        told += [e.CallStarted(span=f"{batch}-{at}", parent=batch, batch=batch, index=at, kind="llm_query",
                               name="llm_query", prompt=prompt) for at in range(48)]  # fmt: skip
        told += [e.CallFinished(span=f"{batch}-{at}", answer=value("a summary"), usage=e.Usage(80, 9, 0.0001),
                                seconds=0.4) for at in range(48)]  # fmt: skip
        told.append(e.CallFinished(span=batch, seconds=2.0))
        failed = e.ErrorDetail("ValueError", "no part left") if n % 5 == 0 else None
        told.append(e.CellFinished(span=cell, parent=iteration, status="error" if failed else "ok",
                                   error=failed, seconds=3.0))  # fmt: skip
        told.append(e.VariablesChanged(span=cell, changed=[e.Variable(f"v{n}", "int", None, str(n))]))
    for seq, event in enumerate(told[:wanted]):
        folder.append(msgspec.structs.replace(event, seq=seq, at=seq * 0.05))
    folder.close()
    return folder.path


def resident() -> float:
    """The megabytes of memory of this process."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def opened(log: Path) -> Replay:
    """The log as the screen reads it, in one thread and with nobody who looks on."""
    collect_seldom()
    lines = EventLines(log)
    lines.extend()
    replay = Replay(lines)
    for _ in replay.build():
        leave_alone()
    replay.end()
    return replay


def memory(log: Path) -> None:
    """For a process of its own."""
    before = resident()
    parsed = [json.loads(line) for line in log.open("rb")] if "--peer" in sys.argv else opened(log)
    print(f"{resident() - before:,.0f} MB" if parsed else "")


def core(log: Path, chance: random.Random) -> None:
    lines = EventLines(log)
    lines.extend()
    began = time.perf_counter()
    for line in log.open("rb"):
        json.loads(line)
    print(f"{'peer: every line decoded as JSON':<44} {milliseconds(time.perf_counter() - began)}")
    began = time.perf_counter()
    replay = opened(log)
    print(f"{'opened, with checkpoints':<44} {milliseconds(time.perf_counter() - began)}")
    for what, more in (("memory for it", ()), ("peer: the events as JSON objects in memory", ("--peer",))):
        command = [sys.executable, __file__, "--memory-of", str(log), *more]
        used = subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
        print(f"{what:<44} {used}")
    ours, peers = [], []
    for _ in range(JUMPS):
        position = chance.randrange(replay.length)
        began = time.perf_counter()
        there = replay.at(position)
        ours.append(time.perf_counter() - began)
        began = time.perf_counter()
        folded = fold(lines.read(0, position))
        peers.append(time.perf_counter() - began)
        if there.totals != folded.totals:
            raise SystemExit(f"The moments after {position} events differ.")
    print(f"{'a jump':<44} {spread(ours)}")
    print(f"{'peer: folded from the start':<44} {spread(peers)}")


def screen(path: Path, length: int, chance: random.Random) -> None:
    program = [sys.executable, "-m", "rlm_tui"]
    with Terminal([*program, "replay", str(path)]) as terminal:
        told(
            "rlm-tui replay, from nothing: its end is shown",
            terminal.until(f"event {length:,} of {length:,}"),
        )
    with Terminal(program) as terminal:
        terminal.until("Documents")
        time.sleep(WARM_SECONDS)
        print("opened from the list of runs:")
        for rest in (0.0, REST_SECONDS):
            since = terminal.press(CTRL_O)
            terminal.until("1 run", since)
            terminal.whole(since)
            time.sleep(rest)
            since = terminal.press("\r")
            told(f"  after {rest:g} s on it: a first moment", terminal.until(" · iteration ", since))
            told("    its end", terminal.until(f"event {length:,} of {length:,}", since))
            told("    nothing is painted after", terminal.whole(since))
            if not rest:
                terminal.whole(terminal.press(ESCAPE))
                terminal.whole(terminal.press(ESCAPE))
        rows: list[tuple[str, Callable[[], str]]] = [
            ("a click on the axis, anywhere", lambda: click(chance.randrange(2, 159))),
            ("[: an iteration back", lambda: "["),
            ("]: an iteration on", lambda: "]"),
            ("E: an error back", lambda: "E"),
            ("C: a call back", lambda: "C"),
            ("left: an event back", lambda: "\x1b[D"),
            ("right: an event on", lambda: "\x1b[C"),
        ]
        for what, keys in rows:
            terminal.whole(terminal.press(click(80)))
            shown, whole = [], []
            for _ in range(JUMPS):
                since = terminal.press(keys())
                shown.append(terminal.until(f" of {length:,}", since))
                whole.append(terminal.whole(since))
            print(f"{f'  {what}':<44} {spread(shown)}; nothing is painted after: {spread(whole)}")


def click(column: int) -> str:
    """The left button of the mouse, pressed and let go on the axis of time."""
    return f"\x1b[<0;{column};2M\x1b[<0;{column};2m"


def told(what: str, seconds: float) -> None:
    print(f"{what:<52} {milliseconds(seconds)}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=100_000)
    parser.add_argument("--memory-of", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--peer", action="store_true", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.memory_of:
        memory(asked.memory_of)
        return
    wanted = asked.events
    chance = random.Random(1)
    with tempfile.TemporaryDirectory() as folder:
        os.environ["RLM_TUI_HOME"] = folder
        path = make(runs_directory(), wanted)
        log = path / "events.jsonl"
        print(f"{wanted:,} events, {log.stat().st_size / 1e6:,.1f} MB")
        core(log, chance)
        screen(path, wanted, chance)


if __name__ == "__main__":
    main()
