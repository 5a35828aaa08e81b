"""What a run is doing now, in words. Keys are named by the screens, never here."""

from __future__ import annotations

from typing import Literal, assert_never

import msgspec

from rlm_tui.core.events import RunFinished
from rlm_tui.core.iterations import Call, Iteration
from rlm_tui.core.text import human_seconds, one_line
from rlm_tui.core.trajectory_state import TrajectoryState

ActivityState = Literal[
    "idle",
    "starting",
    "planning",
    "running",
    "calling",
    "held",
    "lost",
    "submitted",
    "extracted",
    "failed",
    "cancelled",
    "budget",
    "interrupted",
]
_WORDS_WIDTH = 120


class Activity(msgspec.Struct, frozen=True):
    """`sign` differs by state, so that no colour is needed; `seconds` is how long it has gone on."""

    state: ActivityState
    sign: str
    words: str
    seconds: float | None = None


def activity_of(state: TrajectoryState, now: float) -> Activity:
    """What the run is doing at `now`, in seconds since it began."""
    if state.finished is not None:
        return _ended(state.finished)
    if state.interrupted:
        return Activity("interrupted", "✗", "interrupted: the log ends here")
    if (hold := state.held) is not None:
        return Activity("held", "‖", _held_words(state, hold.span, hold.before, hold.why, hold.detail))
    if state.sandbox.state == "lost":
        return Activity("lost", "✗", f"sandbox lost: {one_line(state.sandbox.reason, _WORDS_WIDTH)}")
    if state.open_calls:
        call = _shown_call(state)
        if call is not None:
            return _calling(state, call, now)
    return _turn(state, now)


def progress_of(state: TrajectoryState) -> tuple[int, int] | None:
    """`(done, expected)` of the batch that is being answered; None where no amount is known."""
    batch = _open_batch(state)
    return None if batch is None else (batch.items_done, batch.expected)


def _turn(state: TrajectoryState, now: float) -> Activity:
    iteration = next(reversed(state.open_iterations.values()), None)
    nested = "" if iteration is None or iteration.depth == 0 else "nested RLM: "
    cell = None if iteration is None else iteration.cell
    if cell is not None and cell.status is None:
        return _timed("running", f"{nested}cell running", cell.started_at, now)
    sandbox = _starting_sandbox(state)
    if sandbox is not None and (iteration is None or not iteration.awaits_plan):
        phases = state.sandbox.phases
        return _timed("starting", sandbox, phases[-1].at if phases else state.sandbox.at, now)
    if iteration is not None:
        return _planning(iteration, nested, now)
    if state.iterations:
        return Activity("starting", "●", "between iterations")
    if state.started is None:
        return Activity("idle", "○", "nothing runs")
    return Activity("starting", "●", "sandbox ready" if state.sandbox.state == "ready" else "starting")


def _starting_sandbox(state: TrajectoryState) -> str | None:
    if state.sandbox.state != "starting":
        return None
    if not state.sandbox.phases or not state.sandbox.phases[-1].words:
        return "starting sandbox"
    phase = state.sandbox.phases[-1]
    part = f" {phase.done * 100 // phase.total}%" if phase.total else ""
    return f"starting sandbox ({one_line(phase.words, 60)}{part})"


def _planning(iteration: Iteration, nested: str, now: float) -> Activity:
    if iteration.phase == "planned":
        return Activity("planning", "●", f"{nested}cell about to run")
    since = iteration.started_at if iteration.plan_started_at is None else iteration.plan_started_at
    if iteration.has_words:
        words = "planner is writing"
    else:
        words = "planner is thinking" if iteration.streaming else "planner is thinking (it does not stream)"
    return _timed("planning", nested + words, since, now)


def _open_batch(state: TrajectoryState) -> Call | None:
    """The batch that the newest open call belongs to; several may be open at once."""
    for call in reversed(state.open_calls.values()):
        if call.is_batch:
            return call
        if call.parent is not None and call.parent.is_batch and call.parent.state == "running":
            return call.parent
        if call.kind != "sub_rlm":
            return None
    return None


def _shown_call(state: TrajectoryState) -> Call | None:
    """The innermost open call that is waited for; None when a nested run's own doings say more."""
    newest = next(reversed(state.open_calls.values()))
    if newest.kind == "sub_rlm":
        iteration = next(reversed(state.open_iterations.values()), None)
        if iteration is not None and iteration.depth > newest.depth:
            return None
    return newest


def _calling(state: TrajectoryState, call: Call, now: float) -> Activity:
    nested = "nested RLM: " if call.depth else ""
    batch = _open_batch(state)
    if batch is not None:
        words = f"{nested}{batch.items_done} of {batch.expected} calls"
        return _timed("calling", words, batch.started_at, now)
    if call.iteration is None and call.by_planner:
        return _timed("calling", f"{nested}extracting the answer", call.started_at, now)
    others = len(state.open_calls) - 1
    if call.kind == "sub_rlm":
        words = f"{nested}starting a nested RLM"
    elif others and call.parent is None:
        words = f"{nested}{others + 1} calls in flight"
    else:
        words = f"{nested}waiting for {one_line(call.name, 40)}"
    return _timed("calling", words, call.started_at, now)


def _held_words(state: TrajectoryState, span: str, before: str, why: str, detail: str) -> str:
    iteration = state.iteration_of(span)
    place = "the next iteration" if iteration is None else f"iteration {iteration.n}"
    if iteration is not None and iteration.depth:
        place += " of a nested RLM"
    what = place if before == "plan" else f"the cell of {place}"
    if why == "breakpoint" and detail:
        # Which one it is comes first: on a narrow screen the end is cut, and the iteration stands elsewhere.
        return f"held: {one_line(detail, _WORDS_WIDTH)}, before {what}"
    reason = {"hold": "", "step": "", "breakpoint": " at a breakpoint", "budget": " by a budget"}.get(why, "")
    words = f"held before {what}{reason}"
    return f"{words}: {one_line(detail, _WORDS_WIDTH)}" if detail else words


def _timed(state: ActivityState, words: str, since: float, now: float) -> Activity:
    seconds = max(now - since, 0.0)
    return Activity(state, "●", f"{words} {human_seconds(seconds)}", seconds)


def _ended(finished: RunFinished) -> Activity:
    status = finished.status
    words = one_line(finished.error.message, _WORDS_WIDTH) if finished.error is not None else ""
    match status:
        case "submitted":
            return Activity(status, "✓", "submitted")
        case "extracted":
            return Activity(status, "✓", "extracted: no answer was submitted")
        case "failed":
            return Activity(status, "✗", f"failed: {words}" if words else "failed")
        case "cancelled":
            return Activity(status, "■", "cancelled")
        case "budget":
            return Activity(status, "■", f"stopped by a budget: {words}" if words else "stopped by a budget")
        case _:
            assert_never(status)
