"""A call that a cell of a recorded program makes, told from its start to its end."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any

import dspy

from rlm_tui.core.events import CallFinished, CallKind, CallStarted, Usage, Value
from rlm_tui.core.usage import sum_usage
from rlm_tui.engine.calls import ARGUMENT_CHARACTERS, answer_as_json, error_of
from rlm_tui.engine.lm_callbacks import ANSWER_CHARACTERS
from rlm_tui.engine.plain import shortened
from rlm_tui.engine.recorded_program import RecordedRLM
from rlm_tui.engine.recorder import Recorder


@dataclass
class RecordedCall:
    """A call of a cell that is under way; `unasked` are the prompts of a batch not seen asked yet."""

    span: str
    kind: CallKind
    began: float = field(default_factory=time.monotonic)
    usages: list[Usage | None] = field(default_factory=list)
    unasked: dict[int, str] = field(default_factory=dict)


def begin_call(
    program: RecordedRLM,
    parent: str,
    kind: CallKind,
    name: str,
    *,
    prompt: str = "",
    arguments: dict[str, Any] | None = None,
    lm: Any = None,
    **about: Any,
) -> RecordedCall:
    """It was made. `about` are fields of `CallStarted` that tell of a batch."""
    recorder = program.recorder
    call = RecordedCall(recorder.span("call"), kind)
    if lm is None and kind == "llm_query":
        lm = getattr(program.rlm, "sub_lm", None) or getattr(dspy.settings, "lm", None)
    recorder.emit(
        CallStarted,
        span=call.span,
        parent=parent,
        kind=kind,
        name=recorder.text(name),
        prompt=recorder.value(prompt),
        arguments=shortened(recorder.plain(arguments or {}), ARGUMENT_CHARACTERS),
        model=recorder.text(str(getattr(lm, "model", "") or "")),
        **about,
    )
    return call


def end_call(recorder: Recorder, call: RecordedCall, answer: Any, exception: BaseException | None) -> None:
    """It was answered, or raised."""
    usage = sum_usage(call.usages) if call.kind in ("llm_query", "predict") else None
    told = "" if answer is None or call.kind == "llm_query_batched" else str(answer)[:ANSWER_CHARACTERS]
    as_json = "" if answer is None or isinstance(answer, str) else answer_as_json(recorder, answer)
    recorder.emit(
        CallFinished,
        span=call.span,
        answer=recorder.value(told),
        result=recorder.value(as_json) if as_json else Value(),
        usage=usage,
        cached=usage is not None and usage.requests == 0,
        seconds=round(time.monotonic() - call.began, 4),
        error=None if exception is None else recorder.error(error_of(exception)),
    )
