"""The end of the budgets of tokens, dollars and seconds, in all and of a cell; an interrupted cell."""

from __future__ import annotations

import time

import msgspec
import pytest

from rlm_tui.core.events import (
    Budgets,
    CellFinished,
    CellOutput,
    Held,
)
from rlm_tui.engine.session import SessionError
from tests.integration.budget_runs import (
    EXTRACTED,
    FOUND,
    attended,
    held_for,
    printed,
    prompts,
    used,
)
from tests.integration.session_runs import SUBMIT, WatchedRun
from tests.lm_server import Answer, Kind, planner_script
from tests.lm_server.fixtures import StartLM

# Tokens and dollars


def test_tokens_hold_before_the_cell_and_in_a_call(loopback_lm: StartLM) -> None:
    code = "answers = llm_query_batched([f'{n}' for n in range(12)])\nprint(len(answers))"
    long = Answer("many words " * 2_000)
    server = loopback_lm(planner_script([("Ask.", code), SUBMIT], sub_answer=lambda _prompt: long))
    with WatchedRun(attended(server, Budgets(max_tokens=100), workers=4)) as watched:
        assert held_for(watched, "max_tokens").before == "cell"
        with pytest.raises(SessionError, match=r"tokens has to be more than the"):
            watched.session.raise_budget("max_tokens", 101)
        watched.session.raise_budget("max_tokens", 10_000)
        assert held_for(watched, "max_tokens", 2).before == "call"
        time.sleep(0.5)  # what was asked already is answered
        before = server.sub_calls
        time.sleep(0.3)
        assert server.sub_calls == before < 12
        assert len(watched.all(Held)) == 2
        watched.session.raise_budget("max_tokens", 10_000_000)
        assert watched.finished().status == "submitted"
    assert "12" in printed(watched, 0)


@pytest.mark.parametrize("ending", ["asked", "set"])
def test_tokens_can_end_the_run_with_an_answer(loopback_lm: StartLM, ending: str) -> None:
    server = loopback_lm(planner_script([FOUND, ("Never.", "print('ran')")], extracted=EXTRACTED))
    at_end = "ask" if ending == "asked" else "finish"
    with WatchedRun(attended(server, Budgets(max_tokens=100), at_end=at_end)) as watched:
        if ending == "asked":
            held_for(watched, "max_tokens")
            watched.session.finish()
        finished = watched.finished()
    assert (finished.status, finished.outputs) == ("extracted", EXTRACTED)
    assert server.planner_calls == 1


def test_dollars_are_asked_for_and_raised(loopback_lm: StartLM, monkeypatch: pytest.MonkeyPatch) -> None:
    from rlm_tui.lm import meter

    priced = meter.usage_of
    # No loopback model has a price in dspy's tables.
    monkeypatch.setattr(meter, "usage_of", lambda entry, price=None: priced(entry, 0.01))
    server = loopback_lm(planner_script([FOUND, SUBMIT]))
    with WatchedRun(attended(server, Budgets(max_cost_usd=0.005))) as watched:
        assert "$0.0100" in held_for(watched, "max_cost_usd").detail
        watched.session.raise_budget("max_cost_usd", 1)
        assert watched.finished().status == "submitted"
    assert used(watched, "max_cost_usd") == pytest.approx(0.02)


# Seconds


def test_seconds_hold_at_the_next_boundary_and_held_time_does_not_count(loopback_lm: StartLM) -> None:
    cells = [("Sleep.", "import time\ntime.sleep(1.2)\nprint('woke')"), SUBMIT]
    server = loopback_lm(planner_script(cells))
    with WatchedRun(attended(server, Budgets(max_seconds=1.0))) as watched:
        hold = held_for(watched, "max_seconds")
        assert hold.before == "plan"
        assert printed(watched, 0) == "woke\n"
        time.sleep(1.5)
        watched.session.raise_budget("max_seconds", 2.8)
        assert watched.finished().status == "submitted"
    assert 1.0 < used(watched, "max_seconds") < 2.8


@pytest.mark.parametrize("there", [True, False])
def test_seconds_can_end_the_run_with_an_answer_at_once(loopback_lm: StartLM, there: bool) -> None:
    server = loopback_lm(planner_script([FOUND, ("Spin.", "while True: pass")], extracted=EXTRACTED))
    began = time.monotonic()
    asked = attended(server, Budgets(max_seconds=1.0), at_end="finish", there=there)
    with WatchedRun(asked) as watched:
        finished = watched.finished()
    assert (finished.status, finished.outputs) == ("extracted", EXTRACTED)
    assert time.monotonic() - began < 8


def test_seconds_of_a_run_that_nobody_attends_stop_it_and_held_time_does_not_count(
    loopback_lm: StartLM,
) -> None:
    server = loopback_lm(planner_script([FOUND, ("Spin.", "while True: pass")]))
    asked = msgspec.structs.replace(attended(server, Budgets(max_seconds=1.0), there=False), hold=True)
    with WatchedRun(asked) as watched:
        watched.wait_for(Held)
        time.sleep(1.5)
        assert watched.session.is_held
        watched.session.release()
        finished = watched.finished()
    assert finished.status == "budget"
    assert len(watched.all(CellFinished)) == 2


def test_a_person_who_leaves_is_not_waited_for(loopback_lm: StartLM) -> None:
    server = loopback_lm(planner_script([FOUND], extracted=EXTRACTED))
    with WatchedRun(attended(server, Budgets(max_iterations=1))) as watched:
        held_for(watched, "max_iterations")
        watched.session.leave()
        assert watched.finished().status == "extracted"


# Seconds of a cell


@pytest.mark.parametrize("given", ["more", "as much"])
def test_a_cell_over_its_time_is_asked_about_before_the_next_plan(loopback_lm: StartLM, given: str) -> None:
    spin = ("Spin.", "kept = 1\nimport time\ntime.sleep(1.5)\nprint('slept')")
    server = loopback_lm(planner_script([spin, spin, SUBMIT]))
    with WatchedRun(attended(server, Budgets(cell_seconds=0.5))) as watched:
        assert held_for(watched, "cell_seconds").before == "plan"
        if given == "more":
            watched.session.raise_budget("cell_seconds", 20)
        else:
            watched.session.release()
            held_for(watched, "cell_seconds", 2)
            watched.session.release()
        assert watched.finished().status == "submitted"
    ends = [event.status for event in watched.all(CellFinished)]
    assert ends == ["timeout", "ok" if given == "more" else "timeout", "submitted"]


def test_a_cell_over_its_time_is_the_planners_matter_where_nobody_attends(loopback_lm: StartLM) -> None:
    server = loopback_lm(planner_script([("Spin.", "while True: pass"), SUBMIT]))
    with WatchedRun(attended(server, Budgets(cell_seconds=0.5), there=False)) as watched:
        assert watched.finished().status == "submitted"
    assert watched.all(Held) == []


def test_a_hold_in_a_nested_rlm_is_not_the_time_of_the_cell_that_called_it(loopback_lm: StartLM) -> None:
    code = "import dspy\nprint(dspy.RLM('part -> found')(part='p').found)"
    nested = {("part",): [("In.", "SUBMIT(found='it')")]}
    server = loopback_lm(planner_script([("Nest.", code), SUBMIT], nested=nested))
    asked = msgspec.structs.replace(attended(server, Budgets(cell_seconds=1.5)), hold=True)
    with WatchedRun(asked) as watched:
        for before in ("plan", "cell"):
            watched.wait_for(Held, lambda event, before=before: event.before == before)  # type: ignore[misc]
            watched.session.step()
        while len(watched.all(Held)) < 3:
            time.sleep(0.02)
        time.sleep(2.5)
        watched.session.release()
        assert watched.finished().status == "submitted"
    assert printed(watched, 0) == "it\n"


# One cell, without the run


def test_an_interrupted_endless_loop_leaves_its_variables_to_the_next_cell(loopback_lm: StartLM) -> None:
    cells = [("Loop.", "kept = 41\nprint('begun')\nwhile True: pass"), ("Look.", "print(kept + 1)"), SUBMIT]
    server = loopback_lm(planner_script(cells))
    with WatchedRun(attended(server, Budgets())) as watched:
        watched.wait_for(CellOutput, lambda event: "begun" in event.text)
        watched.session.interrupt()
        assert watched.finished().status == "submitted"
    assert [event.status for event in watched.all(CellFinished)] == ["interrupted", "ok", "submitted"]
    assert printed(watched, 1) == "42\n"
    assert "interrupted this cell; its variables are kept" in prompts(server, Kind.PLANNER)[1]
