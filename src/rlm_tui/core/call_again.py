"""A prompt of a recorded call that a person sent again, edited or not: counted apart from the run."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from rlm_tui.core.call_facts import Total, cost_total, tokens_total
from rlm_tui.core.events import ErrorDetail, Usage


class CallAgain(msgspec.Struct, frozen=True, omit_defaults=True):
    """One prompt that was sent again, and its answer or its error; redacted.

    `of` is the span of the recorded call, `at` when it was sent (UTC, ISO 8601), `offline` whether the
    offline demo answered. `usage` None means that nobody said what it used.
    """

    of: str
    prompt: str
    answer: str = ""
    model: str = ""
    usage: Usage | None = None
    seconds: float = 0.0
    error: ErrorDetail | None = None
    offline: bool = False
    at: str = ""


class AgainTotals(msgspec.Struct, frozen=True):
    """What calls that were asked again used together; no total of the run holds any of it."""

    calls: int = 0
    tokens: Total = Total(None, unknown=False)
    cost: Total = Total(None, unknown=False)


def totals_again(calls: Sequence[CallAgain]) -> AgainTotals:
    """The sum of `calls`."""
    usages = [call.usage for call in calls]
    into, out = tokens_total(usages)
    known = [total.known for total in (into, out) if total.known is not None]
    tokens = Total(sum(known) if known else None, into.unknown or out.unknown)
    return AgainTotals(len(calls), tokens, cost_total(usages))
