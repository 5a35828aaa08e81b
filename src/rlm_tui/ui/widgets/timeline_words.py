"""The bar of the timeline under the cursor, in words: what it is, when it was, what it asked or did."""

from __future__ import annotations

from collections.abc import Sequence

from rlm_tui.core.text import human_seconds, one_line
from rlm_tui.core.time_spent import inside, share_words, time_spent
from rlm_tui.core.timeline import Bar
from rlm_tui.core.trajectory import Call, Trajectory
from rlm_tui.ui.widgets.call_detail_rows import place_words
from rlm_tui.ui.widgets.call_words import call_asked
from rlm_tui.ui.widgets.time_spent_words import spent_text

TEXT_CELLS = 400


def bar_words(bar: Bar, found: Sequence[Bar], length: float, trajectory: Trajectory) -> tuple[str, str]:
    """Two lines on a bar. May take long: those within it are added up."""
    call = bar.call
    words = [one_line(bar.label, 60)]
    if call is not None:
        words.append(f"call {place_words(call)}")
        if call.iteration is not None:
            words.append(f"iteration {call.iteration.n}")
    if bar.known:
        words.append(f"from {human_seconds(bar.start)} to {human_seconds(bar.end)}")
        words.append(f"{human_seconds(bar.seconds)}, {share_words(bar.seconds, length)} of the run")
    else:
        words.append("how long it took is not told")
    if bar.state != "done":
        words.append("goes on" if bar.state == "running" else _failure(bar, call, trajectory))
    return " · ".join(words), _content(bar, call, found, trajectory)


def _failure(bar: Bar, call: Call | None, trajectory: Trajectory) -> str:
    error = None if call is None else call.error
    if bar.kind == "cell":
        cell = trajectory.cell(bar.key.removeprefix("cell "))
        error = None if cell is None else cell.error
        if error is None and cell is not None:
            return str(cell.status)
    return "failed" if error is None else one_line(f"{error.kind}: {error.message}", 120)


def _content(bar: Bar, call: Call | None, found: Sequence[Bar], trajectory: Trajectory) -> str:
    match bar.kind:
        case "rlm":
            at = next((place for place, one in enumerate(found) if one.key == bar.key), None)
            within = () if at is None else inside(found, at)
            spent = time_spent(within, max(bar.end - bar.start, 0.0), start=bar.start, level=bar.level + 1)
            return f"in it: {spent_text(spent, bar.end - bar.start)}" if within else ""
        case "batch" if call is not None:
            failed = f", {call.items_failed:,} failed" if call.items_failed else ""
            return f"{call.items_done:,} of {call.expected:,} done{failed}"
        case "cell":
            cell = trajectory.cell(bar.key.removeprefix("cell "))
            return "" if cell is None else one_line(cell.code, TEXT_CELLS)
        case "plan" if call is None:
            iteration = trajectory.iteration(bar.span)
            return "" if iteration is None else one_line(iteration.reasoning, TEXT_CELLS)
        case "sandbox":
            return ""
        case _:
            return "" if call is None else call_asked(call, TEXT_CELLS)
