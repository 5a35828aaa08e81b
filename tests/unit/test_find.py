"""Find in a run: every kind of text, in order, with patterns that can't hold anything up."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rlm_tui.core import events as e
from rlm_tui.core import find as find_module
from rlm_tui.core.find import FindError, Hit, find, pattern_of
from rlm_tui.core.trajectory import fold
from tests.pilot.recorded import RunBuilder, value
from tests.saved_runs import told_run

RUN = fold(told_run().events)


def hits(text: str, *, is_regex: bool = False) -> list[Hit]:
    return list(find(RUN, pattern_of(text, is_regex=is_regex), lambda value: value.text))


def test_every_kind_of_text_is_looked_at() -> None:
    assert [(hit.n, hit.where) for hit in hits("LOOK.")] == [(1, "reasoning")]
    assert [(hit.n, hit.where) for hit in hits("step_2")] == [(2, "code")]
    assert [(hit.n, hit.where) for hit in hits("printed by step 1")] == [(1, "output")]
    assert [(hit.n, hit.where) for hit in hits("no such step")] == [(3, "error")]
    assert [(hit.n, hit.where) for hit in hits("first question")] == [(2, "prompt"), (2, "answer")]
    assert [(hit.n, hit.where) for hit in hits("answer: yes")] == [(0, "result")]
    assert hits("nowhere") == []
    assert hits("z*", is_regex=True) == [], "what is empty is no hit"
    assert [hit.line for hit in hits(r"by step \d$", is_regex=True)][:1] == ["printed by step 1"]


@pytest.mark.parametrize(
    ("text", "words"), [("", "Write what"), ("(", "doesn't compile"), ("a{999999999}", "repeats too often")]
)
def test_a_pattern_that_can_not_be_used_is_said(text: str, words: str) -> None:
    with pytest.raises(FindError, match=words):
        pattern_of(text, is_regex=True)


def test_a_pattern_that_takes_for_ever_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(find_module, "PATTERN_SECONDS", 0.05)
    run = fold(told_run(thoughts=("a" * 60 + "!", "b")).events)
    with pytest.raises(FindError, match="takes too long"):
        list(find(run, pattern_of(r"(?:a|aa)+$", is_regex=True), lambda value: value.text))


def test_what_tools_were_asked_and_answered_is_looked_at() -> None:
    run = RunBuilder().start()
    cell = run.cell(run.iteration(1), "look_up(word='brass')")
    run.add(
        e.CallStarted(span="t", parent=cell, kind="tool", name="look_up", arguments={"word": "brass", "n": 2})
    )
    run.add(e.CallFinished(span="t", result=value('["a yellow metal"]')))
    pattern = pattern_of("brass|yellow", is_regex=True)
    found = list(find(fold(run.events), pattern, lambda value: value.text))
    assert [(hit.where, hit.found) for hit in found] == [
        ("prompt", "brass"), ("answer", "yellow"),
    ]  # fmt: skip


def test_a_search_that_nobody_wants_any_more_ends() -> None:
    asked = iter([False] * 6 + [True] * 1_000)
    pattern = pattern_of("e", is_regex=False)
    some = list(find(RUN, pattern, lambda value: value.text, lambda: next(asked)))
    assert 0 < len(some) < len(hits("e"))


@given(st.text(min_size=1, max_size=6))
def test_any_text_can_be_looked_for(text: str) -> None:
    assert all(text.lower() in hit.found.lower() or hit.found for hit in hits(text))
