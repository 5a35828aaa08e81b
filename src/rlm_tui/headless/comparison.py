"""An RLM beside one prompt: the same question, both answers, and what each of them cost."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rlm_tui.core.text import human_cost, human_count, human_seconds, one_line, visible
from rlm_tui.core.trajectory import Trajectory
from rlm_tui.headless.truth import TruthCheck, check

if TYPE_CHECKING:
    from rlm_tui.engine.direct import DirectAnswer
    from rlm_tui.engine.session import RunRequest

VALUE_CELLS = 44
TITLES = ("", "RLM", "one prompt")
Row = tuple[str, str, str]


@dataclass(frozen=True, eq=False)
class Comparison:
    """A run that ended, and the answer to its question as one prompt. `truth` is what their outputs must
    hold, where that is known.
    """

    request: RunRequest
    trajectory: Trajectory
    direct: DirectAnswer
    truth: dict[str, Any] | None

    @property
    def rlm_outputs(self) -> dict[str, Any]:
        """What the RLM answered; empty when it ended without an answer."""
        finished = self.trajectory.finished
        return finished.outputs if finished else {}

    @property
    def rlm_check(self) -> TruthCheck | None:
        """The RLM's answer beside the truth."""
        return None if self.truth is None else check(self.rlm_outputs, self.truth)

    @property
    def direct_check(self) -> TruthCheck | None:
        """The one prompt's answer beside the truth."""
        return None if self.truth is None else check(self.direct.outputs, self.truth)

    def rows(self) -> list[Row]:
        """What is compared, the RLM's value, the one prompt's: in words that are safe to print."""
        finished, totals, direct = self.trajectory.finished, self.trajectory.totals, self.direct
        configured = self.request.settings.lm
        model = "offline demo" if configured is None else one_line(configured.model, VALUE_CELLS)
        rows: list[Row] = [("model", model, model)]
        status = finished.status if finished else "failed"
        rows.append(("status", status, "failed" if direct.error else "answered"))
        through, once = self.rlm_check, self.direct_check
        if through is not None and once is not None:
            rows.append(("truth", f"{through.found} of {through.of}", f"{once.found} of {once.of}"))
        known, priced = totals.tokens_known, totals.cost_known
        prompt, answer = totals.prompt_tokens if known else None, totals.completion_tokens if known else None
        rows.append(("prompt tokens", _counted(prompt), _counted(direct.prompt_tokens)))
        rows.append(("answer tokens", _counted(answer), _counted(direct.completion_tokens)))
        rows.append(("cost", human_cost(totals.cost_usd if priced else None), human_cost(direct.cost_usd)))
        rows.append(("seconds", human_seconds(totals.seconds), human_seconds(direct.seconds)))
        if direct.document_characters:
            rows.append(("document", self._whole(), self._cut()))
        names = dict.fromkeys([*self.rlm_outputs, *direct.outputs])
        rows += [
            (visible(name), _shown(self.rlm_outputs.get(name)), _shown(direct.outputs.get(name)))
            for name in names
        ]
        if direct.error is not None:
            rows.append(("error", "", one_line(direct.error.message, VALUE_CELLS)))
        return rows

    def lines(self) -> list[str]:
        """The rows as a table of plain text."""
        rows = [TITLES, *self.rows()]
        label = max(len(row[0]) for row in rows)
        return [f"{name:<{label}}  {left:<{VALUE_CELLS}}  {right}".rstrip() for name, left, right in rows]

    def __repr__(self) -> str:
        return "\n".join(self.lines())

    def _repr_html_(self) -> str:
        from rlm_tui.headless.run_html import table

        return table(TITLES, self.rows())

    def _whole(self) -> str:
        return f"all of {human_count(self.direct.document_characters)} characters"

    def _cut(self) -> str:
        direct = self.direct
        if not direct.cut_characters:
            return self._whole()
        part = 100 * direct.cut_characters / direct.document_characters
        return f"{part:.0f}% cut: {human_count(direct.window_tokens)} tokens fit"


def _counted(tokens: int | None) -> str:
    return "?" if tokens is None else human_count(tokens)


def _shown(value: Any) -> str:
    if value is None:
        return ""
    size = f"{len(value)}: " if isinstance(value, list | dict) else ""
    return one_line(size + str(value), VALUE_CELLS)
