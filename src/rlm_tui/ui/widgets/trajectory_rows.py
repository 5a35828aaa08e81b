"""An iteration as rows: its header, and when it is open all that happened in it, its calls and its error.

Pure functions of the fold's state, the time and what the person opened: nothing here knows a widget.
"""

from __future__ import annotations

from rlm_tui.core.events import PrefixReplayed
from rlm_tui.core.text import human_seconds, number_of, one_line, visible
from rlm_tui.core.trajectory import Call, Iteration, Trajectory
from rlm_tui.ui.widgets.call_words import call_row
from rlm_tui.ui.widgets.iteration_header import header_row, sign_of
from rlm_tui.ui.widgets.iteration_story import cell_error_rows, story_rows
from rlm_tui.ui.widgets.row import Line, Row, TextRow
from rlm_tui.ui.widgets.row_blocks import RowBlocks
from rlm_tui.ui.widgets.shown import Shown

MOST_CALLS = 24
MOST_NESTED = 40
MOST_DIFFERENCES = 20


def iteration_rows(iteration: Iteration, shown: Shown, indent: Line = ()) -> list[Row]:
    """The rows of an iteration: only the header when it is shut."""
    rows: list[Row] = [header_row(iteration, shown, indent)]
    if iteration.span not in shown.open:
        return rows
    gutter: Line = (*indent, ("│ ", sign_of(iteration)[1]))
    rows.extend(story_rows(iteration, shown, gutter))
    rows.extend(_call_rows(iteration.calls, iteration, shown, gutter))
    cell = iteration.cell
    if cell is not None and cell.error is not None:
        rows.extend(cell_error_rows(cell, iteration, gutter))
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
            if (hidden := len(call.nested) - MOST_NESTED) > 0:
                words = f"… {number_of(hidden, 'earlier iteration')}: N shows all of a nested RLM"
                rows.append(TextRow(((words, "dim"),), (*gutter, ("  ", "text"))))
            for child in call.nested[-MOST_NESTED:]:
                rows.extend(iteration_rows(child, shown, (*gutter, ("  ", "text"))))
    return rows


def block_rows(trajectory: Trajectory, iteration: Iteration, shown: Shown) -> list[Row]:
    """The rows of an iteration of the run; what a fork executed again ends with the last recorded one."""
    rows = iteration_rows(iteration, shown)
    prefix = trajectory.prefix
    if prefix is not None and iteration.n == prefix.iterations:
        rows += prefix_rows(prefix)
    return rows


def iterations_to_draw(trajectory: Trajectory, spans: set[str], drawn: RowBlocks) -> list[Iteration]:
    """The iterations of `spans`, and those not `drawn` yet, in order: nearly always the last one or two."""
    found: list[Iteration] = []
    for iteration in reversed(trajectory.iterations):
        if len(found) == len(spans):
            break
        if iteration.span in spans or iteration.span not in drawn:
            found.append(iteration)
    return found[::-1]


def prefix_rows(prefix: PrefixReplayed) -> list[Row]:
    """The line between the recorded iterations of a fork and the live ones, and what came out otherwise."""
    done = number_of(prefix.iterations, "iteration"), number_of(prefix.cells, "cell")
    words = (
        f"{done[0]} of the run {one_line(prefix.run_id, 60)} executed again: {done[1]}, "
        f"{number_of(prefix.calls, 'recorded answer')}, {human_seconds(prefix.seconds)}; no LM was called. "
        "From here on it is live."
    )
    rows: list[Row] = [TextRow((("↳ ", "label"), (words, "label")), hang=(("  ", "text"),))]
    rows += [
        TextRow(((visible(sentence).replace("\n", " "), "text"),), (("! ", "busy"),))
        for sentence in prefix.differed[:MOST_DIFFERENCES]
    ]
    if len(prefix.differed) > MOST_DIFFERENCES:
        words = f"and {len(prefix.differed) - MOST_DIFFERENCES:,} more differences"
        rows.append(TextRow(((words, "dim"),), (("! ", "busy"),)))
    return [*rows, TextRow((("", "text"),))]
