"""What `rlm-tui export --format json` wrote, read back."""

from __future__ import annotations

from typing import Any

from rlm_tui.core.events import CallKind, ErrorDetail
from rlm_tui.store.importers.imported import ImportedCall, ImportedIteration, ImportedRun
from rlm_tui.store.importers.values import amount, count, listing, mapping, rest, text, usage

OURS = "rlm-tui/"
_KEPT = (
    "format", "run_id", "task", "signature", "inputs", "planner", "sub_lm", "started", "status", "outputs",
    "error", "totals", "trajectory", "iterations", "calls",
)  # fmt: skip
_KEPT_OF_ITERATION = (
    "n", "reasoning", "code", "prompt", "plan_seconds", "usage", "cell", "variables", "calls",
)  # fmt: skip
_KEPT_OF_CELL = ("code", "status", "output", "error", "seconds")
_KINDS: tuple[CallKind, ...] = ("llm_query", "llm_query_batched", "predict", "sub_rlm", "tool")


def from_own_json(value: dict[str, Any]) -> ImportedRun:
    """What `rlm-tui export --format json` wrote."""
    run = ImportedRun(
        "rlm-tui",
        task=text(value.get("task")) or "imported",
        signature=text(value.get("signature")),
        inputs={name: text(one) for name, one in mapping(value.get("inputs")).items()},
        planner=text(value.get("planner")),
        sub_lm=text(value.get("sub_lm")),
        began=text(value.get("started")),
        outputs=mapping(value.get("outputs")),
        seconds=amount(mapping(value.get("totals")).get("seconds")),
    )
    match value.get("status"):
        case "submitted" | "extracted" | "failed" | "cancelled" | "budget" as status:
            run.status = status
    run.error = _error(value.get("error"))
    run.facts = {"run_id": text(value.get("run_id"))} | rest(value, *_KEPT)
    own_calls = [mapping(one) for one in listing(value.get("calls"))]
    if own_calls:
        run.extraction = _our_call(own_calls[-1])
        run.facts |= rest({"calls": own_calls[:-1]})
    run.iterations = [_our_iteration(mapping(one)) for one in listing(value.get("iterations"))]
    return run


def _our_iteration(value: dict[str, Any]) -> ImportedIteration:
    cell = mapping(value.get("cell"))
    pieces = [mapping(piece) for piece in listing(cell.get("output"))]
    iteration = ImportedIteration(
        reasoning=text(value.get("reasoning")),
        code=text(value.get("code")),
        prompt=text(value.get("prompt")),
        stdout="".join(text(piece.get("text")) for piece in pieces if piece.get("stream") != "stderr"),
        stderr="".join(text(piece.get("text")) for piece in pieces if piece.get("stream") == "stderr"),
        plan_seconds=amount(value.get("plan_seconds")),
        cell_seconds=amount(cell.get("seconds")),
        usage=_usage(value.get("usage")),
        error=_error(cell.get("error")),
        calls=[_our_call(mapping(one)) for one in listing(value.get("calls"))],
        cell_status=None,
        facts={
            name: one
            for name, one in (rest(value, *_KEPT_OF_ITERATION) | rest(cell, *_KEPT_OF_CELL)).items()
            if one is not False
        },
    )
    match cell.get("status"):
        case "ok" | "error" | "submitted" | "interrupted" | "timeout" | "lost" as status:
            iteration.cell_status = status
    for variable in map(mapping, listing(value.get("variables"))):
        iteration.variables[text(variable.get("name"))] = text(variable.get("preview"))
    return iteration


def _our_call(value: dict[str, Any]) -> ImportedCall:
    kind = value.get("kind")
    call = ImportedCall(
        kind=next((one for one in _KINDS if one == kind), "llm_query"),
        name=text(value.get("name")),
        prompt=text(value.get("prompt")),
        arguments=mapping(value.get("arguments")),
        answer=text(value.get("answer")),
        model=text(value.get("model")),
        usage=_usage(value.get("usage")),
        seconds=amount(value.get("seconds")),
        error=_error(value.get("error")),
        cached=value.get("cached") is True,
        nested=[_our_iteration(mapping(one)) for one in listing(value.get("iterations"))],
    )
    for item in (*listing(value.get("items")), *listing(value.get("calls"))):
        inner = _our_call(mapping(item))
        call.inner.append(inner)
    return call


def _usage(value: Any) -> Any:
    told = mapping(value)
    return usage(told.get("prompt_tokens"), told.get("completion_tokens"), told.get("cost_usd"))


def _error(value: Any) -> ErrorDetail | None:
    told = mapping(value)
    if not told:
        return None
    line = count(told.get("line"))
    return ErrorDetail(kind=text(told.get("kind")), message=text(told.get("message")), line=line)
