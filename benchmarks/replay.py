"""A run of a hundred thousand events: how long until it is open, and until any moment of it is shown.

On the screen it is measured from the key or the click until all has been painted, and "open" means that its
end is shown and every moment can be gone to. The memory is that of a process that does nothing else.

Beside it, in the same run: decoding every line as JSON (what any viewer of a log does before it shows one),
and folding the events from the start up to the moment (what a viewer without checkpoints does for each jump).

    uv run python benchmarks/replay.py [--events 100000]
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import msgspec

from rlm_tui.core import events as e
from rlm_tui.core.replay import Replay
from rlm_tui.core.settings import Settings
from rlm_tui.core.trajectory import fold
from rlm_tui.store.event_lines import EventLines
from rlm_tui.store.runs import RunFolder
from rlm_tui.ui.app import RlmTui
from rlm_tui.ui.screens.replay import ReplayScreen
from rlm_tui.ui.widgets.scrubber import ScrubberAxis

JUMPS = 30


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


def milliseconds(seconds: float) -> str:
    return f"{seconds * 1000:,.1f} ms"


def spread(times: list[float]) -> str:
    return f"median {milliseconds(statistics.median(times))}, worst {milliseconds(max(times))}"


def resident() -> float:
    """The megabytes of memory of this process."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def opened(log: Path) -> Replay:
    lines = EventLines(log)
    lines.extend()
    replay = Replay(lines)
    for _ in replay.build():
        pass
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


async def screen(path: Path, chance: random.Random) -> None:
    app = RlmTui(Settings(), warm_up=False)
    app.animation_level = "none"
    async with app.run_test(size=(160, 45)) as pilot:
        while not app.is_open:
            await pilot.pause(0.01)
        began = time.perf_counter()
        app.explore.open_saved(path)
        while not isinstance(app.screen, ReplayScreen) or not app.screen.recorded.position:
            await asyncio.sleep(0.02)
        shown = app.screen
        print(f"{'on the screen: a first moment':<44} {milliseconds(time.perf_counter() - began)}")
        while shown.reading:
            await asyncio.sleep(0.02)
        await pilot.pause()
        assert shown.recorded.at_end
        print(f"{'on the screen: open, at its end':<44} {milliseconds(time.perf_counter() - began)}")

        async def click() -> None:
            await pilot.click(ScrubberAxis, offset=(chance.randrange(1, 159), 0))

        async def key(name: str) -> None:
            await pilot.press(name)

        print(f"{'  a key that does nothing (the cost of asking)':<44} {await painted(lambda: key('f12'))}")
        print(f"{'  a click on the axis, anywhere':<44} {await painted(click)}")
        for name, what in (
            ("[", "an iteration back"),
            ("]", "an iteration on"),
            ("E", "an error back"),
            ("C", "a call back"),
            ("left", "an event back"),
            ("right", "an event on"),
        ):
            print(f"{f'  {name}: {what}':<44} {await painted(lambda name=name: key(name))}")

        async def ends() -> None:
            await pilot.press("<" if shown.recorded.position else ">")

        print(f"{'  < >: from one end to the other':<44} {await painted(ends)}")


async def painted(act: Callable[[], Awaitable[None]]) -> str:
    """How long it takes until what was asked for has been painted."""
    times = []
    for _ in range(JUMPS):
        began = time.perf_counter()
        await act()
        times.append(time.perf_counter() - began)
    return spread(times)


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
        path = make(Path(folder), wanted)
        log = path / "events.jsonl"
        print(f"{wanted:,} events, {log.stat().st_size / 1e6:,.1f} MB")
        core(log, chance)
        asyncio.run(screen(path, chance))


if __name__ == "__main__":
    main()
