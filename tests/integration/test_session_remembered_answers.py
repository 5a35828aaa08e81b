"""A run that remembers: what an earlier run asked the same model is neither asked nor paid again."""

from __future__ import annotations

import inspect
from pathlib import Path

import msgspec
import pytest

from rlm_tui.core.events import Budgets, CallFinished, CallStarted, Note
from rlm_tui.core.settings import DebuggerSettings
from rlm_tui.engine.session import RunRequest
from tests.integration.session_runs import KEY, READING, WatchedRun, billed, request, run
from tests.lm_server import Kind, LoopbackLM, StatusFailure, planner_script
from tests.lm_server.fixtures import StartLM

ASKING = """
one = llm_query('What is one?')
more = llm_query_batched(['What is two?', 'What is three?' + ' Long.' * 900])
SUBMIT(answer=' '.join([one, *more]))
"""


@pytest.fixture(autouse=True)
def home(tmp_path: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RLM_TUI_HOME", str(tmp_path))


def remembering(server: LoopbackLM | None, **more: object) -> RunRequest:
    asked = request(server=server, **more)  # type: ignore[arg-type]
    settings = msgspec.structs.replace(asked.settings, debugger=DebuggerSettings(remember_answers=True))
    return msgspec.structs.replace(asked, settings=settings)


def answers_of(watched: WatchedRun) -> list[CallFinished]:
    return [event for event in watched.all(CallFinished) if event.answer.length]


def test_a_second_run_asks_the_sub_lm_nothing_and_answers_the_same(loopback_lm: StartLM) -> None:
    answered = iter(range(100))
    server = loopback_lm(
        planner_script([("I ask.", ASKING)], lambda prompt: f"answer {next(answered)} to {prompt[:14]}"),
        key=KEY,
    )
    first = run(request(server=server), keep=True)
    assert server.count(Kind.QUERY) == 3
    assert first.finished().totals.llm_calls == 3
    # One call may be made: the budget must not be charged for what is remembered.
    second = run(remembering(server, budgets=Budgets(max_llm_calls=1)), keep=True)
    assert server.count(Kind.QUERY) == 3
    finished = second.finished()
    assert finished.status == "submitted"
    assert finished.outputs == first.finished().outputs
    assert finished.totals.llm_calls == 0
    assert finished.totals.cost_known == first.finished().totals.cost_known
    assert [(call.cached, call.origin) for call in answers_of(second)] == [(True, first.session.run_id)] * 3
    assert {call.usage.requests for call in answers_of(second) if call.usage} == {0}
    both = [billed(watched.finished().totals) for watched in (first, second)]
    assert both[0].prompt + both[1].prompt == server.billed.prompt
    third = run(remembering(server), keep=True)
    assert server.count(Kind.QUERY) == 3
    # What was remembered keeps the run that paid for it.
    assert {call.origin for call in answers_of(third)} == {first.session.run_id}
    assert not third.all(Note)


def test_without_the_setting_everything_is_asked(loopback_lm: StartLM) -> None:
    server = loopback_lm(planner_script([("I ask.", ASKING)]), key=KEY)
    for _ in range(2):
        watched = run(request(server=server), keep=True)
        assert not any(call.cached for call in watched.all(CallFinished))
    assert server.count(Kind.QUERY) == 6


def test_a_failed_item_is_asked_again_and_a_prompt_with_a_secret_always(loopback_lm: StartLM) -> None:
    cell = f"""
    answers = llm_query_batched(['What works?', 'What fails?', 'Is {KEY} the key?'])
    SUBMIT(answer=answers[0])
    """
    failures = {"What fails?"}

    def answer(prompt: str) -> str | StatusFailure:
        return StatusFailure(400, "no") if prompt in failures else "fine"

    server = loopback_lm(planner_script([("I ask.", inspect.cleandoc(cell))], answer), key=KEY)
    assert run(request(server=server), keep=True).finished().totals.failed_calls == 1
    failures.clear()
    before = server.count(Kind.QUERY)
    second = run(remembering(server), keep=True)
    assert server.count(Kind.QUERY) == before + 2
    assert second.finished().totals.llm_calls == 2
    assert [call.origin != "" for call in answers_of(second) if not call.error].count(True) == 1


def test_answers_of_the_offline_demo_are_remembered_for_it_alone(
    loopback_lm: StartLM, tmp_path: Path
) -> None:
    document, query = tmp_path / "notes.txt", "Who built the lighthouse?"
    document.write_text("The lighthouse was built in 1871 by Ada Varn.\n" * 40)
    offline = run(request(READING, document=document, query=query), keep=True)
    asked = [call for call in offline.all(CallStarted) if call.kind == "llm_query"]
    assert asked
    prompt = asked[0].prompt
    assert prompt.blob is None
    again = run(remembering(None, task=READING, document=document, query=query), keep=True)
    assert again.finished().outputs == offline.finished().outputs
    assert again.finished().totals.llm_calls == 0
    server = loopback_lm(planner_script([("I ask.", f"SUBMIT(answer=llm_query({prompt.text!r}))")]), key=KEY)
    assert run(remembering(server), keep=True).finished().totals.llm_calls == 1
    assert server.count(Kind.QUERY) == 1
