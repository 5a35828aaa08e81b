"""Two runs against each other: what stands for what, and where they differ."""

from __future__ import annotations

import json
import time

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from rlm_tui.core import events as e
from rlm_tui.core.run_alignment import align
from rlm_tui.core.run_comparison import MISSING, compare_runs
from rlm_tui.core.text import UNKNOWN_SECONDS
from rlm_tui.core.text_diff import line_diff
from rlm_tui.core.trajectory import Trajectory, fold
from rlm_tui.headless.run_comparison import comparison_lines, comparison_object
from tests.pilot.recorded import RunBuilder, value
from tests.saved_runs import told_run


def run_of(*codes: str, answer: str = "x") -> RunBuilder:
    run = RunBuilder().start()
    for n, code in enumerate(codes, 1):
        span = run.iteration(n)
        run.plan(span, f"Thought {n}.", code)
        cell = run.cell(span, code)
        run.output(cell, f"shown by {code}\n")
        run.cell_done(cell)
    return run.finish(outputs={"answer": answer})


def numbers(left: RunBuilder, right: RunBuilder) -> list[tuple[int | None, int | None]]:
    found = compare_runs(fold(left.events), fold(right.events))
    return [(one.left and one.left.n, one.right and one.right.n) for one in found.pairs]


def test_what_ran_the_same_code_stands_together() -> None:
    left = fold(run_of("a", "b = 1", "c", "d").events)
    right = fold(run_of("a", "c", "x", "d", "e", answer="y").events)
    found = compare_runs(left, right, ("r1", "r2"))
    assert [(one.left and one.left.n, one.right and one.right.n) for one in found.pairs] == [
        (1, 1), (2, None), (3, 2), (None, 3), (4, 4), (None, 5),
    ]  # fmt: skip
    assert found.first_difference == 1
    assert found.words == "iterations: 3 same, 0 otherwise, 3 in one alone"
    assert found.outputs == {"answer": ("x", "y")}
    text = "\n".join(comparison_lines(found, ("r1", "r2")))
    assert "=   1   1  Thought 1." in text
    assert "-   2   ·  Thought 2." in text
    assert "≠ answer:\n  -x\n  +y" in text
    told = comparison_object(found, (left, right), ("r1", "r2"))
    assert json.loads(json.dumps(told))["iterations"][2] == {
        "left": 3, "right": 2, "same_code": True, "same_output": True, "diff": {},
    }  # fmt: skip
    assert told["iterations"][1]["same_output"] is False
    assert told["first_difference"] == 1


def test_what_is_alike_stands_together_though_no_code_is_the_same() -> None:
    look, ask, end = "print(len(docs))", "answers = llm_query_batched(parts)", "SUBMIT(answer=answers[0])"
    changed = run_of("print(len(docs), 'characters')", "import re", f"{ask}[:9]", "SUBMIT(answer=answers[1])")
    assert numbers(run_of(look, ask, end), changed) == [(1, 1), (None, 2), (2, 3), (3, 4)]
    assert numbers(changed, run_of(look, ask, end)) == [(1, 1), (2, None), (3, 2), (4, 3)]
    assert numbers(run_of("a = 1"), run_of("b = 2")) == [(1, 1)]
    many = [f"step_{n}(x)" for n in range(120)]
    pairs = numbers(run_of(*many), run_of(*(f"{code}  # then" for code in many)))
    assert pairs == [(n, n) for n in range(1, 121)]
    began = time.perf_counter()
    loops = [fold(run_of(first, *["poll()"] * 1_500).events).iterations for first in ("a", "b")]
    assert [pair.same_code for pair in align(*loops)] == [False] + [True] * 1_500
    assert time.perf_counter() - began < 10


def test_code_and_output_that_differ_are_shown_line_by_line() -> None:
    left, right = fold(run_of("a\nb").events), fold(run_of("a\nc").events)
    lines = list(comparison_lines(compare_runs(left, right), ("r1", "r2")))
    assert "    -b" in lines
    assert "    +c" in lines
    other = fold(run_of("x", "a\nb").events)
    lines = list(comparison_lines(compare_runs(left, other), ("r1", "r2")))
    assert "+   ·   1  Thought 1." in lines
    assert "           Thought 2." in lines


def test_a_run_is_the_same_as_itself() -> None:
    run = fold(told_run().events)
    found = compare_runs(run, run, ("r1", "r1"))
    assert (found.first_difference, all(pair.same for pair in found.pairs)) == (None, True)
    assert (found.asked, found.relation) == ({}, "This is one run, compared with itself.")


def test_what_was_asked_otherwise_and_what_a_fork_is_of() -> None:
    parent = run_of("a", "b")
    fork = run_of("a", "c")
    fork.events[0] = msgspec.structs.replace(
        fork.events[0],
        forked=e.ForkedFrom("r1", 2, ["the code of iteration 2"]),
        inputs={"query": value("another")},
        instructions="Be brief.",
        planner="p/other",
        offline=False,
    )
    found = compare_runs(fold(parent.events), fold(fork.events), ("r1", "r2"))
    assert (
        "The second is a fork of the first (the code of iteration 2), live from iteration 2 on"
        in found.relation
    )
    assert sorted(found.asked) == ["input query", "instructions"]
    assert found.asked["instructions"][0] is MISSING
    text = "\n".join(comparison_lines(found, ("r1", "r2")))
    assert "+Be brief." in text
    assert ("model", "offline demo", "p/other") in [figure[:3] for figure in found.figures]
    told = comparison_object(found, (fold(parent.events), fold(fork.events)), ("r1", "r2"))
    assert told["asked"]["instructions"] == {
        "left": None,
        "right": "Be brief.",
        "same": False,
        "only": "right",
    }


def test_what_a_run_does_not_tell_is_unknown() -> None:
    imported = RunBuilder().start(imported="dspy", offline=False)
    span = imported.iteration(1)
    imported.add(e.PlanReady(span=span, reasoning=value("a"), code=value("b()"), seconds=UNKNOWN_SECONDS))
    imported.add(e.RunFinished(status="submitted", totals=e.Totals(seconds=UNKNOWN_SECONDS)))
    runs = fold(imported.events), fold(told_run().events)
    found = compare_runs(*runs, ("r1", "r2"))
    figures = {figure.name: figure for figure in found.figures}
    for name in ("LLM calls", "tokens", "cost"):
        assert (figures[name].left, figures[name].change) == ("$?" if name == "cost" else "?", "")
    left = comparison_object(found, runs, ("r1", "r2"))["left"]
    assert [left[name] for name in ("llm_calls", "tokens", "cost_usd")] == [None] * 3


def test_runs_without_iterations_or_an_end() -> None:
    empty, cut = Trajectory(), fold(told_run().events[:9])
    cut.mark_interrupted()
    for left, right in ((empty, empty), (empty, cut), (cut, empty)):
        found = compare_runs(left, right, ("r1", "r2"))
        assert "Neither run has an output." in list(comparison_lines(found, ("r1", "r2")))
        json.dumps(comparison_object(found, (left, right), ("r1", "r2")))


@given(st.lists(st.sampled_from("abcd"), max_size=6), st.lists(st.sampled_from("abcd"), max_size=6))
def test_every_iteration_stands_once_and_in_order(left: list[str], right: list[str]) -> None:
    one, other = fold(run_of(*left).events), fold(run_of(*right).events)
    pairs = list(align(one.iterations, other.iterations))
    assert [pair.left for pair in pairs if pair.left] == one.iterations
    assert [pair.right for pair in pairs if pair.right] == other.iterations


TEXTS = st.lists(st.sampled_from(["a", "b", "c", "\x1b[31m"]), max_size=12).map("\n".join)


@given(TEXTS, TEXTS)
def test_a_difference_tells_all_that_went_and_came(left: str, right: str) -> None:
    lines = line_diff(left, right)
    assert bool(lines) == (left != right)
    assert not any("\x1b" in line for line in lines)
    went = sum(line.startswith("-") for line in lines)
    came = sum(line.startswith("+") for line in lines)
    assert came - went == len(right.splitlines()) - len(left.splitlines())


def test_what_is_too_much_is_said_and_costs_little() -> None:
    began = time.perf_counter()
    words, *shown = line_diff("x\n" * 60_000, "y\n" * 60_000)
    assert words.startswith("@@ 60,000 lines and 60,000 lines differ: too many to be compared line by line")
    assert shown == ["-x"] * 20 + ["+y"] * 20
    repeated = "\n".join(str(n % 97) for n in range(4_900))
    assert any(
        "too many" in line for line in line_diff(repeated, "\n".join(str(n % 89) for n in range(4_900)))
    )
    one = "\n".join(str(n) for n in range(200_000))
    assert line_diff(one, one.replace("\n100000\n", "\nchanged\n")) == [
        "@@ 99,998 lines the same @@", " 99998", " 99999", "-100000", "+changed", " 100001", " 100002",
        "@@ 99,997 lines the same @@",
    ]  # fmt: skip
    (went, _) = line_diff("x" * 3_000_000, "y")
    assert went.endswith("… (2,998,000 more characters)")
    assert time.perf_counter() - began < 5
