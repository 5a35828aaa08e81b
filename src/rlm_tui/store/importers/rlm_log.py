"""alexzhang13/rlm (JSON lines of its RLMLogger, rlms 0.1.x, older keys too; adk-rlm writes the same)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from rlm_tui.core.events import Usage
from rlm_tui.core.usage import sum_usage
from rlm_tui.store.importers.imported import NOTHING_ASKED, ImportedCall, ImportedIteration, ImportedRun
from rlm_tui.store.importers.json_lines import json_lines
from rlm_tui.store.importers.values import (
    amount,
    conversation,
    count,
    damaged_lines,
    failure,
    listing,
    mapping,
    moment,
    raised,
    rest,
    seconds_of,
    strange_lines,
    text,
    usage,
)

_KEPT_OF_METADATA = ("type", "timestamp", "root_model", "environment_type", "max_iterations")
_KEPT_OF_ITERATION = (
    "type", "iteration", "timestamp", "prompt", "response", "code_blocks", "final_answer", "iteration_time",
)  # fmt: skip
_KEPT_OF_RESULT = ("stdout", "stderr", "locals", "execution_time", "rlm_calls", "final_answer")
_KEPT_OF_CALL = (
    "root_model", "prompt", "response", "usage_summary", "execution_time", "metadata", "error",
    "prompt_tokens", "completion_tokens",
)  # fmt: skip


def is_rlm(first: dict[str, Any]) -> bool:
    """Whether the first line is its metadata, or an iteration with code blocks."""
    if first.get("type") == "metadata":
        return "root_model" in first or "backend" in first
    return first.get("type") == "iteration" and "code_blocks" in first


class _Completion:
    """One run of the file while it is read: a logger that is used again writes the next one after it."""

    def __init__(self, metadata: dict[str, Any]) -> None:
        self.run = ImportedRun("alexzhang13/rlm", task="rlm")
        self.run.planner = text(metadata.get("root_model"))
        self.run.sandbox = text(metadata.get("environment_type"))
        self.run.most_iterations = count(metadata.get("max_iterations"))
        self.run.began = moment(metadata.get("timestamp"))
        self.run.facts = rest(metadata, *_KEPT_OF_METADATA)
        self.numbers: list[int] = []
        self.times: list[float | None] = []
        self.began: float | None = None
        self.ended: float | None = None

    @property
    def empty(self) -> bool:
        return not self.run.iterations and self.run.extraction is None

    def is_followed_by(self, line: dict[str, Any]) -> bool:
        """Whether that iteration is of the next run: this one has its answer, or the numbers begin anew."""
        number = count(line.get("iteration"))
        anew = number is not None and bool(self.numbers) and number <= self.numbers[-1]
        return self.run.status is not None or anew

    def take(self, line: dict[str, Any]) -> None:
        took, at = amount(line.get("iteration_time")), seconds_of(line.get("timestamp"))
        if self.empty:
            self.began = None if at is None else at - (took or 0.0)
            self.run.began = moment(line.get("timestamp")) or self.run.began
        self.ended = at
        self.times.append(took)
        if (number := count(line.get("iteration"))) is not None:
            self.numbers.append(number)
        final = line.get("final_answer")
        if final is not None and not listing(line.get("code_blocks")) and final == line.get("response"):
            # It ran out of iterations, and asked its model for an answer.
            self.run.extraction = ImportedCall(
                "predict", "final answer", conversation(line.get("prompt")), answer=text(final)
            )
            self.run.outputs, self.run.status = {"answer": text(final)}, "extracted"
            return
        found = _iterations(line)
        if at is not None and took is not None and self.began is not None:
            found[0].began = max(0.0, at - took - self.began)
        self.run.iterations += found
        if final is not None:
            self.run.outputs, self.run.status = {"answer": _final(final)}, "submitted"
            last = next((one for one in reversed(found) if one.cell_status is not None), None)
            if last is not None and last.cell_status == "ok":
                last.cell_status = "submitted"

    def finished(self) -> ImportedRun:
        run, every = self.run, [one for one in self.times if one is not None]
        if self.began is not None and self.ended is not None:
            run.seconds = max(self.ended - self.began, sum(every))
        elif every and len(every) == len(self.times):
            run.seconds = sum(every)
        models = {call.model for one in run.iterations for call in one.calls if call.model}
        run.sub_lm = models.pop() if len(models) == 1 else ", ".join(sorted(models))
        return run


def from_rlm(path: Path) -> list[ImportedRun]:
    """The runs. Raises OSError."""
    damaged: list[int] = []
    strange: list[int] = []
    metadata: dict[str, Any] = {}
    runs: list[ImportedRun] = []
    current = _Completion(metadata)
    for number, line in json_lines(path, damaged):
        match line.get("type"):
            case "metadata":
                metadata = line
            case "iteration":
                if current.is_followed_by(line):
                    runs.append(current.finished())
                    current = _Completion(metadata)
                current.take(line)
                continue
            case _:
                strange.append(number)
                continue
        if not current.empty:
            runs.append(current.finished())
        current = _Completion(metadata)
    if not current.empty or not runs:
        runs.append(current.finished())
    runs[0].left_out += damaged_lines(damaged) + strange_lines(strange)
    return runs


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
        prompt=conversation(line.get("prompt")),
        cell_status=None,
        facts=rest(line, *_KEPT_OF_ITERATION),
    )
    found = [words]
    for number, block in enumerate(blocks):
        if number:
            found.append(ImportedIteration(usage=NOTHING_ASKED, plan_seconds=0.0))
        _take_block(found[-1], block)
    took = amount(line.get("iteration_time"))
    cells = [one.cell_seconds for one in found if one.cell_status is not None]
    if took is not None and None not in cells:
        words.plan_seconds = max(0.0, took - sum(one for one in cells if one is not None))
    return found


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
    iteration.error = raised(iteration.stderr)
    iteration.cell_status = "ok" if iteration.error is None else "error"
    iteration.calls = [_call(mapping(call)) for call in listing(result.get("rlm_calls"))]
    iteration.variables = mapping(result.get("locals"))
    iteration.facts |= rest(block, "code", "result") | rest(result, *_KEPT_OF_RESULT)


def _call(value: dict[str, Any]) -> ImportedCall:
    nested = mapping(value.get("metadata"))
    is_rlm_call = isinstance(value.get("metadata"), dict)
    inner = [one for line in listing(nested.get("iterations")) for one in _iterations(mapping(line))]
    about = rest(mapping(nested.get("run_metadata")), "root_model") | rest(
        nested, "run_metadata", "iterations"
    )
    return ImportedCall(
        kind="sub_rlm" if is_rlm_call else "llm_query",
        name="rlm_query" if is_rlm_call else "llm_query",
        prompt=conversation(value.get("prompt")),
        arguments=about | rest(value, *_KEPT_OF_CALL),
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
        return sum_usage(
            usage(
                one.get("total_input_tokens"),
                one.get("total_output_tokens"),
                one.get("total_cost"),
                one.get("total_calls"),
            )
            for one in map(mapping, summary.values())
        )
    return usage(value.get("prompt_tokens"), value.get("completion_tokens"))
