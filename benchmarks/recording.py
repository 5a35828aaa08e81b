"""What `rlm_tui.record` costs a program: the same `dspy.RLM` with it and without it, turn about.

The model answers at once and in this process, so that nothing but dspy, its sandbox and the recording takes
time: of a program whose model takes seconds the share is so much smaller.

    uv run python benchmarks/recording.py [--iterations 10] [--batch 20] [--document 1000000] [--rounds 7]
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import dspy
from dspy import lm15
from dspy.primitives.local_interpreter import LocalInterpreter

from rlm_tui import record


class Scripted:
    """An engine whose planner asks a batch in each turn but the last, and whose sub-LM answers one word."""

    def __init__(self, iterations: int, batch: int) -> None:
        self.iterations, self.batch = iterations, batch

    def complete(self, request: lm15.Request) -> lm15.Response:
        prompt = "".join(getattr(part, "text", "") for part in request.messages[-1].parts)
        text = self._turn(prompt) if "[[ ## iteration ## ]]" in prompt else "yes"
        used = lm15.Usage(input_tokens=len(prompt) // 4, output_tokens=9, total_tokens=len(prompt) // 4 + 9)
        return lm15.Response(
            id=None,
            model=request.model,
            message=lm15.Message.assistant([lm15.TextPart(text)]),
            finish_reason="stop",
            usage=used,
        )

    def _turn(self, prompt: str) -> str:
        n = int(prompt.rpartition("[[ ## iteration ## ]]")[2].strip().partition("/")[0])
        asked = f"[f'word {{i}}?' for i in range({self.batch})]"
        code = f"found = llm_query_batched({asked})\nprint(found, document[:50])"
        if n == self.iterations:
            code = "SUBMIT(answer='yes')"
        return f"[[ ## reasoning ## ]]\nI ask.\n\n[[ ## code ## ]]\n{code}\n\n[[ ## completed ## ]]"

    def stream(self, request: lm15.Request) -> Iterator[Any]:
        yield from lm15.response_to_events(self.complete(request))

    def close(self) -> None:
        pass


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--iterations", type=int, default=10)
    parser.add_argument("--batch", type=int, default=20)
    parser.add_argument("--document", type=int, default=1_000_000, help="characters")
    parser.add_argument("--rounds", type=int, default=7)
    asked = parser.parse_args()
    engine = Scripted(asked.iterations, asked.batch)
    lm = dspy.LM("scripted/model", engine=engine, cache=False)
    rlm = dspy.RLM(
        "document, question -> answer", max_llm_calls=100_000, interpreter_factory=LocalInterpreter
    )
    document = "Maren decides. " * (asked.document // 15)
    times: dict[bool, list[float]] = {False: [], True: []}
    with tempfile.TemporaryDirectory() as folder, dspy.context(lm=lm):
        for number in range(asked.rounds + 1):
            for recorded in (False, True):
                began = time.perf_counter()
                with record(runs=Path(folder)) if recorded else nullcontext():
                    rlm(document=document, question="Who decides?")
                if number:  # the first warms up
                    times[recorded].append(time.perf_counter() - began)
        size = sum(path.stat().st_size for path in Path(folder).rglob("*") if path.is_file())
    without, with_it = (statistics.median(times[recorded]) for recorded in (False, True))
    calls = (asked.iterations - 1) * asked.batch
    print(f"{asked.iterations} iterations, {calls} sub-calls, a document of {len(document):,} characters")
    print(f"without record  {without * 1000:8.1f} ms")
    print(f"with record     {with_it * 1000:8.1f} ms  {with_it / without:.3f} times")
    print(f"a call more     {(with_it - without) / (calls + asked.iterations) * 1e6:8.0f} µs")
    print(f"a run on disk   {size / (asked.rounds + 1) / 1000:8.0f} KB")


if __name__ == "__main__":
    main()
