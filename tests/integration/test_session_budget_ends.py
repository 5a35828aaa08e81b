"""What happens at the end of each budget: a person is asked and gives more, or an answer is extracted, or it stops."""

from __future__ import annotations

import threading
import time

import msgspec
import pytest

from rlm_tui.core.events import BudgetRaised, Budgets, CellFinished, Held, IterationStarted, Released
from rlm_tui.core.settings import DebuggerSettings
from rlm_tui.core.trajectory import fold
from rlm_tui.engine.session import RunRequest, SessionError
from tests.integration.session_runs import SUBMIT, WatchedRun, request
from tests.lm_server import Answer, Kind, LoopbackLM, planner_script
from tests.lm_server.fixtures import StartLM

FOUND = ("Look.", "print('a clue')")
ASK_TWICE = ("Ask.", "print(llm_query('one'), llm_query('two'))")
EXTRACTED = {"answer": "from the clue"}


def attended(
    server: LoopbackLM, budgets: Budgets, *, at_end: str = "ask", there: bool = True, workers: int = 32
) -> RunRequest:
    asked = request(server=server, budgets=budgets, workers=workers)
    debugger = DebuggerSettings(at_budget_end=at_end)  # type: ignore[arg-type]
    settings = msgspec.structs.replace(asked.settings, debugger=debugger)
    return msgspec.structs.replace(asked, settings=settings, attended=there)


def held_for(watched: WatchedRun, budget: str, count: int = 1) -> Held:
    """The `count`th time that the run is held because that budget is used up."""
    found: list[Held] = []
    while len(found) < count:
        found.append(watched.wait_for(Held, lambda event: event.budget == budget and event not in found))
    return found[-1]


def prompts(server: LoopbackLM, kind: Kind) -> list[str]:
    return [asked.prompt for asked in server.requests if asked.kind is kind]


def used(watched: WatchedRun, name: str) -> float:
    trajectory = fold(watched.events)
    return next(use.used for use in trajectory.budget_uses(trajectory.now) if use.name == name)


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
    assert trajectory.iterations[2].cell is not None
    assert trajectory.iterations[2].cell.text == "1 2\n"
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
        "with ThreadPoolExecutor(6) as pool:\n    answers = list(pool.map(llm_query, 'abcdef'))\nprint(answers)"
    )
    server = loopback_lm(planner_script([("Ask.", code), SUBMIT], sub_answer=lambda prompt: prompt))
    with WatchedRun(attended(server, Budgets(max_llm_calls=2))) as watched:
        held_for(watched, "max_llm_calls")
        time.sleep(0.3)
        assert len(watched.all(Held)) == 1
        watched.session.raise_budget("max_llm_calls", 6)
        assert watched.finished().status == "submitted"
    assert len(watched.all(Held)) == 1
    assert "['a', 'b', 'c', 'd', 'e', 'f']" in str(fold(watched.events).iterations[0].output_text)


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


def test_a_cell_that_is_held_in_a_call_can_be_interrupted_and_keeps_its_variables(
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
        before = server.sub_calls
        time.sleep(0.3)
        assert server.sub_calls == before < 12
        assert len(watched.all(Held)) == 2
        watched.session.raise_budget("max_tokens", 10_000_000)
        assert watched.finished().status == "submitted"
    assert "12" in fold(watched.events).iterations[0].output_text


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
        assert fold(watched.events).iterations[0].output_text == "woke\n"
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


# One cell, without the run


def test_an_interrupted_endless_loop_leaves_its_variables_to_the_next_cell(loopback_lm: StartLM) -> None:
    cells = [("Loop.", "kept = 41\nprint('begun')\nwhile True: pass"), ("Look.", "print(kept + 1)"), SUBMIT]
    server = loopback_lm(planner_script(cells))
    with WatchedRun(attended(server, Budgets())) as watched:
        from rlm_tui.core.events import CellOutput

        watched.wait_for(CellOutput, lambda event: "begun" in event.text)
        watched.session.interrupt()
        assert watched.finished().status == "submitted"
    assert [event.status for event in watched.all(CellFinished)] == ["interrupted", "ok", "submitted"]
    assert fold(watched.events).iterations[1].output_text == "42\n"
    assert "interrupted this cell; its variables are kept" in prompts(server, Kind.PLANNER)[1]


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
