"""Two saved runs compared, as plain lines and as an object of JSON."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rlm_tui.core.iterations import Iteration
from rlm_tui.core.run_comparison import MISSING, AlignedPair, RunComparison, line_diff, output_of
from rlm_tui.core.run_record import calls_are_known
from rlm_tui.core.text import human_cost, human_seconds, known_tokens, one_line
from rlm_tui.core.trajectory import Trajectory

_WIDTH = 70


def _calls(run: Trajectory) -> str:
    return str(run.totals.llm_calls) if calls_are_known(run.started) else "?"


def totals_rows(left: Trajectory, right: Trajectory) -> Iterator[tuple[str, str, str]]:
    """What each run was and took: a name and two values."""

    def model(run: Trajectory) -> str:
        started = run.started
        return "" if started is None else "offline demo" if started.offline else started.planner

    def status(run: Trajectory) -> str:
        return run.finished.status if run.finished else "interrupted" if run.interrupted else "running"

    tasks = [one_line(run.started.task if run.started else "", 40) for run in (left, right)]
    yield "task", tasks[0], tasks[1]
    yield "model", one_line(model(left), 40), one_line(model(right), 40)
    yield "status", status(left), status(right)
    one, other = left.totals, right.totals
    yield "iterations", str(one.iterations), str(other.iterations)
    yield "LLM calls", _calls(left), _calls(right)
    known = [
        known_tokens(totals.prompt_tokens + totals.completion_tokens, known=totals.tokens_known)
        for totals in (one, other)
    ]
    yield "tokens", known[0], known[1]
    costs = [human_cost(totals.cost_usd if totals.cost_known else None) for totals in (one, other)]
    yield "cost", costs[0], costs[1]
    yield "time", human_seconds(one.seconds), human_seconds(other.seconds)


def comparison_lines(found: RunComparison, left: Trajectory, right: Trajectory) -> Iterator[str]:
    """Totals, then each pair of iterations, then the outputs; equal things take one line."""
    for name, one, other in totals_rows(left, right):
        yield f"{name:<12} {one:<24} {other}"
    for pair in found.pairs:
        yield pair_line(pair)
        if pair.left is not None and pair.right is not None:
            for what, one, other in differing_texts(pair):
                yield f"  {what}:"
                yield from (f"    {line}" for line in line_diff(one, other))
    for name, (one, other) in found.outputs.items():
        yield f"{'=' if one == other else '≠'} {one_line(name, 60)}: {_shown(one)}"
        if one != other:
            yield f"  {'':<{len(name)}}  {_shown(other)}"


def pair_line(pair: AlignedPair) -> str:
    """`= 3 3  ask about each section`."""
    sign = "=" if pair.same else "≠" if pair.left and pair.right else "-" if pair.left else "+"
    numbers = [f"{one.n:>3}" if one is not None else "  ·" for one in (pair.left, pair.right)]
    return f"{sign} {numbers[0]} {numbers[1]}  {_title(pair.left or pair.right)}"


def differing_texts(pair: AlignedPair) -> Iterator[tuple[str, str, str]]:
    """What differs in a pair: its name, and both texts."""
    if pair.left is None or pair.right is None:
        return
    if not pair.same_code:
        yield "code", pair.left.code, pair.right.code
    if not pair.same_output:
        yield "output", output_of(pair.left), output_of(pair.right)


def _title(iteration: Iteration | None) -> str:
    return "" if iteration is None else one_line(iteration.reasoning or iteration.code, _WIDTH)


def _shown(value: Any) -> str:
    return "(none)" if value is MISSING else one_line(str(value), 300)


def comparison_object(found: RunComparison, left: str, right: str) -> dict[str, Any]:
    """What `rlm-tui compare --json` prints."""
    pairs = [
        {
            "left": None if pair.left is None else pair.left.n,
            "right": None if pair.right is None else pair.right.n,
            "same_code": pair.same_code,
            "same_output": pair.same_output,
            "diff": {what: line_diff(one, other) for what, one, other in differing_texts(pair)},
        }
        for pair in found.pairs
    ]
    outputs = {
        name: {
            "left": None if one is MISSING else one,
            "right": None if other is MISSING else other,
            "same": one == other,
        }
        for name, (one, other) in found.outputs.items()
    }
    totals = [
        {
            "iterations": one.iterations,
            "llm_calls": one.llm_calls if known else None,
            "tokens": one.prompt_tokens + one.completion_tokens if one.tokens_known else None,
            "cost_usd": one.cost_usd if one.cost_known else None,
            "seconds": None if one.seconds < 0 else round(one.seconds, 3),
        }
        for one, known in zip(found.totals, found.calls_known, strict=True)
    ]
    return {
        "left": {"run_id": left, **totals[0]},
        "right": {"run_id": right, **totals[1]},
        "iterations": pairs,
        "outputs": outputs,
    }
