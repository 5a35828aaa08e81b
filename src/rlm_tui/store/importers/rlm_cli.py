"""rlm-cli (one JSON document a session): of its sub-queries it keeps the beginnings of the answers only."""

from __future__ import annotations

from typing import Any

from rlm_tui.store.importers.imported import ImportedCall, ImportedIteration, ImportedRun
from rlm_tui.store.importers.values import (
    amount,
    count,
    failure,
    listing,
    mapping,
    moment,
    raised,
    rest,
    text,
)

MILLISECONDS = 0.001
_KEPT = ("model", "query", "startTime", "iterations", "result", "totalElapsedMs")
_KEPT_OF_STEP = (
    "iteration", "code", "stdout", "stderr", "subQueries", "hasFinal", "elapsedMs", "userMessage",
    "rawResponse", "systemPrompt",
)  # fmt: skip
_KEPT_OF_QUERY = ("index", "instruction", "resultPreview", "elapsedMs")


def is_rlm_cli(value: Any) -> bool:
    """Whether it is a saved session of rlm-cli."""
    told = mapping(value)
    return {"query", "iterations"} <= told.keys() and isinstance(told.get("iterations"), list)


def from_rlm_cli(value: Any) -> list[ImportedRun]:
    """The run."""
    told, result = mapping(value), mapping(mapping(value).get("result"))
    run = ImportedRun(
        "rlm-cli", task="rlm-cli", planner=text(told.get("model")), inputs={"query": text(told.get("query"))}
    )
    run.began = moment(told.get("startTime"))
    run.facts = rest(told, *_KEPT) | rest(result, "answer", "completed", "iterations")
    steps = [mapping(one) for one in listing(told.get("iterations"))]
    system = next((text(step["systemPrompt"]) for step in steps if step.get("systemPrompt")), "")
    run.iterations = [_iteration(step, system) for step in steps]
    run.seconds = amount(told.get("totalElapsedMs") or None, MILLISECONDS)
    took = [one.seconds for one in run.iterations]
    if run.seconds is None and took and None not in took:
        run.seconds = sum(one for one in took if one is not None)
    if "answer" in result:
        run.outputs = {"answer": result["answer"]}
    if result:
        run.status = "submitted" if result.get("completed") is True else "failed"
        if run.status == "failed":
            run.error = failure("The session ended without having completed.", "NotCompleted")
    if any("resultLength" in call.arguments for one in run.iterations for call in one.calls):
        words = (
            "Of the answers to sub-queries the log keeps the beginnings only; `resultLength` is the whole's."
        )
        run.left_out.append(words)
    return [run]


def _iteration(value: dict[str, Any], system: str) -> ImportedIteration:
    code, asked = text(value.get("code")), text(value.get("userMessage"))
    iteration = ImportedIteration(
        reasoning=_words(text(value.get("rawResponse")), code),
        code=code,
        prompt=f"[system]\n{system}\n\n[user]\n{asked}" if system and asked else asked or system,
        stdout=text(value.get("stdout")),
        stderr=text(value.get("stderr")),
        # From its question to the model on: the log does not tell plan and cell apart.
        seconds=amount(value.get("elapsedMs"), MILLISECONDS),
        cell_status="submitted" if value.get("hasFinal") is True else "ok" if code else None,
        facts=rest(value, *_KEPT_OF_STEP),
    )
    iteration.error = raised(iteration.stderr)
    if iteration.error is not None:
        iteration.cell_status = "error"
    for one in map(mapping, listing(value.get("subQueries"))):
        iteration.calls.append(
            ImportedCall(
                kind="llm_query",
                name="llm_query",
                prompt=text(one.get("instruction")),
                arguments=_lengths(one),
                answer=text(one.get("resultPreview")),
                seconds=amount(one.get("elapsedMs"), MILLISECONDS),
            )
        )
    if iteration.calls and iteration.cell_status is None:
        iteration.cell_status = "ok"
    return iteration


def _lengths(query: dict[str, Any]) -> dict[str, Any]:
    """What else is told of a sub-query; its answer's length where that is more than what is kept of it."""
    told = rest(query, *_KEPT_OF_QUERY)
    length = count(told.get("resultLength"))
    if length is not None and length <= len(text(query.get("resultPreview"))):
        del told["resultLength"]
    return told


def _words(response: str, code: str) -> str:
    """The response without the code that stands apart."""
    for fence in ("```repl", "```python", "```"):
        response = response.replace(f"{fence}\n{code}\n```", "")
    return response.strip()
