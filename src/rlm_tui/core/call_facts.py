"""What is known of a call for lists, filters and totals: what it used, and the texts that belong to it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from rlm_tui.core.events import Usage, Value
from rlm_tui.core.iterations import LLM_KINDS, Call, Iteration

KIND_WORDS = {
    "llm_query": "query",
    "llm_query_batched": "batch",
    "predict": "predict",
    "sub_rlm": "RLM",
    "tool": "tool",
}
"""The kinds of call, as they are shown and as a filter asks for them."""


class Total(NamedTuple):
    """A sum of what some calls used. Where `unknown`, some provider did not say, and `known` is a lower
    bound; None: nobody said anything.
    """

    known: float | None
    unknown: bool


def usage_of_call(call: Call) -> Usage | None:
    """What a call used: all that it contains if it is a batch or a nested RLM; None when nobody said."""
    return call.spent() if call.is_batch or call.kind == "sub_rlm" else call.usage


def seconds_of(call: Call, now: float) -> float:
    """How long the call took, or has been under way at `now`; UNKNOWN_SECONDS where nobody said."""
    return max(0.0, now - call.started_at) if call.state == "running" else call.seconds


def has_failed(call: Call) -> bool:
    """Whether it failed, or an item of it did."""
    return call.state == "failed" or call.error is not None or call.items_failed > 0


def is_cached(call: Call) -> bool:
    """Whether its answer was remembered, by a provider's client or from an earlier run; of a batch, every
    item's.
    """
    if call.is_batch:
        return bool(call.items) and all(item.cached and not _is_of_record(item) for item in call.items)
    return call.cached and not _is_of_record(call)


def is_recorded(call: Call) -> bool:
    """Whether a fork took it, with its iteration, from the record of its parent; of a batch, every item."""
    if call.is_batch and call.items:
        return all(_is_of_record(item) for item in call.items)
    return _is_of_record(call)


def _is_of_record(call: Call) -> bool:
    return bool(call.origin) and call.iteration is not None and bool(call.iteration.origin)


def model_of(call: Call) -> str:
    """The model that was asked; of a batch, that of its first item."""
    return call.model or (call.items[0].model if call.items else "")


def container_of(call: Call, call_with: Callable[[str], Call | None]) -> Call | None:
    """The call within which this one was made: its batch, or its nested RLM; None in the run itself."""
    if call.parent is not None:
        return call.parent
    span = None if call.iteration is None else call.iteration.parent_call
    return None if span is None else call_with(span)


def iteration_words(iteration: Iteration | None) -> str:
    """Its number, after dots for its depth, "⋮" for three and more: "3", "·1", "–" where the run asked."""
    if iteration is None:
        return "–"
    return ("·" * iteration.depth if iteration.depth < 3 else "⋮") + str(iteration.n)


def whole_text(value: Value, resolve: Callable[[Value], str]) -> str:
    """The whole text of `value`, or its head where the whole can't be read."""
    if value.blob is None:
        return value.text
    try:
        return resolve(value)
    except OSError:
        return value.text


def texts_of(call: Call, resolve: Callable[[Value], str]) -> Iterator[str]:
    """All that was said in a call: prompt, answer, arguments, result, error, name. Of one that can't be
    read any more there is its head.
    """
    yield call.name
    for value in (call.prompt, call.answer, call.result):
        if value.length:
            yield whole_text(value, resolve)
    for name, argument in call.arguments.items():
        yield name
        yield argument if isinstance(argument, str) else repr(argument)
    if call.error is not None:
        yield f"{call.error.kind}: {call.error.message}"
        yield call.error.hint
        yield call.error.traceback


def tokens_total(usages: Iterable[Usage | None]) -> tuple[Total, Total]:
    """The tokens in and out of several calls. One that did not say makes the sum a lower bound."""
    into = out = 0
    said_in = said_out = unknown_in = unknown_out = False
    for usage in usages:
        if usage is None or (usage.prompt_tokens is None and usage.requests):
            unknown_in = True
        if usage is None or (usage.completion_tokens is None and usage.requests):
            unknown_out = True
        if usage is not None and usage.prompt_tokens is not None:
            into, said_in = into + usage.prompt_tokens, True
        if usage is not None and usage.completion_tokens is not None:
            out, said_out = out + usage.completion_tokens, True
    return Total(into if said_in else None, unknown_in), Total(out if said_out else None, unknown_out)


def cost_total(usages: Iterable[Usage | None]) -> Total:
    """The cost of several calls in US dollars. One that did not say makes the sum a lower bound."""
    cost, said, unknown = 0.0, False, False
    for usage in usages:
        if usage is None or (usage.cost_usd is None and usage.requests):
            unknown = True
        elif usage.cost_usd is not None:
            cost, said = cost + usage.cost_usd, True
    return Total(cost if said else None, unknown)


def requests_within(call: Call) -> Iterator[Usage | None]:
    """The usage of each request in a call, its own or those that it contains; one under way says nothing,
    and is left out, and so is a tool, which asks no LM.
    """
    waiting = [call]
    while waiting:
        call = waiting.pop()
        if call.kind in LLM_KINDS:
            if call.state == "done" or call.usage is not None:
                yield call.usage
        elif not call.contains and call.usage is not None:
            yield call.usage
        waiting += call.items
        waiting += call.calls
        for iteration in call.nested:
            if iteration.phase in ("planned", "running", "done") or iteration.usage is not None:
                yield iteration.usage
            waiting += iteration.calls
