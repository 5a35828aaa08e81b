"""The calls of a run as CSV, a line a call, for a spreadsheet.

A spreadsheet computes what begins like a formula, takes `3.10` for 3.1, and breaks a cell that is longer than
32,767 characters: none of these is written. It takes a file for UTF-8 by the mark at its beginning.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from typing import Any

from rlm_tui.core.text import known_seconds, visible
from rlm_tui.store.exporters.source import (
    PlacedCall,
    Source,
    asked_of,
    given_by,
    own_usage,
    placed_calls,
)

COLUMNS = (
    "iteration", "depth", "kind", "name", "model", "started_at", "seconds", "prompt_tokens",
    "completion_tokens", "cost_usd", "cached", "recorded_in", "error", "prompt", "answer",
)  # fmt: skip
LONGEST_CELL = 32_000
BYTE_ORDER_MARK = "\ufeff"
_BEGINS_A_FORMULA = ("=", "+", "-", "@", "|", "%", "＝", "＋", "－", "＠")


def export_csv(source: Source) -> Iterator[str]:
    """A heading, then each call; what is not known is empty. Nested iterations are written `3 > 1`."""
    yield BYTE_ORDER_MARK + _line(COLUMNS)
    for placed in placed_calls(source.trajectory.calls):
        yield _line(_values(placed, source))


def _values(placed: PlacedCall, source: Source) -> list[Any]:
    call, usage = placed.call, own_usage(placed.call)
    return [
        " > ".join(map(str, placed.iterations)),
        placed.depth,
        call.kind,
        call.name,
        call.model,
        round(call.started_at, 4),
        None if call.state == "running" or known_seconds(call.seconds) is None else round(call.seconds, 4),
        usage.prompt_tokens if usage else None,
        usage.completion_tokens if usage else None,
        usage.cost_usd if usage else None,
        call.cached,
        call.origin,
        "" if call.error is None else f"{call.error.kind}: {call.error.message}",
        asked_of(call, source),
        given_by(call, source),
    ]


def _line(values: Any) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerow([_safe(value) for value in values])
    return text.getvalue()


def _safe(value: Any) -> Any:
    """A text as a spreadsheet shows it: nothing in it is computed, and no cell is too long."""
    if not isinstance(value, str):
        return value
    text = visible(value)
    if len(text) > LONGEST_CELL:
        text = f"{text[:LONGEST_CELL]}\n… {len(text) - LONGEST_CELL:,} more characters"
    return f"'{text}" if text.lstrip().startswith(_BEGINS_A_FORMULA) else text
