"""How much of its budgets a run has used, as pieces of a line: a bar, figures, and a colour that warns."""

from __future__ import annotations

from rlm_tui.core.budget_use import BudgetUse, amount_words
from rlm_tui.ui.widgets.row import Line, progress_bar

NO_LIMIT = "no limit"
LABEL = 15
BAR_STEPS = 1_000


def share_words(use: BudgetUse) -> str:
    """ "42%"; "" without a limit. More than all is told as such."""
    share = use.share
    return "" if share is None else f"{min(int(share * 100), 999)}%"


def role_of(use: BudgetUse, usual: str = "text") -> str:
    """Its colour: that of a warning from 80%, that of a failure from all of it."""
    share = use.share or 0.0
    return "bad" if share >= 1 else "busy" if use.is_short else usual


def figures(use: BudgetUse) -> str:
    """ "12 of 50 calls"'s figures, with the mark of a lower bound."""
    known = "" if use.known else "?"
    used = f"{amount_words(use.name, use.used)}{known}"
    return f"{used} · {NO_LIMIT}" if use.limit is None else f"{used} of {amount_words(use.name, use.limit)}"


def budget_line(use: BudgetUse, width: int, *, chosen: bool) -> Line:
    """One budget in `width` cells: what it counts, a bar, its share and its figures."""
    role = role_of(use)
    head: Line = (
        ("▸ " if chosen else "  ", "accent"),
        (f"{use.words:<{LABEL}}", "strong" if chosen else "label"),
    )
    amount = figures(use)
    bar_cells = min(24, width - LABEL - 2 - 8 - 24)
    if use.share is None or bar_cells < 4:
        blank = " " * (max(bar_cells, 0) + 7)
        return (*head, (blank if bar_cells >= 4 else "", "text"), (amount, "dim"))
    done = min(int(use.share * BAR_STEPS), BAR_STEPS)
    bar = progress_bar(BAR_STEPS, bar_cells, done=done)
    painted = tuple(
        (sign, role if part_role == "bar-done" and role != "text" else part_role) for sign, part_role in bar
    )
    return (*head, *painted, (f"{share_words(use):>5}  ", role), (amount, role))


def calls_part(use: BudgetUse) -> Line:
    """The calls used and their budget, for the status line."""
    limit = "" if use.limit is None else f"/{use.limit:,.0f}"
    role = role_of(use)
    return ((f"{use.used:,.0f}", role), (limit, "dim" if role == "text" else role), (" calls", "dim"))


def share_part(use: BudgetUse) -> Line:
    """The part of a budget that is used, to stand behind its amount; nothing without a limit."""
    share = share_words(use)
    return ((f" {share}", role_of(use, "dim")),) if share else ()
