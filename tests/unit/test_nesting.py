"""The RLMs of a run as a tree: what each used, and each as a trajectory of its own."""

from __future__ import annotations

from rlm_tui.core.events import CallFinished, CallStarted, IterationStarted, RunStarted, Usage
from rlm_tui.core.nesting import part_of, rlms
from rlm_tui.core.trajectory import fold
from rlm_tui.ui.widgets.nesting_rows import summary
from tests.saved_runs import nested_run, told_run

RUN = fold(nested_run().events)


def test_every_rlm_is_below_the_one_that_started_it() -> None:
    every = rlms(RUN)
    assert [(one.depth, one.name.partition("(")[0], len(one.iterations)) for one in every] == [
        (0, "architecture", 2), (1, "read", 2), (2, "look", 1), (1, "read", 1),
    ]  # fmt: skip
    assert [one.parent for one in every[1:]] == ["", every[1].span, ""]
    assert [one.state for one in every] == ["done", "done", "done", "failed"]
    assert [(one.whole.requests, one.own.requests) for one in every] == [(8, 3), (4, 2), (2, 2), (1, 1)]
    assert summary(every[0]).startswith("3 nested RLMs made 5 of the 8 requests · ")
    assert summary(rlms(fold(told_run().events))[0]) == "No cell of this run has started an RLM of its own."


def test_an_rlm_is_a_trajectory_of_its_own() -> None:
    first, second = (part_of(RUN, one.call) for one in rlms(RUN)[1::2] if one.call is not None)
    assert [iteration.n for iteration in first.iterations] == [1, 2]
    assert [call.name for call in first.calls] == ["look(text -> words)", "llm_query"]
    assert first.finished is not None
    assert first.finished.status == "submitted"
    assert first.finished.outputs == {"summary": "A lighthouse burns."}
    assert (first.totals.llm_calls, first.totals.iterations) == (1, 2)
    assert second.finished is not None
    assert second.finished.status == "failed"
    assert second.calls == []


def test_one_that_runs_has_no_end_yet() -> None:
    events = nested_run().events
    call = fold(events[:-14]).calls[1]
    assert (call.kind, call.state) == ("sub_rlm", "running")
    assert part_of(fold(events[:-14]), call).finished is None


def test_what_is_told_of_a_nested_rlm_as_a_whole_counts_where_nothing_in_it_is_told() -> None:
    events = [
        RunStarted(span="run", run_id="r", task="t", signature="a -> b"),
        IterationStarted(span="i", parent="run", n=1, of=5),
        CallStarted(span="c", parent="i", kind="sub_rlm", name="RLM"),
        IterationStarted(span="j", parent="c", n=1, of=5),
        CallFinished(span="c", usage=Usage(30, 4, 0.5, requests=3)),
    ]
    trajectory = fold(events)
    assert trajectory.calls[0].spent() == Usage(30, 4, 0.5, requests=3)
    assert (trajectory.totals.prompt_tokens, trajectory.totals.cost_usd) == (30, 0.5)
    assert rlms(trajectory)[0].own.prompt_tokens == 0
