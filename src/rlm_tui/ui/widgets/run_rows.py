"""Saved runs as rows: one a run in the list, and what is said of one beside it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from rlm_tui.core.run_record import ListedStatus, RunRecord
from rlm_tui.core.text import (
    human_age,
    human_cost,
    human_count,
    human_seconds,
    human_size,
    number_of,
    one_line,
    visible,
)
from rlm_tui.ui.widgets.row import Line, Row, Span, TextRow, cut_line, line_width

_SIGNS: dict[ListedStatus, Span] = {
    "submitted": ("✓", "good"),
    "extracted": ("✓", "good"),
    "failed": ("✗", "bad"),
    "unreadable": ("✗", "bad"),
    "running": ("▶", "busy"),
    "cancelled": ("■", "busy"),
    "budget": ("■", "busy"),
    "interrupted": ("!", "busy"),
}
TASK_CELLS, STATUS_CELLS = 18, 11
COLUMNS = {"iter.": 8, "calls": 10, "cost": 9, "time": 12, "age": 9}
"""The cells of the columns of numbers."""
BRIEF = ("iter.", "age")
NUMBERS_FROM = 84
"""The columns from which calls, cost and time have room beside iterations and age."""


@dataclass(frozen=True, slots=True, eq=False)
class RunRow:
    """One run of the list, laid out when it is looked at. `mark`: chosen to be compared."""

    run: RunRecord
    now: datetime
    mark: bool = False

    @property
    def target(self) -> RunRecord:
        return self.run

    def sameness(self) -> None:
        return None

    def height(self, width: int) -> int:
        return 1

    def layout(self, width: int) -> Sequence[Line]:
        run = self.run
        sign, role = _SIGNS[run.status]
        left: list[Span] = [
            ("◉ " if self.mark else f"{sign} ", "accent" if self.mark else role),
            (f"{one_line(run.task or run.run_id, TASK_CELLS):<{TASK_CELLS}} ", "strong"),
            (f"{run.status:<{STATUS_CELLS}}", role),
        ]
        numbers = {
            "iter.": _counted(run.iterations, f"{run.iterations} it.", "iter."),
            "calls": _counted(run.llm_calls, number_of(run.llm_calls or 0, "call"), "calls"),
            "cost": human_cost(run.cost_usd),
            "time": "?" if run.seconds is None else human_seconds(run.seconds),
            "age": age_words(run, self.now),
        }
        left.append(("".join(f"{numbers[name]:>{COLUMNS[name]}}" for name in _columns(width)), "dim"))
        left.append(("  ", "text"))
        left += [(f"#{one_line(tag, 40)} ", "label") for tag in run.tags[:4]]
        if run.damaged:
            left.append(("! damaged ", "bad"))
        if run.parent:
            left.append(("↳ ", "held"))
        left.append((" ".join(one_line(name, 40) for name in run.documents), "dim"))
        return [cut_line(tuple(left), width)]


def heading(width: int) -> Line:
    """The names of the columns."""
    words = f"  {'task':<{TASK_CELLS}} {'status':<{STATUS_CELLS}}"
    words += "".join(f"{name:>{COLUMNS[name]}}" for name in _columns(width)) + "  documents"
    return cut_line(((words, "dim"),), width)


def _counted(number: int | None, words: str, column: str) -> str:
    """A number in words that leave a gap before them; the number alone, shortened, where they don't."""
    if number is None:
        return "?"
    return words if len(words) < COLUMNS[column] else human_count(number)


def _columns(width: int) -> Sequence[str]:
    return tuple(COLUMNS) if width >= NUMBERS_FROM else BRIEF


def age_words(run: RunRecord, now: datetime) -> str:
    """How long ago the run began; "" where that is not known."""
    try:
        return human_age((now - datetime.fromisoformat(run.started)).total_seconds())
    except (ValueError, TypeError):
        return ""


def fact_rows(run: RunRecord) -> Iterator[Row]:
    """What is known of a run without reading its log."""
    sign, role = _SIGNS[run.status]
    yield TextRow(((f"{sign} {run.status}  ", role), (run.run_id, "dim")))
    facts = {
        "task": run.task,
        "document": ", ".join(run.documents),
        "model": "offline demo" if run.offline else ", ".join(run.models),
        "sandbox": run.sandbox,
        "began": run.started.replace("T", " ")[:19],
        "fork of": run.parent,
        "format": run.imported,
        "numbers": _numbers(run),
        "size": human_size(run.size),
        "damage": f"{number_of(run.damaged, 'line')} of the log can't be read" if run.damaged else "",
        "tags": " ".join(f"#{tag}" for tag in run.tags),
    }
    for name, value in facts.items():
        if value:
            words = (f"{name:<10}", "dim"), (one_line(value, 400), "text")
            yield TextRow(words, hang=((" " * 10, "text"),))
    for title, text, text_role in (("note", run.note, "held"), ("error", run.error, "bad")):
        if text:
            yield TextRow(((title, "dim"),))
            for line in visible(text).split("\n")[:20]:
                yield TextRow(((line, text_role),), (("  ", "text"),))


def _numbers(run: RunRecord) -> str:
    parts = [
        "" if run.iterations is None else number_of(run.iterations, "iteration"),
        "" if run.llm_calls is None else number_of(run.llm_calls, "LLM call"),
        "? tokens" if run.tokens is None else f"{human_count(run.tokens)} tokens",
        human_cost(run.cost_usd),
        "" if run.seconds is None else human_seconds(run.seconds),
    ]
    return " · ".join(part for part in parts if part)


def beside(left: Line, right: Line, width: int) -> Line:
    """Two ends of one line; the right one goes where there is no room for both."""
    gap = width - line_width(left) - line_width(right)
    return (*left, (" " * gap, "text"), *right) if gap >= 2 else cut_line(left, width)
