"""The loopback provider, spoken to by a real `dspy.LM` over HTTP: answers, streams, usage and concurrency."""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import dspy
import pytest
from dspy.streaming import StatusMessage, StreamListener, StreamResponse
from hypothesis import given
from hypothesis import strategies as st

from tests.lm_server import (
    Answer,
    Kind,
    LMRequest,
    LoopbackLM,
    Reply,
    TokenUsage,
    always,
    count_tokens,
    fields_answer,
)
from tests.lm_server.answers import pieces
from tests.lm_server.client import TEST_KEY, connect
from tests.lm_server.fixtures import StartLM

REASONING = "The document has three parts, so I look at the first one before anything else."
CODE = "for line in document.splitlines()[:10]:\n    print(line)"


def planner_like(request: LMRequest) -> Reply:
    return fields_answer(request, {"reasoning": REASONING, "code": f"```python\n{CODE}\n```"})


def echo(request: LMRequest) -> Reply:
    return Answer(f"echo: {request.prompt}")


@pytest.mark.parametrize(
    ("model_type", "path"), [("chat", "/v1/chat/completions"), ("responses", "/v1/responses")]
)
def test_answers_both_dialects_and_records_the_request(
    loopback_lm: StartLM, model_type: str, path: str
) -> None:
    server = loopback_lm(echo)
    answer = connect(server, model_type=model_type)("How many modules?")[0]

    assert (answer if model_type == "chat" else answer["text"]) == "echo: How many modules?"
    [request] = server.requests
    assert request.path == path
    assert request.model == "test-model"
    assert request.key == TEST_KEY
    assert request.prompt == "How many modules?"
    assert request.kind is Kind.QUERY
    assert not request.stream


@pytest.mark.parametrize("model_type", ["chat", "responses"])
def test_usage_in_the_history_is_what_was_billed(loopback_lm: StartLM, model_type: str) -> None:
    server = loopback_lm(echo)
    lm = connect(server, model_type=model_type)
    lm("a question of thirty characters")
    lm("ü" * 9)

    billed = [(entry["usage"]["prompt_tokens"], entry["usage"]["completion_tokens"]) for entry in lm.entries]
    assert billed == [
        (
            count_tokens("a question of thirty characters"),
            count_tokens("echo: a question of thirty characters"),
        ),
        (3, 4),
    ]
    assert server.billed == TokenUsage(sum(prompt for prompt, _ in billed), sum(done for _, done in billed))


def test_a_model_with_a_known_price_costs_something(loopback_lm: StartLM) -> None:
    server = loopback_lm(echo)
    priced, unpriced = connect(server, "openai/gpt-4o-mini"), connect(server)
    priced("hello")
    unpriced("hello")
    assert priced.entries[0]["cost"] > 0
    assert unpriced.entries[0]["cost"] is None


def test_a_batch_from_many_threads_is_answered_side_by_side(loopback_lm: StartLM) -> None:
    server = loopback_lm(lambda request: Answer(f"echo: {request.prompt}", delay=0.2))
    lm = connect(server)
    prompts = [f"question {number}" for number in range(24)]
    started = time.monotonic()
    with ThreadPoolExecutor(max_workers=24) as pool:
        answers = list(pool.map(lambda prompt: lm(prompt)[0], prompts))
    seconds = time.monotonic() - started

    assert answers == [f"echo: {prompt}" for prompt in prompts]
    assert server.most_open > 12
    assert seconds < 24 * 0.2 / 2
    assert sorted(request.number for request in server.requests) == list(range(24))
    assert server.sub_calls == 24


async def streamed(predict: dspy.Predict, *fields: str, **inputs: str) -> tuple[list[StreamResponse], Any]:
    listeners = [StreamListener(name) for name in fields]
    deltas: list[StreamResponse] = []
    prediction = None
    async for item in dspy.streamify(predict, stream_listeners=listeners)(**inputs):
        if isinstance(item, StreamResponse):
            deltas.append(item)
        elif not isinstance(item, StatusMessage):
            prediction = item
    return deltas, prediction


@pytest.mark.parametrize("model_type", ["chat", "responses"])
async def test_fields_stream_in_many_deltas_with_usage_at_the_end(
    loopback_lm: StartLM, model_type: str
) -> None:
    server = loopback_lm(planner_like)
    lm = connect(server, model_type=model_type)
    with dspy.context(lm=lm):
        deltas, prediction = await streamed(
            dspy.Predict("question -> reasoning, code"), "reasoning", "code", question="What is in it?"
        )

    for name, whole in (("reasoning", REASONING), ("code", CODE)):
        pieces_of_field = [delta.chunk for delta in deltas if delta.signature_field_name == name]
        assert len(pieces_of_field) >= len(whole) / 8
        assert whole in "".join(pieces_of_field)
    assert prediction.reasoning == REASONING
    assert server.requests[0].stream
    usage = lm.entries[0]["usage"]
    assert TokenUsage(usage["prompt_tokens"], usage["completion_tokens"]) == server.billed
    assert usage["prompt_tokens"] == server.requests[0].prompt_tokens > 100


async def test_the_pace_of_a_stream_is_seen_by_its_reader(loopback_lm: StartLM) -> None:
    def slowly(request: LMRequest) -> Reply:
        return fields_answer(request, {"answer": "word " * 20}, delay=0.1, delta_seconds=0.01)

    server = loopback_lm(slowly)
    arrivals: list[float] = []
    started = time.monotonic()
    program = dspy.streamify(dspy.Predict("question -> answer"), stream_listeners=[StreamListener("answer")])
    with dspy.context(lm=connect(server)):
        async for item in program(question="?"):
            if isinstance(item, StreamResponse):
                arrivals += [time.monotonic() - started]
    assert arrivals[0] > 0.1
    assert arrivals[-1] - arrivals[0] > 0.1


def post(url: str, body: bytes) -> tuple[int, dict[str, Any]]:
    request = urllib.request.Request(url, data=body, headers={"content-type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=5) as response:
            return response.status, json.load(response)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.load(error)


def test_lists_its_models_and_refuses_what_it_does_not_know(loopback_lm: StartLM) -> None:
    server = loopback_lm(echo, models=("small", "large"))
    with urllib.request.urlopen(f"{server.api_base}/models", timeout=5) as response:
        assert [model["id"] for model in json.load(response)["data"]] == ["small", "large"]

    assert post(f"{server.url}/chat/completions", b"{}")[0] == 404
    no_messages, no_message = b'{"model": "m", "messages": []}', b'{"model": "m", "messages": ["hello"]}'
    for body in (b"not json", b"[]", b'{"messages": []}', no_messages, no_message, b"\xff"):
        status, answer = post(f"{server.api_base}/chat/completions", body)
        assert status == 400
        assert answer["error"]["message"].startswith("Could not read the request: ")
    assert server.requests == ()


def test_a_script_that_raises_fails_the_call_and_the_test() -> None:
    def broken(request: LMRequest) -> Reply:
        raise KeyError("nothing for this")

    def talk() -> None:
        with (
            LoopbackLM(broken) as server,
            pytest.raises(dspy.LMInvalidRequestError, match="nothing for this"),
        ):
            connect(server, num_retries=3)("hello")

    with pytest.raises(AssertionError, match="the script raised KeyError"):
        talk()


def test_stopping_cuts_a_slow_answer_short() -> None:
    server = LoopbackLM(always(Answer("late", delay=60))).start()
    with ThreadPoolExecutor(max_workers=1) as pool:
        waiting = pool.submit(connect(server), "hello")
        deadline = time.monotonic() + 5
        while not server.requests and time.monotonic() < deadline:
            time.sleep(0.01)
        started = time.monotonic()
        server.stop()
        with pytest.raises(dspy.LMTransportError):
            waiting.result(timeout=30)
    assert time.monotonic() - started < 30
    assert server.billed == TokenUsage()


@given(st.text(), st.integers(min_value=1, max_value=50))
def test_deltas_joined_are_the_text(text: str, size: int) -> None:
    deltas = pieces(text, size)
    assert "".join(deltas) == text
    assert all(0 < len(delta) <= size for delta in deltas)
    assert 0 <= count_tokens(text) * 4 - len(text) < 4
