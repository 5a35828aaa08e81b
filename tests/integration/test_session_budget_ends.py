"""The end of the budgets of iterations and calls: more is given, an answer is extracted, or the run stops."""

from __future__ import annotations

import threading
import time

import msgspec
import pytest

from rlm_tui.core.events import (
    BudgetRaised,
    Budgets,
    CellFinished,
    Held,
    IterationStarted,
    Released,
)
from rlm_tui.core.trajectory import fold
from rlm_tui.engine.session import SessionError
from tests.integration.budget_runs import (
    ASK_TWICE,
    EXTRACTED,
    FOUND,
    attended,
    held_for,
    printed,
    prompts,
    used,
)
from tests.integration.session_runs import SUBMIT, WatchedRun
from tests.lm_server import Kind, planner_script
from tests.lm_server.fixtures import StartLM

# Iterations


def test_iterations_that_are_raised_at_their_end_go_on_in_the_same_namespace(loopback_lm: StartLM) -> None:
    cells = [("One.", "x = 1"), ("Two.", "y = x + 1"), ("Three.", "print(x, y)"), SUBMIT]
    server = loopback_lm(planner_script(cells))
    with WatchedRun(attended(server, Budgets(max_iterations=2))) as watched:
        hold = held_for(watched, "max_iterations")
        assert (hold.why, hold.before, hold.needs) == ("budget", "answer", 3)
        assert "2 iterations" in hold.detail
        with pytest.raises(SessionError, match=r"budget of iterations is used up: raise it"):
            watched.session.release()
        with pytest.raises(SessionError, match=r"more than the 2 that are used"):
            watched.session.raise_budget("max_iterations", 2)
        assert watched.session.is_held
        watched.session.raise_budget("max_iterations", 4)
        assert watched.finished().status == "submitted"
    assert watched.all(BudgetRaised)[0].budgets.max_iterations == 4
    assert [event.verb for event in watched.all(Released)] == ["raise_budget"]
    assert [(event.n, event.of) for event in watched.all(IterationStarted)] == [
        (1, 2),
        (2, 2),
        (3, 4),
        (4, 4),
    ]
    trajectory = fold(watched.events)
    assert printed(watched, 2) == "1 2\n"
    assert trajectory.budgets.max_iterations == 4
    assert "3/4" in prompts(server, Kind.PLANNER)[2]
    assert server.extract_calls == 0


def test_a_budget_can_be_raised_before_its_end_and_is_then_not_asked_for(loopback_lm: StartLM) -> None:
    server = loopback_lm(planner_script([FOUND, FOUND, SUBMIT]))
    asked = msgspec.structs.replace(attended(server, Budgets(max_iterations=1)), hold=True)
    with WatchedRun(asked) as watched:
        watched.wait_for(Held)
        watched.session.raise_budget("max_iterations", 3)
        watched.session.release()
        assert watched.finished().status == "submitted"
    assert [event.budget for event in watched.all(Held)] == [""]


@pytest.mark.parametrize(("at_end", "there"), [("finish", True), ("finish", False), ("ask", False)])
def test_at_the_end_of_the_iterations_an_answer_is_extracted(
    loopback_lm: StartLM, at_end: str, there: bool
) -> None:
    server = loopback_lm(planner_script([FOUND], extracted=EXTRACTED))
    with WatchedRun(attended(server, Budgets(max_iterations=1), at_end=at_end, there=there)) as watched:
        finished = watched.finished()
    assert (finished.status, finished.outputs) == ("extracted", EXTRACTED)
    assert watched.all(Held) == []


def test_iterations_end_with_the_answer_that_the_person_has_extracted(loopback_lm: StartLM) -> None:
    server = loopback_lm(planner_script([FOUND], extracted=EXTRACTED))
    with WatchedRun(attended(server, Budgets(max_iterations=1))) as watched:
        held_for(watched, "max_iterations")
        watched.session.finish()
        finished = watched.finished()
    assert (finished.status, finished.outputs) == ("extracted", EXTRACTED)
    assert server.extract_calls == 1


def test_iterations_can_stop_the_run_without_an_answer(loopback_lm: StartLM) -> None:
    server = loopback_lm(planner_script([FOUND]))
    with WatchedRun(attended(server, Budgets(max_iterations=1), at_end="stop")) as watched:
        finished = watched.finished()
    assert finished.status == "budget"
    assert finished.error is not None
    assert finished.error.kind == "IterationBudget"
    assert server.extract_calls == 0


# Calls


def test_a_call_too_many_waits_in_its_cell_and_goes_on_when_the_budget_is_raised(
    loopback_lm: StartLM,
) -> None:
    server = loopback_lm(planner_script([ASK_TWICE, SUBMIT], sub_answer=lambda prompt: f"<{prompt}>"))
    with WatchedRun(attended(server, Budgets(max_llm_calls=1, cell_seconds=1.0))) as watched:
        hold = held_for(watched, "max_llm_calls")
        assert (hold.before, hold.needs) == ("call", 2)
        time.sleep(1.8)  # longer than the cell may run: while it is held its clock stands still
        watched.session.raise_budget("max_llm_calls", 5)
        assert watched.finished().status == "submitted"
    cell = fold(watched.events).iterations[0].cell
    assert cell is not None
    assert (cell.status, cell.text) == ("ok", "<one> <two>\n")
    assert used(watched, "max_llm_calls") == 2


def test_many_threads_that_are_over_the_budget_make_one_hold(loopback_lm: StartLM) -> None:
    code = (
        "from concurrent.futures import ThreadPoolExecutor\n"
        "with ThreadPoolExecutor(6) as pool:\n    print(list(pool.map(llm_query, 'abcdef')))"
    )
    server = loopback_lm(planner_script([("Ask.", code), SUBMIT], sub_answer=lambda prompt: prompt))
    with WatchedRun(attended(server, Budgets(max_llm_calls=2))) as watched:
        held_for(watched, "max_llm_calls")
        time.sleep(0.3)
        assert len(watched.all(Held)) == 1
        watched.session.raise_budget("max_llm_calls", 6)
        assert watched.finished().status == "submitted"
    assert len(watched.all(Held)) == 1
    assert "['a', 'b', 'c', 'd', 'e', 'f']" in printed(watched, 0)


def test_a_batch_says_how_many_it_needs_and_asks_again_when_it_got_too_few(loopback_lm: StartLM) -> None:
    server = loopback_lm(planner_script([("Ask.", "llm_query_batched(list('abcde'))"), SUBMIT]))
    with WatchedRun(attended(server, Budgets(max_llm_calls=2))) as watched:
        assert held_for(watched, "max_llm_calls").needs == 5
        watched.session.raise_budget("max_llm_calls", 4)
        held_for(watched, "max_llm_calls", 2)
        watched.session.raise_budget("max_llm_calls", 5)
        assert watched.finished().status == "submitted"
    assert server.sub_calls == 5


@pytest.mark.parametrize("ending", ["asked", "set"])
def test_a_call_too_many_can_end_the_run_with_an_answer(loopback_lm: StartLM, ending: str) -> None:
    server = loopback_lm(planner_script([FOUND, ASK_TWICE], extracted=EXTRACTED))
    at_end = "ask" if ending == "asked" else "finish"
    with WatchedRun(attended(server, Budgets(max_llm_calls=1), at_end=at_end)) as watched:
        if ending == "asked":
            held_for(watched, "max_llm_calls")
            watched.session.finish()
        finished = watched.finished()
    assert (finished.status, finished.outputs) == ("extracted", EXTRACTED)
    assert "a clue" in prompts(server, Kind.EXTRACT)[0]
    assert server.sub_calls == 1


def test_a_call_too_many_can_stop_the_run_or_be_the_cells_error(loopback_lm: StartLM) -> None:
    server = loopback_lm(planner_script([ASK_TWICE, SUBMIT]))
    with WatchedRun(attended(server, Budgets(max_llm_calls=1), at_end="stop")) as watched:
        finished = watched.finished()
    assert finished.status == "budget"
    assert finished.error is not None
    assert finished.error.kind == "CallBudget"
    with WatchedRun(attended(server, Budgets(max_llm_calls=1), there=False)) as watched:
        assert watched.finished().status == "submitted"
    cell = watched.all(CellFinished)[0]
    assert cell.error is not None
    assert "LLM call limit exceeded: 1 + 1 > 1" in cell.error.message


def test_a_run_that_is_held_in_a_call_can_be_cancelled(loopback_lm: StartLM) -> None:
    server = loopback_lm(planner_script([ASK_TWICE]))
    with WatchedRun(attended(server, Budgets(max_llm_calls=1))) as watched:
        held_for(watched, "max_llm_calls")
        watched.session.cancel()
        assert watched.finished().status == "cancelled"
    assert watched.all(Released)[-1].verb == "cancel"


def test_a_cell_that_is_held_in_a_call_can_be_interrupted(
    loopback_lm: StartLM,
) -> None:
    cells = [("Ask.", "kept = llm_query('one')\nllm_query('two')"), ("Look.", "print(kept)"), SUBMIT]
    server = loopback_lm(planner_script(cells, sub_answer=lambda prompt: f"<{prompt}>"))
    with WatchedRun(attended(server, Budgets(max_llm_calls=1))) as watched:
        held_for(watched, "max_llm_calls")
        watched.session.interrupt()
        assert watched.finished().status == "submitted"
    cells_run = [iteration.cell for iteration in fold(watched.events).iterations]
    assert [cell.status for cell in cells_run if cell] == ["interrupted", "ok", "submitted"]
    assert cells_run[1] is not None
    assert cells_run[1].text == "<one>\n"


# What can't be raised


def test_what_is_no_new_limit_says_why(loopback_lm: StartLM) -> None:
    server = loopback_lm(planner_script([FOUND], extracted=EXTRACTED))
    with WatchedRun(attended(server, Budgets(max_iterations=1))) as watched:
        held_for(watched, "max_iterations")
        for name, amount, words in (
            ("iterations", 5, r"There is no budget 'iterations'; the budgets are max_iterations"),
            ("max_iterations", float("nan"), r"has to be a number, not nan"),
            ("max_iterations", "5", r"has to be a number, not '5'"),
            ("max_iterations", True, r"has to be a number, not True"),
            ("max_iterations", 2.5, r"has to be a whole number, not 2.5"),
        ):
            with pytest.raises(SessionError, match=words):
                watched.session.raise_budget(name, amount)  # type: ignore[arg-type]
        raisers = [
            threading.Thread(target=watched.session.raise_budget, args=("max_llm_calls", 60 + n))
            for n in range(3)
        ]
        for raiser in raisers:
            raiser.start()
        for raiser in raisers:
            raiser.join(5)
        assert watched.session.is_held
        watched.session.finish()
        watched.finished()
    with pytest.raises(SessionError, match=r"The run has ended"):
        watched.session.raise_budget("max_iterations", 9)
