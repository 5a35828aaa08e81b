"""The start of a sandbox, phase by phase with seconds; a bar for what is transferred."""

from __future__ import annotations

from rlm_tui.core.text import human_seconds, human_size, one_line
from rlm_tui.core.trajectory_state import SandboxState, StartPhase
from rlm_tui.ui.widgets.row import Row, Span, TextRow

BAR_CELLS = 20
WORDS_CELLS = 60
SHOWN_SECONDS = 0.05


def start_rows(sandbox: SandboxState, now: float) -> list[Row]:
    """Rows for a sandbox that is starting; `now` is in the seconds of the run."""
    rows: list[Row] = [TextRow((("The sandbox is starting.", "dim"),))]
    ends = [*(phase.at for phase in sandbox.phases[1:]), now]
    for at, phase in enumerate(sandbox.phases):
        end, going_on = ends[at], at == len(sandbox.phases) - 1
        rows.append(TextRow(tuple(_spans(phase, max(0.0, end - phase.at), going_on=going_on))))
    return rows


def _spans(phase: StartPhase, seconds: float, *, going_on: bool) -> list[Span]:
    sign: Span = ("▶ ", "busy") if going_on else ("✓ ", "good")
    spans: list[Span] = [sign, (one_line(phase.words, WORDS_CELLS), "text" if going_on else "dim")]
    if phase.total and going_on:
        full = BAR_CELLS * phase.done // phase.total
        spans += [("  " + "━" * full, "busy"), ("━" * (BAR_CELLS - full), "faint")]
        spans.append((f"  {human_size(phase.done)} of {human_size(phase.total)}", "dim"))
    elif phase.total:
        spans.append((f"  {human_size(phase.total)}", "dim"))
    if going_on or seconds >= SHOWN_SECONDS:
        spans.append((f"  {human_seconds(seconds)}", "faint"))
    return spans
