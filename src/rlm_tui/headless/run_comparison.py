"""Two saved runs compared, as plain lines and as an object of JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from rlm_tui.core.iterations import Iteration
from rlm_tui.core.run_alignment import AlignedPair, output_of
from rlm_tui.core.run_comparison import MISSING, RunComparison, calls_of, status_of, tokens_of
from rlm_tui.core.text import number_of, one_line
from rlm_tui.core.text_diff import line_diff
from rlm_tui.core.trajectory import Trajectory

NAME_CELLS, VALUE_CELLS = 12, 42
MOST_DIFF_LINES = 200
"""Lines of one difference that are printed; `--json` has all of them."""
_WIDTH = 70


def comparison_lines(found: RunComparison, names: tuple[str, str]) -> Iterator[str]:
    """Totals, then each pair of iterations, then the outputs; equal things take one line."""
    yield figure_line("run", *(one_line(name, VALUE_CELLS) for name in names))
    for figure in found.figures:
        yield figure_line(*figure)
    if found.relation:
        yield found.relation
    for name, (one, other) in found.asked.items():
        yield f"≠ {one_line(name, 60)}:"
        yield from _cut_diff(value_text(one), value_text(other), "  ")
    yield found.words
    for pair in found.pairs:
        yield pair_line(pair)
        if (other := other_title(pair)) is not None:
            yield f"{'':<11}{other}"
        for what, one, other in differing_texts(pair):
            yield f"  {what}:"
            yield from _cut_diff(one, other, "    ")
    for name, (one, other) in found.outputs.items():
        if one == other:
            yield f"= {one_line(name, 60)}: {one_line(value_text(one), 300)}"
            continue
        yield f"≠ {one_line(name, 60)}:{_alone(one, other)}"
        yield from _cut_diff(value_text(one), value_text(other), "  ")
    if not found.outputs:
        yield "Neither run has an output."


def figure_line(name: str, left: str, right: str, change: str = "") -> str:
    """A line of the table at the head."""
    return f"{name:<{NAME_CELLS}} {left:<{VALUE_CELLS}} {right:<{VALUE_CELLS}} {change}".rstrip()


def pair_line(pair: AlignedPair) -> str:
    """`= 3 3  ask about each section`."""
    return f"{place_of(pair)}  {_title(pair.left or pair.right)}"


def place_of(pair: AlignedPair) -> str:
    """`= 3 3`: how they compare, and their numbers."""
    numbers = [f"{one.n:>3}" if one is not None else "  ·" for one in (pair.left, pair.right)]
    return f"{sign_of(pair)} {numbers[0]} {numbers[1]}"


def sign_of(pair: AlignedPair) -> str:
    """ "=" both ran and showed the same, "≠" they did not, "-" and "+" only the first or second has it."""
    return "=" if pair.same else "≠" if pair.left and pair.right else "-" if pair.left else "+"


def differing_texts(pair: AlignedPair) -> Iterator[tuple[str, str, str]]:
    """What differs in a pair: its name, and both texts."""
    if pair.left is None or pair.right is None:
        return
    if not pair.same_code:
        yield "code", pair.left.code, pair.right.code
    if not pair.same_output:
        yield "output", output_of(pair.left), output_of(pair.right)


def value_text(value: Any) -> str:
    """A value as lines: a list with one item a line, so that what differs can be seen."""
    match value:
        case str():
            return value
        case list() if not value or all(isinstance(item, str) for item in value):
            return "\n".join(value)
        case _ if value is MISSING:
            return ""
        case _:
            return json.dumps(value, ensure_ascii=False, indent=1, default=str)


def _cut_diff(one: str, other: str, indent: str) -> Iterator[str]:
    lines = line_diff(one, other)
    yield from (f"{indent}{line}" for line in lines[:MOST_DIFF_LINES])
    if len(lines) > MOST_DIFF_LINES:
        more = number_of(len(lines) - MOST_DIFF_LINES, "more line")
        yield f"{indent}… {more} of this difference: --json has them"


def _alone(one: Any, other: Any) -> str:
    if one is MISSING:
        return " only the second run has it"
    return " only the first run has it" if other is MISSING else ""


def other_title(pair: AlignedPair) -> str | None:
    """What the second run's planner thought, in a line, where that is not what the first one's did."""
    one, other = _title(pair.left), _title(pair.right)
    return other if pair.left is not None and pair.right is not None and one != other else None


def _title(iteration: Iteration | None) -> str:
    return "" if iteration is None else one_line(iteration.reasoning or iteration.code, _WIDTH)


def comparison_object(
    found: RunComparison, runs: tuple[Trajectory, Trajectory], names: tuple[str, str]
) -> dict[str, Any]:
    """What `rlm-tui compare --json` prints. None is what a run does not tell, or does not have."""
    return {
        "left": _side(names[0], runs[0]),
        "right": _side(names[1], runs[1]),
        "relation": found.relation or None,
        "asked": {name: _values(*pair) for name, pair in found.asked.items()},
        "first_difference": found.first_difference,
        "iterations": [_pair(pair) for pair in found.pairs],
        "outputs": {name: _values(*pair) for name, pair in found.outputs.items()},
    }


def _side(name: str, run: Trajectory) -> dict[str, Any]:
    totals, started = run.totals, run.started
    return {
        "run_id": name,
        "task": started.task if started else None,
        "model": started.planner if started else None,
        "sub_lm": started.sub_lm if started else None,
        "status": status_of(run),
        "iterations": totals.iterations,
        "llm_calls": calls_of(run),
        "failed_calls": None if calls_of(run) is None else totals.failed_calls,
        "tokens": tokens_of(run),
        "cost_usd": totals.cost_usd if totals.cost_known else None,
        "seconds": None if totals.seconds < 0 else round(totals.seconds, 3),
    }


def _pair(pair: AlignedPair) -> dict[str, Any]:
    return {
        "left": None if pair.left is None else pair.left.n,
        "right": None if pair.right is None else pair.right.n,
        "same_code": pair.same_code,
        "same_output": pair.same_output,
        "diff": {what: line_diff(one, other) for what, one, other in differing_texts(pair)},
    }


def _values(one: Any, other: Any) -> dict[str, Any]:
    only = "right" if one is MISSING else "left" if other is MISSING else None
    told: dict[str, Any] = {
        "left": None if one is MISSING else one,
        "right": None if other is MISSING else other,
        "same": one == other,
    }
    return told if only is None else {**told, "only": only}
