"""Sub-agents that cells build: nested RLMs pass the gate, are recorded in their call, keep to the limits."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from rlm_tui.core.breakpoints import SetBreakpoint, parse_breakpoint
from rlm_tui.core.events import (
    Budgets,
    CallFinished,
    CallStarted,
    CellFinished,
    CellOutput,
    CellStarted,
    Held,
    IterationStarted,
    PlanDelta,
    PlanReady,
    PlanStarted,
    RunStarted,
    SandboxReady,
)
from rlm_tui.core.trajectory import fold
from rlm_tui.engine.control import RunControl
from rlm_tui.engine.decisions import Boundary, PlanDecision
from rlm_tui.engine.session import SessionError
from tests.integration.session_runs import QUESTION, READING, SUBMIT, WatchedRun, billed, request, run
from tests.lm_server import Kind, LMRequest, Reply, by_kind, fields_answer, planner_script
from tests.lm_server.fixtures import StartLM

NESTED = (
    "Divide.",
    "import dspy\nr = dspy.RLM('part, wish -> found')(part='a b c', wish='count')\nprint(r.found)",
)
INNER = ("part", "wish")


def test_a_nested_rlm_is_recorded_under_its_call(loopback_lm: StartLM) -> None:
    inner = [
        (
            "Look closely at what was handed down.",
            "words = part.split()\nprint(len(words), 'words')",
        ),
        ("Give it back to whoever asked for it.", "SUBMIT(found=str(len(words)))"),
    ]
    server = loopback_lm(planner_script([NESTED, SUBMIT], nested={INNER: inner}, delta_seconds=0.003))
    watched = run(request(server=server))
    assert watched.finished().status == "submitted"
    call = next(event for event in watched.all(CallStarted) if event.kind == "sub_rlm")
    outer_cell = watched.all(CellStarted)[0]
    assert call.parent == outer_cell.span
    nested = [event for event in watched.all(IterationStarted) if event.parent == call.span]
    assert [event.n for event in nested] == [1, 2]
    cells = [event for event in watched.all(CellStarted) if event.parent in {item.span for item in nested}]
    assert [cell.code.text for cell in cells] == [inner[0][1], inner[1][1]]
    ended = {event.span: event for event in watched.all(CellFinished)}
    assert [ended[cell.span].status for cell in cells] == ["ok", "submitted"]
    output = {event.span: event.text for event in watched.all(CellOutput)}
    assert output[cells[0].span] == "3 words\n"
    assert output[outer_cell.span] == "3\n"
    streamed = {event.span for event in watched.all(PlanDelta)}
    assert {item.span for item in nested} <= streamed, "nested planners stream too"
    finished = next(event for event in watched.all(CallFinished) if event.span == call.span)
    assert finished.answer.text == "found: 3"
    totals = watched.finished().totals
    assert billed(totals) == server.billed
    assert [event.parent for event in watched.all(SandboxReady)] == ["run", call.span]


def test_a_nested_rlm_passes_the_gate(loopback_lm: StartLM) -> None:
    inner = [("Inside.", "print('inside')"), ("Give it back.", "SUBMIT(found='3')")]
    server = loopback_lm(planner_script([NESTED, SUBMIT], nested={INNER: inner}))
    watched = WatchedRun(request(server=server))
    passed: list[str] = []
    gate = watched.session._gate
    before = gate.before_plan

    def counted(where: Boundary, control: RunControl) -> PlanDecision:
        passed.append(where.span)
        return before(where, control)

    gate.before_plan = counted  # type: ignore[method-assign]
    with watched:
        assert watched.finished().status == "submitted"
    assert passed == [event.span for event in watched.all(IterationStarted)]
    assert len(passed) == 4


def test_a_nested_rlm_has_no_more_than_its_parents_limits(loopback_lm: StartLM) -> None:
    code = "import dspy\nprint(dspy.RLM('part, wish -> found', max_iters=50)(part='p', wish='w').found)"
    inner = [(f"Turn {n}.", f"print({n})") for n in range(3)]
    server = loopback_lm(planner_script([("Divide.", code), SUBMIT], nested={INNER: inner}))
    watched = run(request(server=server, budgets=Budgets(max_iterations=3, max_llm_calls=20)))
    assert watched.finished().status == "submitted"
    nested = [event for event in watched.all(IterationStarted) if event.parent != "run"]
    assert [event.of for event in nested] == [3, 3, 3]
    assert server.extract_calls == 1


def test_a_document_handed_on_stays_a_document(loopback_lm: StartLM, tmp_path: Path) -> None:
    document = tmp_path / "long.txt"
    document.write_text("one line of text\n" * 500_000)
    code = "import dspy\nprint(dspy.RLM('part, wish -> found')(part=docs, wish='length').found)"
    inner = [("Measure.", "SUBMIT(found=f'{type(part).__name__} {len(part)}')")]
    server = loopback_lm(planner_script([("Divide.", code), SUBMIT], nested={INNER: inner}))
    watched = run(request(READING, server, document=document))
    assert watched.finished().status == "submitted"
    assert watched.all(CellOutput)[0].text == "str 8500000\n"
    asked = next(item for item in server.requests if item.task_inputs == INNER)
    assert "Total length: 8,500,000 characters" in asked.prompt
    call = next(event for event in watched.all(CallStarted) if event.kind == "sub_rlm")
    assert call.arguments["part"] == "document long.txt"


def test_a_predictor_is_one_call_with_the_sum_of_its_requests(loopback_lm: StartLM) -> None:
    code = "import dspy\nprint(dspy.ChainOfThought('text -> mood')(text='sunny').mood)"
    server = loopback_lm(
        planner_script(
            [("Ask.", code), SUBMIT],
            predict_answer=lambda _request: {"reasoning": "It shines.", "mood": "bright"},
        )
    )
    watched = run(request(server=server))
    assert watched.all(CellOutput)[0].text == "bright\n"
    calls = watched.all(CallStarted)
    assert [(call.kind, call.name) for call in calls] == [("predict", "ChainOfThought(text -> mood)")]
    ended = watched.all(CallFinished)[0]
    assert ended.usage is not None
    assert ended.usage.requests == 1
    assert "mood: bright" in ended.answer.text
    assert watched.finished().totals.llm_calls == 1


def test_a_predictor_gets_a_documents_text(loopback_lm: StartLM, tmp_path: Path) -> None:
    document = tmp_path / "short.txt"
    document.write_text("The sun shines on everyone.\n")
    code = "import dspy\nprint(dspy.Predict('text -> mood')(text=docs).mood)"
    server = loopback_lm(planner_script([("Ask.", code), SUBMIT]))
    watched = run(request(READING, server, document=document))
    assert watched.finished().status == "submitted"
    asked = next(item for item in server.requests if item.kind is Kind.PREDICT)
    assert "The sun shines on everyone." in asked.prompt


def test_cancelled_within_a_nested_cell(loopback_lm: StartLM) -> None:
    inner = [("Spin.", "print('inside')\nwhile True:\n    pass")]
    server = loopback_lm(planner_script([NESTED, SUBMIT], nested={INNER: inner}))
    with WatchedRun(request(server=server)) as watched:
        watched.wait_for(CellOutput, lambda event: event.text == "inside\n")
        watched.session.cancel()
        assert watched.finished(6).status == "cancelled"
    assert {cell.status for cell in watched.all(CellFinished)} == {"interrupted"}
    assert all(call.error is not None for call in watched.all(CallFinished))


def test_rlms_nested_too_deep_are_refused(loopback_lm: StartLM) -> None:
    code = "import dspy\nprint(dspy.RLM('part, wish -> found')(part='p', wish='w').found)"

    def planner(asked: LMRequest) -> Reply:
        submit = "SUBMIT(answer='x')" if asked.task_inputs == ("question",) else "SUBMIT(found='x')"
        chosen = code if asked.iteration == 1 else submit
        return fields_answer(asked, {"reasoning": "Deeper.", "code": chosen})

    server = loopback_lm(by_kind(planner_script([]), planner=planner))
    watched = run(request(QUESTION, server, budgets=Budgets(max_iterations=3)))
    assert watched.finished().status == "submitted"
    assert isinstance(watched.events[0], RunStarted)
    assert len([call for call in watched.all(CallStarted) if call.kind == "sub_rlm"]) <= 4
    assert any(
        cell.error is not None and "nested" in cell.error.message for cell in watched.all(CellFinished)
    )
    assert len(watched.all(PlanReady)) == len(watched.all(IterationStarted))


def test_verbs_reach_the_nested_rlm_that_is_held_also_of_several_side_by_side(loopback_lm: StartLM) -> None:
    code = (
        "import dspy\n"
        "from concurrent.futures import ThreadPoolExecutor\n"
        "mine = 'outer'\n"
        "ask = lambda n: dspy.RLM('part, wish -> found')(part=f'part {n}', wish='w').found\n"
        "with ThreadPoolExecutor(3) as pool:\n"
        "    print(list(pool.map(ask, range(3))))"
    )
    inner = [("Look.", "mine = part"), ("Give it back.", "SUBMIT(found=mine)")]
    server = loopback_lm(planner_script([("Divide.", code), SUBMIT], nested={INNER: inner}))
    points = (SetBreakpoint(parse_breakpoint("code=mine = part")),)
    asked = msgspec.structs.replace(request(server=server), breakpoints=points)
    with WatchedRun(asked) as watched:
        watched.wait_for(Held, lambda _event: len(watched.all(Held)) == 3)
        session, trajectory = watched.session, fold(watched.events)
        parts = {}
        for held in watched.all(Held):
            call = trajectory.calls_by_span[str(trajectory.iterations_by_span[held.span].parent_call)]
            parts[held.span] = call.arguments["part"]
            assert session.inspect("part", rlm=call.span)[0].text == parts[held.span]
        newest = watched.all(Held)[-1]
        assert trajectory.held == newest
        assert session.evaluate("print(part)").text == parts[newest.span] + "\n"
        assert session.inspect("part")[0].text == parts[newest.span]
        assert session.inspect("part", rlm="") == []
        session.set_breakpoints([])
        session.release()
        assert watched.finished().status == "submitted"
        with pytest.raises(SessionError, match="The nested RLM has ended"):
            session.inspect("part", rlm=call.span)


def test_interrupted_while_the_planner_of_a_nested_rlm_thinks_the_outer_cell_ends(
    loopback_lm: StartLM,
) -> None:
    server = loopback_lm(
        planner_script([NESTED, SUBMIT], nested={INNER: [("Never.", "SUBMIT(found='3')")]}, delay=0.5)
    )
    with WatchedRun(request(server=server)) as watched:
        watched.wait_for(PlanStarted, lambda event: event.span != watched.all(IterationStarted)[0].span)
        watched.session.interrupt()
        assert watched.finished().status == "submitted"
    assert watched.all(CellFinished)[0].status == "interrupted"


def test_nested_rlms_can_run_side_by_side(loopback_lm: StartLM) -> None:
    code = (
        "import dspy\n"
        "from concurrent.futures import ThreadPoolExecutor\n"
        "ask = lambda n: dspy.RLM('part, wish -> found')(part=f'part {n}', wish='w').found\n"
        "with ThreadPoolExecutor(4) as pool:\n"
        "    print(list(pool.map(ask, range(4))))"
    )
    inner = [("Look.", "print(part)"), ("Give it back.", "SUBMIT(found=part.upper())")]
    server = loopback_lm(planner_script([("Divide.", code), SUBMIT], nested={INNER: inner}, delay=0.1))
    watched = run(request(server=server))
    assert watched.finished().status == "submitted"
    outer = watched.all(CellStarted)[0]
    told = "".join(event.text for event in watched.all(CellOutput) if event.span == outer.span)
    assert told == "['PART 0', 'PART 1', 'PART 2', 'PART 3']\n"
    parents = {cell.span: cell.parent for cell in watched.all(CellStarted)}
    iterations = {event.span: event.parent for event in watched.all(IterationStarted)}
    answers = {event.span: event.answer.text for event in watched.all(CallFinished)}
    printed = {event.span: event.text for event in watched.all(CellOutput) if event.span != outer.span}
    assert len(printed) == 4
    for cell, text in printed.items():
        call = iterations[parents[cell]]
        assert answers[call] == f"found: {text.strip().upper()}"
    assert server.most_open >= 2
    assert billed(watched.finished().totals) == server.billed
