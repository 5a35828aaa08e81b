"""What finding an answer of an earlier run costs: the index, beside a plain scan of all logs.

    uv run python benchmarks/remembered_answers.py [RUNS]

Made-up runs of 40 queries each, with the events that a run has round them.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

os.environ["RLM_TUI_HOME"] = tempfile.mkdtemp(prefix="rlm-tui-benchmark-")

from rlm_tui.core.event_codec import decode
from rlm_tui.core.events import (
    CallFinished,
    CallStarted,
    CellOutput,
    IterationStarted,
    RunFinished,
    RunStarted,
    Usage,
)
from rlm_tui.core.paths import runs_directory
from rlm_tui.store.answers import RememberedAnswers, index_path
from rlm_tui.store.runs import EVENTS, RunFolder

RUNS = int(sys.argv[1]) if len(sys.argv) > 1 else 2_000
QUERIES = 40
MODEL = "openai/some-model"


def prompt(run: int, query: int) -> str:
    """A question of some length, another one each time."""
    return f"Question {query} of run {run}? " + "It is asked about a passage of some length. " * 20


def make_run(number: int) -> Path:
    """A run that asked all its questions."""
    folder = RunFolder.create(f"20260101-{number:06}-basic", {})
    folder.append(RunStarted(run_id=folder.run_id, task="basic", signature="docs, query -> answer"))
    for query in range(QUERIES):
        span = f"call-{query}"
        folder.append(IterationStarted(n=query, of=QUERIES))
        asked = folder.value(prompt(number, query))
        folder.append(CallStarted(span=span, kind="llm_query", name="llm_query", prompt=asked, model=MODEL))
        answer = folder.value(f"Answer {query}.")
        folder.append(CallFinished(span=span, answer=answer, usage=Usage(200, 20, 0.001)))
        folder.append(CellOutput(stream="stdout", text="What a cell printed. " * 10))
    folder.append(RunFinished(status="submitted"))
    folder.close()
    return folder.events_path


def scan(text: str) -> str | None:
    """The newest answer, by reading every log to its end."""
    found = None
    for path in sorted(runs_directory().iterdir()):
        spans: set[str] = set()
        with (path / EVENTS).open("rb") as log:
            for line in log:
                event = decode(line)
                if isinstance(event, CallStarted) and event.model == MODEL and event.prompt.text == text:
                    spans.add(event.span)
                elif isinstance(event, CallFinished) and event.span in spans:
                    found = event.answer.text
    return found


def indexed(text: str, answers: RememberedAnswers) -> str | None:
    """The same by the index."""
    answer = answers.find(MODEL, text)
    return None if answer is None else answer.text


def measured(words: str, ask: Callable[[], object], expected: object, times: int = 1) -> None:
    """Print how long `ask` takes."""
    began = time.perf_counter()
    for _ in range(times):
        assert ask() == expected
    seconds = (time.perf_counter() - began) / times
    print(f"  {words:<44} {seconds * 1_000:10.2f} ms")


logs = [make_run(number) for number in range(RUNS)]
size = sum(log.stat().st_size for log in logs)
print(f"{RUNS:,} runs of {QUERIES} queries, {size / 1e6:,.0f} MB of logs; one answer is looked for:")
wanted = prompt(RUNS // 2, 7)
told: list[str] = []
measured("a plain scan of all logs", lambda: scan(wanted), "Answer 7.")
measured(
    "the first time: all logs are indexed",
    lambda: indexed(wanted, RememberedAnswers(told.append, update_seconds=1e9)),
    "Answer 7.",
)
measured("a later run's first query", lambda: indexed(wanted, RememberedAnswers(told.append)), "Answer 7.", 5)
make_run(RUNS)
measured(
    "the same after one more run",
    lambda: indexed(prompt(RUNS, 3), RememberedAnswers(told.append)),
    "Answer 3.",
)
known = RememberedAnswers(told.append)
known.find(MODEL, wanted)
measured("every other query of a run, found", lambda: indexed(wanted, known), "Answer 7.", 500)
measured("every other query of a run, not found", lambda: indexed("Something else?", known), None, 500)
assert not told, told
print(f"The index takes {index_path(runs_directory()).stat().st_size / 1e6:,.1f} MB.")
