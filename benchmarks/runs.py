"""Ten thousand saved runs: how long until they are listed, the first time and later, and searched.

On the screen (`runs_on_screen.py`) it is measured in a terminal, from the key until its answer is painted.
Beside it, in the same run: reading the head and the tail of every log (`list_runs`), which is what a list
without an index costs each time, and `grep` over all logs.

    uv run python benchmarks/runs.py [--runs 10000]
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from runs_on_screen import on_screen

from rlm_tui.core import events as e
from rlm_tui.core.event_codec import encode
from rlm_tui.core.paths import runs_directory
from rlm_tui.core.run_filter import parse_run_filter
from rlm_tui.store.library import RunLibrary, index_path
from rlm_tui.store.listing import list_runs

WORDS = [
    "section",
    "heading",
    "cache",
    "optimizer",
    "signature",
    "volume",
    "latency",
    "budget",
    "crate",
    "ledger",
    "stair",
    "key",
]


def value(text: str) -> e.Value:
    return e.Value(text=text, length=len(text))


def make(folder: Path, number: int, chance: random.Random) -> None:
    """A run of five iterations with calls, as the offline demo leaves one: some twenty kilobytes."""
    began = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=number)
    name = f"{began:%Y%m%d-%H%M%S}-basic-{number:04x}"
    path = folder / name
    path.mkdir()
    lines: list[e.AnyEvent] = [
        e.RunStarted(span="run", run_id=name, task="basic", signature="question -> answer",
                     planner="openai/gpt", started=began.isoformat())
    ]  # fmt: skip
    for n in range(1, 6):
        span = f"iteration-{n}"
        lines.append(e.IterationStarted(span=span, parent="run", n=n, of=20))
        reasoning = " ".join(chance.choices(WORDS, k=40))
        lines.append(
            e.PlanReady(span=span, reasoning=value(reasoning), code=value("x = 1\n" * 20), seconds=1)
        )
        lines.append(e.CellStarted(span=f"cell-{n}", parent=span, code=value("x = 1\n" * 20)))
        for call in range(6):
            asked, answered = " ".join(chance.choices(WORDS, k=30)), " ".join(chance.choices(WORDS, k=20))
            lines.append(e.CallStarted(span=f"call-{n}-{call}", parent=f"cell-{n}", kind="llm_query",
                                       name="llm_query", prompt=value(asked)))  # fmt: skip
            lines.append(e.CallFinished(span=f"call-{n}-{call}", answer=value(answered), seconds=0.5))
        lines.append(e.CellOutput(span=f"cell-{n}", stream="stdout", text=f"{reasoning}\nneedle-{number}\n"))
        lines.append(e.CellFinished(span=f"cell-{n}", status="ok", seconds=0.1))
    totals = e.Totals(iterations=5, llm_calls=30, prompt_tokens=9_000, cost_usd=0.01, seconds=12.0)
    lines.append(e.RunFinished(span="run", status="submitted", outputs={"answer": "yes"}, totals=totals))
    path.joinpath("events.jsonl").write_bytes(b"".join(encode(line) + b"\n" for line in lines))


def timed(what: str, do: Callable[[], Any]) -> Any:
    began = time.perf_counter()
    found = do()
    print(f"{what:<58} {(time.perf_counter() - began) * 1000:>9,.0f} ms")
    return found


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, default=10_000)
    many = parser.parse_args().runs
    root = Path(tempfile.mkdtemp())
    os.environ["RLM_TUI_HOME"] = str(root)
    try:
        runs, chance = runs_directory(), random.Random(1)
        runs.mkdir(parents=True)
        for number in range(many):
            make(runs, number, chance)
        size = sum(path.stat().st_size for path in runs.glob("*/events.jsonl"))
        print(f"{many:,} runs, {size / 1e6:,.0f} MB of logs")
        names = sorted((path.name for path in runs.iterdir()), reverse=True)
        needle = f"needle-{many // 2}"
        on_screen(names, needle, indexed=False)
        index_path(runs).unlink()
        library = RunLibrary(runs)
        timed("first indexing (the newest are listed as it goes on)", library.update)
        print(f"  (the index takes {index_path(runs).stat().st_size / 1e6:,.0f} MB)")
        again = RunLibrary(runs)
        assert len(timed("opened again: all runs known", again.records)) == many
        timed("  and the folders looked at for new ones", again.update)
        found = timed(
            "search by field and word", lambda: again.filtered(parse_run_filter("task:basic ledger cost<1"))
        )
        one = timed("search for what stands in one run", lambda: again.filtered(parse_run_filter(needle)))
        assert len(one) == 1
        print(f"  ({len(found):,} runs with the word)")
        on_screen(names, needle, indexed=True)
        program = [sys.executable, "-m", "rlm_tui"]
        for what, command in (
            ("rlm-tui runs list", [*program, "runs", "list"]),
            ("rlm-tui find, in everything of all runs", [*program, "find", needle]),
        ):
            timed(what, lambda command=command: subprocess.run(command, capture_output=True, check=True))
        assert len(timed("peer: head and tail of every log", lambda: list_runs(runs))) == many
        if grep := shutil.which("grep"):
            command = [grep, "-rlF", f"{needle}\\n", str(runs)]
            timed(
                "peer: grep -rlF for what stands in one run",
                lambda: subprocess.run(command, capture_output=True, check=False),
            )
    finally:
        shutil.rmtree(root)


if __name__ == "__main__":
    main()
