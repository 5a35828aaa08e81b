"""What plain lines say of a run that is held, changed, forked and healed."""

from __future__ import annotations

import io

import pytest

from rlm_tui.core import events
from rlm_tui.core.events import Budgets, Value
from rlm_tui.core.trajectory import Trajectory, fold
from rlm_tui.headless.lines import LinePrinter
from rlm_tui.ui.widgets.call_words import batch_row, call_row

BEFORE: list[events.AnyEvent] = [
    events.RunStarted(span="run", run_id="r", task="basic", signature="a -> b"),
    events.IterationStarted(span="iteration-1", parent="run", n=3, of=9),
]


def said(*told: events.AnyEvent) -> str:
    """The lines of these events in an iteration 3."""
    trajectory = Trajectory()
    stream = io.StringIO()
    printer = LinePrinter(stream)
    for event in BEFORE:
        trajectory.apply(event)
    for event in told:
        trajectory.apply(event)
        printer.print_event(event, trajectory)
    return stream.getvalue()


def value(text: str) -> Value:
    return Value(text=text, length=len(text))


@pytest.mark.parametrize(
    ("event", "words"),
    [
        (
            events.Held(span="iteration-1", why="breakpoint", before="cell", detail="the cell submits"),
            "held before the cell of iteration 3: breakpoint: the cell submits\n",
        ),
        (
            events.Held(
                span="iteration-1", why="budget", before="call", detail="50 calls.", budget="max_llm_calls"
            ),
            "held before a call of iteration 3: budget: 50 calls.\n",
        ),
        (events.CellSkipped(span="iteration-1", text="It\nloops"), "skipped: It loops\n"),
        (events.Remarked(span="iteration-1", text="Program's own."), ""),
        (events.Remarked(span="iteration-1", text="Look!", by="person"), "the planner is told: Look!\n"),
        (
            events.Remarked(span="iteration-1", text="No.\x1b[2J", by="person", sent_back=True),
            "the planner is sent back: No.␛[2J\n",
        ),
        (
            events.BudgetRaised(name="max_llm_calls", budgets=Budgets(max_llm_calls=80)),
            "budget raised: max_llm_calls is 80 now\n",
        ),
        (
            events.SandboxRecovered(kind="local", seconds=2.0, cells=5, differed=["Cell 2 printed x."]),
            "sandbox was lost and replaced in 2.0 s: 5 cells executed again, with 1 difference\n"
            "  differs: Cell 2 printed x.\n",
        ),
        (
            events.PrefixReplayed(run_id="parent", iterations=9, cells=9, calls=1, seconds=3.0),
            "9 iterations of parent executed again: 9 cells, 1 recorded answer, 3.0 s, as recorded; "
            "live from here\n",
        ),
        (
            events.PlanReady(span="iteration-1", reasoning=value(""), code=value("x = 1"), origin="parent"),
            "  plan, recorded from parent\n  code: x = 1\n",
        ),
    ],
    ids=lambda part: type(part).__name__ if isinstance(part, events.Event) else "",
)
def test_each_is_said_in_a_line(event: events.AnyEvent, words: str) -> None:
    assert said(event) == words


def test_a_release_says_by_which_verb() -> None:
    held = events.Held(span="iteration-1", why="hold", before="plan")
    assert said(held, events.Released(span="iteration-1", verb="step")).endswith("\nreleased for a step\n")
    assert said(held, events.Released(span="iteration-1", verb="cancel")).endswith("\nreleased: cancelled\n")


def test_code_that_was_edited_and_a_person_s_step_are_shown() -> None:
    edited = events.CodeEdited(span="iteration-1", before=value("x = 1"), after=value("x = 2"))
    assert said(edited) == "the code was edited\n  code: x = 2\n"
    step = events.CellStarted(span="cell-1", parent="iteration-1", code=value("print(x)"), by="person")
    assert said(step) == "  code of the person: print(x)\n"


def test_remembered_answers_are_said_to_be_cached() -> None:
    cell = events.CellStarted(span="cell-1", parent="iteration-1", code=value("…"))
    one = events.CallStarted(span="call-1", parent="cell-1", kind="llm_query", name="llm_query")
    done = events.CallFinished(
        span="call-1", parent="cell-1", cached=True, origin="earlier", answer=value("a")
    )
    assert said(cell, one, done) == "  call llm_query in 0 s, cached from earlier\n"
    batch = events.CallStarted(span="call-2", parent="cell-1", kind="llm_query_batched", name="batch", size=2)
    items: list[events.AnyEvent] = []
    for index, cached in enumerate((True, False)):
        span = f"call-{index + 3}"
        items.append(
            events.CallStarted(
                span=span, parent="call-2", kind="llm_query", name="llm_query", batch="call-2", index=index
            )
        )
        items.append(events.CallFinished(span=span, parent="call-2", cached=cached))
    ended = events.CallFinished(span="call-2", parent="cell-1")
    assert said(cell, batch, *items, ended) == "  call batch × 2 in 0 s, 1 cached\n"
    trajectory = fold([*BEFORE, cell, batch, *items, ended])
    call = trajectory.call("call-2")
    assert call is not None
    assert "1 cached" in str(batch_row(call, (), 0.0).right)
    assert "cached" in str(call_row(call.items[0], (), 0.0).right)
    assert "cached" not in str(call_row(call.items[1], (), 0.0).right)
