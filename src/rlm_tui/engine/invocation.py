"""What belongs to one call of one RLM: the run's own, or a nested one's."""

from __future__ import annotations

from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from rlm_tui.engine.control import RunControl

if TYPE_CHECKING:
    from rlm_tui.engine.cells import CellListener
    from rlm_tui.engine.recorded_answers import RecordedAnswers


@dataclass
class Invocation:
    """`span` is what its iterations happen in; `iteration` and `cell` are the spans of what goes on now.

    `control` stops this call, `plan_control` the planner's answer that is waited for, `cell_control` what the
    running cell has asked for. `n` is the iteration, from 1, and `most_iterations` the budget. `fitting` are
    the outputs of the last refused SUBMIT that did fit their types. While `answers` is set, the calls of
    cells are answered from that record; with `silent` no event tells of them.
    """

    span: str
    depth: int
    listener: CellListener
    control: RunControl
    iteration: str = ""
    n: int = 0
    most_iterations: int = 0
    cell: str = ""
    plan_control: RunControl = field(default_factory=RunControl)
    cell_control: RunControl = field(default_factory=RunControl)
    bad_answers: int = 0
    extracted: bool = False
    fitting: dict[str, Any] = field(default_factory=dict)
    answers: RecordedAnswers | None = None
    silent: bool = False


INVOCATION: ContextVar[Invocation | None] = ContextVar("rlm_tui_invocation", default=None)


def current_invocation() -> Invocation:
    """The innermost RLM call that this code runs in; LookupError outside of one."""
    invocation = INVOCATION.get()
    if invocation is None:
        raise LookupError("not inside a call of an RLM")
    return invocation
