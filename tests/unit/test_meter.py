"""Usage per call: each call's own, from whatever thread, and unknown where nobody said."""

from __future__ import annotations

import copy
import threading
from pathlib import Path
from typing import Any

import dspy
import pytest
from dspy import lm15
from dspy.clients.cache import Cache
from dspy.utils.callback import BaseCallback
from hypothesis import given, settings
from hypothesis import strategies as st

from rlm_tui.core.events import Usage
from rlm_tui.core.settings import Settings
from rlm_tui.lm.meter import Meter, MeteredLM, add_usage, usage_of
from rlm_tui.lm.models import build_models

_USAGES = st.builds(
    Usage,
    prompt_tokens=st.none() | st.integers(0, 10**9),
    completion_tokens=st.none() | st.integers(0, 10**9),
    cost_usd=st.none() | st.integers(0, 1_000).map(float),
    requests=st.integers(0, 5),
)


class CallIds(BaseCallback):  # type: ignore[misc]
    """The id of each call, by its prompt."""

    def __init__(self) -> None:
        self.of: dict[str, str] = {}

    def on_lm_start(self, call_id: str, instance: Any, inputs: dict[str, Any]) -> None:
        self.of[inputs["prompt"]] = call_id


class Echo:
    """An engine that answers with its prompt and bills a token a character; it fails when told to."""

    def complete(self, request: lm15.Request) -> lm15.Response:
        text = request.messages[-1].text or ""
        if text == "fail":
            raise lm15.RateLimitError("slow down")
        return lm15.Response(
            id=None,
            model=request.model,
            message=lm15.Message.assistant([lm15.TextPart(text)]),
            finish_reason="stop",
            usage=lm15.Usage(input_tokens=len(text), output_tokens=1, total_tokens=len(text) + 1),
        )

    def close(self) -> None:
        pass


def metered(**options: Any) -> tuple[MeteredLM, CallIds]:
    ids = CallIds()
    return MeteredLM("echo/one", meter=Meter(), engine=Echo(), callbacks=[ids], **options), ids


def test_forty_calls_at_once_are_each_metered_as_their_own() -> None:
    lm, ids = metered(cache=False)
    prompts = ["x" * length for length in range(1, 41)]
    threads = [threading.Thread(target=lm, args=(prompt,)) for prompt in prompts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [lm.meter.take(ids.of[prompt]) for prompt in prompts] == [
        Usage(prompt_tokens=len(prompt), completion_tokens=1) for prompt in prompts
    ]


def test_an_entry_is_taken_once_and_a_failure_leaves_none() -> None:
    lm, ids = metered(cache=False, price=0.0)
    lm("hello")
    assert lm.meter.take(ids.of["hello"]) == Usage(prompt_tokens=5, completion_tokens=1, cost_usd=0.0)
    assert lm.meter.take(ids.of["hello"]) is None
    with pytest.raises(dspy.LMRateLimitError):
        lm("fail")
    assert lm.meter.take(ids.of["fail"]) is None


def test_an_answer_from_the_cache_used_nothing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DSPY_CACHEDIR", str(tmp_path / "default"))  # dspy makes its own at the first look
    cache = Cache(enable_disk_cache=True, enable_memory_cache=True, disk_cache_dir=str(tmp_path))
    monkeypatch.setattr(dspy, "cache", cache, raising=False)
    lm, ids = metered(cache=True, price=1.0)
    prompt = "cached once, read twice"
    lm(prompt)
    first = lm.meter.take(ids.of[prompt])
    lm(prompt)
    assert first == Usage(prompt_tokens=len(prompt), completion_tokens=1, cost_usd=1.0)
    assert lm.meter.take(ids.of[prompt]) == Usage(0, 0, 0.0, requests=0)


def test_copies_of_an_lm_are_metered_too_and_no_prompt_is_kept() -> None:
    lm, ids = metered(cache=False)
    for copied in (lm.copy(temperature=1.0), copy.deepcopy(lm)):
        copied.callbacks = lm.callbacks
        copied("hello")
        assert lm.meter.take(ids.of["hello"]) == Usage(prompt_tokens=5, completion_tokens=1)
    assert lm.history == []


def test_the_offline_demo_costs_nothing_and_says_what_it_used() -> None:
    models, ids = build_models(Settings()), CallIds()
    with dspy.context(callbacks=[ids]):
        models.sub("What is the answer?")
    usage = models.meter.take(ids.of["What is the answer?"])
    assert usage is not None
    assert usage.cost_usd == 0.0
    assert (usage.prompt_tokens or 0) > 0
    assert (usage.completion_tokens or 0) > 0


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        ({"usage": {"prompt_tokens": 3, "completion_tokens": 4}, "cost": 0.5}, Usage(3, 4, 0.5)),
        ({"usage": {"input_tokens": 3, "output_tokens": 4}, "cost": None}, Usage(3, 4, None)),
        ({"usage": {}, "cost": None}, Usage(None, None, None)),
        ({"usage": None}, Usage(None, None, None)),
    ],
)
def test_what_nobody_said_is_unknown_and_not_zero(entry: dict[str, Any], expected: Usage) -> None:
    assert usage_of(entry) == expected


@settings(deadline=None)
@given(_USAGES, _USAGES)
def test_sums_commute_and_keep_the_unknown(first: Usage, second: Usage) -> None:
    both = add_usage(first, second)
    assert both == add_usage(second, first)
    assert both.requests == first.requests + second.requests
    assert (both.prompt_tokens is None) == (first.prompt_tokens is None or second.prompt_tokens is None)
    assert (both.cost_usd is None) == (first.cost_usd is None or second.cost_usd is None)
