"""Breakpoints as lines: what is written is what is meant, and what can't be meant is said in a sentence."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rlm_tui.core.breakpoint_code import PATTERN_SECONDS, held_by_code
from rlm_tui.core.breakpoints import (
    FORMS,
    AtIteration,
    Breakpoint,
    BreakpointError,
    CallDearer,
    CallLonger,
    CallsLLM,
    CallSlower,
    CellFails,
    CodeContains,
    CodeMatches,
    SetBreakpoint,
    Submits,
    VariableChanges,
    VariableExists,
    breakpoint_text,
    breakpoint_words,
    parse_breakpoint,
)

LINE = (
    st.text(st.characters(exclude_categories=("Cc", "Cs", "Zl", "Zp")), min_size=1, max_size=80)
    .map(str.strip)
    .filter(bool)
)
NUMBER = st.floats(0, 1e12)
WHOLE = st.integers(1, 10**12)
NAME = st.from_regex(r"[a-z_][a-z0-9_]{0,20}", fullmatch=True).map(lambda name: f"{name}_")
BREAKPOINTS: st.SearchStrategy[Breakpoint] = st.one_of(
    LINE.map(CodeContains),
    st.sampled_from([r"a=b", r"^\s*x", "(?P<name>=)", "[ab]{2,}"]).map(CodeMatches),
    st.sampled_from([CallsLLM(), Submits(), CellFails()]),
    NUMBER.map(CallSlower),
    WHOLE.map(CallLonger),
    NUMBER.map(CallDearer),
    WHOLE.map(AtIteration),
    NAME.map(VariableExists),
    NAME.map(VariableChanges),
)


@given(BREAKPOINTS)
def test_what_is_written_is_read_as_the_same_breakpoint(point: Breakpoint) -> None:
    line = breakpoint_text(point)
    assert parse_breakpoint(line) == point
    assert parse_breakpoint(f"  {line} ") == point
    assert "\n" not in breakpoint_words(point)


@given(st.text(max_size=60) | st.sampled_from([form.kind for form in FORMS]).flatmap(
    lambda kind: st.text(max_size=30).map(lambda value: f"{kind}={value}")
))  # fmt: skip
def test_any_line_is_a_breakpoint_or_one_sentence(line: str) -> None:
    point, problem = None, ""
    try:
        point = parse_breakpoint(line)
    except BreakpointError as error:
        problem = str(error)
    if point is None:
        assert problem.endswith((".", "?"))
        assert "\n" not in problem
    else:
        assert parse_breakpoint(breakpoint_text(point)) == point


@given(BREAKPOINTS, st.booleans())
def test_a_list_of_them_is_data(point: Breakpoint, on: bool) -> None:
    kept = msgspec.json.encode([SetBreakpoint(point, on)])
    assert msgspec.json.decode(kept, type=list[SetBreakpoint]) == [SetBreakpoint(point, on)]


def test_each_form_has_an_example_that_can_be_written() -> None:
    points = [parse_breakpoint(form.example) for form in FORMS]
    assert len({type(point) for point in points}) == len(FORMS) == 11
    assert [breakpoint_text(point) for point in points] == [form.example for form in FORMS]


@pytest.mark.parametrize(
    ("line", "point"),
    [
        (" Iteration = 4 ", AtIteration(4)),
        ("llm_query", CallsLLM()),
        ("call-cost=$0.05", CallDearer(0.05)),
        ("call-seconds=5", CallSlower(5.0)),
        ("code=a == b", CodeContains("a == b")),
        ("variable=ﬁne", VariableExists("fine")),
    ],
)
def test_a_line_is_read_as_people_write_it(line: str, point: Breakpoint) -> None:
    assert parse_breakpoint(line) == point


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("", "There is no breakpoint '': write one of code=, regex=, llm-query, "),
        ("itteration=3", "There is no breakpoint 'itteration': did you mean iteration=4?"),
        ("call", "did you mean call-seconds=5 or call-characters=10000 or call-cost=0.05?"),
        ("submitt", "did you mean submit?"),
        ("submit=now", "submit takes no value: write submit alone."),
        ("iteration", "iteration needs a value, as in iteration=4."),
        ("iteration=", "iteration needs a value, as in iteration=4."),
        ("iteration=0", "iteration needs a number from 1 to "),
        ("iteration=four", "'four' is no whole number: write it as in iteration=4."),
        ("call-seconds=nan", "call-seconds needs a number from 0 to "),
        ("call-seconds=-1", "call-seconds needs a number from 0 to "),
        ("call-cost=cheap", "'cheap' is no number: write it as in call-cost=0.05."),
        (f"call-characters={'9' * 5000}", "is no whole number"),
        ("regex=open(", "The pattern 'open(' doesn't compile: missing ) at position 5."),
        ("regex=" + "(" * 400, "doesn't compile: it is nested too deeply."),
        ("regex=(?:(?:(?:a{1000}){1000}){1000})", "repeats too often: write smaller counts."),
        ("regex=(?x)(?:a{0000000000 9 9 9 9}){9999}", "repeats too often"),
        ("regex=a{99999999999999}", "repeats too often: write smaller counts."),
        ("variable=a b", "'a b' is no name of a variable: write it as in variable=answers."),
        ("change=class", "'class' is no name of a variable"),
        ("code=" + "x" * 501, "code takes at most 500 characters, and here are 501."),
        ("code=a\nb", "The text of code must be one line without control characters."),
        ("code=a\udc80b", "The text of code must be one line without control characters."),
    ],
)
def test_what_can_t_be_meant_is_said(line: str, words: str) -> None:
    with pytest.raises(BreakpointError) as refused:
        parse_breakpoint(line)
    assert words in str(refused.value)


@pytest.mark.parametrize(
    ("line", "code", "holds"),
    [
        ("code=open(", "f = open('x')", True),
        ("code=open(", "f = 1", False),
        ("regex=^print", "x = 1\nprint(x)", True),
        ("regex=^print", "x = print", False),
        ("llm-query", "a = llm_query('x')", True),
        ("llm-query", "a = [\n    *map(llm_query, b)\n]", True),
        ("llm-query", "llm_query_batched(prompts)", True),
        ("llm-query", "# llm_query('x')\nprint('llm_query(')", False),
        ("llm-query", "def llm_query_of(x): pass", False),
        ("llm-query", "a = llm_query('x'", True),
        ("llm-query", "a = my_llm_query('x'", False),
        ("submit", "if True:\n    SUBMIT(answer=1)", True),
        ("submit", "print('SUBMIT()')", False),
        ("submit", "SUBMIT (answer=", True),
        ("submit", "\0 SUBMIT(answer=1)", True),
        ("error", "SUBMIT(llm_query(open()))", False),
    ],
)
def test_code_is_looked_at_before_it_runs(line: str, code: str, holds: bool) -> None:
    point = parse_breakpoint(line)
    assert held_by_code(point, code) == (breakpoint_words(point) if holds else "")


def test_a_pattern_without_end_holds_and_says_so() -> None:
    held = held_by_code(CodeMatches("(a|aa)+$"), "a" * 5000 + "b")
    assert held == f"the code matches (a|aa)+$ (no answer within {PATTERN_SECONDS:g} s)"


def test_words_show_no_control_characters_and_are_short() -> None:
    words = breakpoint_words(CodeContains("a\u202eb" * 100))
    assert "\u202e" not in words
    assert len(words) < 90
