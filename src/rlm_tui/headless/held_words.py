"""What a person or a record does to a run, in a line each: for plain lines, the live view and the prompt."""

from __future__ import annotations

from collections.abc import Sequence
from typing import assert_never

from rlm_tui.core import events
from rlm_tui.core.budget_use import BudgetUse, amount_words
from rlm_tui.core.recovery_words import recovery_words
from rlm_tui.core.text import human_seconds, number_of, one_line
from rlm_tui.core.trajectory import Trajectory

_WIDTH = 200
_RUN_WIDTH = 100
_VERBS = {
    "release": "released",
    "step": "released for a step",
    "skip": "released: the cell is skipped",
    "remark": "released: the planner is told",
    "insert": "released: code of the person runs",
    "raise_budget": "released: a budget was raised",
    "finish": "released: an answer is extracted",
    "cancel": "released: cancelled",
}

Debugging = (
    events.Held
    | events.Released
    | events.CodeEdited
    | events.CellSkipped
    | events.Remarked
    | events.BudgetRaised
    | events.PrefixReplayed
    | events.SandboxRecovered
)


def debugging_lines(event: Debugging, trajectory: Trajectory) -> list[str]:
    """What `event` says, its first line a headline; none for what other events tell as well."""
    match event:
        case events.Held():
            return [f"held {held_place(event, trajectory)}: {held_reason(event)}"]
        case events.Released():
            return [_VERBS.get(event.verb, f"released: {one_line(event.verb, 40)}")]
        case events.CodeEdited():
            return ["the code was edited"]
        case events.CellSkipped():
            return [f"skipped: {one_line(event.text, _WIDTH)}" if event.text else "skipped"]
        case events.Remarked(by="program"):
            return []  # said with the plan that it is about
        case events.Remarked():
            told = "the planner is sent back" if event.sent_back else "the planner is told"
            return [f"{told}: {one_line(event.text, _WIDTH)}"]
        case events.BudgetRaised():
            return [f"budget raised: {event.name} is {getattr(event.budgets, event.name, '?')} now"]
        case events.PrefixReplayed():
            return [_prefix_words(event), *_differences(event.differed)]
        case events.SandboxRecovered():
            volume = one_line(event.volume, 60)
            again = recovery_words(event.cells, len(event.differed), event.seconds, volume)
            return [again, *_differences(event.differed)]
        case _:
            assert_never(event)


def _differences(differed: list[str]) -> list[str]:
    return [f"  differs: {one_line(sentence, _WIDTH)}" for sentence in differed]


def held_place(event: events.Held, trajectory: Trajectory) -> str:
    """Where the run is held: "before the cell of iteration 3"."""
    iteration = trajectory.iteration_of(event.span)
    nested = "nested " if iteration is not None and iteration.parent_call else ""
    of = "" if iteration is None else f" of {nested}iteration {iteration.n}"
    match event.before:
        case "plan" | "cell":
            return f"before the {event.before}{of}"
        case "call":
            return f"before a call{of}"
        case "answer":
            return "before an answer is extracted"
        case _:
            assert_never(event.before)


def held_reason(event: events.Held) -> str:
    """Why the run is held."""
    detail = one_line(event.detail, _WIDTH)
    match event.why:
        case "hold":
            return detail or "as asked"
        case "step":
            return detail or "after a step"
        case "breakpoint":
            return f"breakpoint: {detail}"
        case "budget":
            return f"budget: {detail or event.budget}"
        case "sandbox":
            return f"sandbox: {detail}"
        case _:
            assert_never(event.why)


def budget_lines(uses: Sequence[BudgetUse]) -> str:
    """What is used of each budget, a line each."""
    return "\n".join(f"  {use.words:<15}  {_used(use)}" for use in uses)


def _used(use: BudgetUse) -> str:
    used = amount_words(use.name, use.used) + ("" if use.known else " or more")
    if use.limit is None:
        return f"{used}, no limit"
    share = "" if use.share is None else f" ({use.share:.0%})"
    return f"{used} of {amount_words(use.name, use.limit)}{share}"


def recorded_words(origin: str, *, cached: bool = False) -> str:
    """ ", cached from RUN" for an answer that no model gave now; "" for a live one."""
    if not origin:
        return ", cached" if cached else ""
    return f", {'cached' if cached else 'recorded'} from {one_line(origin, _RUN_WIDTH)}"


def _prefix_words(event: events.PrefixReplayed) -> str:
    cells, calls = number_of(event.cells, "cell"), number_of(event.calls, "recorded answer")
    found = "as recorded" if not event.differed else f"with {number_of(len(event.differed), 'difference')}"
    return (
        f"{number_of(event.iterations, 'iteration')} of {one_line(event.run_id, _RUN_WIDTH)} executed again: "
        f"{cells}, {calls}, {human_seconds(event.seconds)}, {found}; live from here"
    )
