"""dspy's callbacks on LMs and tools: what each request used goes to the place that it was made in."""

from __future__ import annotations

import time
from typing import Any

from dspy.utils.callback import BaseCallback

from rlm_tui.core.events import CallFinished, CallStarted, Usage, Value
from rlm_tui.engine.budget import RunBudget
from rlm_tui.engine.calls import ARGUMENT_CHARACTERS, answer_as_json, error_of
from rlm_tui.engine.control import CONTROL, RunControl
from rlm_tui.engine.place import PLACE, Place, current_place
from rlm_tui.engine.plain import shortened
from rlm_tui.engine.recorder import Recorder
from rlm_tui.lm.meter import Meter

ANSWER_CHARACTERS = 200_000


class RunCallback(BaseCallback):
    """Pays each LM request at its place, charges the budget, and records host tools as calls."""

    def __init__(self, recorder: Recorder, meter: Meter, budget: RunBudget, control: RunControl) -> None:
        self._recorder = recorder
        self._meter = meter
        self._budget = budget
        self._control = control
        self._tools: dict[str, tuple[str, float, Any]] = {}

    def on_lm_start(self, call_id: str, instance: Any, inputs: dict[str, Any]) -> None:
        # Raised past dspy, which lets only a BaseException of a callback through: the request is not made.
        self._budget.enforce()
        (CONTROL.get() or self._control).check()
        current_place().spending.asked(prompt_text(inputs), str(getattr(instance, "model", "")))

    def on_lm_end(self, call_id: str, outputs: Any, exception: BaseException | None = None) -> None:
        usage = self._meter.take(call_id)
        if usage is None:
            if exception is not None:
                return
            usage = Usage()
        current_place().spending.add(usage)
        self._budget.charge(usage)

    def on_tool_start(self, call_id: str, instance: Any, inputs: dict[str, Any]) -> None:
        span = self._recorder.span("call")
        arguments = inputs.get("kwargs", inputs)
        self._recorder.emit(
            CallStarted,
            span=span,
            parent=current_place().span,
            kind="tool",
            name=str(getattr(instance, "name", "tool")),
            arguments=shortened(self._recorder.plain(arguments), ARGUMENT_CHARACTERS),
        )
        self._tools[call_id] = (span, time.monotonic(), PLACE.set(Place(span)))

    def on_tool_end(self, call_id: str, outputs: Any, exception: BaseException | None = None) -> None:
        span, began, token = self._tools.pop(call_id)
        PLACE.reset(token)
        self._recorder.emit(
            CallFinished,
            span=span,
            answer=self._recorder.value("" if exception is not None else str(outputs)[:ANSWER_CHARACTERS]),
            result=Value()
            if exception is not None
            else self._recorder.value(answer_as_json(self._recorder, outputs)),
            seconds=round(time.monotonic() - began, 4),
            error=None if exception is None else self._recorder.error(error_of(exception)),
        )


def prompt_text(inputs: dict[str, Any]) -> str:
    """What an LM was asked, as one readable text: the bare prompt, or each message under its role."""
    messages = inputs.get("messages")
    if not messages:
        prompt = inputs.get("prompt")
        return prompt if isinstance(prompt, str) else str(prompt or "")
    parts = []
    for message in messages:
        content = message.get("content") if isinstance(message, dict) else message
        role = message.get("role", "") if isinstance(message, dict) else ""
        parts.append(f"[{role}]\n{content if isinstance(content, str) else _joined(content)}")
    return "\n\n".join(parts)


def _joined(content: Any) -> str:
    if isinstance(content, list):
        return "\n".join(
            str(part.get("text", part)) if isinstance(part, dict) else str(part) for part in content
        )
    return str(content)
