"""The budgets of a run by name: in words, how much of each is used, and which new limit makes sense."""

from __future__ import annotations

import math
from typing import Any, Literal

import msgspec

from rlm_tui.core.event_parts import Budgets
from rlm_tui.core.text import human_cost, human_count, human_seconds

BudgetName = Literal[
    "max_iterations", "max_llm_calls", "max_tokens", "max_cost_usd", "max_seconds", "cell_seconds"
]

BUDGET_WORDS: dict[str, str] = {
    "max_iterations": "iterations",
    "max_llm_calls": "calls",
    "max_tokens": "tokens",
    "max_cost_usd": "dollars",
    "max_seconds": "seconds",
    "cell_seconds": "seconds a cell",
}
"""Each field of `Budgets`, in the order in which they are shown, as a person calls it."""

WARN_SHARE = 0.8
_WHOLE = ("max_iterations", "max_llm_calls", "max_tokens")


class BudgetError(ValueError):
    """A new limit that can't hold; the message says why and what would do."""


class BudgetUse(msgspec.Struct, frozen=True):
    """How much of the budget `name` is used. `limit` None is no limit.

    `known` False: some provider did not say what it took, and `used` is a lower bound.
    """

    name: str
    used: float
    limit: float | None
    known: bool = True

    @property
    def words(self) -> str:
        """What the budget counts."""
        return BUDGET_WORDS[self.name]

    @property
    def share(self) -> float | None:
        """The part that is used, 1.0 for all of it; None without a limit."""
        if self.limit is None:
            return None
        return self.used / self.limit if self.limit > 0 else float(self.used > 0)

    @property
    def is_short(self) -> bool:
        """Whether at least 80% is used."""
        share = self.share
        return share is not None and share >= WARN_SHARE


def amount_words(name: str, amount: float) -> str:
    """`amount` of a budget as a person reads it."""
    match name:
        case "max_cost_usd":
            return human_cost(amount)
        case "max_seconds" | "cell_seconds":
            return human_seconds(amount)
        case "max_tokens":
            return human_count(amount)
        case _:
            return f"{int(amount):,}"


def checked_amount(name: str, amount: Any, used: float) -> float:
    """`amount` as the new limit of the budget `name`, of which `used` are used. Raises BudgetError."""
    words = BUDGET_WORDS.get(name)
    if words is None:
        known = ", ".join(BUDGET_WORDS)
        raise BudgetError(f"There is no budget {name!r}; the budgets are {known}.")
    if isinstance(amount, bool) or not isinstance(amount, int | float) or not math.isfinite(amount):
        raise BudgetError(f"The budget of {words} has to be a number, not {amount!r}.")
    if name in _WHOLE and amount != int(amount):
        raise BudgetError(f"The budget of {words} has to be a whole number, not {amount}.")
    if amount <= used:
        raise BudgetError(
            f"The budget of {words} has to be more than the {_written(used)} that are used, not "
            f"{_written(amount)}."
        )
    return int(amount) if name in _WHOLE else float(amount)


def read_amount(name: str, text: str) -> float:
    """A limit as a person writes it: `1,500`, `120k`, `$0.50`. Raises BudgetError."""
    written = (
        text.strip().lower().replace(",", "").replace("_", "").removeprefix("$").removesuffix("s").strip()
    )
    factor = {"k": 1_000, "m": 1_000_000}.get(written[-1:], 1)
    try:
        return float(written[:-1] if factor > 1 else written) * factor
    except ValueError:
        raise BudgetError(
            f"The budget of {BUDGET_WORDS[name]} has to be a number, not {text.strip()!r}."
        ) from None


def suggested(use: BudgetUse, needs: float | None = None) -> str:
    """A new limit that gives as much again, at least what is needed, as it is written into a field."""
    if use.limit is None and needs is None:
        return ""
    amount = max(2 * (use.limit or 0), use.used * 1.5, needs or 0)
    if use.name in _WHOLE:
        step = 10 ** max(0, len(str(int(amount))) - 2)
        return str(max(math.ceil(amount / step) * step, 1))
    return _written(round(amount, 4) or 1.0)


def limits_of(budgets: Budgets) -> dict[str, float | None]:
    """The limit of each budget by its name."""
    return {name: getattr(budgets, name) for name in BUDGET_WORDS}


def _written(amount: float) -> str:
    return f"{amount:,}" if isinstance(amount, int) else f"{amount:.6f}".rstrip("0").rstrip(".")
