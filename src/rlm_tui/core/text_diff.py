"""Two texts line by line, at a cost that stays small: what is too much to be compared is said to be so."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from typing import Literal, NamedTuple

from rlm_tui.core.text import number_of, visible

LONGEST_LINES = 5_000
"""Lines that differ beyond which two texts are not compared line by line; their beginnings are shown."""
MOST_LIKENESSES = 200_000
"""Pairs of equal lines beyond which finding the best of them would take seconds."""
LONGEST_LINE = 2_000
CONTEXT_LINES = 2
BEGINNING_LINES = 20

BlockKind = Literal["same", "changed", "gap", "said"]


class DiffBlock(NamedTuple):
    """Lines that follow each other. `same`: both sides have them; `changed`: what went and what came;
    `gap`: in its one line, how many that are the same are left out; `said`: a sentence on the comparison.
    """

    kind: BlockKind
    left: tuple[str, ...]
    right: tuple[str, ...] = ()


def diff_blocks(left: str, right: str) -> Iterator[DiffBlock]:
    """What differs, with the lines around it. The lines are visible, and cut where they are very long."""
    one, other = _lines(left), _lines(right)
    head = common(one, other)
    tail = common(one[head:][::-1], other[head:][::-1])
    middle = one[head : len(one) - tail], other[head : len(other) - tail]
    if not middle[0] and not middle[1]:
        if left != right:
            yield DiffBlock("said", ("they differ in the ends of their lines alone",))
        return
    yield from _kept(one[:head], before=False, after=True)
    yield from _middle(*middle)
    yield from _kept(one[len(one) - tail :], before=True, after=False)


def line_diff(left: str, right: str) -> list[str]:
    """The lines that went ("-") and came ("+") with those around, and what was left out ("@@")."""
    lines: list[str] = []
    for block in diff_blocks(left, right):
        match block.kind:
            case "same":
                lines += [f" {line}" for line in block.left]
            case "changed":
                lines += [f"-{line}" for line in block.left] + [f"+{line}" for line in block.right]
            case _:
                lines.append(f"@@ {block.left[0]} @@")
    return lines


def _lines(text: str) -> list[str]:
    """The lines of a text; the end of the last one is no line of its own."""
    return text.replace("\r\n", "\n").removesuffix("\n").split("\n") if text else []


def common(one: Sequence[str], other: Sequence[str]) -> int:
    """How many lines (or characters) both begin with."""
    most = min(len(one), len(other))
    return next((at for at in range(most) if one[at] != other[at]), most)


def _kept(lines: Sequence[str], *, before: bool, after: bool) -> Iterator[DiffBlock]:
    """Lines that are the same on both sides: those beside a change, and how many others there are."""
    first = CONTEXT_LINES if before else 0
    last = CONTEXT_LINES if after else 0
    if len(lines) <= first + last + 1:
        if lines:
            yield DiffBlock("same", _shown(lines))
        return
    if first:
        yield DiffBlock("same", _shown(lines[:first]))
    yield DiffBlock("gap", (f"{number_of(len(lines) - first - last, 'line')} the same",))
    if last:
        yield DiffBlock("same", _shown(lines[-last:]))


def _middle(one: list[str], other: list[str]) -> Iterator[DiffBlock]:
    if max(len(one), len(other)) > LONGEST_LINES or _likenesses(one, other) > MOST_LIKENESSES:
        words = f"{number_of(len(one), 'line')} and {number_of(len(other), 'line')} differ"
        yield DiffBlock("said", (f"{words}: too many to be compared line by line, here is how they begin",))
        yield DiffBlock("changed", _shown(one[:BEGINNING_LINES]), _shown(other[:BEGINNING_LINES]))
        return
    for tag, a, b, c, d in SequenceMatcher(None, one, other, autojunk=False).get_opcodes():
        if tag == "equal":
            yield from _kept(one[a:b], before=True, after=True)
        else:
            yield DiffBlock("changed", _shown(one[a:b]), _shown(other[c:d]))


def _likenesses(one: Sequence[str], other: Sequence[str]) -> int:
    counts = Counter(other)
    return sum(counts[line] for line in one)


def _shown(lines: Sequence[str]) -> tuple[str, ...]:
    return tuple(
        visible(line)
        if len(line) <= LONGEST_LINE
        else f"{visible(line[:LONGEST_LINE])}… ({len(line) - LONGEST_LINE:,} more characters)"
        for line in lines
    )
