"""The offline demo on `basic`: what can be computed is, and the rest is said to be beyond it."""

from __future__ import annotations

import math
from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rlm_tui.lm.offline_questions import recognise
from tests.unit.offline_runs import failed_cells, run_offline

FIRST_TWELVE = "0, 1, 1, 2, 3, 5, 8, 13, 21, 34, 55, 89"


def answer(question: str) -> str:
    """What the planner's code for a question makes of it, run here as it stands."""
    computed = recognise(question)
    assert computed is not None, question
    namespace: dict[str, Any] = {"question": question, "print": lambda *_values: None}
    exec(computed.code, namespace)
    return str(namespace["answer"])


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("What are the first 12 Fibonacci numbers?", FIRST_TWELVE),
        ("List the first twelve numbers of the Fibonacci sequence", FIRST_TWELVE),
        ("What are the Fibonacci numbers up to 100?", FIRST_TWELVE),
        ("first ten primes", "2, 3, 5, 7, 11, 13, 17, 19, 23, 29"),
        ("Which prime numbers are below 20?", "2, 3, 5, 7, 11, 13, 17, 19"),
        ("List the primes between 10 and 30.", "11, 13, 17, 19, 23, 29"),
        ("How many primes are there below 100?", "25"),
        ("What is the 10th prime number?", "29"),
        ("Sum of the first 10 prime numbers?", "129"),
        ("What are the first 5 square numbers?", "1, 4, 9, 16, 25"),
        ("Give me the first 4 factorials", "1, 2, 6, 24"),
        ("What is the sum of the first 100 integers?", "5050"),
        ("What is the sum of the even numbers from 1 to 100?", "2550"),
        ("What is the average of the first 9 odd numbers?", "9"),
        ("What is 17 * 23 + 4?", "395"),
        ("What is (3 + 4) * 2?", "14"),
        ("Calculate 1,234 + 5,678", "6912"),
        ("What is 2 to the power of 10?", "1024"),
        ("What is 7 times 6?", "42"),
        ("What is 10 factorial?", "3628800"),
        ("What is 25% of 80?", "20"),
        ("What is the square root of 144?", "12"),
        ("Is 97 prime?", "97 is prime."),
        ("Is 91 a prime number?", "91 is not prime. It is 7 × 13."),
        ("What are the prime factors of 84?", "2 × 2 × 3 × 7"),
        ("What is 255 in binary?", "11111111"),
        ("What is the sum of the digits of 12345?", "15"),
        ("What is the average of 3, 5 and 10?", "6"),
        ("Which is the largest of 4, 18 and 7?", "18"),
        ("What is the greatest common divisor of 48 and 36?", "12"),
        ("How many r's are in strawberry?", "3"),
        ('How many times does the letter e appear in "eleven geese"?', "6"),
        ('How many words are in "the quick brown fox"?', "4"),
        ("How many vowels are in the word education?", "5"),
        ("Reverse the word 'stressed'", "desserts"),
        ("Is 'racecar' a palindrome?", "Yes, 'racecar' is a palindrome."),
        ("Sort these numbers: 5, 3, 9, 1", "1, 3, 5, 9"),
        ("Sort pear, apple and cherry", "apple, cherry, pear"),
        ("Sort 4, 8, 2 in descending order", "8, 4, 2"),
        ("How many days are between 2024-01-01 and 2024-12-31?", "365"),
        ("What day of the week was 2000-01-01?", "Saturday"),
        ("What date is 90 days after 2024-12-01?", "2025-03-01"),
        ("Convert 10 miles to kilometers", "16.0934 (kilometer)"),
        ("What is 100 degrees Fahrenheit in Celsius?", "37.7778 (celsius)"),
        ("How many minutes are in 3 hours?", "180 (minute)"),
    ],
)  # fmt: skip
def test_questions_that_can_be_computed(question: str, expected: str) -> None:
    assert answer(question) == expected


@pytest.mark.parametrize(
    "question",
    [
        "What is the capital of France?",
        "Who wrote the book of 1984?",
        "When was the treaty of 2000-01-01 signed?",
        "How many people live in Peru?",
        "What are the first 10000000 primes?",
        "Compute 9 ** 99999999",
        "What is the sum of the squares of 3 and 4?",
        "What is the average height of 3 men and 5 women?",
        "Call 555-0199 and ask 3 + 4 times",
        "",
    ],
)
def test_what_cannot_be_computed_is_not_pretended(question: str) -> None:
    assert recognise(question) is None


def test_a_whole_run_looks_computes_and_submits_what_it_has_seen() -> None:
    found = run_offline("question -> answer", question="What are the first 12 Fibonacci numbers?")
    assert found.answer == FIRST_TWELVE
    looked, computed, submitted = found.trajectory
    assert "What are the first 12 Fibonacci numbers?" in looked["output"]
    assert "check: True" in computed["output"]
    assert FIRST_TWELVE in computed["output"]
    assert "SUBMIT(" not in looked["code"] + computed["code"]
    assert "SUBMIT(" in submitted["code"]
    assert failed_cells(found) == []


def test_a_whole_run_on_an_unknown_question_says_so_and_what_it_could_do() -> None:
    found = run_offline("question -> answer", question="What is the capital of France?")
    assert found.answer.startswith("Offline demo:")
    assert "DSPY_LM_MODEL" in found.answer
    assert "Fibonacci" in found.answer
    assert "Paris" not in found.answer


@settings(deadline=None)
@given(st.integers(1, 300))
def test_sums_of_integers_agree_with_the_formula(count: int) -> None:
    assert answer(f"What is the sum of the first {count} integers?") == str(count * (count + 1) // 2)


@settings(deadline=None)
@given(st.integers(-999, 999), st.sampled_from("+-*"), st.integers(0, 999))
def test_arithmetic_agrees_with_python(left: int, sign: str, right: int) -> None:
    expected = {"+": left + right, "-": left - right, "*": left * right}[sign]
    assert answer(f"What is {left} {sign} {right}?") == str(expected)


@settings(deadline=None)
@given(st.dates(date(1900, 1, 1)), st.dates(date(1900, 1, 1)))
def test_days_between_dates_agree_with_the_calendar(first: date, second: date) -> None:
    assert answer(f"How many days are between {first} and {second}?") == str(abs((second - first).days))


@settings(deadline=None)
@given(st.lists(st.integers(-10_000, 10_000), min_size=2, max_size=8))
def test_the_largest_of_a_list(numbers: list[int]) -> None:
    listed = ", ".join(map(str, numbers))
    assert answer(f"What is the largest of {listed}?") == str(max(numbers))
    assert answer(f"What is the product of {listed}?") == str(math.prod(numbers))


@settings(deadline=None)
@given(st.text(max_size=80))
def test_any_text_is_recognised_or_left_without_an_error(question: str) -> None:
    computed = recognise(question)
    if computed is not None:
        compile(computed.code, "<cell>", "exec")
