"""The numbers of a run, kept as its events arrive.

`llm_calls` are the LM requests that cells made: an `llm_query`, each item of a batch, each request of a
`predict`, those of nested RLMs included. A batch and a nested RLM are not requests themselves. What the run
itself asks (planner turns, at any depth, and the extraction of an answer) counts in `planner_calls`.
A request counts from its start; if its end says how many requests it took, that many count.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from rlm_tui.core.events import CallFinished, Totals, Usage
from rlm_tui.core.iterations import LLM_KINDS, Call


@dataclass(slots=True)
class Counting:
    """Running sums. `offline` runs cost nothing, whether their usage says so or not.

    `nested_planner_calls` are those of the planner calls that nested RLMs made.
    """

    offline: bool = False
    iterations: int = 0
    llm_calls: int = 0
    planner_calls: int = 0
    nested_planner_calls: int = 0
    tool_calls: int = 0
    failed_calls: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    tokens_known: bool = True
    cost_usd: float = 0.0
    cost_known: bool = True

    def copy(self) -> Counting:
        """One that counts apart from this."""
        return replace(self)

    @property
    def budgeted_calls(self) -> int:
        """What the budget of calls counts: all requests that cells caused, planners of nested RLMs too."""
        return self.llm_calls + self.nested_planner_calls

    @property
    def requests(self) -> int:
        """All requests to an LM: planner turns and calls."""
        return self.planner_calls + self.llm_calls

    def plan_started(self, *, nested: bool = False) -> None:
        """The planner was asked, that of a nested RLM if `nested`."""
        self._count_planner(1, nested)

    def plan_ready(
        self, usage: Usage | None, *, cached: bool, was_started: bool, nested: bool = False
    ) -> None:
        """The planner answered; `was_started` says whether `plan_started` counted the request already."""
        self._count_planner((1 if usage is None else usage.requests) - was_started, nested)
        self._spend(usage, cached=cached)

    def call_started(self, call: Call) -> None:
        """A call was made."""
        if call.kind in LLM_KINDS:
            self._count_requests(call, 1)
        elif call.kind == "tool":
            self.tool_calls += 1

    def call_finished(self, call: Call, event: CallFinished) -> None:
        """A call ended, well or not."""
        if event.error is not None and not (call.is_batch and call.items_failed):
            self.failed_calls += 1
        if call.kind in LLM_KINDS:
            if event.usage is not None:
                self._count_requests(call, event.usage.requests - 1)
            if event.usage is not None or event.error is None:
                self._spend(event.usage, cached=event.cached)
        elif event.usage is not None and not call.contains:
            self._count_requests(call, event.usage.requests)
            self._spend(event.usage, cached=event.cached)
        elif event.usage is not None and call.spent() == event.usage:
            self._spend(event.usage, cached=event.cached)

    def _count_requests(self, call: Call, requests: int) -> None:
        if call.by_planner:
            self._count_planner(requests, call.parent is not None)
        else:
            self.llm_calls += requests

    def _count_planner(self, requests: int, nested: bool) -> None:
        self.planner_calls += requests
        if nested:
            self.nested_planner_calls += requests

    def _spend(self, usage: Usage | None, *, cached: bool) -> None:
        if usage is None:
            usage = Usage()
        self.prompt_tokens += usage.prompt_tokens or 0
        self.completion_tokens += usage.completion_tokens or 0
        self.cost_usd += usage.cost_usd or 0.0
        if cached or usage.requests == 0:
            return
        if usage.prompt_tokens is None or usage.completion_tokens is None:
            self.tokens_known = False
        if usage.cost_usd is None and not self.offline:
            self.cost_known = False

    def without(self, others: Iterable[Counting]) -> Counting:
        """What is left of these numbers when those of `others`, which they include, are taken away."""
        left = self.copy()
        for other in others:
            left.iterations -= other.iterations
            left.llm_calls -= other.llm_calls
            left.planner_calls -= other.planner_calls
            left.nested_planner_calls -= other.nested_planner_calls
            left.tool_calls -= other.tool_calls
            left.failed_calls -= other.failed_calls
            left.prompt_tokens -= other.prompt_tokens
            left.completion_tokens -= other.completion_tokens
            left.cost_usd = max(left.cost_usd - other.cost_usd, 0.0)
        return left

    def totals(self, seconds: float) -> Totals:
        """The sums as they stand, `seconds` into the run."""
        return Totals(
            iterations=self.iterations,
            llm_calls=self.llm_calls,
            planner_calls=self.planner_calls,
            tool_calls=self.tool_calls,
            failed_calls=self.failed_calls,
            prompt_tokens=self.prompt_tokens,
            completion_tokens=self.completion_tokens,
            tokens_known=self.tokens_known,
            cost_usd=round(self.cost_usd, 9),
            cost_known=self.cost_known,
            seconds=seconds,
        )
