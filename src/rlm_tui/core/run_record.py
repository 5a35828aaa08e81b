"""A saved run as the library lists it: what it was, how it ended, its cost, and what a person wrote on it."""

from __future__ import annotations

from typing import Literal

import msgspec

from rlm_tui.core.events import RunStarted, RunStatus

ListedStatus = RunStatus | Literal["running", "interrupted", "unreadable"]
"""How a run ended; "interrupted": it did not end, and nobody writes it any more."""
STATUSES: tuple[ListedStatus, ...] = (
    "submitted", "extracted", "failed", "cancelled", "budget", "running", "interrupted", "unreadable",
)  # fmt: skip


CALLS_UNKNOWN = ("dspy", "rlm-code")
"""Formats whose logs do not tell the calls of cells."""


def calls_are_known(started: RunStarted | None) -> bool:
    """Whether the log of a run that began so tells the calls of its cells."""
    return started is None or started.imported not in CALLS_UNKNOWN


class RunRecord(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """One run. None is what its log does not tell; `size` are the bytes of its folder on disk.

    `documents` and `models` are names; `parent` the run it was forked from, `imported` the format it came in.
    `error` says why it failed, or why it can't be read; `damaged` counts lines of its log that are no events,
    as far as the log was looked at. `started` is ISO 8601 in UTC.

    The collector of garbage passes them by (they hold texts and numbers only): it would stop every thread.
    """

    run_id: str
    status: ListedStatus
    task: str = ""
    documents: tuple[str, ...] = ()
    models: tuple[str, ...] = ()
    offline: bool = False
    sandbox: str = ""
    started: str = ""
    seconds: float | None = None
    iterations: int | None = None
    llm_calls: int | None = None
    tokens: int | None = None
    cost_usd: float | None = None
    error: str = ""
    parent: str = ""
    imported: str = ""
    tags: tuple[str, ...] = ()
    note: str = ""
    size: int = 0
    damaged: int = 0
