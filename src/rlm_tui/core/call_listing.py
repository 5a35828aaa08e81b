"""The calls of a run as they are listed: filtered, in an order, batches opened, and added up."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

import msgspec

from rlm_tui.core.call_facts import (
    KIND_WORDS,
    Total,
    container_of,
    cost_total,
    has_failed,
    is_cached,
    is_recorded,
    requests_within,
    seconds_of,
    tokens_total,
    usage_of_call,
)
from rlm_tui.core.call_filter import CallFilter, Look, figure_of
from rlm_tui.core.events import Usage
from rlm_tui.core.iterations import Call
from rlm_tui.core.text import UNKNOWN_SECONDS

Column = Literal[
    "number", "iteration", "kind", "asked", "seconds", "in", "out", "cost", "source", "error", "start"
]
COLUMNS: tuple[Column, ...] = (
    "number", "iteration", "kind", "asked", "seconds", "in", "out", "cost", "source", "error", "start",
)  # fmt: skip


class Order(NamedTuple):
    """By which column calls are sorted. "start" is the order in which they were made."""

    column: Column = "number"
    descending: bool = False
    in_flight_first: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class ListedCall:
    """One line: a call, an item of the batch above it (`item`), or a batch that is `opened`.

    `usage` is all that it used, what it contains included.
    """

    call: Call
    usage: Usage | None
    item: bool = False
    opened: bool = False


class ListingTotals(msgspec.Struct, frozen=True):
    """What the calls of a list used together: those that match, and of a batch its items that do.

    Those within a nested RLM that is listed count too; what they used and took is told once, as part of it.
    """

    calls: int = 0
    in_flight: int = 0
    failed: int = 0
    cached: int = 0
    recorded: int = 0
    seconds: float = 0.0
    tokens_in: Total = Total(None, unknown=False)
    tokens_out: Total = Total(None, unknown=False)
    cost: Total = Total(None, unknown=False)


NOTHING_LISTED = ListingTotals()
AS_MADE = Order()
EVERYTHING = CallFilter()


@dataclass(frozen=True, slots=True, eq=False)
class CallListing:
    """The lines in order, where each stands, and the totals. Of all `of` calls of the run, found or not,
    `begin` is when the first began and `end` when the last ended.
    """

    lines: Sequence[ListedCall] = ()
    places: dict[str, int] = field(default_factory=dict)
    totals: ListingTotals = NOTHING_LISTED
    of: int = 0
    begin: float = 0.0
    end: float = 0.0


class Listed(NamedTuple):
    """A call that is listed, and the items of it that are, if it is a batch; `by_items`: because of
    these.
    """

    call: Call
    items: Sequence[Call]
    usage: Usage | None
    by_items: bool = False


def list_calls(
    calls: Sequence[Call],
    look: Look,
    *,
    wanted: CallFilter = EVERYTHING,
    order: Order = AS_MADE,
    opened: frozenset[str] = frozenset(),
    shut: frozenset[str] = frozenset(),
) -> CallListing:
    """The list of `calls` (those of a run, items not among them). May block: texts are looked up.

    A batch is listed if it or an item of it is found; it has the items that are, or all if none is by itself.
    One of which some items are found is open unless it is in `shut`, others if they are in `opened`.
    """
    made = list(calls)
    found = [one for call in made if (one := _listed(call, wanted, look)) is not None]
    ordered = _ordered(found, order, look.now)
    lines: list[ListedCall] = []
    for one in ordered:
        span = one.call.span
        is_open = one.call.is_batch and (span in opened or (one.by_items and span not in shut))
        lines.append(ListedCall(one.call, one.usage, opened=is_open))
        if is_open:
            lines.extend(ListedCall(item, item.usage, item=True) for item in one.items)
    ends = [call.started_at + seconds_of(call, look.now) for call in made]
    return CallListing(
        lines=lines,
        places={line.call.span: place for place, line in enumerate(lines)},
        totals=_totals(found, {call.span: call for call in made}, look.now),
        of=len(made),
        begin=min((call.started_at for call in made), default=0.0),
        end=max(ends, default=0.0),
    )


def _listed(call: Call, wanted: CallFilter, look: Look) -> Listed | None:
    itself = wanted.matches(call, look)
    if not call.is_batch:
        return Listed(call, (), usage_of_call(call)) if itself else None
    items = sorted(call.items, key=lambda item: item.index or 0)
    matching = [item for item in items if wanted.matches(item, look)] if wanted.terms else items
    if not itself and not matching:
        return None
    some = 0 < len(matching) < len(items)
    return Listed(call, matching or items, usage_of_call(call), by_items=some or not itself)


def _ordered(found: list[Listed], order: Order, now: float) -> list[Listed]:
    """Sorted; those of which nobody said the figure come last, whichever way it goes."""
    key = _KEYS[order.column]
    known: list[tuple[float | str, Listed]] = []
    unknown: list[Listed] = []
    for one in found:
        value = key(one, now)
        if value is None:
            unknown.append(one)
        else:
            known.append((value, one))
    known.sort(key=operator.itemgetter(0), reverse=order.descending)
    ordered = [one for _, one in known] + unknown
    if order.in_flight_first:
        ordered.sort(key=lambda one: one.call.state != "running")
    return ordered


def _source(one: Listed, now: float) -> str:
    return "recorded" if is_recorded(one.call) else "cached" if is_cached(one.call) else "live"


def _error(one: Listed, now: float) -> str | None:
    error = one.call.error
    return error.kind if error is not None else "items" if has_failed(one.call) else None


_KEYS: dict[Column, Callable[[Listed, float], float | str | None]] = {
    "number": lambda one, now: one.call.number,
    "iteration": lambda one, now: None if one.call.iteration is None else float(one.call.iteration.n),
    "kind": lambda one, now: KIND_WORDS.get(one.call.kind, one.call.kind).lower(),
    "asked": lambda one, now: one.call.prompt.text[:200] or one.call.name,
    "seconds": lambda one, now: seconds_of(one.call, now),
    "in": lambda one, now: figure_of("in", one.usage),
    "out": lambda one, now: figure_of("out", one.usage),
    "cost": lambda one, now: figure_of("cost", one.usage),
    "source": _source,
    "error": _error,
    "start": lambda one, now: one.call.started_at,
}


def _requests(found: Sequence[Listed]) -> Iterator[Call]:
    """The calls that are counted: a batch is its items, where it has some."""
    for one in found:
        if one.call.is_batch and one.items:
            yield from one.items
        else:
            yield one.call


def _totals(found: Sequence[Listed], by_span: dict[str, Call], now: float) -> ListingTotals:
    counted = list(_requests(found))
    spans = {call.span for call in counted}
    # What is within a nested RLM that is listed too would be counted twice.
    outermost = [call for call in counted if not _within(call, spans, by_span)]
    usages = [usage for call in outermost for usage in requests_within(call)]
    tokens_in, tokens_out = tokens_total(usages)
    return ListingTotals(
        calls=len(counted),
        in_flight=sum(call.state == "running" for call in counted),
        failed=sum(call.state == "failed" for call in counted),
        cached=sum(is_cached(call) for call in counted),
        recorded=sum(is_recorded(call) for call in counted),
        seconds=_seconds(outermost, now),
        tokens_in=tokens_in,
        tokens_out=tokens_out,
        cost=cost_total(usages),
    )


def _seconds(calls: list[Call], now: float) -> float:
    """What is known of their time; UNKNOWN_SECONDS where none of it is."""
    told = [seconds for call in calls if (seconds := seconds_of(call, now)) != UNKNOWN_SECONDS]
    return sum(told) if told or not calls else UNKNOWN_SECONDS


def _within(call: Call, spans: set[str], by_span: dict[str, Call]) -> bool:
    """Whether a call that contains this one is among `spans`."""
    above = container_of(call, by_span.get)
    while above is not None:
        if above.span in spans:
            return True
        above = container_of(above, by_span.get)
    return False
