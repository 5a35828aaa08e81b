"""The RLMs of a run as rows: the run itself, and below it the nested ones with what each of them used."""

from __future__ import annotations

from rlm_tui.core.counting import Counting
from rlm_tui.core.nesting import Rlm, RlmState
from rlm_tui.core.text import human_cost, human_count, human_seconds, number_of, one_line
from rlm_tui.ui.widgets.call_words import call_asked
from rlm_tui.ui.widgets.row import Line, LineRow, Span

DEEPEST_INDENT = 8
_SIGNS: dict[RlmState, Span] = {"running": ("▶ ", "busy"), "done": ("✓ ", "good"), "failed": ("✗ ", "bad")}


def rlm_row(rlm: Rlm, now: float) -> LineRow:
    """One RLM: what it was asked, its own iterations, and what it used with all that is nested in it."""
    name = one_line(rlm.name, 40)
    left: list[Span] = [("  " * min(rlm.depth, DEEPEST_INDENT), "text"), _SIGNS[rlm.state]]
    left.append((name, "strong" if rlm.call is None else "nested"))
    if rlm.call is not None and rlm.call.error is not None:
        error = rlm.call.error
        left.append((f"  {one_line(f'{error.kind}: {error.message}', 120)}", "bad"))
    elif rlm.call is not None:
        left.append((f"  {call_asked(rlm.call)}", "dim"))
    seconds = now - rlm.started_at if rlm.state == "running" else rlm.seconds
    right: list[Line] = [((f"{len(rlm.iterations)} it.", "text"),)]
    whole, own = rlm.whole, rlm.own
    right.append(((_with_own(f"{whole.requests:,} req.", f"{own.requests:,}", rlm), "dim"),))
    right.append(((_with_own(human_cost(_cost(whole)), human_cost(_cost(own)), rlm), "dim"),))
    right.append(((human_seconds(seconds), "dim"),))
    right.append(((_with_own(f"{_tokens(whole)} tok", _tokens(own), rlm), "dim"),))
    return LineRow(tuple(left), tuple(right), rlm, least=34)


def summary(run: Rlm) -> str:
    """What the nested RLMs are of the whole: "3 nested RLMs made 12 of the 40 requests, $0.02 of $0.05"."""
    if not run.within:
        return "No cell of this run has started an RLM of its own."
    whole, own = run.whole, run.own
    made = f"{whole.requests - own.requests:,} of the {whole.requests:,} requests"
    words = f"{number_of(run.within, 'nested RLM')} made {made}"
    if whole.cost_known and whole.cost_usd:
        words += f" · {human_cost(whole.cost_usd - own.cost_usd)} of {human_cost(whole.cost_usd)}"
    if whole.tokens_known:
        tokens = whole.prompt_tokens + whole.completion_tokens
        inside = tokens - own.prompt_tokens - own.completion_tokens
        words += f" · {human_count(inside)} of {human_count(tokens)} tok"
    return words


def _with_own(whole: str, own: str, rlm: Rlm) -> str:
    return whole if not rlm.within else f"{whole} ({own} own)"


def _cost(counting: Counting) -> float | None:
    return counting.cost_usd if counting.cost_known else None


def _tokens(counting: Counting) -> str:
    if counting.tokens_known:
        return human_count(counting.prompt_tokens + counting.completion_tokens)
    known = counting.prompt_tokens + counting.completion_tokens
    return f"{human_count(known)}+?" if known else "?"
