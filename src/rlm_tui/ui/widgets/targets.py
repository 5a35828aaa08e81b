"""What a row of the trajectory or the calls stands for: what enter and a click on it act upon."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

TabName = Literal["result", "reasoning", "code", "output", "variables", "prompt", "error", "call"]
"""A tab of the Inspector."""


@dataclass(frozen=True, slots=True)
class Fold:
    """An iteration's header: opens and shuts it."""

    span: str


@dataclass(frozen=True, slots=True)
class Reasoning:
    """The line that stands for an iteration's reasoning: opens and shuts it."""

    span: str


@dataclass(frozen=True, slots=True)
class StepFold:
    """A plan that was not run: opens and shuts its code."""

    key: str


@dataclass(frozen=True, slots=True)
class CallLine:
    """A call. One that has something inside (a nested RLM, a batch in the log) opens; any is inspected."""

    span: str
    opens: bool = False


@dataclass(frozen=True, slots=True)
class More:
    """What is too long for here; the Inspector's tab of that name has it whole."""

    span: str
    tab: TabName


@dataclass(frozen=True, slots=True)
class Result:
    """The run's result."""


Target = Fold | Reasoning | StepFold | CallLine | More | Result
