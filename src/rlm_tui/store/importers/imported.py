"""What an importer finds in a log, before it is told as events. None is what the log does not tell."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from rlm_tui.core.events import CallKind, CellStatus, ErrorDetail, RunStatus, Usage

NOTHING_ASKED = Usage(prompt_tokens=0, completion_tokens=0, cost_usd=0.0, requests=0)
"""What a turn used for which no LM was asked."""


class ImportFailed(ValueError):
    """A file that can't be imported. The message is one sentence that says what was looked for."""


@dataclass(slots=True)
class ImportedCall:
    """A call that a cell made; `inner` are the items of a batch, `nested` the iterations of a sub-RLM.

    `began` is in seconds since the run began, where the log tells it.
    """

    kind: CallKind
    name: str
    prompt: str = ""
    arguments: dict[str, Any] = field(default_factory=dict)
    answer: str = ""
    model: str = ""
    usage: Usage | None = None
    began: float | None = None
    seconds: float | None = None
    error: ErrorDetail | None = None
    cached: bool = False
    inner: list[ImportedCall] = field(default_factory=list)
    nested: list[ImportedIteration] = field(default_factory=list)


@dataclass(slots=True)
class ImportedIteration:
    """A turn of the planner and its cell; `cell_status` None: no cell ran.

    `began` is in seconds since the run began. `seconds` are those of plan and cell together, for logs that do
    not tell them apart. `remark` is what was wrong with the model's answer, `facts` what else the log says.
    """

    reasoning: str = ""
    code: str = ""
    prompt: str = ""
    remark: str = ""
    stdout: str = ""
    stderr: str = ""
    cell_status: CellStatus | None = "ok"
    error: ErrorDetail | None = None
    usage: Usage | None = None
    cached: bool = False
    began: float | None = None
    plan_seconds: float | None = None
    cell_seconds: float | None = None
    seconds: float | None = None
    calls: list[ImportedCall] = field(default_factory=list)
    variables: dict[str, Any] = field(default_factory=dict)
    facts: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class ImportedRun:
    """A whole run. `left_out` are sentences on what could not be imported; `began` is ISO 8601.

    `extraction` is the call that made an answer after the last iteration. `facts` are what else the log says.
    """

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
    extraction: ImportedCall | None = None
    outputs: dict[str, Any] = field(default_factory=dict)
    status: RunStatus | None = None
    error: ErrorDetail | None = None
    seconds: float | None = None
    facts: dict[str, Any] = field(default_factory=dict)
    left_out: list[str] = field(default_factory=list)
