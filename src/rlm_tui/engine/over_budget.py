"""Each budget's end in words: what was used, what the budget was, and what gives more of it."""

from __future__ import annotations

import msgspec

from rlm_tui.core.events import ErrorDetail
from rlm_tui.core.text import human_seconds, number_of


class Over(msgspec.Struct, frozen=True):
    """The field `budget` of `Budgets` is used up; `needs` is the least limit with which the run can go on."""

    budget: str
    error: ErrorDetail
    needs: float | None = None


def over_tokens(used: int, limit: int) -> Over:
    message = f"The run used {used:,} tokens; its budget is {limit:,}."
    return _over("max_tokens", "TokenBudget", message, "--max-tokens", used + 1)


def over_cost(used: float, limit: float) -> Over:
    message = f"The run cost ${used:.4f}; its budget is ${limit:.4f}."
    return _over("max_cost_usd", "CostBudget", message, "--max-cost")


def over_seconds(used: float, limit: float) -> Over:
    message = f"The run took longer than its budget of {human_seconds(limit)}."
    return _over("max_seconds", "TimeBudget", message, "--max-seconds")


def over_cell_seconds(limit: float) -> Over:
    message = f"A cell was stopped at its time limit of {human_seconds(limit)}; its variables are kept."
    return Over("cell_seconds", ErrorDetail(kind="CellTimeBudget", message=message))


def over_calls(used: int, count: int, limit: int) -> Over:
    message = f"The cell asks for {number_of(count, 'more call')}; {used:,} of {limit:,} are used."
    return _over("max_llm_calls", "CallBudget", message, "--max-llm-calls", used + count)


def refused_calls(used: int, count: int, limit: int) -> str:
    """dspy's words, which the cell reads where nobody is asked."""
    return (
        f"LLM call limit exceeded: {used} + {count} > {limit}. "
        "Use Python code for aggregation instead of making more LLM calls."
    )


def over_iterations(used: int) -> Over:
    message = f"The planner did not submit within its {number_of(used, 'iteration')}."
    return _over("max_iterations", "IterationBudget", message, "--max-iterations", used + 1)


def _over(budget: str, kind: str, message: str, flag: str, needs: float | None = None) -> Over:
    hint = f"Give it more with {flag}."
    return Over(budget, ErrorDetail(kind=kind, message=message, hint=hint), needs)
