"""predict-rlm (one JSON document a run, `RunTrace` of version 0.13; also what it shows to its proposers)."""

from __future__ import annotations

from typing import Any

from rlm_tui.core.events import Usage
from rlm_tui.core.usage import sum_usage
from rlm_tui.store.importers.imported import NOTHING_ASKED, ImportedCall, ImportedIteration, ImportedRun
from rlm_tui.store.importers.values import amount, count, failure, listing, mapping, raised, rest, text, usage

MILLISECONDS = 0.001
NO_OUTPUTS = "A trace of predict-rlm does not hold the run's inputs and outputs."
_KEPT = (
    "status", "model", "sub_model", "iterations", "max_iterations", "duration_ms", "usage", "steps",
)  # fmt: skip
_KEPT_OF_STEP = (
    "iteration", "reasoning", "code", "output", "untruncated_output", "error", "duration_ms", "tool_calls",
    "predict_calls", "usage",
)  # fmt: skip
_KEPT_OF_GROUP = ("signature", "model", "calls", "total_usage")
_KEPT_OF_CALL = ("duration_ms", "usage", "input", "output", "error")
_KEPT_OF_TOOL = ("name", "args", "kwargs", "result", "error", "duration_ms")


def is_predict_rlm(value: Any) -> bool:
    """Whether it is a `trace.json` of predict-rlm."""
    told = mapping(value)
    steps = listing(told.get("steps"))
    return isinstance(told.get("steps"), list) and "status" in told and (
        "duration_ms" in told or any("predict_calls" in mapping(step) for step in steps)
    )  # fmt: skip


def from_predict_rlm(value: Any) -> list[ImportedRun]:
    """The run. A group of its predict calls is told as the calls that it holds."""
    told = mapping(value)
    run = ImportedRun(
        "predict-rlm",
        task="predict-rlm",
        planner=text(told.get("model")),
        sub_lm=text(told.get("sub_model")),
        most_iterations=count(told.get("max_iterations")),
        seconds=amount(told.get("duration_ms"), MILLISECONDS),
        iterations=[_step(mapping(one)) for one in listing(told.get("steps"))],
        facts=rest(told, *_KEPT)
        if told.get("adapter_fallbacks")
        else rest(told, *_KEPT, "adapter_fallbacks"),
        left_out=[NO_OUTPUTS],
    )
    last = run.iterations[-1] if run.iterations else None
    match told.get("status"):
        case "completed":
            run.status = "submitted"
            if last is not None and last.cell_status == "ok":
                last.cell_status = "submitted"
        case "max_iterations":
            run.status = "extracted"
        case "error":
            run.status, run.error = "failed", failure("The run failed.", "RunFailed")
    if sentence := _not_told_of(run, mapping(told.get("usage"))):
        run.left_out.append(sentence)
    return [run]


def _not_told_of(run: ImportedRun, totals: dict[str, Any]) -> str:
    """The totals of the run, where its steps tell less: the extraction of an answer is no step."""
    whole, steps = _tokens(totals.get("main")), sum_usage(one.usage for one in run.iterations)
    if whole is None or steps is None or whole.prompt_tokens == steps.prompt_tokens:
        return ""
    return (
        f"The log counts {whole.prompt_tokens} prompt and {whole.completion_tokens} completion tokens of the "
        "main LM in all, more than those of its steps."
    )


def _step(value: dict[str, Any]) -> ImportedIteration:
    output = text(value.get("untruncated_output")) or text(value.get("output"))
    main = mapping(mapping(value.get("usage")).get("main"))
    step = ImportedIteration(
        reasoning=text(value.get("reasoning")),
        code=text(value.get("code")),
        stdout=output,
        # Of the model's turn and the cell together.
        seconds=amount(value.get("duration_ms"), MILLISECONDS),
        usage=_tokens(main),
        cached=bool(count(main.get("cache_hits"))),
        facts=rest(
            value, *_KEPT_OF_STEP, *(() if value.get("adapter_fallbacks") else ("adapter_fallbacks",))
        ),
    )
    if value.get("error") is True:
        last = (output.strip() or "it failed").splitlines()[-1]
        step.cell_status, step.error = "error", raised(output) or failure(last)
    for group in map(mapping, listing(value.get("predict_calls"))):
        step.calls += [_predict_call(group, mapping(one)) for one in listing(group.get("calls"))]
    for tool in map(mapping, listing(value.get("tool_calls"))):
        values = {str(at): one for at, one in enumerate(listing(tool.get("args")))}
        step.calls.append(
            ImportedCall(
                kind="tool",
                name=text(tool.get("name")),
                arguments=values | mapping(tool.get("kwargs")) | rest(tool, *_KEPT_OF_TOOL),
                answer=text(tool.get("result")),
                seconds=amount(tool.get("duration_ms"), MILLISECONDS),
                error=failure(tool["error"]) if tool.get("error") else None,
            )
        )
    return step


def _predict_call(group: dict[str, Any], value: dict[str, Any]) -> ImportedCall:
    asked = mapping(value.get("input"))
    return ImportedCall(
        kind="predict",
        name=text(group.get("signature")) or "predict",
        arguments=asked | rest(group, *_KEPT_OF_GROUP) | rest(value, *_KEPT_OF_CALL) | asked,
        answer="\n".join(f"{name}: {text(one)}" for name, one in mapping(value.get("output")).items()),
        model=text(group.get("model")),
        usage=_tokens(value.get("usage")),
        seconds=amount(value.get("duration_ms"), MILLISECONDS),
        error=failure(value["error"]) if value.get("error") else None,
        cached=bool(count(mapping(value.get("usage")).get("cache_hits"))),
    )


def _tokens(value: Any) -> Usage | None:
    """What a call used. It writes zero for what it does not know, and where the answer was in the cache."""
    told = mapping(value)
    prompt, completion = told.get("input_tokens"), told.get("output_tokens")
    if not prompt and not completion:
        return NOTHING_ASKED if count(told.get("cache_hits")) else usage(None, None, told.get("cost") or None)
    return usage(prompt, completion, told.get("cost") or None)
