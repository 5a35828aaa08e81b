"""The words of the table of all calls: a call's figures, a heading's names, what a list adds up to."""

from __future__ import annotations

from rlm_tui.core.call_facts import KIND_WORDS, Total, has_failed, is_cached, is_recorded, iteration_words
from rlm_tui.core.call_listing import Column, ListedCall, ListingTotals, Order
from rlm_tui.core.text import human_cost, human_count, human_seconds, number_of, one_line
from rlm_tui.core.trajectory import Call
from rlm_tui.ui.widgets.call_words import call_asked
from rlm_tui.ui.widgets.row import Line, Span

NAMES: dict[Column, str] = {
    "number": "#",
    "iteration": "it",
    "kind": "kind",
    "asked": "asked",
    "seconds": "s",
    "in": "in",
    "out": "out",
    "cost": "cost",
    "source": "from",
    "error": "error",
    "start": "when",
}
SPOKEN: dict[Column, str] = {
    "number": "number",
    "iteration": "iteration",
    "kind": "kind",
    "asked": "what was asked",
    "seconds": "seconds",
    "in": "tokens in",
    "out": "tokens out",
    "cost": "cost",
    "source": "where the answer came from",
    "error": "error",
    "start": "when it began",
}
UNKNOWN = "–"


def order_words(order: Order) -> str:
    """`by seconds, the greatest first`."""
    words = f"by {SPOKEN[order.column]}"
    if order.descending:
        words += ", from the other end" if order.column in ("kind", "asked", "source") else ", greatest first"
    return words + (", in flight before all" if order.in_flight_first else "")


def number_words(line: ListedCall) -> str:
    """A call's number in the run; an item's in its batch."""
    call = line.call
    return f"·{(call.index or 0) + 1}" if line.item else str(call.number)


def kind_words(call: Call) -> str:
    """`query`, `batch`, `tool`."""
    return KIND_WORDS.get(call.kind, call.kind)


def asked_words(line: ListedCall, width: int, *, with_error: bool) -> str:
    """What was asked, after the sign of a batch that opens; how far a batch is; `with_error`, what failed."""
    call = line.call
    if call.is_batch:
        sign = "▾ " if line.opened else "▸ "
        if call.state == "running":
            words = f"{call.items_done:,} of {call.expected:,} done"
        else:
            words = number_of(call.expected, "prompt")
        failed = f", {call.items_failed:,} failed" if call.items_failed else ""
        return f"{sign}{words}{failed}"
    inset = "  " if line.item else ""
    if with_error and call.error is not None:
        return f"{inset}{one_line(f'{call.error.kind}: {call.error.message}', width)}"
    name = f"{one_line(call.name, 40)} " if call.kind == "tool" else ""
    return f"{inset}{name}{call_asked(call, width)}"


def tokens_words(count: int | None, call: Call) -> str:
    """A count, "…" where it is still to come, "–" where nobody said."""
    if count is not None:
        return human_count(count)
    return "…" if call.state == "running" else UNKNOWN


def cost_words(line: ListedCall) -> str:
    """What it cost; a tool costs nothing, nor does what failed; of one under way it is still to come."""
    call = line.call
    if line.usage is None or line.usage.cost_usd is None:
        if line.usage is None and (call.kind == "tool" or call.state == "failed"):
            return UNKNOWN
        return "…" if call.state == "running" else "$?"
    return human_cost(line.usage.cost_usd)


def source_words(call: Call) -> str:
    """Where the answer came from, if it was not asked for: the cache, or the record of another run."""
    return "record" if is_recorded(call) else "cached" if is_cached(call) else ""


def error_words(call: Call) -> str:
    """What kind of error it ended with; of a batch, how many items did."""
    if call.error is not None:
        return one_line(call.error.kind, 40)
    return f"{call.items_failed:,} items" if has_failed(call) and call.items_failed > 1 else (
        "1 item" if has_failed(call) else ""
    )  # fmt: skip


def where_words(call: Call) -> str:
    """The iteration in which it was made."""
    return iteration_words(call.iteration)


def total_cost_words(cost: Total) -> str:
    """`$0.02`; `$? + $0.02` where some provider did not say, `$?` where none did; `–`: none was asked."""
    if cost.known is None:
        return "$?" if cost.unknown else UNKNOWN
    return f"$? + {human_cost(cost.known)}" if cost.unknown else human_cost(cost.known)


def total_tokens_words(tokens: Total) -> str:
    """`9.8 K`; `? + 9.8 K` where some provider did not say, `?` where none did."""
    if tokens.known is None:
        return "?" if tokens.unknown else UNKNOWN
    return f"? + {human_count(tokens.known)}" if tokens.unknown else human_count(tokens.known)


def totals_line(totals: ListingTotals, *, filtered: bool, of: str = "") -> Line:
    """`12 calls found · 9.8 K tokens in · 1.1 K out · $? + $0.02 · 34 s · 1 failed`."""
    noun = "call" if totals.calls == 1 else "calls"
    spans: list[Span] = [
        (f"{totals.calls:,}", "strong"),
        (f" {noun}{' found' if filtered else ''}{of} · ", "dim"),
        (total_tokens_words(totals.tokens_in), "strong"),
        (" tok in · ", "dim"),
        (total_tokens_words(totals.tokens_out), "strong"),
        (" out · ", "dim"),
        (total_cost_words(totals.cost), "strong"),
    ]
    if totals.failed:
        spans += [(" · ", "dim"), (f"{totals.failed:,} failed", "bad")]
    if totals.in_flight:
        spans += [(" · ", "dim"), (f"{totals.in_flight:,} in flight", "busy")]
    if totals.cached:
        spans += [(f" · {totals.cached:,} cached", "dim")]
    if totals.recorded:
        spans += [(f" · {totals.recorded:,} recorded", "dim")]
    return (*spans, (f" · {human_seconds(totals.seconds)} of calls", "dim"))
