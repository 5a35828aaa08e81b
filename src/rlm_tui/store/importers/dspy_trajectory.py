"""What `dspy.RLM` leaves in `prediction.trajectory`, alone or with outputs beside it."""

from __future__ import annotations

import ast
import re
from typing import Any

from rlm_tui.store.importers.imported import ImportedIteration, ImportedRun
from rlm_tui.store.importers.own_json import OURS, from_own_json
from rlm_tui.store.importers.values import failure, listing, mapping, rest, text

ERROR = "[Error] "
TYPE_ERROR = "[Type Error] "
FINAL = "FINAL: "
# What a cell prints may begin with the same word: dspy's own tell what was raised, or what SUBMIT lacked.
_ERROR = re.compile(r"\[Type Error\] |\[Error\] (?:[A-Za-z_][\w.]*: |Missing output fields|FINAL returned )")
NOTHING_PRINTED = "(no output - did you forget to print?)"
EXTRACTED = "Extract forced final output"
LONGEST_LITERAL = 1_000_000
_KEPT_OF_STEP = ("reasoning", "code", "output")


def is_dspy(value: Any) -> bool:
    """Whether `value` is such a list, or an object that holds one."""
    steps = value.get("trajectory") if isinstance(value, dict) else value
    return (
        isinstance(steps, list)
        and bool(steps)
        and all(isinstance(step, dict) and {"code", "output"} <= step.keys() for step in steps)
    )


def from_dspy(value: Any) -> list[ImportedRun]:
    """The run; times, tokens and calls are not known."""
    holder = mapping(value)
    if text(holder.get("format")).startswith(OURS):
        return [from_own_json(holder)]
    steps = listing(holder.get("trajectory")) if holder else listing(value)
    run = ImportedRun("dspy", task="dspy", iterations=[_step(mapping(step)) for step in steps])
    run.outputs = {name: one for name, one in holder.items() if name not in ("trajectory", "final_reasoning")}
    reasoning, last = text(holder.get("final_reasoning")), run.iterations[-1]
    if reasoning and reasoning not in (EXTRACTED, last.reasoning):
        run.facts["final_reasoning"] = reasoning
    if reasoning == EXTRACTED:
        run.status = "extracted"
        return [run]
    if last.stdout.startswith(FINAL):
        run.outputs = run.outputs or _submitted(last.stdout.removeprefix(FINAL))
        last.stdout, last.cell_status, run.status = "", "submitted", "submitted"
    elif "SUBMIT" in last.code and last.cell_status == "ok":
        last.cell_status = run.status = "submitted"
    elif run.outputs:
        run.status = "submitted" if last.cell_status == "submitted" else "extracted"
    return [run]


def _step(step: dict[str, Any]) -> ImportedIteration:
    output = text(step.get("output"))
    iteration = ImportedIteration(
        text(step.get("reasoning")), text(step.get("code")), facts=rest(step, *_KEPT_OF_STEP)
    )
    if _ERROR.match(output):
        kind = "TypeError" if output.startswith(TYPE_ERROR) else "Error"
        words = output.removeprefix(ERROR).removeprefix(TYPE_ERROR)
        iteration.cell_status, iteration.error = "error", failure(words, kind)
    elif output != NOTHING_PRINTED:
        iteration.stdout = output
    return iteration


def _submitted(words: str) -> dict[str, Any]:
    """The outputs that the last entry shows, as Python writes them; else those words."""
    if len(words) <= LONGEST_LITERAL:
        try:
            found = ast.literal_eval(words)
        except (ValueError, SyntaxError, MemoryError, RecursionError):
            found = None
        if isinstance(found, dict):
            return {str(name): one for name, one in found.items()}
    return {"submitted": words}
