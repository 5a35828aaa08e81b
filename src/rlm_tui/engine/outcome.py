"""How a run ended, in the words of what ended it."""

from __future__ import annotations

import traceback
from typing import Any

import msgspec

from rlm_tui.core.events import ErrorDetail, RunStatus


class Outcome(msgspec.Struct, frozen=True):
    """What `run_finished` says besides the totals."""

    status: RunStatus
    outputs: dict[str, Any] = {}
    error: ErrorDetail | None = None


def failed(error: BaseException) -> Outcome:
    """The end of a run by an error: its class, its words, and its hint if it has one."""
    return Outcome("failed", error=described(error))


def described(error: BaseException) -> ErrorDetail:
    """Any error as a person is told of it."""
    return ErrorDetail(
        kind=type(error).__name__,
        message=str(error) or type(error).__name__,
        hint=str(getattr(error, "hint", "") or ""),
        traceback="".join(traceback.format_exception(error, limit=-6)),
    )
