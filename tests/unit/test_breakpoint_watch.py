"""The watch: what an event did to the run holds it at its next boundary, once, with words that say which."""

from __future__ import annotations

import threading

import pytest

from rlm_tui.core.breakpoints import SetBreakpoint, parse_breakpoint
from rlm_tui.core.events import (
    CallFinished,
    CallStarted,
    CellFinished,
    CellStarted,
    ErrorDetail,
    Event,
    Held,
    IterationStarted,
    Released,
    Usage,
    Value,
    Variable,
    VariablesChanged,
)
from rlm_tui.core.trajectory import Trajectory
from rlm_tui.engine.breakpoint_watch import BreakpointWatch

START = [IterationStarted(span="iteration-1", parent="run", n=1, of=9)]


class Watched:
    """A watch with these breakpoints, and the fold that it sees."""

    def __init__(self, *lines: str) -> None:
        self.watch = BreakpointWatch(SetBreakpoint(parse_breakpoint(line)) for line in lines)
        self.trajectory = Trajectory()
        self.tell(*START)

    def tell(self, *events: Event) -> None:
        for event in events:
            self.watch.see(self.trajectory.apply(event), self.trajectory)  # type: ignore[arg-type]

    def set(self, *lines: str, on: bool = True) -> None:
        self.watch.set([SetBreakpoint(parse_breakpoint(line), on) for line in lines])

    def cell(self, span: str = "cell-1", *, by: str = "planner", origin: str = "") -> None:
        self.tell(CellStarted(span=span, parent="iteration-1", code=Value("x"), by=by, origin=origin))  # type: ignore[arg-type]

    def fails(self, span: str = "cell-1") -> None:
        error = ErrorDetail("KeyError", "'no such\nkey'")
        self.tell(CellFinished(span=span, parent="iteration-1", status="error", error=error))

    def variables(self, span: str = "cell-1", removed: tuple[str, ...] = (), **values: str) -> None:
        changed = [Variable(name=name, type="str", preview=value) for name, value in values.items()]
        self.tell(VariablesChanged(span=span, parent="iteration-1", changed=changed, removed=list(removed)))

    def call(self, span: str, at: float = 1.0, **finished: object) -> None:
        prompt = Value("p" * 60, 60)
        self.tell(
            CallStarted(span=span, parent="cell-1", kind="llm_query", name="llm_query", prompt=prompt, at=at),
            CallFinished(span=span, **finished),  # type: ignore[arg-type]
        )

    def plan(self, n: int = 2, depth: int = 0) -> str:
        return self.watch.before_plan(n, depth)

    def before(self, code: str) -> str:
        return self.watch.before_cell(2, 0, code)


def test_nothing_holds_where_nothing_is_set() -> None:
    watched = Watched()
    watched.cell()
    watched.fails()
    watched.variables(x="1")
    assert (watched.plan(), watched.before("SUBMIT(answer=llm_query('x'))")) == ("", "")


def test_an_iteration_holds_once_and_only_the_runs_own() -> None:
    watched = Watched("iteration=3")
    assert watched.plan(2) == ""
    assert watched.plan(3, depth=1) == ""
    assert watched.before("x") == ""
    assert watched.plan(3) == "iteration 3"
    assert watched.plan(3) == "", "the planner was sent back: that iteration was reached before"


def test_the_code_of_a_cell_holds_each_time() -> None:
    watched = Watched("code=open(", "llm-query", "submit", "regex=^del ")
    assert watched.before("x = 1") == ""
    for _ in range(2):
        assert watched.before("f = open('x')") == "the code contains open("
    assert watched.before("del x") == "the code matches ^del"
    assert watched.plan() == ""
    code = "del x\nSUBMIT(answer=llm_query(open('x')))"
    assert watched.before(code) == "the code contains open(; the cell calls llm_query; and 2 more"


def test_a_cell_that_failed_holds_the_next_boundary_once() -> None:
    watched = Watched("error")
    watched.cell()
    watched.fails()
    assert watched.plan() == "a cell failed: KeyError: 'no such key'"
    assert watched.plan() == ""
    watched.cell("cell-2")
    watched.tell(CellFinished(span="cell-2", status="timeout"))
    assert watched.before("x") == "a cell failed: timeout"


@pytest.mark.parametrize("status", ["ok", "submitted", "interrupted"])
def test_other_ends_of_a_cell_are_no_error(status: str) -> None:
    watched = Watched("error")
    watched.cell()
    watched.tell(CellFinished(span="cell-1", status=status))  # type: ignore[arg-type]
    assert watched.plan() == ""


@pytest.mark.parametrize(
    ("line", "over", "under", "words"),
    [
        (
            "call-seconds=5",
            {"seconds": 7.25},
            {"seconds": 5.0},
            "a call took more than 5 s: call 1 (llm_query), 7.2 s",
        ),
        (
            "call-characters=100",
            {"answer": Value("a" * 41, 41)},
            {"answer": Value("a" * 40, 40)},
            "a call has more than 100 characters: call 1 (llm_query), 101",
        ),
        (
            "call-cost=0.05",
            {"usage": Usage(1, 1, 0.06)},
            {"usage": Usage(1, 1, None)},
            "a call cost more than $0.05: call 1 (llm_query), $0.060",
        ),
    ],
)
def test_a_call_over_its_measure_holds(
    line: str, over: dict[str, object], under: dict[str, object], words: str
) -> None:
    watched = Watched(line)
    watched.cell()
    watched.call("call-1", **over)
    assert watched.plan() == words
    watched.call("call-2", **under)
    assert watched.plan() == ""
    watched.call("call-3", origin="another-run", **over)
    assert watched.plan() == "", "a recorded answer took and cost nothing"


def test_items_of_a_batch_are_calls_and_the_batch_costs_what_they_cost() -> None:
    watched = Watched("call-seconds=5", "call-cost=0.05")
    watched.cell()
    watched.tell(
        CallStarted(
            span="batch", parent="cell-1", kind="llm_query_batched", name="llm_query_batched", size=2
        ),
        *(
            CallStarted(
                span=f"item-{at}", parent="batch", batch="batch", kind="llm_query", name="llm_query", index=at
            )
            for at in range(2)
        ),
        *(CallFinished(span=f"item-{at}", seconds=5.5 + at, usage=Usage(1, 1, 0.03)) for at in range(2)),
        CallFinished(span="batch", seconds=6.5),
    )
    assert watched.plan() == (
        "a call took more than 5 s: item 1 of call 1 (llm_query), 5.5 s (and 2 more); "
        "a call cost more than $0.05: call 1 (llm_query_batched), $0.060"
    )


def test_the_time_in_which_the_run_was_held_is_no_time_of_a_call() -> None:
    watched = Watched("call-seconds=5")
    watched.cell()
    watched.tell(
        CallStarted(span="call-1", parent="cell-1", kind="sub_rlm", name="RLM", at=1.0),
        IterationStarted(span="iteration-2", parent="call-1", n=1, of=9, at=1.5),
        Held(span="iteration-2", why="hold", before="cell", at=2.0),
        Released(span="iteration-2", at=62.0),
        CallFinished(span="call-1", seconds=64.0, at=65.0),
    )
    assert watched.plan() == ""


def test_a_variable_holds_when_it_appears_and_when_it_is_another() -> None:
    watched = Watched("variable=x", "change=x", "change=docs")
    watched.cell()
    watched.variables(docs="text")
    assert watched.plan() == ""
    watched.variables(x="1")
    assert watched.plan() == "the variable x exists"
    watched.variables(x="1", docs="text")
    assert watched.plan() == "", "told again as it was: a new sandbox has the same namespace"
    watched.variables(x="2")
    assert watched.plan() == "the variable x changed"
    watched.variables(removed=("x",))
    assert watched.plan() == "the variable x changed"
    watched.variables(x="2")
    assert watched.plan() == "the variable x exists"


def test_each_nested_run_has_variables_of_its_own() -> None:
    watched = Watched("variable=x", "change=x")
    watched.cell()
    watched.variables(x="1")
    assert watched.plan() == "the variable x exists"
    watched.tell(
        CallStarted(span="call-1", parent="cell-1", kind="sub_rlm", name="RLM"),
        IterationStarted(span="iteration-2", parent="call-1", n=1, of=9),
        CellStarted(span="cell-2", parent="iteration-2", code=Value("x")),
    )
    watched.variables("cell-2", x="other")
    assert watched.plan(2, depth=1) == "the variable x exists"
    watched.tell(CallFinished(span="call-1"))
    watched.set()
    watched.set("variable=x")
    assert watched.plan() == "the variable x exists", "that of the run"


def test_what_a_person_ran_and_what_is_replayed_holds_nothing() -> None:
    watched = Watched("error", "variable=x", "change=y", "call-seconds=0")
    watched.cell()
    watched.variables(y="1")
    for span, by, origin in (("cell-2", "person", ""), ("cell-3", "planner", "another-run")):
        watched.cell(span, by=by, origin=origin)
        watched.variables(span, x=span, y=span)
        watched.tell(CallStarted(span=f"{span}-call", parent=span, kind="llm_query", name="llm_query"))
        watched.tell(CallFinished(span=f"{span}-call", seconds=3.0))
        watched.fails(span)
    assert watched.plan() == ""


def test_they_are_switched_and_taken_away_while_it_runs() -> None:
    watched = Watched("error", "iteration=2")
    watched.cell()
    watched.fails()
    watched.set("error", "iteration=2", on=False)
    assert [item.on for item in watched.watch.breakpoints] == [False, False]
    assert watched.plan(2) == ""
    watched.set("error", "iteration=2")
    assert watched.plan(2) == "iteration 2", "what failed before is long past"
    watched.set("iteration=2", on=False)
    watched.set("iteration=2")
    assert watched.plan(2) == "iteration 2"


def test_a_variable_that_exists_when_it_is_asked_for_holds_at_once() -> None:
    watched = Watched()
    watched.cell()
    watched.variables(x="1")
    watched.set("variable=x")
    assert watched.plan() == "the variable x exists"
    watched.set("variable=x", "error")
    assert watched.plan() == ""


def test_events_do_not_wait_for_a_pattern() -> None:
    watched = Watched("regex=(a|aa)+$", "error")
    watched.cell()
    held: list[str] = []
    looking = threading.Thread(target=lambda: held.append(watched.before("a" * 5000 + "b")))
    looking.start()
    looking.join(0.1)
    watched.fails()
    assert looking.is_alive()
    looking.join(10)
    assert "no answer within 1 s" in held[0]
    assert watched.plan().startswith("a cell failed")
