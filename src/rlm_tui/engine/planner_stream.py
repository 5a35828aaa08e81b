"""The planner's reasoning and code as they are written.

Only the planner's own predictor is streamed, each turn on a thread of its own: tools never run under a
stream, nested planners stream as well, and a run that is stopped doesn't wait for the answer in flight.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from contextlib import aclosing
from typing import Any, get_args

import dspy
from dspy.streaming import StreamListener, StreamResponse

from rlm_tui.core.events import PlanField
from rlm_tui.engine.abandon import abandonable
from rlm_tui.engine.control import RunControl

_log = logging.getLogger(__name__)
_FENCE = "```"
OnDelta = Callable[[PlanField, str], None]
PLAN_FIELDS: tuple[PlanField, ...] = get_args(PlanField)


class CodeFence:
    """The code of an answer without the Markdown fence round it, while it is still being written."""

    def __init__(self) -> None:
        self._held = ""
        self._inside = False

    def take(self, text: str) -> str:
        """What of `text`, and of what was held back before it, is code."""
        self._held += text
        if not self._inside:
            head = self._held.lstrip()
            if _FENCE.startswith(head[:3]) and "\n" not in head:
                return ""
            self._inside = True
            self._held = head.partition("\n")[2] if head.startswith(_FENCE) else head
        end = self._held.find(f"\n{_FENCE}")
        if end >= 0:
            # Held for good: whatever follows the closing fence is no code.
            told, self._held = self._held[:end], self._held[end:]
            return told
        kept = next(size for size in (3, 2, 1, 0) if self._held.endswith(f"\n{_FENCE}"[:size]))
        cut = len(self._held) - kept
        told, self._held = self._held[:cut], self._held[cut:]
        return told


def can_stream(lm: Any) -> bool:
    """Whether answers of `lm` can be had piece by piece; only an engine of one's own may lack it."""
    inner = getattr(lm, "_lm", lm)  # dspy wraps the LM of a sub-agent to meter it
    engine = getattr(inner, "engine", "auto")
    return isinstance(engine, str) or callable(getattr(engine, "stream", None))


def predict_whole(
    predict: Any,
    arguments: dict[str, Any],
    control: RunControl,
    on_abandon: Callable[[], None] | None = None,
) -> Any:
    """The planner's answer in one piece."""
    return abandonable(lambda: predict(**arguments), control, on_abandon)


def predict_streaming(
    predict: Any,
    arguments: dict[str, Any],
    on_delta: OnDelta,
    control: RunControl,
    on_abandon: Callable[[], None] | None = None,
) -> Any:
    """The planner's answer, telling `on_delta` of each piece of a field before it is whole.

    Raises what the LM raised (a stream that was cut is an error of the turn), or `RunStopped`.
    """

    async def consume() -> Any:
        # A stream left early is closed by dspy in another task, and the loop would print that on the screen;
        # what went wrong with the answer itself is raised here.
        asyncio.get_running_loop().set_exception_handler(_log_leftover)
        listeners = [
            StreamListener(signature_field_name=name, predict=predict, predict_name="planner")
            for name in PLAN_FIELDS
        ]
        streamed = dspy.streamify(predict, stream_listeners=listeners)
        prediction, fence = None, CodeFence()
        async with aclosing(streamed(**arguments)) as items:
            async for item in items:
                # Leaving here ends the stream at its next piece: nobody pays for the rest of it.
                control.check()
                if isinstance(item, StreamResponse):
                    name = item.signature_field_name
                    on_delta(name, fence.take(item.chunk) if name == "code" else item.chunk)
                elif isinstance(item, dspy.Prediction):
                    prediction = item
        return prediction

    return abandonable(lambda: asyncio.run(consume()), control, on_abandon)


def _log_leftover(_: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    _log.debug("after the planner's stream: %s", context.get("exception") or context.get("message"))
