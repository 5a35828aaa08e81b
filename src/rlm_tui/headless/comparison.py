"""An RLM beside one prompt: the same question, both answers, and what each of them cost."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from rlm_tui.core.text import one_line, visible, width_of
from rlm_tui.core.trajectory import Trajectory
from rlm_tui.headless.comparison_figures import (
    ONE_PROMPT,
    RLM,
    Column,
    direct_column,
    figures,
    output_names,
    rlm_column,
)

if TYPE_CHECKING:
    from rlm_tui.engine.direct import DirectAnswer
    from rlm_tui.engine.session import RunRequest

VALUE_CELLS = 44
ERROR_CELLS = 600
TITLES = ("", RLM, ONE_PROMPT)
Row = tuple[str, str, str]


@dataclass(frozen=True, eq=False)
class Comparison:
    """A run that ended, and the answer to its question as one prompt. `truth` is what their outputs must
    hold, where that is known.
    """

    request: RunRequest
    trajectory: Trajectory
    answer: DirectAnswer
    truth: dict[str, Any] | None

    @cached_property
    def rlm(self) -> Column:
        """The RLM's side."""
        return rlm_column(self.trajectory, self.truth)

    @cached_property
    def direct(self) -> Column:
        """One prompt's side."""
        return direct_column(self.answer, self.truth)

    def rows(self) -> list[Row]:
        """What is compared, the RLM's value, the one prompt's: in words that are safe to print."""
        settings = self.request.settings
        model = "offline demo" if settings.lm is None else one_line(settings.lm.model, VALUE_CELLS)
        rlm, direct = self.rlm, self.direct
        rows: list[Row] = [("model", model, model)]
        sub_lm = settings.sub_lm.model if settings.lm is not None and settings.sub_lm is not None else model
        if one_line(sub_lm, VALUE_CELLS) != model:
            # Its calls, tokens and price are in the RLM's column.
            rows.append(("sub-LM", one_line(sub_lm, VALUE_CELLS), "none"))
        rows += figures(rlm, direct)
        rows += [
            (visible(name), _shown(rlm.outputs.get(name)), _shown(direct.outputs.get(name)))
            for name in output_names(rlm, direct)
        ]
        return rows

    def failures(self) -> list[str]:
        """Why a side has no answer: sentences to act upon, so they are not cut to a column."""
        sides = ((RLM, self.rlm), (ONE_PROMPT, self.direct))
        return [
            f"{name}: {side.status}: {one_line(f'{side.error.message} {side.error.hint}', ERROR_CELLS)}"
            for name, side in sides
            if side.error
        ]

    def lines(self) -> list[str]:
        """The rows as a table of plain text, and what failed."""
        rows = [TITLES, *self.rows()]
        label = max(width_of(row[0]) for row in rows)
        table = [
            f"{_padded(name, label)}  {_padded(left, VALUE_CELLS)}  {right}".rstrip()
            for name, left, right in rows
        ]
        return table + self.failures()

    def __repr__(self) -> str:
        return "\n".join(self.lines())

    def _repr_html_(self) -> str:
        from rlm_tui.headless.run_html import table

        failures = [("no answer", failure, "") for failure in self.failures()]
        return table(TITLES, [*self.rows(), *failures])


def _padded(text: str, width: int) -> str:
    return text + " " * (width - width_of(text))


def _shown(value: Any) -> str:
    if value is None:
        return ""
    size = f"{len(value)}: " if isinstance(value, list | dict) else ""
    return one_line(size + str(value), VALUE_CELLS)
