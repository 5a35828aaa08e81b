"""Calls in words: the one line that a call or a batch takes in the trajectory, and the parts of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from rlm_tui.core.events import Usage
from rlm_tui.core.text import human_cost, human_count, human_seconds, number_of, one_line
from rlm_tui.core.trajectory import Call
from rlm_tui.ui.widgets.row import Line, LineRow, Span, progress_bar
from rlm_tui.ui.widgets.targets import CallLine

PROMPT_SHOWN = 160


@dataclass(slots=True)
class BatchCount:
    """How far a batch is. `cost` is None where no item has one, `tokens` where no provider said."""

    size: int = 0
    done: int = 0
    failed: int = 0
    in_flight: int = 0
    tokens: int | None = None
    cost: float | None = None


def tokens_of(usage: Usage | None) -> int | None:
    """Prompt and completion tokens together; None when the provider said neither."""
    if usage is None or (usage.prompt_tokens is None and usage.completion_tokens is None):
        return None
    return (usage.prompt_tokens or 0) + (usage.completion_tokens or 0)


def count_batch(call: Call) -> BatchCount:
    """How far a batch is; `done` holds the failed items too."""
    spent = call.spent()
    return BatchCount(
        size=call.expected,
        done=call.items_done,
        failed=call.items_failed,
        in_flight=len(call.items) - call.items_done if call.state == "running" else 0,
        tokens=tokens_of(spent),
        cost=spent.cost_usd if spent is not None else None,
    )


def call_progress(calls: Iterable[Call]) -> tuple[int, int]:
    """How many of an iteration's calls are done, and how many there are: the items of a batch one by one."""
    done = total = 0
    for call in calls:
        if call.is_batch:
            done, total = done + call.items_done, total + call.expected
        else:
            done, total = done + (call.state != "running"), total + 1
    return done, total


def call_asked(call: Call, width: int = PROMPT_SHOWN) -> str:
    """What was asked: the prompt, or a tool's arguments, on one line."""
    if call.prompt.text:
        return one_line(call.prompt.text, width)
    return one_line(", ".join(f"{name}={argument!r}" for name, argument in call.arguments.items()), width)


def call_seconds(call: Call, now: float) -> float:
    """How long the call took, or has been under way."""
    return max(0.0, now - call.started_at) if call.state == "running" else call.seconds


def state_sign(state: str) -> Span:
    """The sign of a call's state; never by colour alone."""
    match state:
        case "running":
            return ("▶", "busy")
        case "failed":
            return ("✗", "bad")
        case _:
            return ("✓", "good")


def batch_row(call: Call, gutter: Line, now: float, *, bar: int = 14) -> LineRow:
    """`llm_query_batched × 14  ████▓▓░░  6 done, 2 in flight · 1 failed · $0.002`."""
    count = count_batch(call)
    words = f"{count.done} done" if count.done < count.size or not count.size else f"all {count.size} done"
    if count.in_flight:
        words += f", {count.in_flight} in flight"
    left: Line = (
        *gutter,
        state_sign(call.state),
        (f" {one_line(call.name, 40)} × {count.size}  ", "call"),
        *progress_bar(count.size, bar, done=count.done, failed=count.failed, in_flight=count.in_flight),
        (f"  {words}", "text"),
    )
    right: list[Line] = [((f"{count.failed} failed", "bad"),)] if count.failed else []
    right.append(((human_seconds(call_seconds(call, now)), "dim"),))
    if call.items_cached:
        right.append(((f"{call.items_cached:,} cached", "dim"),))
    if count.cost is not None:
        right.append(((human_cost(count.cost), "dim"),))
    if count.tokens is not None:
        right.append(((f"{human_count(count.tokens)} tok", "dim"),))
    return LineRow(left, tuple(right), CallLine(call.span), least=200)


def call_row(call: Call, gutter: Line, now: float, *, opened: bool = False) -> LineRow:
    """One call on one line: its sign, its name, what was asked, how long, how much."""
    if call.is_batch:
        return batch_row(call, gutter, now)
    nested = call.kind == "sub_rlm"
    fold = ("▾ " if opened else "▸ ") if nested else ""
    asked = call_asked(call)
    left: list[Span] = [*gutter, state_sign(call.state)]
    left.append((f" {fold}{one_line(call.name, 40)}", "nested" if nested else "call"))
    if asked:
        left.append((f"  {asked}", "dim"))
    right: list[Line] = []
    if call.error is not None:
        right.append(((one_line(f"{call.error.kind}: {call.error.message}", 60), "bad"),))
    if nested:
        right.append(((number_of(len(call.nested), "iteration"), "dim"),))
    if call.counting is not None:
        right.append(((f"{number_of(call.counting.requests, 'request')} in all", "dim"),))
    right.append(((human_seconds(call_seconds(call, now)), "busy" if call.state == "running" else "dim"),))
    if call.cached:
        right.append((("cached", "dim"),))
    if (tokens := tokens_of(call.spent() if nested else call.usage)) is not None:
        right.append(((f"{human_count(tokens)} tok", "dim"),))
    return LineRow(tuple(left), tuple(right), CallLine(call.span, opens=nested), least=32)
