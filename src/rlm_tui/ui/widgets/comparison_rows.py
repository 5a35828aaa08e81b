"""Two saved runs against each other as rows: figures, what was asked, iterations, outputs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from rlm_tui.core.iterations import Iteration
from rlm_tui.core.run_alignment import AlignedPair, output_of
from rlm_tui.core.run_comparison import MISSING, RunComparison
from rlm_tui.core.text import one_line, visible
from rlm_tui.headless.run_comparison import differing_texts, other_title, pair_line, place_of, value_text
from rlm_tui.ui.widgets.diff_rows import alone_rows, diff_rows
from rlm_tui.ui.widgets.pair_rows import FigureRow
from rlm_tui.ui.widgets.row import Line, Row, TextRow

_SIGNS = {"=": "good", "≠": "busy", "-": "bad", "+": "good"}
_GUTTER: Line = (("  │ ", "faint"),)
_BLANK = TextRow((("", "text"),))
MOST_SAME_LINES = 12


class Whole(NamedTuple):
    """Both texts of a difference, to be looked at whole; they are put together when that is asked."""

    title: str
    texts: Callable[[], tuple[str, str]]


class ComparisonRows(NamedTuple):
    """All rows, and which of them begin a difference."""

    rows: list[Row]
    differences: list[int]


def comparison_rows(found: RunComparison, names: tuple[str, str]) -> ComparisonRows:
    """What there is to see of the comparison; made in a thread, for its cost grows with the runs."""
    rows: list[Row] = []
    differences: list[int] = []
    rows.append(
        FigureRow("run", ((one_line(names[0], 60), "accent"),), ((one_line(names[1], 60), "accent"),))
    )
    rows.extend(_figures(found))
    if found.relation:
        rows.append(TextRow(((visible(found.relation), "label"),)))
    for name, (one, other) in found.asked.items():
        differences.append(len(rows))
        rows.extend(_value(f"asked: {name}", one, other))
    rows.append(_BLANK)
    for pair in found.pairs:
        if not pair.same:
            differences.append(len(rows))
        rows.extend(_pair(pair))
    if not found.pairs:
        rows.append(TextRow((("Neither run has an iteration.", "dim"),)))
    rows.append(_BLANK)
    for name, (one, other) in found.outputs.items():
        if one != other:
            differences.append(len(rows))
        rows.extend(_value(name, one, other))
    if not found.outputs:
        rows.append(TextRow((("Neither run has an output.", "dim"),)))
    return ComparisonRows(rows, differences)


def _figures(found: RunComparison) -> Iterator[Row]:
    for figure in found.figures:
        role = "text" if figure.left == figure.right else "strong"
        right: Line = ((figure.right, role),)
        if figure.change:
            right = (*right, (f"  {figure.change}", "busy"))
        yield FigureRow(figure.name, ((figure.left, role),), right)


def _pair(pair: AlignedPair) -> Iterator[Row]:
    line = visible(pair_line(pair))
    role = _SIGNS[line[0]]
    only = pair.left if pair.right is None else pair.right if pair.left is None else None
    whole = _whole_pair(pair)
    rest = "dim" if pair.same else "strong"
    if (other := other_title(pair)) is not None:
        titles = line.removeprefix(place_of(pair)).strip(), visible(other)
        sides: list[Line] = [((title, rest),) for title in titles]
        yield FigureRow(place_of(pair), sides[0], sides[1], whole, role)
    else:
        yield TextRow(((line[:1], role), (line[1:], rest)), hang=(("  ", "text"),), target=whole)
    for what, one, other in differing_texts(pair):
        target = _whole(f"{what} of {_numbers(pair)}", one, other)
        yield TextRow(((what, "label"),), _GUTTER, target=target)
        yield from diff_rows(one, other, _GUTTER, target)
    if only is not None:
        yield from alone_rows(visible(only.code), line[0], _GUTTER, whole)


def _numbers(pair: AlignedPair) -> str:
    told = ["none" if one is None else f"{one.n}" for one in (pair.left, pair.right)]
    return f"iteration {told[0]} and {told[1]}"


def _whole(title: str, left: str, right: str) -> Whole:
    return Whole(title, lambda: (left, right))


def _whole_pair(pair: AlignedPair) -> Whole:
    return Whole(_numbers(pair), lambda: (_iteration_text(pair.left), _iteration_text(pair.right)))


def _iteration_text(iteration: Iteration | None) -> str:
    if iteration is None:
        return ""
    return f"{iteration.reasoning.strip()}\n\n{iteration.code.rstrip()}\n\n{output_of(iteration)}"


def _value(name: str, one: Any, other: Any) -> Iterator[Row]:
    same = one == other
    texts = value_text(one), value_text(other)
    target = _whole(one_line(name, 60), *texts)
    words: Line = (("= " if same else "≠ ", "good" if same else "busy"), (one_line(name, 60), "label"))
    if not same and MISSING in (one, other):
        words = (*words, (f"  only the {'second' if one is MISSING else 'first'} run has it", "dim"))
    yield TextRow(words, target=target)
    if not same:
        yield from diff_rows(*texts, _GUTTER, target, words=True)
        return
    lines = visible(texts[0]).split("\n")
    for line in lines[:MOST_SAME_LINES]:
        yield TextRow(((line, "text"),), _GUTTER, target=target)
    if len(lines) > MOST_SAME_LINES:
        words = (("… Enter or a click shows all of it", "dim"),)
        yield TextRow(words, _GUTTER, target=target)
