"""Two runs against each other: their iterations aligned, and where they differ."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher, unified_diff
from typing import Any, NamedTuple

from rlm_tui.core.events import Totals
from rlm_tui.core.iterations import Iteration
from rlm_tui.core.run_record import calls_are_known
from rlm_tui.core.text import visible
from rlm_tui.core.trajectory import Trajectory

LONGEST_LINES = 5_000
"""Lines beyond which two texts are not compared line by line."""
CONTEXT_LINES = 2


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
        return output_of(self.left) == output_of(self.right)

    @property
    def same(self) -> bool:
        """Whether both ran the same and showed the same."""
        return self.same_code and self.same_output


class RunComparison(NamedTuple):
    """Two runs: aligned iterations, outputs by field (a pair of values), totals."""

    pairs: tuple[AlignedPair, ...]
    outputs: dict[str, tuple[Any, Any]]
    totals: tuple[Totals, Totals]
    calls_known: tuple[bool, bool] = (True, True)

    @property
    def first_difference(self) -> int | None:
        """The index of the first pair that differs; None where none does."""
        return next((index for index, pair in enumerate(self.pairs) if not pair.same), None)


MISSING = object()
"""In place of an output that one run does not have."""


def compare_runs(left: Trajectory, right: Trajectory) -> RunComparison:
    """Align the iterations by their code, those between in order, and set the rest side by side."""
    told = [{} if run.finished is None else run.finished.outputs for run in (left, right)]
    names = dict.fromkeys([*told[0], *told[1]])
    return RunComparison(
        pairs=tuple(align(left.iterations, right.iterations)),
        outputs={name: (told[0].get(name, MISSING), told[1].get(name, MISSING)) for name in names},
        totals=(left.totals, right.totals),
        calls_known=(calls_are_known(left.started), calls_are_known(right.started)),
    )


def align(left: Sequence[Iteration], right: Sequence[Iteration]) -> Iterator[AlignedPair]:
    """Pairs in order; what ran the same code stands together."""
    matcher = SequenceMatcher(None, [one.code for one in left], [one.code for one in right], autojunk=False)
    for _, left_start, left_end, right_start, right_end in matcher.get_opcodes():
        for offset in range(max(left_end - left_start, right_end - right_start)):
            one, other = left_start + offset, right_start + offset
            yield AlignedPair(
                left[one] if one < left_end else None, right[other] if other < right_end else None
            )


def output_of(iteration: Iteration | None) -> str:
    """What its cell showed, its error included."""
    cell = None if iteration is None else iteration.cell
    if cell is None:
        return ""
    error = "" if cell.error is None else f"{cell.error.kind}: {cell.error.message}"
    return cell.text + error


def line_diff(left: str, right: str) -> list[str]:
    """The lines that went ("-") and came ("+"), with those around; a sentence for texts that are too long."""
    lines = visible(left).split("\n"), visible(right).split("\n")
    if max(map(len, lines)) > LONGEST_LINES:
        return ["@@ too long to be compared line by line @@"]
    return list(unified_diff(*lines, lineterm="", n=CONTEXT_LINES))[2:]
