"""What an exporter is given: a run that is folded, and the whole texts of its values."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from rlm_tui.core.events import DocumentReference, Usage, Value
from rlm_tui.core.iterations import Call, Iteration
from rlm_tui.core.trajectory import Trajectory

# What acts on a terminal or on the order of reading and that JSON lets stand: it is written as \u….
_ACTS = re.compile(
    "[\x7f-\x9f\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff"
    "\U000e0000-\U000e007f]"
)


class Source(NamedTuple):
    """The run `run_id`; `whole` gives a value's text (and its beginning where the rest is gone).

    `documents` are described by the run folder, with the members of sets; empty where they are not.
    """

    run_id: str
    trajectory: Trajectory
    whole: Callable[[Value], str]
    documents: Mapping[str, DocumentReference] = {}

    @property
    def going_on(self) -> bool:
        """Whether the run neither ended nor was interrupted."""
        return self.trajectory.finished is None and not self.trajectory.interrupted


class PlacedCall(NamedTuple):
    """A call with where it was made: its depth in calls, and the numbers of the iterations it lies in."""

    call: Call
    depth: int
    iterations: tuple[int, ...]


def placed_calls(calls: Iterable[Call]) -> Iterator[PlacedCall]:
    """The calls that the run and its cells made, each followed by all that was asked within it."""
    for call in calls:
        if call.parent is None and call.depth == 0:
            yield from _placed(call, () if call.iteration is None else (call.iteration.n,), 0)


def _placed(call: Call, iterations: tuple[int, ...], depth: int) -> Iterator[PlacedCall]:
    yield PlacedCall(call, depth, iterations)
    for inner in (*call.items, *call.calls):
        yield from _placed(inner, iterations, depth + 1)
    for nested in call.nested:
        for inner in nested.calls:
            yield from _placed(inner, (*iterations, nested.n), depth + 1)


def asked_of(call: Call, source: Source) -> str:
    """What was asked: the prompt, or the arguments."""
    if call.prompt.length:
        return source.whole(call.prompt)
    return json.dumps(call.arguments, ensure_ascii=False, default=str) if call.arguments else ""


def given_by(call: Call, source: Source) -> str:
    """The answer, or the result as JSON where there is no text of it."""
    return source.whole(call.answer) or source.whole(call.result)


def output_of(iteration: Iteration) -> str:
    """What the planner read of the iteration's cell, errors included; "" when none ran."""
    cell = iteration.cell
    if cell is None:
        return ""
    text = cell.text
    if cell.error is not None:
        text = f"{text}[Error] {cell.error.kind}: {cell.error.message}"
    return text


def own_usage(call: Call) -> Usage | None:
    """What a call used itself: nothing that the calls within it tell too, so that a sum counts it once."""
    inside = (*call.items, *call.calls, *(inner for one in call.nested for inner in one.calls))
    told = (*(one.usage for one in inside), *(one.usage for one in call.nested))
    return call.usage if all(usage is None for usage in told) else None


def usage_object(usage: Usage | None) -> dict[str, Any] | None:
    """Tokens and dollars, with None for what nobody told."""
    if usage is None:
        return None
    return {
        "prompt_tokens": usage.prompt_tokens,
        "completion_tokens": usage.completion_tokens,
        "cost_usd": usage.cost_usd,
    }


def json_text(value: Any, indent: int | None = None) -> str:
    """JSON in readable letters, in which nothing acts on a terminal; what it means is the same."""
    return _ACTS.sub(_spelled, json.dumps(value, ensure_ascii=False, indent=indent, default=str))


def _spelled(match: re.Match[str]) -> str:
    return json.dumps(match.group())[1:-1]
