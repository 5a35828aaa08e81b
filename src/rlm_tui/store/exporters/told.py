"""What happened in an iteration, in its order, for exporters that tell a run: nothing of it is left out."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import groupby
from typing import NamedTuple

from rlm_tui.core.events import Stream, Value
from rlm_tui.core.iterations import Cell, Iteration
from rlm_tui.core.recovery_words import recovery_words
from rlm_tui.core.text import number_of
from rlm_tui.core.turn_steps import CellStep, PlanStep, RemarkStep, SkipStep

ENDED_WELL = (None, "ok", "submitted")


class Thought(NamedTuple):
    """The planner's reasoning."""

    text: str


class NotRun(NamedTuple):
    """An earlier plan, which was not run."""

    reasoning: str
    code: str


class Said(NamedTuple):
    """Something that a person or the program did or said: who and what, and in which words."""

    who: str
    text: str


class Code(NamedTuple):
    """Code of a cell; `planned` is what the planner wrote where a person edited it."""

    code: str
    planned: str | None = None


class Shown(NamedTuple):
    """What a cell printed, and how it failed."""

    cell: Cell


Told = Thought | NotRun | Said | Code | Shown


def told(iteration: Iteration, whole: Callable[[Value], str]) -> Iterator[Told]:
    """All but the calls. The planned code stands where its cell ran, or last."""
    steps = iteration.steps
    cells = {
        cell.span: cell
        for cell in (*iteration.person_cells, *iteration.earlier_cells, iteration.cell)
        if cell is not None
    }
    last_plan = max((at for at, step in enumerate(steps) if isinstance(step, PlanStep)), default=-1)
    replaced = iteration.awaits_plan or any(
        isinstance(step, RemarkStep) and step.sent_back for step in steps[last_plan + 1 :]
    )
    planned = Code(iteration.code, iteration.original_code)
    code_told = recovered = False
    if iteration.origin:
        yield Said("From the record of the run", iteration.origin)
    for at, step in enumerate(steps):
        match step:
            case PlanStep(reasoning=reasoning, code=code) if at != last_plan or replaced:
                yield NotRun(whole(reasoning), whole(code))
            case PlanStep():
                yield Thought(iteration.reasoning)
            case RemarkStep(text=text, by="person", sent_back=True):
                yield Said("A person sent the code back", text)
            case RemarkStep(text=text, by="person"):
                yield Said("A person told the planner", text)
            case RemarkStep(text=text):
                yield Said("The program told the planner", text)
            case CellStep(span=span) if (cell := cells.get(span)) is not None and cell.by == "person":
                yield Said("A person ran", "")
                yield Code(cell.code)
                yield Shown(cell)
            case CellStep() | SkipStep():
                if not code_told:
                    yield planned
                    code_told = True
                if isinstance(step, SkipStep):
                    yield Said("A person skipped the cell: it was not run", step.text)
                elif cell is not None:
                    if cell is iteration.cell:
                        yield from _recoveries(iteration)
                        recovered = True
                    yield Shown(cell)
    if not code_told:
        if last_plan < 0 or replaced:
            yield Thought(iteration.reasoning)
        yield planned
    if not recovered:
        yield from _recoveries(iteration)
    if iteration.remark and not any(
        isinstance(step, RemarkStep) and step.text == iteration.remark for step in steps
    ):
        yield Said("The program remarked", iteration.remark)
    if iteration.volume_written:
        yield Said("Written to the volume", ", ".join(iteration.volume_written))


def _recoveries(iteration: Iteration) -> Iterator[Said]:
    for one in iteration.recoveries:
        words = recovery_words(one.cells, len(one.differed), one.seconds, one.volume)
        yield Said(f"The {words}", "\n".join((one.reason, *one.differed)).strip())


def state_of(iteration: Iteration, *, going_on: bool) -> tuple[str, str]:
    """A sign and a word for how far it came: ✓, ✗, – (not run) or … (goes on)."""
    cell = iteration.cell
    if cell is not None and cell.status is None:
        return ("…", "running") if going_on else ("✗", "interrupted")
    if cell is not None:
        return ("✓" if cell.status in ENDED_WELL else "✗"), str(cell.status)
    if iteration.skipped is not None:
        return "–", "skipped"
    if going_on and iteration.phase != "done":
        return "…", iteration.phase
    return "–", "not run"


def printed(cell: Cell, most: int) -> Iterator[tuple[Stream, str]]:
    """The first `most` characters that a cell printed, by stream, in the order in which they came."""
    for stream, pieces in groupby(cell.output, key=lambda piece: piece.stream):
        text = "".join(piece.text for piece in pieces)[:most]
        if not text:
            return
        most -= len(text)
        yield stream, text


def dropped_words(cell: Cell) -> str:
    """What of a cell's output was not kept; "" if all of it was."""
    return (
        f"{number_of(cell.dropped, 'byte')} of output beyond the limit were dropped" if cell.dropped else ""
    )
