"""Two runs against each other: what stands for what, and where they differ."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from rlm_tui.core.run_comparison import align, compare_runs, line_diff
from rlm_tui.core.trajectory import fold
from rlm_tui.headless.run_comparison import comparison_lines, comparison_object
from tests.pilot.recorded import RunBuilder
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


def test_what_ran_the_same_code_stands_together() -> None:
    left, right = (
        fold(run_of("a", "b", "c", "d").events),
        fold(run_of("a", "c", "x", "d", "e", answer="y").events),
    )
    found = compare_runs(left, right)
    assert [(one.left and one.left.n, one.right and one.right.n) for one in found.pairs] == [
        (1, 1), (2, None), (3, 2), (None, 3), (4, 4), (None, 5),
    ]  # fmt: skip
    assert found.first_difference == 1
    assert found.outputs == {"answer": ("x", "y")}
    text = "\n".join(comparison_lines(found, left, right))
    assert "=   1   1  Thought 1." in text
    assert "-   2   ·  Thought 2." in text
    told = comparison_object(found, "r1", "r2")
    assert json.loads(json.dumps(told))["iterations"][2] == {
        "left": 3, "right": 2, "same_code": True, "same_output": True, "diff": {},
    }  # fmt: skip


def test_code_and_output_that_differ_are_shown_line_by_line() -> None:
    left, right = fold(run_of("a\nb").events), fold(run_of("a\nc").events)
    lines = list(comparison_lines(compare_runs(left, right), left, right))
    assert "    -b" in lines
    assert "    +c" in lines


def test_a_run_is_the_same_as_itself() -> None:
    run = fold(told_run().events)
    found = compare_runs(run, run)
    assert (found.first_difference, all(pair.same for pair in found.pairs)) == (None, True)


@given(st.lists(st.sampled_from("abcd"), max_size=6), st.lists(st.sampled_from("abcd"), max_size=6))
def test_every_iteration_stands_once_and_in_order(left: list[str], right: list[str]) -> None:
    one, other = fold(run_of(*left).events), fold(run_of(*right).events)
    pairs = list(align(one.iterations, other.iterations))
    assert [pair.left for pair in pairs if pair.left] == one.iterations
    assert [pair.right for pair in pairs if pair.right] == other.iterations


def test_texts_too_long_are_not_compared_line_by_line() -> None:
    assert line_diff("x\n" * 6_000, "y") == ["@@ too long to be compared line by line @@"]
