"""The filter of the calls: what it finds, what it refuses in a sentence, and that no text breaks it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rlm_tui.core import events as e
from rlm_tui.core.call_filter import (
    FIELDS,
    FLAGS,
    NUMBERS,
    CallFilter,
    CallFilterError,
    Look,
    TextTerm,
    parse_filter,
)
from rlm_tui.core.call_filter_help import completed, next_parts
from rlm_tui.core.call_listing import Order, list_calls
from rlm_tui.core.iterations import Call, Iteration
from rlm_tui.core.trajectory import fold
from tests.pilot.recorded import RunBuilder, finished_run, running_run

LOOK = Look(100.0, lambda value: value.text)


def found(text: str, *, opened: bool = False) -> list[tuple[str, int]]:
    calls = fold(finished_run().events).calls
    spans = frozenset(call.span for call in calls) if opened else frozenset[str]()
    listing = list_calls(calls, LOOK, wanted=parse_filter(text), opened=spans)
    return [(line.call.kind, line.call.index if line.item else -1) for line in listing.lines]  # type: ignore[misc]


def one(**changes: object) -> Call:
    fields = {"span": "c", "kind": "llm_query", "name": "llm_query", "number": 1, "depth": 0}
    return Call(**{**fields, "started_at": 0.0, "state": "done", **changes})  # type: ignore[arg-type]


def matches(text: str, **changes: object) -> bool:
    return parse_filter(text).matches(one(**changes), LOOK)


def test_a_batch_is_one_line_and_its_failed_item_is_found_in_it() -> None:
    assert ("llm_query_batched", -1) in found("kind:batch")
    assert len(found("kind:batch")) == 1
    assert found("kind:batch error", opened=True)[0] == ("llm_query_batched", -1)
    assert found("error LMTimeout") == [("llm_query_batched", -1), ("llm_query", 4)]
    assert found('"class …" Refine -error', opened=True)[0] == ("llm_query_batched", -1)


@pytest.mark.parametrize(
    ("text", "usage", "expected"),
    [
        ("tokens>100", e.Usage(90, 20), True),
        ("tokens>110", e.Usage(90, 20), False),
        ("in>=90 out<=20", e.Usage(90, 20), True),
        ("tokens>0.1k", e.Usage(90, 20), True),
        ("cost>0.01", e.Usage(1, 1, 0.02), True),
        ("cost>$0.01", e.Usage(1, 1, 0.02), True),
        ("-cost>0.01", e.Usage(1, 1, 0.02), False),
        ("cost>0.01", e.Usage(1, 1), False),
        ("-cost>0.01", e.Usage(1, 1), False),
        ("cost:?", e.Usage(1, 1), True),
        ("-cost:?", e.Usage(1, 1), False),
        ("cost=0", e.Usage(1, 1, 0.0), True),
        ("tokens:?", None, True),
    ],
)
def test_what_nobody_said_is_neither_more_nor_less(text: str, usage: e.Usage | None, expected: bool) -> None:
    assert matches(text, usage=usage) is expected


def test_words_are_of_any_case_and_quotes_are_exact() -> None:
    said = {"prompt": e.Value("Which Modules?", 14), "answer": e.Value("Predict", 7)}
    assert matches("modules", **said)
    assert matches("which predict", **said)
    assert not matches('"modules"', **said)
    assert matches('"Which Modules"', **said)
    assert not matches('-"Which Modules"', **said)
    assert matches("-refine", **said)
    assert matches("needle", arguments={"text": "Needle"}, kind="tool")
    assert matches("model:GPT", model="openai/gpt-5")
    assert matches('model:"gpt-5 mini"', model="openai/gpt-5 mini")
    assert matches("name:search", name="search_text")


def test_a_long_text_is_read_whole_and_one_that_is_gone_has_its_head() -> None:
    long = e.Value("the head", 5000, blob="0" * 64)
    call = one(prompt=long)
    assert parse_filter("needle").matches(call, Look(0.0, lambda value: "hay needle hay"))

    def gone(value: e.Value) -> str:
        raise OSError("it is gone")

    assert not parse_filter("needle").matches(call, Look(0.0, gone))
    assert parse_filter("head").matches(call, Look(0.0, gone))


def test_flags() -> None:
    assert matches("cached", cached=True)
    assert matches("cached", cached=True, origin="an earlier run"), "an answer that was remembered"
    of_fork = Iteration("i", 1, 1, depth=0, parent_call=None, started_at=0.0, origin="an earlier run")
    assert not matches("cached", cached=True, origin="an earlier run", iteration=of_fork)
    assert matches("recorded", cached=True, origin="an earlier run", iteration=of_fork)
    assert matches("running", state="running")
    assert matches("running seconds>99", state="running")
    assert matches("done -error", usage=None)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("colour:red", "There is no field 'colour'"),
        ("kind:bach", "There is no kind 'bach': there are query, batch"),
        ("seconds>", "seconds> lacks what it is compared with, as in seconds>2."),
        ("seconds>soon", "'soon' is no number: write it as in seconds>2."),
        ("model>gpt", "model is no number: write model:gpt."),
        ('a "text', "The quote before 'text' has no end"),
        ('model:"text', "has no end"),
        ("tokens>?", "is no number"),
    ],
)
def test_what_cant_be_read_is_refused_in_a_sentence(text: str, words: str) -> None:
    with pytest.raises(CallFilterError) as refused:
        parse_filter(text)
    assert words in str(refused.value)
    assert str(refused.value).endswith(".")


CALLS = [*fold(finished_run().events).calls, *fold(running_run().events).calls]
WORD = st.text("abcxyz", min_size=1, max_size=6)
TERM = st.one_of(
    WORD,
    st.text(st.characters(blacklist_characters='"'), min_size=1, max_size=8).map(lambda text: f'"{text}"'),
    st.sampled_from(FLAGS),
    st.sampled_from(("kind:batch", "kind:query", "kind:rlm", "kind:TOOL", "model:demo", "name:l")),
    st.builds(
        "{}{}{:.3f}".format, st.sampled_from(NUMBERS), st.sampled_from(":=<>"), st.floats(0, 1e6)
    ),
)  # fmt: skip


@given(st.text(max_size=60))
def test_any_text_is_a_filter_or_is_refused(text: str) -> None:
    said = ""
    try:
        wanted = parse_filter(text)
    except CallFilterError as error:
        said, wanted = str(error), CallFilter()
    assert "\n" not in said
    assert said.endswith(".") or not said
    list_calls(CALLS, LOOK, wanted=wanted)


@given(TERM)
def test_a_call_is_never_found_by_a_term_and_its_opposite(term: str) -> None:
    plainly, turned = parse_filter(term), parse_filter(f"-{term}")
    for call in CALLS:
        found_plainly, found_turned = plainly.matches(call, LOOK), turned.matches(call, LOOK)
        assert not (found_plainly and found_turned)
        if not term.startswith(NUMBERS):
            assert found_plainly or found_turned


@given(st.lists(TERM, max_size=4))
def test_terms_are_found_again_in_order_and_all_must_hold(terms: list[str]) -> None:
    wanted = parse_filter("  ".join(terms))
    assert len(wanted.terms) == len(terms)
    each = [parse_filter(term) for term in terms]
    assert wanted == CallFilter(tuple(term for one_of_them in each for term in one_of_them.terms))
    for call in CALLS:
        assert wanted.matches(call, LOOK) == all(term.matches(call, LOOK) for term in each)


@given(st.text(st.characters(blacklist_characters='"'), min_size=1, max_size=30))
def test_quotes_hold_any_text(text: str) -> None:
    assert parse_filter(f'"{text}"').terms[0].term == TextTerm(text, exact=True)


def test_every_field_is_read() -> None:
    for field in FIELDS:
        parse_filter(f"{field}:{'batch' if field == 'kind' else 3}")


def test_unknown_comes_last_either_way_and_in_flight_may_come_first() -> None:
    calls = [
        one(span="a", number=1, usage=e.Usage(1, 1, 0.5)),
        one(span="b", number=2, usage=None),
        one(span="c", number=3, usage=e.Usage(1, 1, 0.1)),
        one(span="d", number=4, usage=e.Usage(1, 1, 0.2), state="running"),
    ]

    def spans(order: Order) -> str:
        return "".join(line.call.span for line in list_calls(calls, LOOK, order=order).lines)

    assert spans(Order("cost")) == "cdab"
    assert spans(Order("cost", descending=True)) == "adcb"
    assert spans(Order("number", in_flight_first=True)) == "dabc"


def test_totals_are_those_of_the_run_s_calls_and_unknown_is_not_zero() -> None:
    trajectory = fold(finished_run().events)
    totals = list_calls(trajectory.calls, LOOK).totals
    asked = trajectory.totals
    planned = sum(one.usage.prompt_tokens or 0 for one in trajectory.iterations if one.usage is not None)
    assert totals.tokens_in.known == asked.prompt_tokens - planned
    assert not totals.tokens_in.unknown, "a call that failed said nothing, and used nothing"
    run = RunBuilder().start()
    cell = run.cell(run.iteration(1), "")
    run.answer(run.call(cell, "one"), "1", tokens=None)
    run.answer(run.call(cell, "two"), "2")
    totals = list_calls(fold(run.events).calls, LOOK).totals
    assert totals.cost == (0.00021, True)
    assert totals.tokens_in == (560, True)


def test_what_nested_rlms_took_and_used_is_told_once() -> None:
    run = RunBuilder().start()
    cell = run.cell(run.iteration(1), "")
    nested = run.call(cell, "deep", kind="sub_rlm", name="RLM")
    inner = run.cell(run.iteration(1, of=5, parent=nested), "")
    run.answer(run.call(inner, "in it"), "yes", seconds=2.0, after=2.0)
    run.answer(nested, "yes", seconds=3.0, tokens=None, after=1.0)
    trajectory = fold(run.events)
    look = Look(trajectory.now, lambda value: value.text)
    every = list_calls(trajectory.calls, look).totals
    assert (every.calls, every.seconds, every.tokens_in.known) == (2, 3.0, 560)
    alone = list_calls(trajectory.calls, look, wanted=parse_filter("kind:query")).totals
    assert (alone.calls, alone.seconds, alone.tokens_in.known) == (1, 2.0, 560)


@pytest.mark.parametrize(
    ("typed", "parts", "whole"),
    [
        ("", [], None),
        ("ki", ["kind:"], "kind:"),
        ("error -kind:b", ["kind:batch"], "error -kind:batch"),
        ("sec", ["seconds>"], "seconds>"),
        ("c", ["cost>", "cached"], "cost>"),
        ("kind:batch", ["kind:batch"], None),
        ("seconds>", [], None),
        ('"kind of', [], None),
        ("sky", [], None),
    ],
)
def test_what_is_typed_is_completed(typed: str, parts: list[str], whole: str | None) -> None:
    assert next_parts(typed) == parts
    assert completed(typed) == whole
    if whole is not None and whole.endswith("h"):
        parse_filter(whole)
