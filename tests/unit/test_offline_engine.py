"""The offline demo as an engine of dspy: what it streams, what it bills, how it is paced."""

from __future__ import annotations

import time
from typing import Any

import dspy
from dspy import lm15
from dspy.streaming import StreamListener

from rlm_tui.core.settings import Settings
from rlm_tui.lm.models import OFFLINE_NAME, build_models
from rlm_tui.lm.offline import OfflineEngine, answer_prompt
from tests.unit.test_offline_prompt import prompt_for

QUESTION = "What are the first 12 Fibonacci numbers?"


def planner_request() -> lm15.Request:
    system, prompt = prompt_for("question -> answer", {"question": QUESTION}, [], "1/20")
    return lm15.Request(model="offline/demo", messages=(lm15.Message.user(prompt),), system=system)


def test_a_planner_turn_streams_in_many_small_deltas() -> None:
    engine = OfflineEngine()
    events = list(engine.stream(planner_request()))
    deltas = [
        event.delta.text for event in events if isinstance(getattr(event, "delta", None), lm15.TextDelta)
    ]
    assert len(deltas) > 30
    assert max(map(len, deltas)) < 40
    assert "".join(deltas) == engine.complete(planner_request()).text
    assert events[-1].type == "end"


async def test_both_fields_reach_dspys_listeners_piece_by_piece() -> None:
    program = dspy.RLM("question -> answer", max_iters=3).generate_action
    stream = dspy.streamify(program, stream_listeners=[StreamListener("reasoning"), StreamListener("code")])
    pieces: dict[str, list[str]] = {"reasoning": [], "code": []}
    with dspy.context(lm=build_models(Settings()).planner):
        async for item in stream(variables_info=_described(), repl_history=_no_history(), iteration="1/3"):
            if isinstance(item, dspy.Prediction):
                final = item
            else:
                pieces[item.signature_field_name].append(item.chunk)
    assert len(pieces["reasoning"]) > 5
    assert len(pieces["code"]) > 5
    assert "".join(pieces["reasoning"]).strip() == final.reasoning
    assert "print(question)" in "".join(pieces["code"])


def test_usage_is_counted_and_costs_nothing() -> None:
    request = planner_request()
    response = OfflineEngine().complete(request)
    asked = len(str(request.system)) + sum(len(message.text or "") for message in request.messages)
    assert response.usage.input_tokens == asked // 4
    assert response.usage.output_tokens == len(response.text or "") // 4
    assert response.usage.total_tokens == response.usage.input_tokens + response.usage.output_tokens


def test_a_paced_turn_takes_its_time_and_an_unpaced_one_does_not() -> None:
    def seconds(engine: OfflineEngine) -> float:
        began = time.monotonic()
        list(engine.stream(planner_request()))
        return time.monotonic() - began

    paced, unpaced = seconds(OfflineEngine(0.01)), seconds(OfflineEngine())
    assert paced > max(unpaced, 0.3)


def test_a_planner_asked_for_json_answers_in_json() -> None:
    system, prompt = prompt_for("question -> answer", {"question": QUESTION}, [], "1/20")
    answer = answer_prompt(f"{system}\nOutputs will be a JSON object with the following fields.", prompt)
    assert answer.startswith("{")
    assert '"code"' in answer


def test_the_demo_is_named_everywhere() -> None:
    models = build_models(Settings())
    assert models.offline
    assert (models.planner_name, models.sub_name) == (OFFLINE_NAME, OFFLINE_NAME) == ("offline demo",) * 2
    assert models.planner.model == "offline/demo"


def _described() -> list[str]:
    from dspy.primitives.repl_types import REPLVariable

    return [REPLVariable.from_value("question", QUESTION).format()]


def _no_history() -> Any:
    from dspy.primitives.repl_types import REPLHistory

    return REPLHistory()
