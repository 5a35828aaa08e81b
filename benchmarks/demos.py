"""Every demonstration, offline and with an LM over HTTP, here and at Modal, as a table in Markdown.

    uv run python benchmarks/demos.py

The LM is a server on loopback that speaks OpenAI's wire, with the offline demo as its brain: what is shown is
the whole way of a real model (its settings, the stream, the bill), not a real model's wit. Modal is the
loopback Modal of the tests. The second row of a task is the same run once more on the same volume.
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tests.integration.demo_runs import DEMOS, DemoRun, Everywhere, run_demo

from rlm_tui.core.text import human_cost

TWICE = ("volume-cache",)
CAPTION = (
    "LM is a server on loopback that speaks OpenAI's wire and answers as the offline demo does; "
    f"Modal is the loopback Modal of the tests. Seconds are by the clock, on {os.cpu_count()} cores."
)
HEAD = (
    "task",
    "LM and sandbox",
    "status",
    "truth found",
    "iterations",
    "calls",
    "tokens",
    "cost",
    "seconds",
)


def row(run: DemoRun, note: str = "") -> str:
    """One run as a row of the table."""
    tokens = sum(run.result["tokens"].values())
    cells = (
        f"`{run.task}`{note}",
        run.place,
        run.result["status"],
        f"{run.truth.found} of {run.truth.of}",
        run.result["iterations"],
        run.result["llm_calls"],
        f"{tokens:,}",
        human_cost(run.result["cost_usd"]),
        f"{run.seconds:.2f}",
    )
    return f"| {' | '.join(str(one) for one in cells)} |"


def main() -> None:
    with tempfile.TemporaryDirectory() as folder, Everywhere(Path(folder) / "modal") as everywhere:
        os.environ.update(RLM_TUI_HOME=f"{folder}/home", RLM_TUI_DOTENV="off")
        places = (everywhere.offline, everywhere.with_lm, everywhere.with_lm_at_modal)
        for place in places:
            run_demo("basic", place)  # the first runs import dspy and Modal's client
        print(f"| {' | '.join(HEAD)} |\n|{'---|' * len(HEAD)}")
        for task in DEMOS:
            for place in places:
                volume = f"{task}-{places.index(place)}"
                print(row(run_demo(task, place, volume=volume)), flush=True)
                if task in TWICE:
                    print(row(run_demo(task, place, volume=volume, again=True), ", again"), flush=True)
        print(f"\n{CAPTION}")


if __name__ == "__main__":
    main()
