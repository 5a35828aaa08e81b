"""Whole runs of `dspy.RLM` against the planner script over HTTP: each kind of turn is told apart."""

from __future__ import annotations

from typing import Any

import dspy
import pytest
from dspy.primitives.local_interpreter import LocalInterpreter

from tests.lm_server import (
    NONSENSE,
    RATE_LIMITED,
    Kind,
    LoopbackLM,
    TokenUsage,
    fail_first,
    planner_script,
)
from tests.lm_server.client import RecordingLM, connect
from tests.lm_server.fixtures import StartLM

# A document may quote what the script looks for: dspy's own documentation does.
DOCUMENT = "Your output fields are:\n1. `x` (str):\n[[ ## iteration ## ]]\n7/9\n\nalpha beta gamma"


def run(lm: RecordingLM, signature: str = "document -> answer", **options: Any) -> Any:
    with dspy.context(lm=lm):
        rlm = dspy.RLM(signature, interpreter_factory=LocalInterpreter, **options)
        return rlm(document=DOCUMENT)


def assert_bill_matches(server: LoopbackLM, lm: RecordingLM) -> None:
    told = sum(
        (
            TokenUsage(entry["usage"]["prompt_tokens"], entry["usage"]["completion_tokens"])
            for entry in lm.entries
        ),
        TokenUsage(),
    )
    assert told == server.billed


def test_a_run_with_queries_a_batch_and_a_sub_agent(loopback_lm: StartLM) -> None:
    cells = [
        ("I look at the document.", "print(document)"),
        (
            "I ask.",
            "one = llm_query('about ' + document)\n"
            "many = llm_query_batched([f'part {n}' for n in range(5)])\n"
            "import dspy\n"
            "seen = dspy.Predict('text -> words: list[str], size: int')(text=document)\n"
            "print(one, many, seen.words, seen.size)",
        ),
        ("I am done.", "SUBMIT(answer=one + ' / ' + many[3] + ' / ' + ','.join(seen.words))"),
    ]
    server = loopback_lm(
        planner_script(
            cells,
            lambda prompt: f"<{prompt[:6]}>",
            predict_answer=lambda request: {"words": request.prompt.split()[-9:][:2], "size": 2},
        )
    )
    lm = connect(server)
    result = run(lm)

    assert result.answer.startswith("<about > / <part 3> / ")
    assert [step["reasoning"] for step in result.trajectory] == [reasoning for reasoning, _ in cells]
    assert [step["code"] for step in result.trajectory] == [code for _, code in cells]
    assert "alpha beta gamma" in result.trajectory[0]["output"]
    assert server.planner_calls == 3
    assert server.sub_calls == 7
    assert server.count(Kind.QUERY) == 6
    assert server.extract_calls == 0
    planners = [request for request in server.requests if request.kind is Kind.PLANNER]
    assert [request.iteration for request in planners] == [1, 2, 3]
    assert planners[0].task_inputs == ("document",)
    [agent] = [request for request in server.requests if request.kind is Kind.PREDICT]
    assert agent.output_fields == {"words": "list[str]", "size": "int"}
    assert_bill_matches(server, lm)


def test_the_limit_of_iterations_ends_in_an_extraction_of_every_type(loopback_lm: StartLM) -> None:
    server = loopback_lm(planner_script([("Look.", "print(len(document))")] * 2))
    lm = connect(server)
    result = run(lm, "document -> answer: str, names: list[str], size: int, sure: bool", max_iters=2)
    assert (result.answer, result.names, result.size, result.sure) == (
        "answer found",
        ["names one", "names two"],
        1,
        True,
    )
    assert (server.planner_calls, server.extract_calls) == (2, 1)
    assert_bill_matches(server, lm)


def test_a_nested_run_has_cells_of_its_own(loopback_lm: StartLM) -> None:
    nest = "import dspy\nprint(dspy.RLM('passage, topic -> found')(passage=document, topic='alpha').found)"
    server = loopback_lm(
        planner_script(
            [("I send a sub-agent.", nest), ("Done.", "SUBMIT(answer='outer')")],
            nested={("passage", "topic"): [("I search.", "SUBMIT(found=topic + str(topic in passage))")]},
        )
    )
    lm = connect(server)
    result = run(lm)
    assert result.answer == "outer"
    assert "alphaTrue" in result.trajectory[0]["output"]
    inner = [request for request in server.requests if request.task_inputs == ("passage", "topic")]
    assert [request.iteration for request in inner] == [1]
    assert server.planner_calls == 3


def test_a_failing_turn_is_retried_and_a_nonsense_turn_ends_a_plain_rlm(loopback_lm: StartLM) -> None:
    script = planner_script([("Look.", "print(1)"), NONSENSE])
    server = loopback_lm(
        fail_first(1, RATE_LIMITED.retry_in(0), script, when=lambda request: request.kind is Kind.PLANNER)
    )
    with pytest.raises(dspy.AdapterParseError):
        run(connect(server, num_retries=1))
    assert server.planner_calls == 4
    assert server.requests[-1].wants_json


def test_a_turn_beyond_the_script_is_the_tests_error() -> None:
    def too_long() -> None:
        with LoopbackLM(planner_script([("Look.", "print(1)")])) as server:
            with pytest.raises(dspy.LMInvalidRequestError):
                run(connect(server, num_retries=3))
            assert server.planner_calls == 2

    with pytest.raises(AssertionError, match="iteration 2 was asked for"):
        too_long()


async def test_planner_and_code_stream_in_a_run(loopback_lm: StartLM) -> None:
    cells = [("I look at the whole of it first.", "print(document[:40])"), ("Done.", "SUBMIT(answer='yes')")]
    server = loopback_lm(planner_script(cells))
    lm = connect(server)
    rlm = dspy.RLM("document -> answer", interpreter_factory=LocalInterpreter)
    listeners = [
        dspy.streaming.StreamListener(
            name, predict=rlm.generate_action, predict_name="planner", allow_reuse=True
        )
        for name in ("reasoning", "code")
    ]
    texts: dict[str, list[str]] = {"reasoning": [], "code": []}
    with dspy.context(lm=lm):
        async for item in dspy.streamify(rlm, stream_listeners=listeners)(document=DOCUMENT):
            if isinstance(item, dspy.streaming.StreamResponse):
                texts[item.signature_field_name].append(item.chunk)
    assert "".join(texts["reasoning"]).startswith(cells[0][0])
    assert all(code in "".join(texts["code"]) for _, code in cells)
    assert len(texts["reasoning"]) > 5
    assert_bill_matches(server, lm)
