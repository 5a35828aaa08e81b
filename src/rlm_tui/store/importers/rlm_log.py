"""alexzhang13/rlm (JSON lines of its RLMLogger, rlms 0.1.x, older keys too; adk-rlm writes the same)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from rlm_tui.core.events import Usage
from rlm_tui.core.usage import sum_usage
from rlm_tui.store.importers.imported import (
    ImportedCall,
    ImportedIteration,
    ImportedRun,
    amount,
    count,
    damaged_lines,
    failure,
    listing,
    mapping,
    text,
    usage,
)
from rlm_tui.store.importers.json_lines import json_lines


def is_rlm(first: dict[str, Any]) -> bool:
    """Whether the first line is its metadata, or an iteration with code blocks."""
    if first.get("type") == "metadata":
        return "root_model" in first or "backend" in first
    return first.get("type") == "iteration" and "code_blocks" in first


def from_rlm(path: Path) -> ImportedRun:
    """The run. Raises OSError."""
    damaged: list[int] = []
    run = ImportedRun("alexzhang13/rlm", task="rlm")
    final: str | None = None
    seconds: list[float | None] = []
    for line in json_lines(path, damaged):
        if line.get("type") == "metadata":
            _take_metadata(run, line)
        elif line.get("type") == "iteration":
            run.iterations += _iterations(line)
            seconds.append(amount(line.get("iteration_time")))
            final = _final(line.get("final_answer")) if line.get("final_answer") is not None else final
            run.began = run.began or text(line.get("timestamp"))
    run.left_out += damaged_lines(damaged)
    if final is not None:
        run.outputs, run.status = {"answer": final}, "submitted"
        if run.iterations and run.iterations[-1].cell_status == "ok":
            run.iterations[-1].cell_status = "submitted"
    if seconds and None not in seconds:
        run.seconds = sum(one for one in seconds if one is not None)
    return run


def _take_metadata(run: ImportedRun, line: dict[str, Any]) -> None:
    run.planner = text(line.get("root_model"))
    run.sandbox = text(line.get("environment_type"))
    run.most_iterations = count(line.get("max_iterations"))
    run.began = text(line.get("timestamp"))


def _final(value: Any) -> str:
    """The answer; older logs have a pair of its kind and its text."""
    if isinstance(value, list) and value:
        return text(value[-1])
    return text(value)


def _iterations(line: dict[str, Any]) -> list[ImportedIteration]:
    """One for each block of code of a turn, for each was run by itself; the words stand with the first."""
    blocks = [mapping(block) for block in listing(line.get("code_blocks"))]
    words = ImportedIteration(
        reasoning=_words(text(line.get("response")), blocks),
        prompt=_prompt(line.get("prompt")),
        cell_status=None,
    )
    found = [words]
    for number, block in enumerate(blocks):
        iteration = words if number == 0 else ImportedIteration()
        if number:
            found.append(iteration)
        _take_block(iteration, block)
    took = amount(line.get("iteration_time"))
    cells = [one.cell_seconds for one in found if one.cell_status is not None]
    if took is not None and None not in cells:
        words.plan_seconds = max(0.0, took - sum(one for one in cells if one is not None))
    return found


def _prompt(value: Any) -> str:
    """The messages that were sent as one text; a single one as it is."""
    messages = [mapping(one) for one in listing(value)]
    if not messages or any("content" not in one for one in messages):
        return text(value)
    if len(messages) == 1:
        return text(messages[0]["content"])
    return "\n\n".join(f"[{text(one.get('role'))}]\n{text(one['content'])}" for one in messages)


def _words(response: str, blocks: list[dict[str, Any]]) -> str:
    """The response without the code that stands apart."""
    for block in blocks:
        code = text(block.get("code"))
        for fence in ("```repl", "```python", "```"):
            response = response.replace(f"{fence}\n{code}\n```", "").replace(f"{fence}\n{code}```", "")
    return response.strip()


def _take_block(iteration: ImportedIteration, block: dict[str, Any]) -> None:
    result = mapping(block.get("result"))
    iteration.code = text(block.get("code"))
    iteration.stdout, iteration.stderr = text(result.get("stdout")), text(result.get("stderr"))
    iteration.cell_seconds = amount(result.get("execution_time"))
    iteration.cell_status = "ok"
    if iteration.stderr.strip():
        iteration.cell_status = "error"
        iteration.error = failure(iteration.stderr.strip().splitlines()[-1])
    iteration.calls = [_call(mapping(call)) for call in listing(result.get("rlm_calls"))]
    iteration.variables = {text(name): text(one) for name, one in mapping(result.get("locals")).items()}


def _call(value: dict[str, Any]) -> ImportedCall:
    prompt = value.get("prompt")
    nested = mapping(value.get("metadata"))
    inner = [one for line in listing(nested.get("iterations")) for one in _iterations(mapping(line))]
    return ImportedCall(
        kind="sub_rlm" if inner else "llm_query",
        name="rlm_query" if inner else "llm_query",
        prompt=prompt if isinstance(prompt, str) else text(prompt),
        answer=text(value.get("response")),
        model=text(value.get("root_model")),
        usage=_usage(value),
        # Its visualizer takes numbers alone: our own exports say beside it where it is none.
        seconds=None if value.get("execution_time_known") is False else amount(value.get("execution_time")),
        error=failure(value["error"]) if value.get("error") else None,
        nested=inner,
    )


def _usage(value: dict[str, Any]) -> Usage | None:
    summary = mapping(mapping(value.get("usage_summary")).get("model_usage_summaries"))
    if summary:
        told = [mapping(one) for one in summary.values()]
        return sum_usage(
            usage(
                one.get("total_input_tokens"),
                one.get("total_output_tokens"),
                one.get("total_cost"),
                one.get("total_calls"),
            )
            for one in told
        )
    return usage(value.get("prompt_tokens"), value.get("completion_tokens"))
