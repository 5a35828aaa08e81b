"""An iteration as rows: its header, and when it is open its reasoning, code, output, calls and error.

Pure functions of the fold's state, the time and what the person opened: nothing here knows a widget.
"""

from __future__ import annotations

import re
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from rlm_tui.core.text import human_count, human_seconds, one_line, visible
from rlm_tui.core.trajectory import Call, Cell, Iteration
from rlm_tui.ui.widgets.call_words import call_progress, call_row
from rlm_tui.ui.widgets.highlight import highlight_python
from rlm_tui.ui.widgets.output_tail import OutputTails
from rlm_tui.ui.widgets.recovery_rows import recovery_rows
from rlm_tui.ui.widgets.result_block import error_rows
from rlm_tui.ui.widgets.row import CODE_HANG, Line, LineRow, Row, Span, TextRow
from rlm_tui.ui.widgets.targets import Fold, More, Reasoning

MOST_CODE_LINES = 300
MOST_CALLS = 24
MOST_NESTED = 40
TITLE_SHOWN = 240

_SENTENCE = re.compile(r"(?<=[.!?:])\s")


@dataclass(frozen=True, slots=True)
class Shown:
    """What the person sees of a run: which folds are open, the time, and the ends of the cells' outputs."""

    open: AbstractSet[str]
    reasoning: AbstractSet[str]
    now: float
    tails: OutputTails
    reading: bool = False
    """Whether the person has scrolled away from the end: then no line may move away under their eyes."""


def iteration_title(iteration: Iteration) -> str:
    """What the iteration is about: the first sentence of its reasoning, else the first line of its code."""
    for text in (iteration.reasoning, iteration.code):
        head = text[: TITLE_SHOWN * 4].strip()
        if not head:
            continue
        first = head.splitlines()[0].strip().lstrip("#").strip() or head
        return one_line(_SENTENCE.split(first, maxsplit=1)[0].rstrip(".:"), TITLE_SHOWN)
    return ""


def _sign(iteration: Iteration) -> Span:
    match iteration.phase:
        case "held":
            return ("‖", "held")
        case "planning" | "planned":
            return ("◌", "busy")
        case "running":
            return ("▶", "busy")
        case _:
            return ("✗", "bad") if failed(iteration) else ("✓", "good")


def failed(iteration: Iteration) -> bool:
    """Whether the iteration is over without a cell that ended as a cell should."""
    if iteration.cell is None:
        return iteration.phase == "done"
    return iteration.cell.status in ("error", "interrupted", "timeout", "lost")


def header_row(iteration: Iteration, shown: Shown, indent: Line = ()) -> LineRow:
    """`✓ 3  ask about each section        plan 1.4 s · cell 0.34 s · out 3.4 K`."""
    sign = _sign(iteration)
    title = iteration_title(iteration)
    role = "text"
    if not title:
        words = {"planning": "the planner is thinking", "done": "the planner did not answer"}
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
    return [planned, took, ((f"out {human_count(cell.output_length)}", "dim"),)]


def _failure(cell: Cell) -> str:
    if cell.error is None:
        return {"timeout": "timed out", "lost": "the sandbox was lost"}.get(
            cell.status or "", cell.status or ""
        )
    return one_line(f"{cell.error.kind}: {cell.error.message}", 48)


def iteration_rows(iteration: Iteration, shown: Shown, indent: Line = ()) -> list[Row]:
    """The rows of an iteration: only the header when it is shut."""
    rows: list[Row] = [header_row(iteration, shown, indent)]
    if iteration.span not in shown.open:
        return rows
    gutter: Line = (*indent, ("│ ", _sign(iteration)[1]))
    rows.extend(_reasoning_rows(iteration, shown, gutter))
    rows.extend(_code_rows(iteration, gutter))
    rows.extend(
        TextRow(
            (("remark  ", "held"), (visible(remark).replace("\n", " "), "text")),
            gutter,
            hang=((" " * 8, "text"),),
        )
        for remark in (iteration.remark, *iteration.remarks)
        if remark
    )
    rows.extend(recovery_rows(iteration, gutter))
    cell = iteration.cell
    if cell is not None:
        rows.extend(_output_rows(cell, iteration, shown, gutter))
    rows.extend(_call_rows(iteration.calls, iteration, shown, gutter))
    if cell is not None and cell.error is not None:
        rows.extend(_cell_error_rows(cell, iteration, gutter))
    if iteration.volume_written:
        words = ", ".join(one_line(path, 60) for path in iteration.volume_written[:6])
        more = len(iteration.volume_written) - 6
        rows.append(
            TextRow(
                (("wrote  ", "label"), (words + (f" and {more} more" if more > 0 else ""), "dim")), gutter
            )
        )
    if iteration.phase == "done":
        rows.append(TextRow((("", "text"),), indent))
    return rows


def _reasoning_rows(iteration: Iteration, shown: Shown, gutter: Line) -> list[Row]:
    text = visible(iteration.reasoning).strip()
    if not text:
        return []
    target = Reasoning(iteration.span)
    if iteration.phase == "done" and iteration.span not in shown.reasoning:
        if len(text) <= len(iteration_title(iteration)) + 1:
            return []
        return [
            LineRow((*gutter, ("▸ reasoning", "dim")), (((f"{len(text):,} characters", "faint"),),), target)
        ]
    return [TextRow(((line, "reasoning"),), gutter, target=target) for line in text.split("\n")]


def _code_rows(iteration: Iteration, gutter: Line) -> list[Row]:
    lines = highlight_python(iteration.code)
    rows: list[Row] = [TextRow(line, gutter, hang=CODE_HANG) for line in lines[:MOST_CODE_LINES]]
    if len(lines) > MOST_CODE_LINES:
        words = f"… {len(lines) - MOST_CODE_LINES:,} more lines of code: enter opens them in the Inspector"
        rows.append(TextRow(((words, "dim"),), gutter, target=More(iteration.span, "code")))
    return rows


def _output_rows(cell: Cell, iteration: Iteration, shown: Shown, gutter: Line) -> list[Row]:
    tail = shown.tails.of(iteration)
    tail.settle(reading=shown.reading)
    rows: list[Row] = []
    more = More(iteration.span, "output")
    if tail.above:
        words = f"… {tail.above:,} lines above: enter opens them in the Inspector"
        rows.append(TextRow(((words, "dim"),), (*gutter, ("▏ ", "faint")), target=more))
    for stream, text in tail.lines():
        rows.append(TextRow(((text, stream),), (*gutter, ("▏ ", stream))))
    if cell.dropped:
        words = f"… {cell.dropped:,} bytes of output beyond the limit were dropped"
        rows.append(TextRow(((words, "busy"),), (*gutter, ("▏ ", "faint"))))
    if cell.value is not None and cell.value.text:
        first = one_line(cell.value.text, 400)
        rows.append(TextRow(((first, "stdout"),), (*gutter, ("= ", "label"))))
    return rows


def _call_rows(calls: list[Call], iteration: Iteration, shown: Shown, gutter: Line) -> list[Row]:
    rows: list[Row] = []
    hidden = len(calls) - MOST_CALLS
    if hidden > 0:
        words = f"… {hidden:,} earlier calls: the Calls pane lists them all"
        rows.append(TextRow(((words, "dim"),), gutter))
    for call in calls[-MOST_CALLS:]:
        opened = call.span in shown.open
        rows.append(call_row(call, gutter, shown.now, opened=opened))
        if call.kind == "sub_rlm" and opened:
            for child in call.nested[-MOST_NESTED:]:
                rows.extend(iteration_rows(child, shown, (*gutter, ("  ", "text"))))
    return rows


def _cell_error_rows(cell: Cell, iteration: Iteration, gutter: Line) -> list[Row]:
    assert cell.error is not None
    rows: list[Row] = []
    for row in error_rows(cell.error, ""):
        assert isinstance(row, TextRow)
        row.gutter = (*gutter, *row.gutter)
        row.target = More(iteration.span, "error")
        rows.append(row)
    return rows
