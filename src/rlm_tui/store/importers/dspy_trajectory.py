"""What `dspy.RLM` leaves in `prediction.trajectory`, alone or with outputs beside it; and our own JSON."""

from __future__ import annotations

from typing import Any

from rlm_tui.core.events import CallKind, ErrorDetail
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

ERROR = "[Error] "
OURS = "rlm-tui/"
_KINDS: tuple[CallKind, ...] = ("llm_query", "llm_query_batched", "predict", "sub_rlm", "tool")
_NO_OUTPUTS = {"trajectory", "final_reasoning"}


def is_dspy(value: Any) -> bool:
    """Whether `value` is such a list, or an object that holds one."""
    steps = value.get("trajectory") if isinstance(value, dict) else value
    return (
        isinstance(steps, list)
        and bool(steps)
        and all(isinstance(step, dict) and {"code", "output"} <= step.keys() for step in steps)
    )


def from_dspy(value: Any) -> ImportedRun:
    """The run; times, tokens and calls are not known."""
    holder = mapping(value)
    if text(holder.get("format")).startswith(OURS):
        return _ours(holder)
    steps = listing(holder.get("trajectory")) if holder else listing(value)
    run = ImportedRun("dspy", iterations=[_step(mapping(step)) for step in steps])
    run.outputs = {name: one for name, one in holder.items() if name not in _NO_OUTPUTS}
    if reasoning := text(holder.get("final_reasoning")):
        run.left_out.append(f"The prediction's final reasoning: {reasoning}")
    last = run.iterations[-1] if run.iterations else None
    if run.outputs or (last is not None and "SUBMIT" in last.code and last.cell_status == "ok"):
        run.status = "submitted"
        if last is not None and "SUBMIT" in last.code:
            last.cell_status = "submitted"
    return run


def _step(step: dict[str, Any]) -> ImportedIteration:
    output = text(step.get("output"))
    printed, found, message = output.rpartition(ERROR)
    iteration = ImportedIteration(text(step.get("reasoning")), text(step.get("code")))
    if found:
        iteration.stdout, iteration.cell_status, iteration.error = printed, "error", failure(message)
    else:
        iteration.stdout = output
    return iteration


def _ours(value: dict[str, Any]) -> ImportedRun:
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
