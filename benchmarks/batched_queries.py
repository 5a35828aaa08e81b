"""What a batch saves: the same questions one after the other, and as one `llm_query_batched`.

    uv run python benchmarks/batched_queries.py

Whole runs of a session against the loopback provider of the tests, whose sub-LM answers after half a second.
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
os.environ["RLM_TUI_HOME"] = tempfile.mkdtemp(prefix="rlm-tui-benchmark-")

from tests.integration.session_runs import KEY, request, run
from tests.lm_server import Answer, LoopbackLM, planner_script

from rlm_tui.core.events import CellFinished

QUESTIONS = 24
ANSWER_SECONDS = 0.5
REPEATS = 3
PROMPTS = f"prompts = [f'Question {{n}}?' for n in range({QUESTIONS})]\n"
WAYS = {
    "one after the other": "answers = [llm_query(prompt) for prompt in prompts]",
    "one batch": "answers = llm_query_batched(prompts)",
}


def cell_seconds(code: str) -> float:
    """How long the cell with the questions took, in a run of its own."""
    cell = ("I ask.", f"{PROMPTS}{code}\nSUBMIT(answer=str(len(answers)))")
    script = planner_script([cell], lambda _: Answer("fine", delay=ANSWER_SECONDS))
    with LoopbackLM(script, key=KEY) as server:
        watched = run(request(server=server))
    assert watched.finished().outputs == {"answer": str(QUESTIONS)}, watched.finished()
    return watched.all(CellFinished)[0].seconds


print(f"{QUESTIONS} questions, each answered after {ANSWER_SECONDS} s; the median of {REPEATS} runs:")
for way, code in WAYS.items():
    print(f"  {way:<20} {statistics.median(cell_seconds(code) for _ in range(REPEATS)):6.2f} s")
