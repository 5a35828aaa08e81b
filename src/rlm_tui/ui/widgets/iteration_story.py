"""What happened in an iteration, in order: plans and cells, and what a person said, ran or skipped."""

from __future__ import annotations

from collections.abc import Iterator

from rlm_tui.core.text import number_of, one_line, visible
from rlm_tui.core.trajectory import Cell, Iteration
from rlm_tui.core.turn_steps import CellStep, PlanStep, RemarkStep, SkipStep
from rlm_tui.ui.widgets.code_diff import changed_lines
from rlm_tui.ui.widgets.highlight import highlight_python
from rlm_tui.ui.widgets.iteration_header import iteration_title
from rlm_tui.ui.widgets.output_tail import OutputTail
from rlm_tui.ui.widgets.recovery_rows import recovery_rows
from rlm_tui.ui.widgets.result_block import error_rows
from rlm_tui.ui.widgets.row import CODE_HANG, Line, LineRow, Row, Span, TextRow
from rlm_tui.ui.widgets.shown import Shown
from rlm_tui.ui.widgets.targets import More, Reasoning, StepFold

MOST_CODE_LINES = 300


def story_rows(iteration: Iteration, shown: Shown, gutter: Line) -> Iterator[Row]:
    """The rows of everything but the calls. The code that runs stands where its cell ran, or last."""
    steps = iteration.steps
    last_plan = max((at for at, step in enumerate(steps) if isinstance(step, PlanStep)), default=-1)
    sent_back = any(isinstance(step, RemarkStep) and step.sent_back for step in steps[last_plan + 1 :])
    if sent_back and (iteration.awaits_plan or not iteration.has_words):
        last_plan = len(steps)  # another is being written
    person = {cell.span: cell for cell in iteration.person_cells}
    code_shown = False
    for at, step in enumerate(steps):
        match step:
            case PlanStep() if at == last_plan and not sent_back:
                yield from reasoning_rows(iteration, shown, gutter)
            case PlanStep():
                yield from _earlier_plan(iteration, step, at, shown, gutter)
            case RemarkStep(text=text, by="person", sent_back=back):
                yield _said("you sent it back" if back else "you told the planner", text, gutter)
            case RemarkStep(text=text):
                if text != iteration.remark:  # what was wrong with the answer stands below the code
                    yield _said("remark", text, gutter)
            case CellStep(span=span) if span in person:
                yield from _person_rows(person[span], iteration, shown, gutter)
            case CellStep() | SkipStep():
                if not code_shown:
                    yield from _planned(iteration, gutter)
                    code_shown = True
                if isinstance(step, SkipStep):
                    yield _said("you skipped the cell", step.text, gutter)
    if not code_shown and not (sent_back and last_plan < len(steps)):
        if last_plan < 0 or last_plan == len(steps):
            yield from reasoning_rows(iteration, shown, gutter)
        yield from _planned(iteration, gutter)
    yield from recovery_rows(iteration, gutter)
    if iteration.cell is not None:
        tail = shown.tails.of(iteration)
        yield from _output_rows(iteration.cell, tail, shown, gutter, More(iteration.span, "output"))


def reasoning_rows(iteration: Iteration, shown: Shown, gutter: Line) -> list[Row]:
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


def _planned(iteration: Iteration, gutter: Line) -> Iterator[Row]:
    """The code that runs, ran, or did not; and what was wrong with the planner's answer, if anything was."""
    if iteration.original_code is not None and not iteration.awaits_plan:
        came, went = changed_lines(iteration.original_code, iteration.code)
        left: Line = (*gutter, ("✎ edited by you", "held"), (f"  +{came} −{went} lines", "dim"))
        yield LineRow(left, ((("enter shows the difference", "faint"),),), More(iteration.span, "code"))
    yield from _code_rows(iteration, iteration.code, gutter)
    if iteration.remark:
        yield _said("remark", iteration.remark, gutter)


def _said(who: str, text: str, gutter: Line) -> TextRow:
    """A remark with who made it, on as many lines as it takes."""
    words: list[Span] = [(who, "held")]
    if text.strip():
        words.append((f"  {visible(text).strip()}".replace("\n", " "), "text"))
    return TextRow(tuple(words), gutter, hang=((" " * (len(who) + 2), "text"),))


def _earlier_plan(iteration: Iteration, step: PlanStep, at: int, shown: Shown, gutter: Line) -> Iterator[Row]:
    """A plan that was not run, folded to a line; open, its code is quiet."""
    fold = StepFold(f"{iteration.span}#{at}")
    opened = fold.key in shown.open
    title = one_line(step.reasoning.text, 80) or "the code of an earlier plan"
    lines = number_of(step.code.text.count("\n") + 1, "line")
    left: Line = (*gutter, ("▾ " if opened else "▸ ", "dim"), ("not run  ", "held"), (title, "dim"))
    yield LineRow(left, (((lines, "faint"),),), fold)
    if opened:
        for line in visible(step.code.text).split("\n")[:MOST_CODE_LINES]:
            yield TextRow(((line, "dim"),), (*gutter, ("  ", "text")), hang=CODE_HANG)


def _person_rows(cell: Cell, iteration: Iteration, shown: Shown, gutter: Line) -> Iterator[Row]:
    """A step of a person's: the code, what it printed, how it failed."""
    words = "your step" if cell.status is not None else "your step runs"
    yield TextRow(((words, "held"),), gutter)
    inner: Line = (*gutter, ("  ", "text"))
    yield from _code_rows(iteration, cell.code, inner)
    yield from _output_rows(cell, shown.tails.of_cell(cell), shown, inner, None)
    if cell.error is not None:
        yield from cell_error_rows(cell, iteration, inner)


def _code_rows(iteration: Iteration, code: str, gutter: Line) -> list[Row]:
    lines = highlight_python(code)
    rows: list[Row] = [TextRow(line, gutter, hang=CODE_HANG) for line in lines[:MOST_CODE_LINES]]
    if len(lines) > MOST_CODE_LINES:
        words = f"… {len(lines) - MOST_CODE_LINES:,} more lines of code: enter opens them in the Inspector"
        rows.append(TextRow(((words, "dim"),), gutter, target=More(iteration.span, "code")))
    return rows


def _output_rows(cell: Cell, tail: OutputTail, shown: Shown, gutter: Line, more: More | None) -> list[Row]:
    tail.settle(reading=shown.reading)
    rows: list[Row] = []
    if tail.above:
        words = f"… {tail.above:,} lines above" + (": enter opens them in the Inspector" if more else "")
        rows.append(TextRow(((words, "dim"),), (*gutter, ("▏ ", "faint")), target=more))
    for stream, text in tail.lines():
        rows.append(TextRow(((text, stream),), (*gutter, ("▏ ", stream))))
    if cell.dropped:
        words = f"… {cell.dropped:,} bytes of output beyond the limit were dropped"
        rows.append(TextRow(((words, "busy"),), (*gutter, ("▏ ", "faint"))))
    if cell.value is not None and cell.value.text and not _ends_with_value(cell, cell.value.text):
        first = one_line(cell.value.text, 400)
        rows.append(TextRow(((first, "stdout"),), (*gutter, ("= ", "label"))))
    return rows


def _ends_with_value(cell: Cell, value: str) -> bool:
    """Whether the value of the last expression stands at the end of the output, as dspy's cells show it."""
    return cell.tail(len(value) + 1).rstrip("\n").endswith(value)


def cell_error_rows(cell: Cell, iteration: Iteration, gutter: Line) -> list[Row]:
    assert cell.error is not None
    rows: list[Row] = []
    for row in error_rows(cell.error, ""):
        assert isinstance(row, TextRow)
        row.gutter = (*gutter, *row.gutter)
        row.target = More(iteration.span, "error")
        rows.append(row)
    return rows
