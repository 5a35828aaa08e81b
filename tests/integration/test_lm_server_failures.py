"""Each way a provider fails, and the exception a real `dspy.LM` makes of it."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import dspy
import pytest
from dspy.streaming import StreamListener

from tests.lm_server import (
    EMPTY,
    NONSENSE,
    RATE_LIMITED,
    SERVER_ERROR,
    WRONG_KEY,
    Answer,
    ClosedConnection,
    CutStream,
    Failure,
    LoopbackLM,
    StatusFailure,
    StreamError,
    TokenUsage,
    always,
    fail_first,
    in_turn,
)
from tests.lm_server.client import connect
from tests.lm_server.fixtures import StartLM

TURN = (
    "[[ ## reasoning ## ]]\nI look at the first part\n\n[[ ## code ## ]]\nprint(1)\n\n[[ ## completed ## ]]"
)
NO_MODEL = StatusFailure(404, "The model `test-model` does not exist", code="model_not_found")
TOO_LONG = StatusFailure(400, "This model's maximum context length is 8192", code="context_length_exceeded")
NO_MONEY = StatusFailure(429, "You exceeded your current quota", code="insufficient_quota")
GATEWAY = StatusFailure(503, "", body="<html>Bad gateway</html>")


async def stream_a_turn(lm: dspy.LM) -> tuple[list[Any], Any]:
    """What a listener got before the end, and the prediction or the error it ended with."""
    listeners = [StreamListener("reasoning"), StreamListener("code")]
    program = dspy.streamify(dspy.Predict("question -> reasoning, code"), stream_listeners=listeners)
    deltas: list[Any] = []
    end: Any = None
    try:
        with dspy.context(lm=lm):
            async for item in program(question="?"):
                if isinstance(item, dspy.Prediction):
                    end = item
                else:
                    deltas.append(item)
    except Exception as error:
        end = error
        while isinstance(end, BaseExceptionGroup):
            end = end.exceptions[0]
    return deltas, end


def wait_for_disconnect(server: LoopbackLM) -> bool:
    deadline = time.monotonic() + 5
    while not server.disconnects and time.monotonic() < deadline:
        time.sleep(0.02)
    return server.disconnects == 1


@pytest.mark.parametrize("streaming", [False, True], ids=["whole", "streamed"])
@pytest.mark.parametrize(
    ("failure", "error", "words", "status"),
    [
        (WRONG_KEY, dspy.LMAuthError, "Incorrect API key provided", 401),
        (RATE_LIMITED, dspy.LMRateLimitError, "Rate limit reached", 429),
        (NO_MONEY, dspy.LMBillingError, "exceeded your current quota", 429),
        (SERVER_ERROR, dspy.LMServerError, "had an error while processing", 500),
        (GATEWAY, dspy.LMServerError, "<html>Bad gateway</html>", 503),
        (NO_MODEL, dspy.LMUnsupportedModelError, "does not exist", 404),
        (TOO_LONG, dspy.ContextWindowExceededError, "maximum context length", 400),
        (ClosedConnection(), dspy.LMTransportError, "closed connection before sending response", None),
    ],
    ids=["401", "429", "quota", "500", "503-html", "no-model", "too-long", "closed"],
)
async def test_a_refusal_is_an_error_of_its_own_kind(
    loopback_lm: StartLM,
    failure: Failure,
    error: type[Exception],
    words: str,
    status: int | None,
    streaming: bool,
) -> None:
    server = loopback_lm(always(failure))
    lm = connect(server)
    if streaming:
        deltas, raised = await stream_a_turn(lm)
        assert deltas == []
    else:
        with pytest.raises(error) as caught:
            lm("hello")
        raised = caught.value
    assert type(raised) is error
    assert words in str(raised)
    assert getattr(raised, "status", None) == status
    assert len(server.requests) == 1
    assert server.billed == TokenUsage()
    assert lm.entries == []


@pytest.mark.parametrize("failure", [RATE_LIMITED.retry_in(0), SERVER_ERROR.retry_in(0)], ids=["429", "500"])
def test_two_failures_are_retried_at_once_when_the_server_says_so(
    loopback_lm: StartLM, failure: StatusFailure
) -> None:
    server = loopback_lm(fail_first(2, failure, always(Answer("fine"))))
    lm = connect(server, num_retries=3)
    started = time.monotonic()
    assert lm("hello") == ["fine"]
    assert time.monotonic() - started < 2.5, "dspy would wait 3 seconds by itself"
    assert len(server.requests) == 3
    assert len(lm.entries) == 1


def test_retry_after_is_waited_for_and_told(loopback_lm: StartLM) -> None:
    server = loopback_lm(always(RATE_LIMITED.retry_in(0.2)))
    with pytest.raises(dspy.LMRateLimitError) as caught:
        connect(server, num_retries=1)("hello")
    assert caught.value.retry_after == 0.2
    first, second = server.requests
    assert second.at - first.at >= 0.2


def test_without_retry_after_the_first_retry_waits_a_second(loopback_lm: StartLM) -> None:
    server = loopback_lm(in_turn([RATE_LIMITED], always(Answer("fine"))))
    assert connect(server, num_retries=3)("hello") == ["fine"]
    first, second = server.requests
    assert 0.9 < second.at - first.at < 2


def test_a_wrong_key_is_refused_and_never_retried_or_repeated(loopback_lm: StartLM) -> None:
    server = loopback_lm(always(Answer("fine")), key="sk-the-right-one")
    with pytest.raises(dspy.LMAuthError) as caught:
        connect(server, api_key="sk-a-wrong-one", num_retries=3)("hello")
    assert "sk-a-wrong-one" not in str(caught.value)
    assert len(server.requests) == 1
    assert connect(server, api_key="sk-the-right-one")("hello") == ["fine"]


@pytest.mark.parametrize(
    ("failure", "error", "words"),
    [
        (CutStream(TURN, after_deltas=14), dspy.LMTransportError, "closed mid-chunk"),
        (
            CutStream(TURN, after_deltas=14, quiet=True),
            dspy.LMStreamAssemblyError,
            "without a completion event",
        ),
        (StreamError(TURN, "Overloaded", after_deltas=14), dspy.LMServerError, "Overloaded"),
    ],
    ids=["cut", "quiet-cut", "error-event"],
)
async def test_a_stream_that_breaks_in_the_middle_keeps_what_came_and_is_not_retried(
    loopback_lm: StartLM, failure: Failure, error: type[Exception], words: str
) -> None:
    server = loopback_lm(always(failure))
    deltas, raised = await stream_a_turn(connect(server, num_retries=3))
    assert type(raised) is error
    assert words in str(raised)
    assert "".join(delta.chunk for delta in deltas).startswith("I look at")
    assert len(server.requests) == 1


def test_half_a_body_is_a_transport_error(loopback_lm: StartLM) -> None:
    server = loopback_lm(always(CutStream("a longer answer that is cut in two")))
    with pytest.raises(dspy.LMTransportError, match="body bytes outstanding"):
        connect(server)("hello")


@pytest.mark.parametrize("reply", [NONSENSE, EMPTY], ids=["nonsense", "empty"])
async def test_an_answer_without_markers_costs_a_second_call_unless_it_streamed(
    loopback_lm: StartLM, reply: Answer
) -> None:
    server = loopback_lm(always(reply))
    lm = connect(server)
    with dspy.context(lm=lm), pytest.raises(dspy.AdapterParseError):
        dspy.Predict("question -> reasoning, code")(question="?")
    assert [request.wants_json for request in server.requests] == [False, True]
    assert len(lm.entries) == 2

    deltas, raised = await stream_a_turn(lm)
    assert isinstance(raised, dspy.AdapterParseError)
    assert deltas == []
    assert [request.stream for request in server.requests[2:]] == [True]


def test_an_empty_answer_to_a_sub_query_is_an_empty_text(loopback_lm: StartLM) -> None:
    server = loopback_lm(always(EMPTY))
    lm = connect(server)
    assert lm("hello") == [""]
    assert lm.entries[0]["usage"]["completion_tokens"] == 0


def test_a_slow_answer_runs_into_the_timeout_and_the_server_sees_the_client_leave(
    loopback_lm: StartLM,
) -> None:
    server = loopback_lm(always(Answer("late " * 100_000, delay=0.6)))
    with pytest.raises(dspy.LMTransportError, match="read timed out"):
        connect(server, timeout=0.2)("hello")
    assert wait_for_disconnect(server)


def test_a_provider_that_is_away_is_a_transport_error(loopback_lm: StartLM) -> None:
    server = loopback_lm(always(Answer("fine")))
    lm = connect(server)
    assert lm("hello") == ["fine"]
    server.stop()
    with pytest.raises(dspy.LMTransportError, match="failed to connect"):
        lm("hello")


async def test_a_cancelled_reader_frees_the_server(loopback_lm: StartLM) -> None:
    server = loopback_lm(always(Answer(TURN * 50, delta_seconds=0.01)))
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(stream_a_turn(connect(server)), timeout=0.4)
    assert await asyncio.to_thread(wait_for_disconnect, server)
    assert server.billed == TokenUsage()
