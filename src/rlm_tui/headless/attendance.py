"""Whether somebody can be asked while a run without a screen is held, and where it is to be held."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

import msgspec

from rlm_tui.core.breakpoints import SetBreakpoint, parse_breakpoint
from rlm_tui.core.remembered_breakpoints import breakpoints_of
from rlm_tui.core.standard_input import STANDARD_INPUT

if TYPE_CHECKING:
    from rlm_tui.engine.session import RunRequest

_AT_BUDGET_END = "debugger.at_budget_end"


class AttendanceError(ValueError):
    """Nobody could be asked. The message is one sentence that says what to write."""


def read_breakpoints(
    written: Sequence[str], *, hold: bool, document: Sequence[str], inputs: Sequence[str]
) -> tuple[SetBreakpoint, ...]:
    """The breakpoints of a command line.

    Raises BreakpointError, and AttendanceError where the input that commands are read from is given away.
    """
    points = tuple(SetBreakpoint(parse_breakpoint(text)) for text in written)
    if not hold and not points:
        return points
    given = "--hold" if hold else "--breakpoint"
    if STANDARD_INPUT in document:
        raise AttendanceError(
            f"{given} reads commands from standard input, which is the document here: give its path."
        )
    if any(pair.partition("=")[2] == STANDARD_INPUT for pair in inputs):
        raise AttendanceError(
            f"{given} reads commands from standard input, which is an input here: write the input's text."
        )
    return points


def attended(request: RunRequest, *, hold: bool, breakpoints: tuple[SetBreakpoint, ...]) -> RunRequest:
    """`request` held where it was asked for; attended if it is, or if a person at a terminal set that budgets
    ask. With `hold` the breakpoints that are kept for the task hold, too.
    """
    points = (*(breakpoints_of(request.task) if hold else ()), *breakpoints)
    debugger = request.settings.debugger
    asks = debugger.at_budget_end == "ask" and _AT_BUDGET_END in request.settings.source
    return msgspec.structs.replace(
        request,
        hold=hold,
        breakpoints=points,
        attended=hold or bool(points) or (asks and sys.stdin.isatty()),
    )
