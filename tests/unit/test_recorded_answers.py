"""Recorded answers: each is given once, by what was asked, else in order, to however many threads."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from hypothesis import given
from hypothesis import strategies as st

from rlm_tui.core.recorded import RecordedCall
from rlm_tui.engine.recorded_answers import RecordedAnswers

PROMPTS = st.lists(st.sampled_from(["a", "b", "c"]), max_size=8)


def query(prompt: str, answer: str = "") -> RecordedCall:
    return RecordedCall("llm_query", "llm_query", prompt=prompt, answer=answer)


@given(PROMPTS)
def test_the_same_questions_get_their_own_answers_in_order(prompts: list[str]) -> None:
    answers = RecordedAnswers([query(prompt, f"{prompt}{i}") for i, prompt in enumerate(prompts)])
    given_again = [answers.take("llm_query", "llm_query", prompt) for prompt in sorted(prompts)]
    assert all(call is not None for call in given_again)
    expected = sorted((prompt, i) for i, prompt in enumerate(prompts))
    assert [call.answer for call in given_again if call] == [f"{prompt}{i}" for prompt, i in expected]
    answers.leave()
    assert answers.differed == []
    assert answers.taken == len(prompts)


def test_another_question_gets_the_next_answer_and_is_noted() -> None:
    answers = RecordedAnswers([query("at 10:01", "one"), query("x", "two")], n=4)
    exact = answers.take("llm_query", "llm_query", "x")
    other = answers.take("llm_query", "llm_query", "at 10:02")
    assert exact is not None
    assert other is not None
    assert (exact.answer, other.answer) == ("two", "one")
    assert answers.take("llm_query", "llm_query", "more") is None
    assert answers.differed == [
        "Iteration 4: llm_query was asked “at 10:02” where “at 10:01” was recorded.",
        "Iteration 4: llm_query was asked “more”, to which no answer was recorded.",
    ]


def test_an_answer_is_of_its_kind_and_name() -> None:
    answers = RecordedAnswers([RecordedCall("tool", "find", arguments={"a": 1}, result="1")])
    assert answers.take("tool", "seek", '{"a": 1}') is None
    assert answers.take("predict", "find", '{"a": 1}') is None
    assert answers.take("tool", "find", '{"a": 1}') is not None


def test_what_was_not_asked_again_is_told_at_the_end() -> None:
    answers = RecordedAnswers([query("a"), query("b")], n=2)
    answers.take("llm_query", "llm_query", "a")
    answers.leave()
    assert answers.differed == ["Iteration 2: 1 recorded call was not made again (llm_query)."]


def test_threads_never_get_the_same_answer() -> None:
    answers = RecordedAnswers([query("same", str(number)) for number in range(400)])
    with ThreadPoolExecutor(16) as pool:
        found = list(pool.map(lambda _: answers.take("llm_query", "llm_query", "same"), range(400)))
    assert {call.answer for call in found if call} == {str(number) for number in range(400)}
