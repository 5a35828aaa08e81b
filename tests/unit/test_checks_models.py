"""What the doctor says of language models: over real HTTP, asked once, in the provider's own words."""

from __future__ import annotations

import socket

import pytest

from rlm_tui.core.settings import LMSettings, Secret, Settings
from rlm_tui.engine.checks.planner import QUESTION, look_at_address, look_at_model
from tests.lm_server import EMPTY, RATE_LIMITED, Answer, always
from tests.lm_server.fixtures import StartLM

KEY = "loopback-key-4711-not-a-real-one"


def lm(base: str | None, key: str = KEY, model: str = "openai/test-model") -> LMSettings:
    return LMSettings(model=model, api_base=base, api_key=Secret(key), cache=True, retries=2)


def closed_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return int(listening.getsockname()[1])


def test_without_a_model_the_offline_demo_answers_and_says_how_to_set_one() -> None:
    found = look_at_model(Settings(), "planner")
    assert found.outcome == "ok"
    assert "the offline demo answers" in found.words
    assert "`DSPY_LM_MODEL`" in found.mend


def test_a_model_that_answers_is_asked_once_each_time(loopback_lm: StartLM) -> None:
    server = loopback_lm(always(Answer("ready")), key=KEY)
    for count in (1, 2):
        found = look_at_model(Settings(lm=lm(server.api_base)), "planner")
        assert (found.outcome, found.words) == ("ok", "openai/test-model answers: ready")
        assert len(server.requests) == count, "not from a cache"
    assert QUESTION in server.requests[0].prompt


def test_the_sub_lm_is_asked_by_itself(loopback_lm: StartLM) -> None:
    planner, sub = loopback_lm(always(Answer("I plan"))), loopback_lm(always(Answer("I answer")))
    settings = Settings(lm=lm(planner.api_base), sub_lm=lm(sub.api_base, model="openai/small"))
    assert look_at_model(settings, "sub-LM").words == "openai/small answers: I answer"
    assert (len(planner.requests), len(sub.requests)) == (0, 1)


def test_a_refused_key_is_told_as_runs_tell_it(loopback_lm: StartLM) -> None:
    server = loopback_lm(always(Answer("ready")), key="another-key-than-that")
    found = look_at_model(Settings(lm=lm(server.api_base)), "planner")
    assert found.outcome == "failing"
    assert "(HTTP 401)" in found.words
    assert "DSPY_LLM_API_KEY" in found.mend


def test_a_failure_is_not_tried_again(loopback_lm: StartLM) -> None:
    server = loopback_lm(always(RATE_LIMITED))
    assert look_at_model(Settings(lm=lm(server.api_base)), "planner").outcome == "failing"
    assert len(server.requests) == 1


def test_an_empty_answer_is_no_answer(loopback_lm: StartLM) -> None:
    server = loopback_lm(always(EMPTY))
    assert look_at_model(Settings(lm=lm(server.api_base)), "planner").outcome == "failing"


@pytest.mark.slow
def test_a_model_that_no_provider_has_is_told() -> None:
    found = look_at_model(Settings(lm=lm(None, model="nonsense")), "planner")
    assert found.outcome == "failing"
    assert found.mend


def test_an_address_that_answers_or_wants_a_key_is_well(loopback_lm: StartLM) -> None:
    server = loopback_lm(always(Answer("ready")), key=KEY)
    found = look_at_address(lm(server.api_base, key="wrong-key-for-it"), "planner")
    assert found.outcome == "ok"
    assert found.words.startswith(f"{server.url} answers in ")
    assert len(server.requests) == 0, "no model was asked"
    assert look_at_address(lm(None), "planner").words == "the provider's own address"


def test_an_address_where_nobody_is() -> None:
    port = closed_port()
    found = look_at_address(lm(f"http://127.0.0.1:{port}/v1"), "sub-LM")
    assert found.outcome == "failing"
    assert found.words == f"nothing answers at http://127.0.0.1:{port}: Connection refused"
    assert "DSPY_SUB_LM_API_BASE" in found.mend


@pytest.mark.parametrize(
    "base",
    ["127.0.0.1:8000/v1", "file:///etc/passwd", "http://", "http://127.0.0.1:port/v1", "http://[::1/v1"],
)
def test_what_is_no_address_is_said_before_anybody_is_asked(base: str) -> None:
    found = look_at_address(lm(base), "planner")
    assert found.outcome == "failing"
    assert "DSPY_LM_API_BASE" in found.words
    assert "http://127.0.0.1:8000/v1" in found.mend


def test_a_password_in_an_address_is_neither_sent_nor_told(loopback_lm: StartLM) -> None:
    server = loopback_lm(always(Answer("ready")))
    base = server.api_base.replace("http://", "http://somebody:planted-4711@")
    found = look_at_address(lm(base), "planner")
    assert found.outcome == "ok"
    assert "planted" not in found.words
