"""The line that stands for an iteration: how it went, what it is about, what it took."""

from __future__ import annotations

import re

from rlm_tui.core.text import human_count, human_seconds, one_line
from rlm_tui.core.trajectory import Cell, Iteration
from rlm_tui.ui.widgets.call_words import call_progress
from rlm_tui.ui.widgets.row import Line, LineRow, Span
from rlm_tui.ui.widgets.shown import Shown
from rlm_tui.ui.widgets.targets import Fold

TITLE_SHOWN = 240

_SENTENCE = re.compile(r"(?<=[.!?:])\s")


def iteration_title(iteration: Iteration) -> str:
    """What the iteration is about: the first sentence of its reasoning, else the first line of its code."""
    for text in (iteration.reasoning, iteration.code):
        head = text[: TITLE_SHOWN * 4].strip()
        if not head:
            continue
        first = head.splitlines()[0].strip().lstrip("#").strip() or head
        return one_line(_SENTENCE.split(first, maxsplit=1)[0].rstrip(".:"), TITLE_SHOWN)
    return ""


def sign_of(iteration: Iteration) -> Span:
    """How it went or goes, as a sign that needs no colour."""
    match iteration.phase:
        case "held":
            return ("‖", "held")
        case "planning" | "planned":
            return ("◌", "busy")
        case "running":
            return ("▶", "busy")
        case "done" if iteration.skipped is not None:
            return ("↷", "held")
        case _:
            return ("✗", "bad") if failed(iteration) else ("✓", "good")


def failed(iteration: Iteration) -> bool:
    """Whether the iteration is over without a cell that ended as a cell should."""
    if iteration.cell is None:
        return iteration.phase == "done" and iteration.skipped is None
    return iteration.cell.status in ("error", "interrupted", "timeout", "lost")


def header_row(iteration: Iteration, shown: Shown, indent: Line = ()) -> LineRow:
    """`✓ 3  ask about each section        plan 1.4 s · cell 0.34 s · out 3.4 K`."""
    sign = sign_of(iteration)
    title = iteration_title(iteration)
    role = "text"
    if not title:
        words = {
            "planning": "the planner is thinking",
            "done": "the planner did not answer",
            "held": "not planned yet",
        }
        title, role = words.get(iteration.phase, "no words"), "dim"
    running = iteration.phase not in ("done",)
    left: Line = (
        *indent,
        sign,
        (f" {iteration.n:<{max(2, len(str(iteration.of)))}} ", "strong"),
        (title, "strong" if running and role == "text" else role),
    )
    return LineRow(left, tuple(_header_right(iteration, shown)), Fold(iteration.span))


def _header_right(iteration: Iteration, shown: Shown) -> list[Line]:
    cell = iteration.cell
    if iteration.phase == "held":
        return [(("held", "held"),)]
    if iteration.phase == "planning":
        return [((f"planning {human_seconds(max(0.0, shown.now - iteration.started_at))}", "busy"),)]
    planned: Line = ((f"plan {human_seconds(iteration.plan_seconds)}", "dim"),)
    if iteration.cached:
        planned = (("plan cached", "dim"),)
    if iteration.origin:
        planned = (("recorded", "label"),)
    if iteration.skipped is not None:
        return [(("skipped", "held"),), planned]
    if cell is None:
        return [(("no cell ran", "dim"),)] if iteration.phase == "done" else [planned]
    if cell.status is None:
        parts: list[Line] = []
        done, total = call_progress(iteration.calls)
        if total:
            parts.append(((f"{done} of {total} call{'' if total == 1 else 's'}", "busy"),))
        return [*parts, ((human_seconds(max(0.0, shown.now - cell.started_at)), "dim"),)]
    took: Line = ((f"cell {human_seconds(cell.seconds)}", "dim"),)
    if failed(iteration):
        return [((_failure(cell), "bad"),), ((human_seconds(cell.seconds), "dim"),)]
    if cell.status == "submitted":
        return [(("submitted", "good"),), planned]
    edited: list[Line] = [] if iteration.original_code is None else [(("edited", "held"),)]
    if iteration.recoveries:
        edited.append((("sandbox replaced", "held"),))
    return [*edited, planned, took, ((f"out {human_count(cell.output_length)}", "dim"),)]


def _failure(cell: Cell) -> str:
    if cell.error is None:
        return {"timeout": "timed out", "lost": "the sandbox was lost"}.get(
            cell.status or "", cell.status or ""
        )
    return one_line(f"{cell.error.kind}: {cell.error.message}", 48)
