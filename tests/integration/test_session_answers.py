"""Planners that answer badly and providers that fail: the run goes on, or says why it can't."""

from __future__ import annotations

import pytest

from rlm_tui.core.events import (
    Budgets,
    CallFinished,
    CallStarted,
    CellFinished,
    CellStarted,
    Note,
    PlanReady,
    PlanStarted,
    Remarked,
)
from tests.integration.session_runs import SUBMIT, billed, request, run
from tests.lm_server import (
    EMPTY,
    NONSENSE,
    RATE_LIMITED,
    SERVER_ERROR,
    WRONG_KEY,
    ClosedConnection,
    CutStream,
    Kind,
    LMRequest,
    Reply,
    StatusFailure,
    StreamError,
    always,
    fail_first,
    fields_answer,
    planner_script,
)
from tests.lm_server.fixtures import StartLM


@pytest.mark.parametrize("bad", [NONSENSE, EMPTY], ids=["nonsense", "empty"])
def test_one_bad_answer_is_forgiven_and_the_planner_is_told(loopback_lm: StartLM, bad: Reply) -> None:
    server = loopback_lm(fail_first(1, bad, planner_script([SUBMIT, SUBMIT])))
    watched = run(request(server=server))
    assert watched.finished().status == "submitted"
    first = watched.all(PlanReady)[0]
    assert first.remark.startswith("Your last answer was")
    assert [event.text for event in watched.all(Remarked)] == [first.remark]
    assert first.remark in watched.all(CellStarted)[0].code.text
    assert watched.all(CellFinished)[0].status == "ok"
    last = next(request for request in server.requests if request.iteration == 2)
    assert first.remark in last.prompt


def test_bad_answers_in_a_row_end_the_run(loopback_lm: StartLM) -> None:
    server = loopback_lm(always(NONSENSE))
    watched = run(request(server=server))
    finished = watched.finished()
    assert finished.status == "failed"
    assert finished.error is not None
    assert finished.error.kind == "LMBadAnswer"
    assert "4 times in a row" in finished.error.message
    assert finished.error.hint
    assert len(watched.all(CellStarted)) == 3
    assert finished.totals.planner_calls == server.planner_calls


def test_code_that_is_no_python_or_missing(loopback_lm: StartLM) -> None:
    def script(request: LMRequest) -> Reply:
        answers = {
            1: {"reasoning": "Let me use a shell.", "code": "```bash\nls\n```"},
            2: {"reasoning": "I have nothing to run.", "code": ""},
            3: {"reasoning": "Not Python.", "code": "this is not python ("},
            4: {"reasoning": "Now.", "code": "```python\nSUBMIT(answer='done')\n```"},
        }
        return fields_answer(request, answers[request.iteration])

    server = loopback_lm(script)
    watched = run(request(server=server))
    assert watched.finished().status == "submitted"
    assert [cell.status for cell in watched.all(CellFinished)] == ["error", "ok", "error", "submitted"]
    errors = [cell.error.kind for cell in watched.all(CellFinished) if cell.error is not None]
    assert errors == ["SyntaxError", "SyntaxError"]
    assert "no code" in watched.all(PlanReady)[1].remark


def test_code_that_is_null(loopback_lm: StartLM) -> None:
    def script(request: LMRequest) -> Reply:
        if request.iteration == 1 and not request.wants_json:
            return NONSENSE
        if request.iteration == 1:
            return fields_answer(request, {"reasoning": "None.", "code": None})
        return fields_answer(request, {"reasoning": "Now.", "code": "SUBMIT(answer='done')"})

    server = loopback_lm(script)
    watched = run(request(server=server))
    assert watched.finished().status == "submitted"
    assert watched.all(PlanReady)[0].remark


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        (WRONG_KEY, "Incorrect API key"),
        (RATE_LIMITED.retry_in(0.0), "Rate limit"),
        (CutStream("[[ ## reasoning ## ]]\nI was about to say", after_deltas=8), ""),
        (CutStream("[[ ## reasoning ## ]]\nI was about to say", after_deltas=8, quiet=True), ""),
        (StreamError("[[ ## reasoning ## ]]\nI was about", "The model melted.", after_deltas=8), "melted"),
        (StatusFailure(500, "The server is on fire.", retry_after=0.0), "on fire"),
    ],
    ids=["401", "429", "cut", "cut-quietly", "error-event", "500"],
)
def test_a_provider_that_fails_ends_the_run_in_its_words(
    loopback_lm: StartLM, reply: Reply, words: str
) -> None:
    server = loopback_lm(always(reply))
    finished = run(request(server=server)).finished()
    assert finished.status == "failed"
    assert finished.error is not None
    assert finished.error.kind.startswith("LM")
    assert words in finished.error.message
    assert finished.error.hint


def test_a_provider_that_recovers_is_asked_again(loopback_lm: StartLM) -> None:
    server = loopback_lm(fail_first(1, SERVER_ERROR.retry_in(0.0), planner_script([SUBMIT])))
    assert run(request(server=server)).finished().status == "submitted"
    assert server.planner_calls == 2


def test_a_provider_that_is_away(loopback_lm: StartLM) -> None:
    server = loopback_lm(always(ClosedConnection()))
    asked = request(server=server)
    server.stop()
    finished = run(asked).finished(40)
    assert finished.status == "failed"
    assert finished.error is not None
    assert finished.error.kind.startswith("LM")


def test_a_failing_sub_lm_is_the_cells_error_and_a_batch_keeps_the_others(loopback_lm: StartLM) -> None:
    def answer(prompt: str) -> str | Reply:
        return WRONG_KEY if "bad" in prompt else "fine"

    one = ("One.", "llm_query('bad')")
    several = ("More.", "print(llm_query_batched(['good', 'bad', 'better']))")
    server = loopback_lm(planner_script([one, several, SUBMIT], sub_answer=answer))
    watched = run(request(server=server))
    assert watched.finished().status == "submitted"
    assert [cell.status for cell in watched.all(CellFinished)] == ["error", "ok", "submitted"]
    failed = [call for call in watched.all(CallFinished) if call.error is not None]
    assert len(failed) == 2
    batch = next(call for call in watched.all(CallStarted) if call.kind == "llm_query_batched")
    items = {call.index: call.span for call in watched.all(CallStarted) if call.batch == batch.span}
    assert items[1] in {call.span for call in failed}
    assert "Incorrect API key" in server.requests[-1].prompt


@pytest.mark.parametrize("code", ["llm_query('')", "llm_query_batched(['a', ''])", "llm_query(17)"])
def test_a_prompt_that_is_none_is_refused_before_anything_is_asked(loopback_lm: StartLM, code: str) -> None:
    server = loopback_lm(planner_script([("Ask.", code), SUBMIT]))
    watched = run(request(server=server))
    assert watched.all(CellFinished)[0].status == "error"
    assert server.sub_calls == 0


def test_the_limit_of_llm_calls_is_told_to_the_planner(loopback_lm: StartLM) -> None:
    code = "llm_query('a')\nllm_query_batched(['b', 'c'])"
    server = loopback_lm(planner_script([("Ask.", code), SUBMIT]))
    watched = run(request(server=server, budgets=Budgets(max_llm_calls=2)))
    assert watched.finished().status == "submitted"
    assert server.count(Kind.QUERY) == 1
    assert "LLM call limit exceeded" in server.requests[-1].prompt


def test_at_the_limit_of_iterations_the_outputs_are_extracted(loopback_lm: StartLM) -> None:
    cells = [("One.", "print('the answer is 42')"), ("Two.", "print('still 42')")]
    server = loopback_lm(planner_script(cells, extracted={"answer": "42"}))
    watched = run(request(server=server, budgets=Budgets(max_iterations=2)))
    finished = watched.finished()
    assert (finished.status, finished.outputs) == ("extracted", {"answer": "42"})
    assert server.extract_calls == 1
    assert len(watched.all(PlanStarted)) == 2
    assert any("2 iterations" in note.text for note in watched.all(Note))
    totals = finished.totals
    assert billed(totals) == server.billed
