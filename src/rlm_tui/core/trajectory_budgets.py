"""How much of its budgets a run has used, from the fold, at a cost that is always the same."""

from __future__ import annotations

from rlm_tui.core.budget_use import BudgetUse, limits_of
from rlm_tui.core.trajectory_state import TrajectoryState


def uses_of(state: TrajectoryState, now: float) -> list[BudgetUse]:
    """Every budget, in the order in which they are shown, `now` seconds into the run."""
    counting = state.counting
    limits = limits_of(state.budgets)
    if state.started is not None and state.started.imported:
        limits = dict.fromkeys(limits)  # another program's, which its log does not tell
    until = now if state.ended_seconds is None else state.now
    used: dict[str, tuple[float, bool]] = {
        "max_iterations": (counting.iterations, True),
        "max_llm_calls": (counting.budgeted_calls, True),
        "max_tokens": (counting.prompt_tokens + counting.completion_tokens, counting.tokens_known),
        "max_cost_usd": (counting.cost_usd, counting.cost_known),
        "max_seconds": (_seconds(state, until), True),
        "cell_seconds": (_cell_seconds(state, until), True),
    }
    return [BudgetUse(name, amount, limits[name], known=known) for name, (amount, known) in used.items()]


def _seconds(state: TrajectoryState, now: float) -> float:
    if state.clock_from is None:
        return 0.0
    return max(now - state.clock_from - state.held_seconds(now), 0.0)


def _cell_seconds(state: TrajectoryState, now: float) -> float:
    """The seconds of the cell that runs, or of the last one."""
    running = next((cell for cell in state.open_cells.values() if cell.iteration.depth == 0), None)
    if running is None:
        return state.cell_seconds
    return max(now - running.started_at - (state.held_seconds(now) - state.held_at_cell), 0.0)
