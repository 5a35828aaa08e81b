"""Sums of what requests used, in which unknown is not zero."""

from __future__ import annotations

from collections.abc import Iterable

from rlm_tui.core.events import Usage


def sum_usage(usages: Iterable[Usage | None]) -> Usage | None:
    """What several requests used together; None when nobody said."""
    every = [usage for usage in usages if usage is not None]
    if not every:
        return None
    prompt = [usage.prompt_tokens for usage in every if usage.prompt_tokens is not None]
    completion = [usage.completion_tokens for usage in every if usage.completion_tokens is not None]
    costs = [usage.cost_usd for usage in every if usage.cost_usd is not None]
    return Usage(
        prompt_tokens=sum(prompt) if prompt else None,
        completion_tokens=sum(completion) if completion else None,
        cost_usd=sum(costs) if costs and len(costs) == len(every) else None,
        requests=sum(usage.requests for usage in every),
    )
