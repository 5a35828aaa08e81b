"""Whole runs over HTTP: what is told, in which order, and that the numbers are the provider's."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest

from rlm_tui.core.events import (
    CallFinished,
    CallStarted,
    CellFinished,
    CellOutput,
    CellStarted,
    IterationStarted,
    PlanDelta,
    PlanReady,
    PlanStarted,
    RunFinished,
    RunStarted,
    VariablesChanged,
    VolumeChanged,
)
from rlm_tui.core.trajectory import fold
from tests.integration.session_runs import READING, SUBMIT, WatchedRun, billed, request, run
from tests.lm_server import LoopbackLM, planner_script
from tests.lm_server.fixtures import StartLM


def test_a_run_tells_everything_in_order(loopback_lm: StartLM) -> None:
    cells = [("Count.", "total = sum(range(10))\nprint('total', total)"), SUBMIT]
    server = loopback_lm(planner_script(cells))
    watched = run(request(server=server))
    events = watched.events
    assert [event.seq for event in events] == list(range(len(events)))
    assert all(one.at <= two.at for one, two in itertools.pairwise(events))
    assert isinstance(events[0], RunStarted)
    assert isinstance(events[-1], RunFinished)
    finished = watched.finished()
    assert (finished.status, finished.outputs) == ("submitted", {"answer": "done"})
    names = [type(event) for event in events if type(event) is not PlanDelta]
    turn = [IterationStarted, PlanStarted, PlanReady, CellStarted]
    assert names[3:] == [
        *turn, CellOutput, VariablesChanged, CellFinished, *turn, CellFinished, RunFinished
    ]  # fmt: skip
    first, second = watched.all(CellStarted)
    assert first.code.text == cells[0][1]
    assert first.parent == watched.all(IterationStarted)[0].span
    assert [cell.status for cell in watched.all(CellFinished)] == ["ok", "submitted"]
    changed = {item.name: item for item in watched.all(VariablesChanged)[0].changed}
    assert (changed["total"].type, changed["total"].preview) == ("int", "45")
    assert second.span != first.span


def test_totals_are_what_the_provider_billed(loopback_lm: StartLM) -> None:
    code = "a = llm_query('one')\nb = llm_query_batched(['two', 'three'])\nprint(a, b)"
    server = loopback_lm(planner_script([("Ask.", code), SUBMIT]))
    watched = run(request(server=server))
    totals = watched.finished().totals
    assert billed(totals) == server.billed
    assert (totals.planner_calls, totals.llm_calls) == (server.planner_calls, server.sub_calls) == (2, 3)
    assert totals == fold(watched.events).totals


def test_both_fields_stream_before_the_plan_is_ready(loopback_lm: StartLM) -> None:
    reasoning = "First I look at what there is, and only then do I decide what to do with it. " * 4
    code = "words = ['a', 'b', 'c']\nfor word in words:\n    print(word)\n" * 6
    server = loopback_lm(planner_script([(reasoning.strip(), code.strip()), SUBMIT], delta_seconds=0.004))
    watched = run(request(server=server))
    ready = watched.all(PlanReady)[0]
    deltas = [event for event in watched.all(PlanDelta) if event.span == ready.span]
    told = {
        name: "".join(event.text for event in deltas if event.field == name) for name in ("reasoning", "code")
    }
    assert told == {"reasoning": ready.reasoning.text, "code": ready.code.text}
    for name in ("reasoning", "code"):
        pieces = [event for event in deltas if event.field == name]
        assert len(pieces) >= 3
        assert pieces[0].at < ready.at - 0.05
    assert ready.usage is not None
    assert ready.usage.completion_tokens
    assert "Your input fields are" in ready.prompt.text


def test_output_is_told_while_the_cell_runs(loopback_lm: StartLM) -> None:
    code = "import time\nprint('begun')\ntime.sleep(0.6)\nprint('over')"
    server = loopback_lm(planner_script([("Wait.", code), SUBMIT]))
    watched = run(request(server=server))
    finished = watched.all(CellFinished)[0]
    output = watched.all(CellOutput)
    assert output[0].text == "begun\n"
    assert output[0].at < finished.at - 0.4
    assert "".join(event.text for event in output) == "begun\nover\n"


@pytest.mark.parametrize("count", [40])
def test_a_batch_is_numbered_and_each_item_has_its_usage(loopback_lm: StartLM, count: int) -> None:
    code = f"answers = llm_query_batched([f'question {{n}}' for n in range({count})])\nprint(answers[7])"
    server = loopback_lm(
        planner_script([("Ask.", code), SUBMIT], sub_answer=lambda prompt: f"answer to {prompt}")
    )
    watched = run(request(server=server, workers=8))
    calls = watched.all(CallStarted)
    batch = next(call for call in calls if call.kind == "llm_query_batched")
    items = [call for call in calls if call.batch == batch.span]
    assert batch.size == count
    assert batch.parent == watched.all(CellStarted)[0].span
    assert sorted(item.index for item in items if item.index is not None) == list(range(count))
    assert all(item.prompt.text == f"question {item.index}" for item in items)
    ended = {call.span: call for call in watched.all(CallFinished)}
    for item in items:
        assert item.parent == batch.span
        assert ended[item.span].answer.text == f"answer to question {item.index}"
        usage = ended[item.span].usage
        assert usage is not None
        assert usage.completion_tokens
    assert "answer to question 7" in watched.all(CellOutput)[0].text
    assert 1 < server.most_open <= 8


def test_files_that_a_cell_writes_are_told(loopback_lm: StartLM) -> None:
    code = "save_to_volume('notes/a.txt', 'hello')\nprint(load_from_volume('notes/a.txt'))"
    server = loopback_lm(planner_script([("Keep it.", code), SUBMIT]))
    watched = run(request(server=server))
    assert [event.written for event in watched.all(VolumeChanged)] == [["notes/a.txt"]]


def test_a_document_is_described_as_the_text_it_is(loopback_lm: StartLM, tmp_path: Path) -> None:
    document = tmp_path / "long.txt"
    document.write_text("Ä line of the document.\n" * 20_000, encoding="utf-8")
    code = "print(type(docs).__name__, len(docs), docs.count('Ä'))"
    server = loopback_lm(planner_script([("Look.", code), SUBMIT]))
    watched = run(request(READING, server, document=document))
    assert watched.finished().status == "submitted"
    assert watched.all(CellOutput)[0].text == "str 480000 20000\n"
    prompt = server.requests[0].prompt
    assert "Type: str" in prompt
    assert "Total length: 480,000 characters" in prompt
    assert max(len(request.prompt) for request in server.requests) < 20_000


def test_the_session_starts_at_once_and_its_thread_ends(loopback_lm: StartLM) -> None:
    server: LoopbackLM = loopback_lm(planner_script([SUBMIT]))
    watched = WatchedRun(request(server=server))
    with watched:
        started = watched.wait_for(RunStarted)
        assert started.at < 0.5
        watched.finished()
    assert watched.session.done
    assert watched.session.outcome is not None
