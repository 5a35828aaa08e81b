"""An error of a model, as a person is told of it: the provider's words, and what to do. Over real HTTP."""

from __future__ import annotations

from typing import Any

import dspy
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rlm_tui.core.events import ErrorDetail
from rlm_tui.lm.failures import explain
from tests.lm_server import (
    EMPTY,
    NONSENSE,
    RATE_LIMITED,
    SERVER_ERROR,
    WRONG_KEY,
    Answer,
    ClosedConnection,
    CutStream,
    Reply,
    StatusFailure,
    always,
)
from tests.lm_server.client import connect
from tests.lm_server.fixtures import StartLM

NO_MODEL = StatusFailure(404, "The model `test-model` does not exist", code="model_not_found")
NO_MONEY = StatusFailure(429, "You exceeded your current quota", code="insufficient_quota")
TOO_LONG = StatusFailure(400, "This model's maximum context length is 8192", code="context_length_exceeded")


def failure(ask: Any, *arguments: Any, **options: Any) -> ErrorDetail:
    with pytest.raises(Exception) as caught:  # noqa: PT011 - which error it is, is what is looked at
        ask(*arguments, **options)
    return explain(caught.value)


@pytest.mark.parametrize(
    ("reply", "kind", "words", "hint"),
    [
        (WRONG_KEY, "LMAuth", "Incorrect API key provided. (HTTP 401)", "DSPY_LLM_API_KEY"),
        (NO_MONEY, "LMBilling", "You exceeded your current quota (HTTP 429)", "credit"),
        (RATE_LIMITED, "LMRateLimit", "Rate limit reached for requests. (HTTP 429)", "fewer queries"),
        (RATE_LIMITED.retry_in(90), "LMRateLimit", "Rate limit reached", "asks to wait 90 s"),
        (TOO_LONG, "LMContextWindow", "maximum context length is 8192", "shorter prompts"),
        (NO_MODEL, "LMUnknownModel", "The model `test-model` does not exist (HTTP 404)", "DSPY_LM_MODEL"),
        (StatusFailure(400, "bad"), "LMInvalidRequest", "bad (HTTP 400)", "DSPY_LM_MAX_TOKENS"),
        (StatusFailure(408, "too slow"), "LMTimeout", "too slow", "quicker model"),
        (SERVER_ERROR, "LMUnavailable", "had an error while processing", "provider's side"),
        (
            StatusFailure(503, "", body="<html>Bad gateway</html>"),
            "LMUnavailable",
            "Bad gateway",
            "provider's",
        ),
        (ClosedConnection(), "LMUnavailable", "closed connection before", "DSPY_LM_API_BASE"),
        (
            CutStream("an answer that is cut in the middle"),
            "LMUnavailable",
            "outstanding",
            "connection broke",
        ),
        (StatusFailure(200, "", body="<html>hello"), "LMBadAnswer", "is not JSON", "DSPY_LM_API_BASE"),
    ],
)
def test_a_refusal_is_told_in_the_providers_words(
    loopback_lm: StartLM, reply: Reply, kind: str, words: str, hint: str
) -> None:
    detail = failure(connect(loopback_lm(always(reply))), "hello")
    assert detail.kind == kind
    assert words in detail.message
    assert hint in detail.hint
    assert "openai/test-model" in detail.message
    assert "\n" not in detail.message
    assert not any(term in detail.message + detail.hint for term in ("RouterConfig", "lm15", "To fix"))


@pytest.mark.parametrize(("reply", "words"), [(NONSENSE, "Certainly!"), (EMPTY, "was empty")])
def test_an_answer_in_the_wrong_form_is_told(loopback_lm: StartLM, reply: Answer, words: str) -> None:
    with dspy.context(lm=connect(loopback_lm(always(reply)))):
        detail = failure(dspy.Predict("question -> answer"), question="?")
    assert detail.kind == "LMBadAnswer"
    assert words in detail.message
    assert "answer" in detail.message
    assert len(detail.message) < 400


def test_a_provider_that_is_away_and_a_wrong_address(loopback_lm: StartLM) -> None:
    server = loopback_lm(always(Answer("fine")))
    wrong = failure(connect(server, api_base=server.api_base.removesuffix("/v1")), "hello")
    assert wrong.kind == "LMAddress"
    assert "ends in /v1" in wrong.hint
    lm = connect(server)
    server.stop()
    away = failure(lm, "hello")
    assert away.kind == "LMUnavailable"
    assert "failed to connect to 127.0.0.1" in away.message
    assert "DSPY_LM_API_BASE" in away.hint
    nonsense = failure(connect(server, api_base="not an address"), "hello")
    assert nonsense.kind == "LMAddress"
    assert "http://127.0.0.1:8000/v1" in nonsense.hint


def test_a_slow_provider(loopback_lm: StartLM) -> None:
    server = loopback_lm(always(Answer("late", delay=1.0)))
    detail = failure(connect(server, timeout=0.2), "hello")
    assert detail.kind == "LMTimeout"
    assert "timed out" in detail.message


def test_no_key_at_all() -> None:
    detail = failure(dspy.LM("openai/test-model", cache=False, num_retries=0), "hello")
    assert detail.kind == "LMAuth"
    assert "No API key is set" in detail.message
    assert "DSPY_LLM_API_KEY" in detail.hint


def test_settings_that_a_model_refuses() -> None:
    detail = failure(dspy.LM, "openai/gpt-5", max_tokens=100)
    assert detail.kind == "LMConfiguration"
    assert "max_tokens" in detail.message
    assert "DSPY_LM_MAX_TOKENS" in detail.hint


def test_a_key_in_the_providers_words_is_taken_out(loopback_lm: StartLM) -> None:
    reply = StatusFailure(401, "Incorrect API key provided: sk-proj-abcdefghijklmnopqrstuvwxyz0123", code="x")
    detail = failure(connect(loopback_lm(always(reply))), "hello")
    assert "sk-proj" not in detail.message
    assert "[redacted]" in detail.message


def test_an_error_within_a_group_is_the_one_that_is_told() -> None:
    inner = dspy.LMServerError("Overloaded", model="openai/m", status=529)
    detail = explain(ExceptionGroup("unhandled", [ExceptionGroup("stream", [inner])]))
    assert (detail.kind, detail.message) == ("LMUnavailable", "openai/m: Overloaded (HTTP 529)")


@settings(deadline=None)
@given(st.text(), st.sampled_from([ValueError, KeyError, dspy.LMError, dspy.LMTransportError, OSError]))
def test_any_error_is_explained_on_one_line(words: str, kind: type[Exception]) -> None:
    detail = explain(kind(words))
    assert detail.kind
    assert detail.message
    assert "\n" not in detail.message
    assert "\x1b" not in detail.message
