"""A call that a cell makes, from its start to its end, as two events."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from rlm_tui.core.events import CallFinished, CallKind, CallStarted, ErrorDetail, Usage, Value
from rlm_tui.engine.control import RunStopped
from rlm_tui.engine.place import PLACE, Place
from rlm_tui.engine.plain import shortened
from rlm_tui.engine.recorder import Recorder

ARGUMENT_CHARACTERS = 2_000
STOPPED = "The cell was stopped before the answer came."
NOTHING_SPENT = Usage(prompt_tokens=0, completion_tokens=0, cost_usd=0.0, requests=0)
"""What an answer from a record cost."""


@dataclass
class CallRecord:
    """What is known of a running call. Set `answer`, and `error` for a failure that isn't raised.

    `result` is the answer as JSON, of what is no text to the cell.
    """

    span: str
    place: Place
    answer: str = ""
    result: str = ""
    error: ErrorDetail | None = None
    began: float = field(default_factory=time.monotonic)


def error_of(error: BaseException) -> ErrorDetail:
    """An error of a call: its class and its words."""
    if isinstance(error, RunStopped):
        return ErrorDetail(kind="Stopped", message="It was stopped before the answer came.")
    return ErrorDetail(kind=type(error).__name__, message=str(error) or type(error).__name__)


@contextmanager
def recorded_call(
    recorder: Recorder,
    *,
    parent: str,
    kind: CallKind,
    name: str,
    prompt: str = "",
    arguments: dict[str, Any] | None = None,
    model: str = "",
    batch: str = "",
    index: int | None = None,
    size: int | None = None,
    origin: str = "",
    silent: bool = False,
) -> Iterator[CallRecord]:
    """Record a call round the block; it pays the LM requests within; what the block raises is its error.

    `origin` is the run whose record answers it: then nothing is paid. `silent`: no event tells of it.
    """
    if silent:
        yield CallRecord("", Place(parent))
        return
    span = recorder.span("call")
    recorder.emit(
        CallStarted,
        span=span,
        parent=parent,
        kind=kind,
        name=recorder.text(name),
        prompt=recorder.value(prompt) if prompt else Value(),
        arguments=shortened(recorder.plain(arguments or {}), ARGUMENT_CHARACTERS),
        model=model,
        batch=batch,
        index=index,
        size=size,
    )
    record = CallRecord(span, Place(span))
    token = PLACE.set(record.place)
    try:
        yield record
    except BaseException as error:
        record.error = error_of(error)
        raise
    finally:
        PLACE.reset(token)
        spending = record.place.spending
        recorder.emit(
            CallFinished,
            span=span,
            parent=parent,
            answer=recorder.value(record.answer) if record.answer else Value(),
            result=recorder.value(record.result) if record.result else Value(),
            usage=NOTHING_SPENT if origin else spending.usage,
            cached=bool(origin) or spending.cached,
            origin=origin,
            seconds=round(time.monotonic() - record.began, 4),
            error=None if record.error is None else recorder.error(record.error),
        )


def answer_as_json(recorder: Recorder, value: Any) -> str:
    """What a cell was given, as redacted JSON from which it can be given again; "" if it has no such form."""
    try:
        plain = json.loads(json.dumps(value, allow_nan=False))
    except (TypeError, ValueError, RecursionError):
        return ""
    return json.dumps(recorder.plain(plain), ensure_ascii=False)
