"""Formats that are one JSON document: rlm-cli and predict-rlm."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from rlm_tui.core.events import Usage
from rlm_tui.store.importers.imported import (
    ImportedCall,
    ImportedIteration,
    ImportedRun,
    amount,
    count,
    failure,
    listing,
    mapping,
    text,
    usage,
)

MILLISECONDS = 0.001


def is_rlm_cli(value: Any) -> bool:
    """Whether it is a saved session of rlm-cli."""
    told = mapping(value)
    return {"query", "iterations"} <= told.keys() and isinstance(told.get("iterations"), list)


def from_rlm_cli(value: Any) -> ImportedRun:
    """The run. Of its sub-queries it keeps the beginnings of the answers only."""
    told, result = mapping(value), mapping(mapping(value).get("result"))
    run = ImportedRun(
        "rlm-cli", task="rlm-cli", planner=text(told.get("model")), inputs={"query": text(told.get("query"))}
    )
    run.began = _time(told.get("startTime"))
    run.iterations = [_cli_iteration(mapping(one)) for one in listing(told.get("iterations"))]
    took = [amount(mapping(one).get("elapsedMs"), MILLISECONDS) for one in listing(told.get("iterations"))]
    if took and None not in took:
        run.seconds = sum(one for one in took if one is not None)
    if "answer" in result:
        run.outputs = {"answer": result["answer"]}
    if result:
        run.status = "submitted" if result.get("completed") is True else "failed"
        if run.status == "failed":
            run.error = failure("The session ended without having completed.", "NotCompleted")
    return run


def _cli_iteration(value: dict[str, Any]) -> ImportedIteration:
    iteration = ImportedIteration(
        code=text(value.get("code")),
        stdout=text(value.get("stdout")),
        stderr=text(value.get("stderr")),
        cell_seconds=amount(value.get("elapsedMs"), MILLISECONDS),
        cell_status="submitted" if value.get("hasFinal") is True else "ok",
    )
    if iteration.stderr.strip():
        iteration.cell_status, iteration.error = "error", failure(iteration.stderr.strip().splitlines()[-1])
    for one in map(mapping, listing(value.get("subQueries"))):
        iteration.calls.append(
            ImportedCall(
                kind="llm_query",
                name="llm_query",
                prompt=text(one.get("instruction")),
                answer=text(one.get("resultPreview")),
                seconds=amount(one.get("elapsedMs"), MILLISECONDS),
            )
        )
    return iteration


def is_predict_rlm(value: Any) -> bool:
    """Whether it is a `trace.json` of predict-rlm."""
    told = mapping(value)
    return isinstance(told.get("steps"), list) and "status" in told and "duration_ms" in told


def from_predict_rlm(value: Any) -> ImportedRun:
    """The run. A group of its predict calls is told as the calls that it holds."""
    told = mapping(value)
    run = ImportedRun(
        "predict-rlm",
        task="predict-rlm",
        planner=text(told.get("model")),
        sub_lm=text(told.get("sub_model")),
        most_iterations=count(told.get("max_iterations")),
        seconds=amount(told.get("duration_ms"), MILLISECONDS),
        iterations=[_predict_step(mapping(one)) for one in listing(told.get("steps"))],
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
    return run


def _predict_step(value: dict[str, Any]) -> ImportedIteration:
    output = text(value.get("untruncated_output")) or text(value.get("output"))
    step = ImportedIteration(
        reasoning=text(value.get("reasoning")),
        code=text(value.get("code")),
        stdout=output,
        cell_seconds=amount(value.get("duration_ms"), MILLISECONDS),
        usage=_tokens(mapping(value.get("usage")).get("main")),
    )
    if value.get("error") is True:
        step.cell_status, step.error = "error", failure((output.strip() or "it failed").splitlines()[-1])
    for group in map(mapping, listing(value.get("predict_calls"))):
        step.calls += [_predict_call(group, mapping(one)) for one in listing(group.get("calls"))]
    for tool in map(mapping, listing(value.get("tool_calls"))):
        values = {str(at): one for at, one in enumerate(listing(tool.get("args")))}
        step.calls.append(
            ImportedCall(
                kind="tool",
                name=text(tool.get("name")),
                arguments=values | mapping(tool.get("kwargs")),
                answer=text(tool.get("result")),
                seconds=amount(tool.get("duration_ms"), MILLISECONDS),
                error=failure(tool["error"]) if tool.get("error") else None,
            )
        )
    return step


def _predict_call(group: dict[str, Any], value: dict[str, Any]) -> ImportedCall:
    return ImportedCall(
        kind="predict",
        name=text(group.get("signature")) or "predict",
        arguments=mapping(value.get("input")),
        answer="\n".join(f"{name}: {one}" for name, one in mapping(value.get("output")).items()),
        model=text(group.get("model")),
        usage=_tokens(value.get("usage")),
        seconds=amount(value.get("duration_ms"), MILLISECONDS),
        error=failure(value["error"]) if value.get("error") else None,
        cached=bool(count(mapping(value.get("usage")).get("cache_hits"))),
    )


def _tokens(value: Any) -> Usage | None:
    told = mapping(value)
    return usage(told.get("input_tokens"), told.get("output_tokens"), told.get("cost"))


def _time(value: Any) -> str:
    """A time as ISO 8601; milliseconds since 1970 are one, too."""
    if isinstance(value, str):
        return value
    seconds = amount(value, MILLISECONDS)
    try:
        return "" if seconds is None else datetime.fromtimestamp(seconds, UTC).isoformat()
    except (ValueError, OverflowError, OSError):
        return ""
