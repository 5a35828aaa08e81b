"""What an importer finds in a log, before it is told as events. None is what the log does not tell."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from rlm_tui.core.events import CallKind, CellStatus, ErrorDetail, RunStatus, Usage
from rlm_tui.core.text import number_of

LARGEST_COUNT = 10**15


class ImportFailed(ValueError):
    """A file that can't be imported. The message is one sentence that says what was looked for."""


@dataclass(slots=True)
class ImportedCall:
    """A call that a cell made; `inner` are the items of a batch, `nested` the iterations of a sub-RLM."""

    kind: CallKind
    name: str
    prompt: str = ""
    arguments: dict[str, Any] = field(default_factory=dict)
    answer: str = ""
    model: str = ""
    usage: Usage | None = None
    seconds: float | None = None
    error: ErrorDetail | None = None
    cached: bool = False
    inner: list[ImportedCall] = field(default_factory=list)
    nested: list[ImportedIteration] = field(default_factory=list)


@dataclass(slots=True)
class ImportedIteration:
    """A turn of the planner and its cell; `cell_status` None: no cell ran."""

    reasoning: str = ""
    code: str = ""
    prompt: str = ""
    stdout: str = ""
    stderr: str = ""
    cell_status: CellStatus | None = "ok"
    error: ErrorDetail | None = None
    usage: Usage | None = None
    plan_seconds: float | None = None
    cell_seconds: float | None = None
    calls: list[ImportedCall] = field(default_factory=list)
    variables: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class ImportedRun:
    """A whole run. `left_out` are sentences on what could not be imported; `began` is ISO 8601."""

    format: str
    task: str = "imported"
    signature: str = ""
    inputs: dict[str, str] = field(default_factory=dict)
    planner: str = ""
    sub_lm: str = ""
    sandbox: str = ""
    began: str = ""
    most_iterations: int | None = None
    iterations: list[ImportedIteration] = field(default_factory=list)
    outputs: dict[str, Any] = field(default_factory=dict)
    status: RunStatus | None = None
    error: ErrorDetail | None = None
    seconds: float | None = None
    left_out: list[str] = field(default_factory=list)


def text(value: Any) -> str:
    """A value that should be a text; anything else in its own words, nothing for None."""
    if value is None:
        return ""
    return value if isinstance(value, str) else str(value)


def count(value: Any) -> int | None:
    """A count of something, where it can be one."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return int(value) if 0 <= value <= LARGEST_COUNT else None


def amount(value: Any, scale: float = 1.0) -> float | None:
    """Seconds or dollars, where it can be that; `scale` makes seconds of milliseconds."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return float(value) * scale if 0 <= value <= LARGEST_COUNT else None


def usage(prompt: Any, completion: Any, cost: Any = None, requests: Any = None) -> Usage | None:
    """Tokens and dollars as a log tells them; None where it tells nothing."""
    found = count(prompt), count(completion), amount(cost)
    if found == (None, None, None):
        return None
    return Usage(*found, requests=count(requests) or 1)


def mapping(value: Any) -> dict[str, Any]:
    """A JSON object, or an empty one where something else stands."""
    return value if isinstance(value, dict) else {}


def listing(value: Any) -> list[Any]:
    """A JSON list, or an empty one where something else stands."""
    return value if isinstance(value, list) else []


def failure(message: Any, kind: str = "Error") -> ErrorDetail:
    """An error as the log words it: `ValueError: no` has its kind in front."""
    words = text(message).strip()
    head, colon, rest = words.partition(": ")
    if colon and head.isidentifier() and len(head) < 60:
        return ErrorDetail(kind=head, message=rest)
    return ErrorDetail(kind=kind, message=words)


def damaged_lines(numbers: Iterable[int]) -> list[str]:
    """A sentence on lines that could not be read."""
    found = list(numbers)
    if not found:
        return []
    first = ", ".join(str(number) for number in found[:5])
    more = " and others" if len(found) > 5 else ""
    return [f"{number_of(len(found), 'line')} could not be read ({first}{more}) and were left out."]
