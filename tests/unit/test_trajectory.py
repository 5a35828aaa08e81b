"""What a run looks like in the fold, event by event."""

from __future__ import annotations

from typing import Any

import pytest

from rlm_tui.core import change, events
from rlm_tui.core.blobs import MemoryBlobs
from rlm_tui.core.events import ErrorDetail, Usage, Value, Variable
from rlm_tui.core.trajectory import Change, Trajectory


class Teller:
    """Tells a trajectory events with the right `seq`, a tenth of a second apart."""

    def __init__(self, trajectory: Trajectory | None = None) -> None:
        self.trajectory = trajectory or Trajectory()
        self.told = 0

    def tell(self, event: type[Any], /, span: str = "", parent: str = "", **fields: Any) -> Change:
        made = event(seq=self.told, at=self.told / 10, span=span, parent=parent, **fields)
        self.told += 1
        return self.trajectory.apply(made)

    def plan(self, span: str = "i1", n: int = 1, parent: str = "run", code: str = "print(1)") -> None:
        self.tell(events.IterationStarted, span, parent, n=n, of=20)
        self.tell(events.PlanStarted, span)
        self.tell(events.PlanReady, span, reasoning=value("look"), code=value(code), seconds=1.5)

    def cell(self, span: str = "c1", parent: str = "i1") -> None:
        self.tell(events.CellStarted, span, parent, code=value("print(1)"))


def value(text: str) -> Value:
    return Value(text=text, length=len(text))


@pytest.fixture
def teller() -> Teller:
    return Teller()


def test_an_iteration_goes_through_its_phases(teller: Teller) -> None:
    trajectory = teller.trajectory
    added = teller.tell(events.IterationStarted, "i1", "run", n=1, of=20)
    assert added.kinds == (change.IterationAdded("i1", 0),)
    iteration = trajectory.iterations[0]
    phases = [iteration.phase]
    teller.tell(events.PlanStarted, "i1")
    delta = teller.tell(events.PlanDelta, "i1", field="reasoning", text="Let me ")
    assert delta.kinds == (change.PlanAppended("i1", "reasoning", "Let me "),)
    teller.tell(events.PlanDelta, "i1", field="reasoning", text="look")
    assert (iteration.reasoning, iteration.code) == ("Let me look", "")
    teller.tell(
        events.PlanReady,
        "i1",
        reasoning=value("Let me look."),
        code=value("print(1)"),
        usage=Usage(5, 6, 0.25),
        seconds=2.0,
    )
    phases.append(iteration.phase)
    assert (iteration.reasoning, iteration.code, iteration.plan_seconds) == ("Let me look.", "print(1)", 2.0)
    teller.tell(events.Held, "i1", why="step", before="cell")
    phases.append(iteration.phase)
    teller.tell(events.Released, "i1", verb="step")
    phases.append(iteration.phase)
    teller.cell()
    phases.append(iteration.phase)
    output = teller.tell(events.CellOutput, "c1", stream="stdout", text="1\n")
    assert output.kinds == (change.CellAppended("i1", "stdout", "1\n"),)
    teller.tell(events.CellOutput, "c1", stream="stderr", text="careful\n")
    teller.tell(events.CellFinished, "c1", status="ok", seconds=0.5, value=value("1"), dropped=3)
    phases.append(iteration.phase)
    assert phases == ["planning", "planned", "held", "planned", "running", "done"]
    cell = iteration.cell
    assert cell is not None
    assert (cell.text, cell.output_length, cell.status, cell.dropped) == ("1\ncareful\n", 10, "ok", 3)
    assert [(piece.stream, piece.text) for piece in cell.output] == [
        ("stdout", "1\n"),
        ("stderr", "careful\n"),
    ]
    assert [cell.tail(n) for n in (0, 3, 9, 99)] == ["", "ul\n", "\ncareful\n", "1\ncareful\n"]


def test_an_edit_keeps_what_the_planner_wrote_first(teller: Teller) -> None:
    teller.plan(code="one()")
    teller.tell(events.CodeEdited, "i1", before=value("one()"), after=value("two()"))
    teller.tell(events.CodeEdited, "i1", before=value("two()"), after=value("three()"))
    teller.tell(events.Remarked, "i1", text="mind the headings")
    iteration = teller.trajectory.iterations[0]
    assert (iteration.original_code, iteration.code) == ("one()", "three()")
    assert iteration.remarks == ["mind the headings"]
    teller.tell(events.CodeEdited, "i1", before=value("three()"), after=value("one()"))
    assert (iteration.original_code, iteration.code) == (None, "one()"), "changed back is not changed"


def test_a_long_plan_is_whole_whether_streamed_resolved_or_neither() -> None:
    blobs = MemoryBlobs()
    code = "x = 1\n" * 1_000
    kept = blobs.value(code)
    assert kept.blob is not None
    shown = []
    for resolve, deltas in ((None, [code]), (blobs.text, []), (None, [])):
        teller = Teller(Trajectory(resolve))
        teller.tell(events.IterationStarted, "i1", "run", n=1, of=2)
        teller.tell(events.PlanStarted, "i1")
        for text in deltas:
            teller.tell(events.PlanDelta, "i1", field="code", text=text)
        teller.tell(events.PlanReady, "i1", reasoning=value(""), code=kept)
        shown.append(teller.trajectory.iterations[0].code)
    assert shown == [code, code, kept.text]


def test_a_blob_that_can_not_be_read_leaves_the_head_of_the_text() -> None:
    def broken(_: Value) -> str:
        raise OSError("gone")

    teller = Teller(Trajectory(broken))
    teller.tell(events.IterationStarted, "i1", "run", n=1, of=2)
    teller.tell(
        events.PlanReady, "i1", reasoning=value("r"), code=Value(text="head", length=9_000, blob="0" * 64)
    )
    assert teller.trajectory.iterations[0].code == "head"


def test_a_batch_is_one_call_with_its_items_below(teller: Teller) -> None:
    teller.plan()
    teller.cell()
    teller.tell(events.CallStarted, "b", "c1", kind="llm_query_batched", name="llm_query_batched", size=3)
    for index in range(3):
        item = teller.tell(
            events.CallStarted, f"q{index}", "b", kind="llm_query", name="llm_query", batch="b", index=index
        )
        assert item.kinds == (change.CallAdded(f"q{index}", "i1", "b"),)
    trajectory = teller.trajectory
    assert trajectory.progress() == (0, 3)
    done = teller.tell(events.CallFinished, "q1", usage=Usage(10, 2, 0.5))
    assert done.kinds == (change.CallChanged("q1"), change.CallChanged("b"))
    teller.tell(events.CallFinished, "q0", error=ErrorDetail(kind="LMRateLimit", message="slow down"))
    assert trajectory.progress() == (2, 3)
    teller.tell(events.CallFinished, "q2", usage=Usage(20, 4, 0.25))
    teller.tell(events.CallFinished, "b", error=ErrorDetail(kind="LMRateLimit", message="slow down"))
    batch = trajectory.calls[0]
    assert (trajectory.calls, trajectory.iterations[0].calls) == ([batch], [batch])
    assert [(item.index, item.state) for item in batch.items] == [(0, "failed"), (1, "done"), (2, "done")]
    assert (batch.items_done, batch.items_failed, batch.state, batch.number) == (3, 1, "failed", 1)
    assert batch.spent() == Usage(30, 6, 0.75, requests=2)
    assert trajectory.totals.failed_calls == 1
    assert trajectory.progress() is None


def test_a_nested_run_hangs_below_its_call(teller: Teller) -> None:
    teller.plan()
    teller.cell()
    teller.tell(events.CallStarted, "s", "c1", kind="sub_rlm", name="RLM")
    teller.tell(events.SandboxReady, "sandbox-2", "s", kind="local", confined=True)
    teller.plan("i2", parent="s")
    teller.cell("c2", "i2")
    teller.tell(events.CallStarted, "q", "c2", kind="llm_query", name="llm_query")
    teller.tell(events.CallFinished, "q", usage=Usage(1, 2, 0.5))
    teller.tell(events.VariablesChanged, "c2", changed=[Variable(name="inner", type="int")], total=1)
    teller.tell(events.CellFinished, "c2", status="submitted")
    teller.tell(events.CallFinished, "s", usage=Usage(100, 100, 9.0, requests=7))
    trajectory = teller.trajectory
    nested = trajectory.calls[0].nested[0]
    assert (nested.depth, nested.parent_call, nested.n) == (1, "s", 1)
    assert [(call.span, call.depth) for call in trajectory.calls] == [("s", 0), ("q", 1)]
    assert trajectory.calls[1].iteration is nested
    assert len(trajectory.iterations) == 1
    assert list(trajectory.calls[0].variables) == ["inner"]
    assert (trajectory.variables, trajectory.sandbox.state) == ({}, "none")
    totals = trajectory.totals
    assert (totals.iterations, totals.planner_calls, totals.llm_calls, totals.prompt_tokens) == (1, 2, 1, 1)
    assert trajectory.calls[0].spent() == Usage(1, 2, 0.5)


def test_what_the_last_cell_changed_is_marked_and_what_the_console_has_since(teller: Teller) -> None:
    trajectory = teller.trajectory
    teller.plan()
    one = Variable(name="a", type="int", preview="1")
    teller.cell("c1")
    teller.tell(events.VariablesChanged, "c1", changed=[one, Variable(name="b", type="int")], total=2)
    teller.tell(events.CellFinished, "c1", status="ok")
    assert trajectory.variable_marks == {"a": "new", "b": "new"}
    teller.tell(events.VariablesChanged, "sandbox", changed=[Variable(name="b", type="str")], total=2)
    assert trajectory.variable_marks == {"a": "new", "b": "new"}
    teller.cell("c2")
    assert trajectory.variable_marks, "while the next one runs it is not known yet what it changes"
    teller.tell(events.VariablesChanged, "c2", changed=[one, Variable(name="b", type="list")], total=2)
    teller.tell(events.CellFinished, "c2", status="ok")
    assert trajectory.variable_marks == {"b": "changed"}
    teller.cell("c3")
    ended = teller.tell(events.CellFinished, "c3", status="ok")
    assert trajectory.variable_marks == {}, "a cell that changes nothing leaves no marks of the one before"
    assert change.VariablesUpdated(None) in ended.kinds
    teller.tell(events.VariablesChanged, "sandbox", removed=["b", "never"], total=1)
    assert (list(trajectory.variables), trajectory.variable_marks) == (["a"], {})


def test_the_volume_holds_what_was_written_and_not_removed_again(teller: Teller) -> None:
    teller.plan()
    teller.cell()
    teller.tell(events.VolumeChanged, "c1", written=["cache/a", "cache/b"])
    teller.tell(events.VolumeChanged, "c1", written=["cache/a"], removed=["cache/b"])
    assert teller.trajectory.volume_written == ["cache/a"]
    assert teller.trajectory.iterations[0].volume_written == ["cache/a", "cache/b", "cache/a"]


def test_errors_are_kept_in_the_order_they_came(teller: Teller) -> None:
    teller.plan()
    teller.cell()
    teller.tell(events.CallStarted, "t", "c1", kind="tool", name="fetch")
    teller.tell(events.CallFinished, "t", error=ErrorDetail(kind="ValueError", message="no such page"))
    teller.tell(events.SandboxLost, "sandbox-1", "run", kind="local", reason="killed by signal 9")
    teller.tell(events.CellFinished, "c1", status="lost")
    teller.tell(events.RunFinished, status="failed", error=ErrorDetail(kind="SandboxLost", message="it died"))
    problems = teller.trajectory.problems
    assert [problem.source for problem in problems] == ["call", "sandbox", "cell", "run"]
    assert problems[2].error.message == "The sandbox was lost while the cell ran."


def test_the_end_of_a_run_ends_what_is_still_open(teller: Teller) -> None:
    teller.plan()
    teller.cell()
    teller.tell(events.CallStarted, "q", "c1", kind="llm_query", name="llm_query")
    ended = teller.tell(events.RunFinished, status="cancelled")
    trajectory = teller.trajectory
    call, cell = trajectory.calls[0], trajectory.iterations[0].cell
    assert call.error is not None
    assert cell is not None
    assert (call.state, call.error.kind, cell.status) == ("failed", "Abandoned", "interrupted")
    assert trajectory.iterations[0].phase == "done"
    assert change.RunEnded() in ended.kinds
    assert change.CallChanged("q") in ended.kinds


@pytest.mark.parametrize(
    ("event", "fields", "words"),
    [
        (events.CellOutput, {"stream": "stdout", "text": "x"}, "the cell 'gone', which never started"),
        (events.CellFinished, {"status": "ok"}, "cell 'gone' ended, but never started"),
        (events.CallFinished, {}, "call 'gone' ended, but never started"),
        (events.PlanDelta, {"field": "code", "text": "x"}, "the iteration 'gone', which never started"),
        (events.Released, {}, "released while nothing was held"),
        (events.CodeEdited, {"before": Value(), "after": Value()}, "code edited for 'gone'"),
    ],
)
def test_what_can_not_be_is_kept_as_a_problem_of_the_log(
    teller: Teller, event: type[Any], fields: dict[str, Any], words: str
) -> None:
    told = teller.tell(event, "gone", **fields)
    assert told.kinds == (change.ProblemAdded(),)
    problem = teller.trajectory.problems[-1]
    assert problem.source == "log"
    assert problem.error.message.startswith("event 0: ")
    assert words in problem.error.message


def test_a_gap_in_the_numbers_is_noticed(teller: Teller) -> None:
    teller.tell(events.Note, level="info", text="first")
    teller.told = 5
    teller.tell(events.Note, level="info", text="sixth")
    assert [problem.error.message for problem in teller.trajectory.problems] == [
        "event 5: it follows event 0"
    ]
    assert [note.text for note in teller.trajectory.notes] == ["first", "sixth"]
