"""A run's iterations as a record: what it holds of any log, and how a cell that ran again is compared."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from rlm_tui.core.blobs import MemoryBlobs
from rlm_tui.core.events import (
    AnyEvent,
    CallFinished,
    CallStarted,
    CellFinished,
    CellOutput,
    CellSkipped,
    CellStarted,
    ErrorDetail,
    IterationStarted,
    PlanReady,
    Remarked,
    RunStarted,
    Usage,
    Value,
    Variable,
)
from rlm_tui.core.recorded import (
    Planned,
    Ran,
    RecordedCall,
    RecordedCell,
    RecordedIteration,
    SentBack,
    Skipped,
    Told,
    recorded_iterations,
)
from rlm_tui.core.recorded_differences import Comparison
from rlm_tui.core.trajectory import fold
from tests.unit.event_strategies import any_event

SAME_PLACE = Comparison()
ADDRESS = "<object at 0x7f3a5c0d1e20>"


def text(words: str) -> Value:
    return Value(words, len(words))


def recorded(*events: AnyEvent, call: str = "") -> list[RecordedIteration]:
    return recorded_iterations(fold(events), MemoryBlobs().text, call=call)


def test_the_steps_of_an_iteration_stand_in_the_order_they_happened() -> None:
    (iteration,) = recorded(
        RunStarted(run_id="r", task="t", signature="a -> b"),
        IterationStarted(span="i", parent="run", n=1, of=3),
        Remarked(span="i", text="Look at b.", by="person"),
        PlanReady(span="i", reasoning=text("First."), code=text("a")),
        Remarked(span="i", text="Not a.", by="person", sent_back=True),
        CellStarted(span="p", parent="i", code=text("z = 1"), by="person"),
        CellFinished(span="p", status="ok"),
        PlanReady(span="i", reasoning=text("Second."), code=text("b"), remark="no code"),
        Remarked(span="i", text="no code"),
        CellStarted(span="c", parent="i", code=text("b + 1")),
        CellOutput(span="c", stream="stdout", text="out\n"),
        CellFinished(span="c", status="error", error=ErrorDetail("NameError", "b")),
    )
    assert iteration.steps == (
        Told("Look at b."),
        Planned("First.", "a"),
        SentBack("Not a."),
        Ran(RecordedCell("z = 1", by="person")),
        Planned("Second.", "b", "no code"),
        Ran(RecordedCell("b + 1", text="out\n", status="error", error=ErrorDetail("NameError", "b"))),
    )
    assert iteration.is_complete
    assert not iteration.submitted


def test_an_iteration_is_complete_only_once_its_code_was_run_or_skipped() -> None:
    begun: list[AnyEvent] = [
        RunStarted(run_id="r", task="t", signature="a -> b"),
        IterationStarted(span="i", parent="run", n=1, of=3),
    ]
    planned: list[AnyEvent] = [*begun, PlanReady(span="i", reasoning=text(""), code=text("a"))]
    assert not recorded(*begun)[0].is_complete
    assert not recorded(*planned)[0].is_complete
    assert not recorded(*planned, CellStarted(span="c", parent="i", code=text("a")))[0].is_complete
    skipped = recorded(*planned, CellSkipped(span="i", text="No."))[0]
    assert skipped.is_complete
    assert skipped.steps[-1] == Skipped("No.")


def test_a_cells_calls_are_its_own_and_a_batch_is_told_with_its_items() -> None:
    spent = Usage(prompt_tokens=1, completion_tokens=1, requests=3)
    (iteration,) = recorded(
        RunStarted(run_id="r", task="t", signature="a -> b"),
        IterationStarted(span="i", parent="run", n=1, of=3),
        PlanReady(span="i", reasoning=text(""), code=text("a")),
        CellStarted(span="c", parent="i", code=text("a")),
        CallStarted(span="b", parent="c", kind="llm_query_batched", name="llm_query_batched", size=2),
        CallStarted(
            span="b1", parent="b", batch="b", index=1, kind="llm_query", name="llm_query", prompt=text("q1")
        ),
        CallStarted(
            span="b0", parent="b", batch="b", index=0, kind="llm_query", name="llm_query", prompt=text("q0")
        ),
        CallFinished(span="b1", answer=text("a1"), usage=Usage()),
        CallFinished(span="b0", answer=text("a0"), usage=Usage()),
        CallFinished(span="b"),
        CallStarted(span="p", parent="c", kind="predict", name="Predict(x -> y)", arguments={"x": 1}),
        CallFinished(span="p", answer=text("y: 2"), result=text('{"y": 2}'), usage=spent),
        CallStarted(span="l", parent="c", kind="llm_query", name="llm_query", prompt=text("late")),
        CellFinished(span="c", status="ok"),
    )
    (cell,) = iteration.cells
    assert [(call.kind, call.asked, call.answer, call.requests) for call in cell.calls] == [
        ("llm_query_batched", "q0", "", 0),
        ("llm_query", "q0", "a0", 1),
        ("llm_query", "q1", "a1", 1),
        ("predict", '{"x": 1}', "y: 2", 3),
    ]
    assert cell.calls[-1].result == '{"y": 2}'


def test_the_iterations_of_a_nested_rlm_are_found_by_its_call() -> None:
    log: list[AnyEvent] = [
        RunStarted(run_id="r", task="t", signature="a -> b"),
        IterationStarted(span="i", parent="run", n=1, of=3),
        PlanReady(span="i", reasoning=text(""), code=text("a")),
        CellStarted(span="c", parent="i", code=text("a")),
        CallStarted(span="s", parent="c", kind="sub_rlm", name="RLM(x -> y)"),
        IterationStarted(span="n", parent="s", n=1, of=3),
        PlanReady(span="n", reasoning=text("inner"), code=text("z")),
    ]
    assert recorded(*log, call="s")[0].steps == (Planned("inner", "z"),)
    assert recorded(*log, call="nothing") == []


@given(st.lists(any_event(), max_size=40))
def test_any_log_has_a_record(events: list[AnyEvent]) -> None:
    trajectory = fold(events)
    iterations = recorded_iterations(trajectory, MemoryBlobs().text)
    assert [iteration.n for iteration in iterations] == [found.n for found in trajectory.iterations]


CELLS = st.builds(
    RecordedCell,
    code=st.just("x"),
    text=st.text(max_size=30),
    value=st.none() | st.text(max_size=9),
    status=st.sampled_from(["ok", "error", "submitted", "interrupted", None]),
    error=st.none() | st.builds(ErrorDetail, kind=st.text(max_size=5), message=st.text(max_size=9)),
)


@given(CELLS)
def test_a_cell_that_did_the_same_differs_in_nothing(cell: RecordedCell) -> None:
    assert SAME_PLACE.cell(3, cell, cell) == []


@given(CELLS, CELLS)
def test_what_differs_is_told_in_single_lines_that_name_the_iteration(
    was: RecordedCell, now: RecordedCell
) -> None:
    told = SAME_PLACE.cell(7, was, now)
    assert bool(told) == bool(SAME_PLACE.cell(7, now, was))
    for sentence in told:
        assert sentence.startswith("Iteration 7: ")
        assert sentence.splitlines() == [sentence]
        assert len(sentence) < 400


def test_a_difference_names_the_first_line_that_is_not_the_same() -> None:
    was, now = RecordedCell("x", text="a\nb\nc\n"), RecordedCell("x", text="a\nB\nd\n")
    assert SAME_PLACE.cell(2, was, now) == ["Iteration 2: printed “B” where “b” was recorded."]
    failed = RecordedCell("x", status="error", error=ErrorDetail("KeyError", "k"))
    assert SAME_PLACE.cell(2, RecordedCell("x"), failed) == [
        "Iteration 2: ended as error (KeyError: k) where ok was recorded."
    ]


def test_an_address_in_memory_is_no_difference() -> None:
    was, now = RecordedCell("x", text=ADDRESS), RecordedCell("x", text=ADDRESS.replace("5c", "6d"))
    assert SAME_PLACE.cell(2, was, now) == []
    assert SAME_PLACE.cell(2, was, RecordedCell("x", text="<object>")) != []


def test_where_the_volume_lies_is_no_difference() -> None:
    comparison = Comparison("/home/a/volume", "/data")
    was, now = RecordedCell("x", text="/home/a/volume/f"), RecordedCell("x", text="/data/f")
    assert comparison.cell(2, was, now) == []
    old, new = Variable("p", "str", 16, "'/home/a/volume/f'"), Variable("p", "str", 7, "'/data/f'")
    assert comparison.variables(["p"], {"p": old}, {"p": new}) == []
    assert SAME_PLACE.variables(["p"], {"p": old}, {"p": new}) != []
    was, now = (RecordedCell("x", text=f"['/tmp{place}/f']") for place in ("/rlm-tui-sandbox-a_1", ""))
    assert comparison.cell(2, was, now) == []


def test_of_a_variable_it_is_said_what_is_not_the_same() -> None:
    was = {
        item.name: item
        for item in (
            Variable("a", "int", None, "5"),
            Variable("b", "str", 300, "'same"),
            Variable("c", "int", None, "1"),
            Variable("gone", "int", None, "2"),
            Variable("same", "object", None, ADDRESS),
            Variable("late", "str", 100, "x" * 90 + "old"),
        )
    }
    now = {
        item.name: item
        for item in (
            Variable("a", "int", None, "6"),
            Variable("b", "str", 301, "'same"),
            Variable("c", "str", 1, "'1'"),
            Variable("new", "int", None, "3"),
            Variable("same", "object", None, ADDRESS.replace("5c", "6d")),
            Variable("late", "str", 100, "x" * 90 + "new"),
        )
    }
    assert SAME_PLACE.variables({*was, *now}, was, now, 4) == [
        "Iteration 4: the variable a is “6” where “5” was recorded.",
        "Iteration 4: the variable b has the length 301 where 300 was recorded.",
        "Iteration 4: the variable c is of type str where int was recorded.",
        "Iteration 4: the variable gone is missing where “2” was recorded.",
        f"Iteration 4: the variable late is “…{'x' * 20}new” where “…{'x' * 20}old” was recorded.",
        "Iteration 4: the variable new is “3” where none was recorded.",
    ]
    assert SAME_PLACE.variables(["a"], was, now)[0].startswith("The variable a is")


def test_what_was_asked_is_the_prompt_or_the_arguments_in_any_order() -> None:
    one = RecordedCall("tool", "t", arguments={"a": 1, "b": [2]})
    assert one.asked == RecordedCall("tool", "t", arguments={"b": [2], "a": 1}).asked
    assert RecordedCall("llm_query", "llm_query", prompt="p").asked == "p"
