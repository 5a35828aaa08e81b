"""Which iterations of two runs stand for each other: those of the same code, else the most alike."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from typing import NamedTuple

from rlm_tui.core.iterations import Iteration
from rlm_tui.core.text_diff import common

LARGEST_COMPARED = 10_000
"""Pairs whose likeness is looked at; between more iterations than that they stand in order."""
MOST_MATCHED = 1_000_000
"""Pairs among which those of the same code are looked for; more stand in order from where they part."""
LEAST_LIKENESS = 0.1
"""What any two are worth: they stand beside each other rather than alone."""
_CODE_SHARE = 0.8
_MOST_CHARACTERS = 20_000
_WORD = re.compile(r"\w+")


class AlignedPair(NamedTuple):
    """An iteration of each run that stand for each other; None where only one run has it."""

    left: Iteration | None
    right: Iteration | None

    @property
    def same_code(self) -> bool:
        """Whether both ran the same code."""
        return self.left is not None and self.right is not None and self.left.code == self.right.code

    @property
    def same_output(self) -> bool:
        """Whether both showed the same."""
        if self.left is None or self.right is None:
            return False
        return output_of(self.left) == output_of(self.right)

    @property
    def same(self) -> bool:
        """Whether both ran the same and showed the same."""
        return self.same_code and self.same_output


def output_of(iteration: Iteration | None) -> str:
    """What its cell showed, its error included."""
    cell = None if iteration is None else iteration.cell
    if cell is None:
        return ""
    if cell.error is None:
        return cell.text
    gap = "\n" if cell.text and not cell.text.endswith("\n") else ""
    return f"{cell.text}{gap}{cell.error.kind}: {cell.error.message}"


def align(left: Sequence[Iteration], right: Sequence[Iteration]) -> Iterator[AlignedPair]:
    """Pairs in order; what ran the same code stands together, what lies between by its likeness."""
    codes = [one.code for one in left], [one.code for one in right]
    head = common(*codes)
    yield from map(AlignedPair, left[:head], right[:head])
    if (len(left) - head) * (len(right) - head) > MOST_MATCHED:
        yield from _in_order(left[head:], right[head:])
        return
    matcher = SequenceMatcher(None, codes[0][head:], codes[1][head:], autojunk=False)
    for tag, a, b, c, d in matcher.get_opcodes():
        one, other = left[head + a : head + b], right[head + c : head + d]
        yield from map(AlignedPair, one, other) if tag == "equal" else _by_likeness(one, other)


def _in_order(left: Sequence[Iteration], right: Sequence[Iteration]) -> Iterator[AlignedPair]:
    for at in range(max(len(left), len(right))):
        yield AlignedPair(left[at] if at < len(left) else None, right[at] if at < len(right) else None)


def _by_likeness(left: Sequence[Iteration], right: Sequence[Iteration]) -> Iterator[AlignedPair]:
    """The pairs, in order on both sides, that are together the most alike."""
    rows, columns = len(left), len(right)
    if not rows or not columns or rows * columns > LARGEST_COMPARED:
        yield from _in_order(left, right)
        return
    words = [[_words(one) for one in side] for side in (left, right)]
    worth = [
        [LEAST_LIKENESS + _likeness(words[0][i], words[1][j]) for j in range(columns)] for i in range(rows)
    ]
    best = [[0.0] * (columns + 1) for _ in range(rows + 1)]
    for i in reversed(range(rows)):
        for j in reversed(range(columns)):
            best[i][j] = max(best[i + 1][j + 1] + worth[i][j], best[i + 1][j], best[i][j + 1])
    i = j = 0
    while i < rows or j < columns:
        if i < rows and j < columns and best[i][j] == best[i + 1][j + 1] + worth[i][j]:
            yield AlignedPair(left[i], right[j])
            i, j = i + 1, j + 1
        elif j >= columns or (i < rows and best[i][j] == best[i + 1][j]):
            yield AlignedPair(left[i], None)
            i += 1
        else:
            yield AlignedPair(None, right[j])
            j += 1


_Words = tuple[Counter[str], Counter[str]]


def _words(iteration: Iteration) -> _Words:
    texts = iteration.code, iteration.reasoning
    code, reasoning = (Counter(_WORD.findall(text[:_MOST_CHARACTERS])) for text in texts)
    return code, reasoning


def _likeness(one: _Words, other: _Words) -> float:
    """From 0 to 1: the share of words that both have, in the code above all."""
    code, reasoning = (_shared(a, b) for a, b in zip(one, other, strict=True))
    return _CODE_SHARE * code + (1 - _CODE_SHARE) * reasoning


def _shared(one: Counter[str], other: Counter[str]) -> float:
    total = one.total() + other.total()
    return 2 * (one & other).total() / total if total else 0.0
