"""Models built from settings, spoken to over real HTTP: what is sent, metered and tried again."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from typing import Any

import dspy
import pytest
from dspy.streaming import StreamListener
from dspy.utils.callback import BaseCallback

from rlm_tui.core.events import Usage
from rlm_tui.core.settings import LMSettings, Secret, Settings
from rlm_tui.lm.models import Models, ModelSettingError, build_models
from rlm_tui.lm.retries import wait_before
from tests.lm_server import (
    RATE_LIMITED,
    SERVER_ERROR,
    WRONG_KEY,
    Answer,
    CutStream,
    LoopbackLM,
    Script,
    always,
    fail_first,
)
from tests.lm_server.fixtures import StartLM

KEY = "sk-test-loopback"
TURN = "[[ ## reasoning ## ]]\nI look\n\n[[ ## code ## ]]\nprint(1)\n\n[[ ## completed ## ]]"


class LastCall(BaseCallback):  # type: ignore[misc]
    def __init__(self) -> None:
        self.ids: list[str] = []

    def on_lm_start(self, call_id: str, instance: Any, inputs: dict[str, Any]) -> None:
        self.ids.append(call_id)


def models_for(server: LoopbackLM, **options: Any) -> Models:
    given: dict[str, Any] = {
        "model": "openai/test-model",
        "api_base": server.api_base,
        "api_key": Secret(KEY),
    }
    return build_models(Settings(lm=LMSettings(**{**given, **options})))


def test_key_base_and_limits_reach_the_provider(loopback_lm: StartLM) -> None:
    server = loopback_lm(always(Answer("fine")), key=KEY)
    models = models_for(server, max_tokens=77, temperature=0.25)
    assert models.planner("hello") == ["fine"]
    [request] = server.requests
    assert request.body["max_completion_tokens"] == 77
    assert request.body["temperature"] == 0.25
    assert (models.planner_name, models.sub_name, models.offline) == ("openai/test-model",) * 2 + (False,)
    assert models.sub is models.planner


def test_a_sub_model_has_its_own_address_and_key(loopback_lm: StartLM) -> None:
    first, second = (
        loopback_lm(always(Answer("one")), key=KEY),
        loopback_lm(always(Answer("two")), key="sk-other-one"),
    )
    models = build_models(
        Settings(
            lm=LMSettings(model="openai/test-model", api_base=first.api_base, api_key=Secret(KEY)),
            sub_lm=LMSettings(
                model="hosted_vllm/test-model", api_base=second.api_base, api_key=Secret("sk-other-one")
            ),
        )
    )
    assert models.planner("hello") == ["one"]
    assert models.sub("hello") == ["two"]
    assert (len(first.requests), len(second.requests)) == (1, 1)


def test_what_is_metered_is_what_the_server_billed_and_a_price_is_not_made_up(loopback_lm: StartLM) -> None:
    server = loopback_lm(always(Answer("a fine answer")))
    models, calls = models_for(server), LastCall()
    with dspy.context(callbacks=[calls]):
        models.sub("hello there")
    assert models.meter.take(calls.ids[0]) == Usage(server.billed.prompt, server.billed.completion, None)


@pytest.mark.parametrize("failure", [RATE_LIMITED.retry_in(0), SERVER_ERROR.retry_in(0)], ids=["429", "500"])
def test_a_passing_failure_is_tried_again_and_told(loopback_lm: StartLM, failure: Any) -> None:
    server = loopback_lm(fail_first(2, failure, always(Answer("fine"))))
    models = models_for(server)
    told: list[str] = []
    models.retries.on_retry = told.append
    assert models.planner("hello") == ["fine"]
    assert len(server.requests) == 3
    assert [remark.rsplit("(", 1)[1] for remark in told] == ["1 of 2).", "2 of 2)."]


def test_a_lasting_failure_ends_after_the_tries_that_are_set(loopback_lm: StartLM) -> None:
    server = loopback_lm(always(SERVER_ERROR.retry_in(0)))
    with pytest.raises(dspy.LMServerError):
        models_for(server, retries=1).planner("hello")
    assert len(server.requests) == 2


def test_a_wrong_key_is_not_tried_again(loopback_lm: StartLM) -> None:
    server = loopback_lm(always(WRONG_KEY))
    with pytest.raises(dspy.LMAuthError):
        models_for(server).planner("hello")
    assert len(server.requests) == 1


def test_a_long_wait_is_cut_short_by_a_stop(loopback_lm: StartLM) -> None:
    server = loopback_lm(always(RATE_LIMITED.retry_in(3_600)))
    models = models_for(server)
    threading.Timer(0.3, models.stop).start()
    began = time.monotonic()
    with pytest.raises(dspy.LMRateLimitError):
        models.planner("hello")
    assert time.monotonic() - began < 5
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("asked", "attempt", "seconds"),
    [
        (None, 0, 1), (None, 2, 4), (None, 9, 20), (0, 0, 0), (0.5, 3, 0.5), (3_600, 0, 20), (-1, 0, 1),
        (float("nan"), 1, 2),
    ],
)  # fmt: skip
def test_waits_are_what_the_provider_asks_within_reason(
    asked: float | None, attempt: int, seconds: float
) -> None:
    assert wait_before(dspy.LMRateLimitError("slow down", retry_after=asked), attempt) == seconds


async def _stream(models: Models) -> tuple[str, Any]:
    program = dspy.streamify(
        dspy.Predict("question -> reasoning, code"),
        stream_listeners=[StreamListener("reasoning"), StreamListener("code")],
    )
    seen, end = "", None
    try:
        with dspy.context(lm=models.planner):
            async for item in program(question="?"):
                if isinstance(item, dspy.Prediction):
                    end = item
                else:
                    seen += item.chunk
    except Exception as error:
        end = error
        while isinstance(end, BaseExceptionGroup):
            end = end.exceptions[0]
    return seen, end


async def test_a_stream_that_was_refused_is_tried_again(loopback_lm: StartLM) -> None:
    server = loopback_lm(fail_first(1, RATE_LIMITED.retry_in(0), always(Answer(TURN))))
    seen, end = await _stream(models_for(server))
    assert "I look" in seen
    assert end.code == "print(1)"
    assert [request.stream for request in server.requests] == [True, True]


async def test_a_stream_of_which_something_was_shown_is_not(loopback_lm: StartLM) -> None:
    server = loopback_lm(always(CutStream(TURN, after_deltas=14)))
    seen, end = await _stream(models_for(server))
    assert seen.startswith("I look")
    assert isinstance(end, dspy.LMTransportError)
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"model": "openai/"}, "DSPY_LM_MODEL"),
        ({"model": "openai/gpt-5", "max_tokens": 100}, "DSPY_LM_MAX_TOKENS"),
    ],
)
def test_settings_that_cannot_work_are_refused_at_once(options: dict[str, Any], words: str) -> None:
    with pytest.raises(ModelSettingError) as caught:
        build_models(Settings(lm=LMSettings(**options)))
    assert words in caught.value.hint


def test_a_gateway_in_the_environment_does_not_slow_an_address_that_is_set(
    loopback_lm: StartLM, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_BASE", "http://127.0.0.1:9/v1")
    server = loopback_lm(always(Answer("fine")))
    models = models_for(server)
    assert models.planner.engine == "lm15"
    assert models.planner("hello") == ["fine"]


@pytest.mark.slow
def test_nothing_is_fetched_or_printed_by_the_libraries(loopback_lm: StartLM) -> None:
    script: Script = fail_first(1, RATE_LIMITED.retry_in(0), always(Answer("fine")))
    server = loopback_lm(script)
    code = (
        "from rlm_tui.core.settings import LMSettings, Secret, Settings\n"
        "from rlm_tui.lm.models import build_models\n"
        f"lm = LMSettings(model='openai/test-model', api_base={server.api_base!r}, api_key=Secret('{KEY}'))\n"
        "print(build_models(Settings(lm=lm)).planner('hello'))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.stdout, done.stderr, done.returncode) == ("['fine']\n", "", 0)
