"""Usage and cost of each call, read where dspy records them.

`on_lm_end` carries text only, so the meter listens at `LM.update_history` and keys what it hears by the
callback id that is active there: the id the recorder saw in `on_lm_start`.
"""

from __future__ import annotations

import threading
from typing import Any, TypeVar

import dspy
from dspy.utils.callback_context import ACTIVE_CALL_ID

from rlm_tui.core.events import Usage
from rlm_tui.lm.retries import Retries

Number = TypeVar("Number", int, float)
FROM_CACHE = Usage(prompt_tokens=0, completion_tokens=0, cost_usd=0.0, requests=0)


class Meter:
    """What each LM call used, by dspy's call id. Safe from any thread; an entry is taken once."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._usage: dict[str, Usage] = {}

    def record(self, call_id: str, usage: Usage) -> None:
        """Keep `usage` for `call_id`, added to what that call used before (a retry is a request too)."""
        with self._lock:
            before = self._usage.get(call_id)
            self._usage[call_id] = usage if before is None else add_usage(before, usage)

    def take(self, call_id: str) -> Usage | None:
        """The usage of `call_id`, or None if nothing was recorded for it (a call that failed).

        An answer from the cache used nothing: its usage has no `requests`.
        """
        with self._lock:
            return self._usage.pop(call_id, None)

    def __deepcopy__(self, _memory: dict[int, Any]) -> Meter:
        """dspy copies an LM for a call with other parameters; its calls are still ours to meter."""
        return self


class MeteredLM(dspy.LM):
    """A `dspy.LM` whose calls a `Meter` hears of, and which tries again by the rules of `Retries`.

    `price` is the cost of a call in US dollars where dspy knows none; None is unknown. `times` is how often a
    call that failed in passing is tried again.
    """

    def __init__(
        self,
        model: str,
        *,
        meter: Meter,
        retries: Retries | None = None,
        times: int = 0,
        price: float | None = None,
        **options: Any,
    ) -> None:
        super().__init__(model, num_retries=0, **options)
        self.meter = meter
        self.retries = retries if retries is not None else Retries()
        self.times = times
        self.price = price

    def __call__(self, prompt: Any = None, *, messages: Any = None, **options: Any) -> Any:
        """Ask, and ask again after a passing failure. Each try is a call of its own to dspy's callbacks."""
        return self.retries.call(
            lambda: super(MeteredLM, self).__call__(prompt, messages=messages, **options), self.times
        )

    def update_history(self, entry: dict[str, Any]) -> None:
        """Meter the call. dspy's own history is left out: it would hold every prompt until we leave."""
        call_id = ACTIVE_CALL_ID.get()
        if call_id is None:
            return
        cached = bool(self.cache) and not entry.get("usage")  # dspy tells a hit by its empty usage alone
        self.meter.record(call_id, FROM_CACHE if cached else usage_of(entry, self.price))


def usage_of(entry: dict[str, Any], price: float | None = None) -> Usage:
    """The usage in one history entry of dspy. Missing figures stay None: unknown, not zero."""
    usage = entry.get("usage") or {}
    cost = entry.get("cost")
    return Usage(
        prompt_tokens=_count(usage, "prompt_tokens", "input_tokens"),
        completion_tokens=_count(usage, "completion_tokens", "output_tokens"),
        cost_usd=price if cost is None else float(cost),
    )


def add_usage(first: Usage, second: Usage) -> Usage:
    """The sum of two requests' usage; a figure that either of them lacks is unknown in the sum."""
    return Usage(
        prompt_tokens=_sum(first.prompt_tokens, second.prompt_tokens),
        completion_tokens=_sum(first.completion_tokens, second.completion_tokens),
        cost_usd=_sum(first.cost_usd, second.cost_usd),
        requests=first.requests + second.requests,
    )


def _sum(first: Number | None, second: Number | None) -> Number | None:
    return None if first is None or second is None else first + second


def _count(usage: dict[str, Any], *names: str) -> int | None:
    for name in names:
        if isinstance(value := usage.get(name), int):
            return value
    return None
