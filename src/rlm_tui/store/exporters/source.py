"""What an exporter is given: a run that is folded, and the whole texts of its values."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

from rlm_tui.core.events import Usage, Value
from rlm_tui.core.iterations import Call, Iteration
from rlm_tui.core.trajectory import Trajectory


class Source(NamedTuple):
    """The run `run_id`; `whole` gives a value's text (and its beginning where the rest is gone)."""

    run_id: str
    trajectory: Trajectory
    whole: Callable[[Value], str]


class PlacedCall(NamedTuple):
    """A call with where it was made: its depth in calls, and the numbers of the iterations it lies in."""

    call: Call
    depth: int
    iterations: tuple[int, ...]


def placed_calls(
    calls: Iterable[Call], iterations: tuple[int, ...] = (), depth: int = 0
) -> Iterator[PlacedCall]:
    """The calls and all that was asked within them, each after the one that it was made in."""
    for call in calls:
        where = (call.iteration.n,) if call.iteration is not None and not iterations else iterations
        yield PlacedCall(call, depth, where)
        yield from placed_calls(call.items, where, depth + 1)
        yield from placed_calls(call.calls, where, depth + 1)
        for nested in call.nested:
            yield from placed_calls(nested.calls, (*where, nested.n), depth + 1)


def output_of(iteration: Iteration) -> str:
    """What the planner read of the iteration's cell, errors included; "" when none ran."""
    cell = iteration.cell
    if cell is None:
        return ""
    text = cell.text
    if cell.error is not None:
        text = f"{text}[Error] {cell.error.kind}: {cell.error.message}"
    return text


def usage_object(usage: Usage | None) -> dict[str, Any] | None:
    """Tokens and dollars, with None for what nobody told."""
    if usage is None:
        return None
    return {
        "prompt_tokens": usage.prompt_tokens,
        "completion_tokens": usage.completion_tokens,
        "cost_usd": usage.cost_usd,
    }
