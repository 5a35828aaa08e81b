"""A run of a hundred thousand events: how long until it is open, and until any moment of it is shown.

Beside it, in the same run: decoding every line as JSON (what any viewer of a log does before it shows one),
and folding the events from the start up to the moment (what a viewer without checkpoints does for each jump).

    uv run python benchmarks/replay.py [--events 100000]
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import resource
import statistics
import tempfile
import time
from pathlib import Path

import msgspec

from rlm_tui.core import events as e
from rlm_tui.core.replay import Replay
from rlm_tui.core.settings import Settings
from rlm_tui.core.trajectory import fold
from rlm_tui.store.event_lines import EventLines
from rlm_tui.store.run_log import open_run
from rlm_tui.store.runs import RunFolder
from rlm_tui.ui.app import RlmTui
from rlm_tui.ui.screens.replay import ReplayScreen

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
        told.append(e.CellFinished(span=cell, parent=iteration, status="ok", seconds=3.0))
        told.append(e.VariablesChanged(span=cell, changed=[e.Variable(f"v{n}", "int", None, str(n))]))
    for seq, event in enumerate(told[:wanted]):
        folder.append(msgspec.structs.replace(event, seq=seq, at=seq * 0.05))
    folder.close()
    return folder.path


def milliseconds(seconds: float) -> str:
    return f"{seconds * 1000:,.1f} ms"


def spread(times: list[float]) -> str:
    return f"median {milliseconds(statistics.median(times))}, worst {milliseconds(max(times))}"


def core(log: Path, chance: random.Random) -> None:
    began = time.perf_counter()
    for line in log.open("rb"):
        json.loads(line)
    print(f"{'peer: every line decoded as JSON':<44} {milliseconds(time.perf_counter() - began)}")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    began = time.perf_counter()
    lines = EventLines(log)
    lines.extend()
    replay = Replay(lines)
    for _ in replay.build():
        pass
    replay.end()
    print(f"{'opened, with checkpoints':<44} {milliseconds(time.perf_counter() - began)}")
    used = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    print(f"{'memory for it':<44} {used:,.0f} MB")
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
        shown = ReplayScreen(open_run(path))
        app.push_screen(shown)
        while not shown.is_mounted or not shown.recorded.length:
            await pilot.pause(0.005)
        print(f"{'on the screen: the first moment':<44} {milliseconds(time.perf_counter() - began)}")
        while shown.reading:
            await pilot.pause(0.005)
        print(f"{'on the screen: all of it read':<44} {milliseconds(time.perf_counter() - began)}")
        times = []
        for _ in range(JUMPS):
            position = chance.randrange(shown.recorded.length)
            began = time.perf_counter()
            shown.show_position(position)
            await pilot.pause()
            times.append(time.perf_counter() - began)
        print(f"{'on the screen: a jump, painted':<44} {spread(times)}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=100_000)
    wanted = parser.parse_args().events
    chance = random.Random(1)
    with tempfile.TemporaryDirectory() as folder:
        path = make(Path(folder), wanted)
        log = path / "events.jsonl"
        print(f"{wanted:,} events, {log.stat().st_size / 1e6:,.1f} MB")
        core(log, chance)
        asyncio.run(screen(path, chance))


if __name__ == "__main__":
    main()
