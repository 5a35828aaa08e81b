"""The calls of a run as CSV, a line a call, for a spreadsheet."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from typing import Any

from rlm_tui.core.iterations import Call
from rlm_tui.core.text import known_seconds
from rlm_tui.store.exporters.source import PlacedCall, Source, placed_calls

COLUMNS = (
    "iteration", "depth", "kind", "name", "model", "started_at", "seconds", "prompt_tokens",
    "completion_tokens", "cost_usd", "cached", "error", "prompt", "answer",
)  # fmt: skip
_BEGINS_A_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def export_csv(source: Source) -> Iterator[str]:
    """A heading, then each call; what is not known is empty. Nested iterations are written as `3.1`."""
    yield _line(COLUMNS)
    for placed in placed_calls(source.trajectory.calls):
        yield _line(_values(placed, source))


def _values(placed: PlacedCall, source: Source) -> list[Any]:
    call, usage = placed.call, placed.call.usage
    return [
        ".".join(map(str, placed.iterations)),
        placed.depth,
        call.kind,
        call.name,
        call.model,
        round(call.started_at, 4),
        _seconds(call),
        usage.prompt_tokens if usage else None,
        usage.completion_tokens if usage else None,
        usage.cost_usd if usage else None,
        call.cached,
        "" if call.error is None else f"{call.error.kind}: {call.error.message}",
        source.whole(call.prompt) or (str(call.arguments) if call.arguments else ""),
        source.whole(call.answer),
    ]


def _seconds(call: Call) -> float | None:
    known = None if call.state == "running" else known_seconds(call.seconds)
    return None if known is None else round(known, 4)


def _line(values: Any) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerow([_safe(value) for value in values])
    return text.getvalue()


def _safe(value: Any) -> Any:
    """A text that a spreadsheet would compute stands as a text."""
    return f"'{value}" if isinstance(value, str) and value.startswith(_BEGINS_A_FORMULA) else value
