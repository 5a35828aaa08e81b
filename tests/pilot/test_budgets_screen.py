"""The budgets on the screen: what is used, the question at the end of one, and the ends that lose nothing."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from textual.pilot import Pilot

from rlm_tui.core import events as e
from rlm_tui.core.settings import LMSettings, SandboxSettings, Secret, Settings
from rlm_tui.ui.run_control import start_engine_session
from rlm_tui.ui.screens.budgets import AmountField, BudgetsScreen
from rlm_tui.ui.widgets.budget_table import BudgetTable
from rlm_tui.ui.widgets.problem_line import ProblemLine
from tests.lm_server import LoopbackLM, planner_script
from tests.lm_server.fixtures import StartLM
from tests.pilot.conftest import OpenApp, Sessions, screen_lines, screen_text, settled, shown, until
from tests.pilot.recorded import running_run
from tests.pilot.test_explore import started, told

LOOK = ("I look.", "kept = 'a clue'\nprint(kept)")
ASK = ("I ask.", "print(llm_query_batched(['one', 'two', 'three']))")
SUBMIT = ("I have it.", "SUBMIT(answer='done')")
LOOP = ("I loop.", "print('begun')\nwhile True: pass")


@pytest.fixture
def real_app(open_app: OpenApp) -> Callable[..., Any]:
    """`async with real_app(server, size=…, max_iterations=2)`: the app with real sessions at that LM."""

    @asynccontextmanager
    async def opened(
        server: LoopbackLM, *, size: tuple[int, int] = (120, 36), **budgets: Any
    ) -> AsyncIterator[Pilot[Any]]:
        lm = LMSettings(
            model="openai/test-model", api_base=server.api_base, api_key=Secret("loopback-key-47")
        )
        settings = Settings(
            lm=lm,
            sandbox=SandboxSettings(confined="off"),
            budgets=e.Budgets(**budgets),
            source={f"budgets.{name}": "flag" for name in budgets},
        )
        async with open_app(
            size=size, settings=settings, task="basic", start_session=start_engine_session
        ) as pilot:
            pilot.app.explore._unconfined_accepted = True
            await pilot.press("ctrl+r")
            try:
                yield pilot
            finally:
                run = pilot.app.explore.run
                if run is not None and run.session is not None:
                    run.cancel()
                    await until(pilot, lambda: run.session.done)

    return opened


def is_asked(pilot: Pilot[Any]) -> bool:
    return isinstance(pilot.app.screen, BudgetsScreen)


def finished(pilot: Pilot[Any]) -> Any:
    run = pilot.app.explore.run
    return None if run is None else run.trajectory.finished


@pytest.mark.parametrize("size", [(80, 24), (120, 36), (160, 45)])
async def test_a_run_held_for_calls_asks_and_goes_on_when_they_are_raised(
    real_app: Any, loopback_lm: StartLM, size: tuple[int, int]
) -> None:
    server = loopback_lm(planner_script([LOOK, ASK, SUBMIT]))
    async with real_app(server, size=size, max_llm_calls=2, max_tokens=90_000) as pilot:
        await until(pilot, lambda: is_asked(pilot))
        words = screen_text(pilot)
        for part in (
            "A budget is used up",
            "The cell asks for 3 more calls",
            "New limit of calls",
            "tokens",
            "no limit",
            "Raise  enter",
            "Finish with an answer  x",
            "Stop  s",
        ):
            assert part in words, words
        field = pilot.app.screen.query_one(AmountField)
        assert field.value == "4", "twice as many, and at least what is needed"
        await pilot.press("home", "shift+end", "1", "enter")
        # One call is not enough: the run asks again.
        await until(pilot, lambda: is_asked(pilot) and pilot.app.screen.query_one(AmountField).value != "1")
        await pilot.press("home", "shift+end", "3", "enter")
        await until(pilot, lambda: finished(pilot) is not None)
        assert finished(pilot).status == "submitted"
        assert not is_asked(pilot)
    assert server.sub_calls == 3


async def test_esc_looks_first_and_u_asks_again(real_app: Any, loopback_lm: StartLM) -> None:
    server = loopback_lm(planner_script([LOOK, SUBMIT]))
    async with real_app(server, max_iterations=1) as pilot:
        await until(pilot, lambda: is_asked(pilot))
        await pilot.press("escape")
        await pilot.pause()
        assert not is_asked(pilot)
        assert "u raises its budget" in screen_lines(pilot)[-1]
        run = pilot.app.explore.run
        assert run.held
        await pilot.press("space", "s")
        assert run.held, "neither releases a run whose budget is used up"
        await shown(pilot, "HELD before an answer is extracted")
        await pilot.pause(0.3)
        assert not is_asked(pilot), "it opens by itself once"
        await pilot.press("u")
        await pilot.pause()
        assert is_asked(pilot)
        await pilot.press("enter")
        await until(pilot, lambda: finished(pilot) is not None)
        assert finished(pilot).status == "submitted"


@pytest.mark.parametrize(
    ("answer", "status"),
    [("x", "extracted"), ("s", "cancelled"), ("#finish", "extracted"), ("#stop", "cancelled")],
)
async def test_a_run_held_for_a_budget_is_finished_or_stopped(
    real_app: Any, loopback_lm: StartLM, answer: str, status: str
) -> None:
    server = loopback_lm(planner_script([LOOK], extracted={"answer": "from the clue"}))
    async with real_app(server, max_iterations=1) as pilot:
        await until(pilot, lambda: is_asked(pilot))
        if answer.startswith("#"):
            await pilot.click(answer)
        else:
            await pilot.press(answer)
        await until(pilot, lambda: finished(pilot) is not None)
        assert finished(pilot).status == status


async def test_what_is_no_new_limit_is_said_in_place(real_app: Any, loopback_lm: StartLM) -> None:
    server = loopback_lm(planner_script([LOOK, LOOK], extracted={"answer": "from the clue"}))
    async with real_app(server, max_iterations=2) as pilot:
        await until(pilot, lambda: is_asked(pilot))
        field = pilot.app.screen.query_one(AmountField)
        problem = pilot.app.screen.query_one(ProblemLine)
        for written, words in (("2", "more than the 2 that are used"), (".", "has to be a number")):
            field.value = written
            await pilot.press("enter")
            await pilot.pause()
            assert words in problem.words
        await pilot.press("q", "7")
        assert field.value == ".7", "letters are no figures"
        assert is_asked(pilot)
        await pilot.press("down")
        await pilot.pause()
        assert "New limit of calls" in screen_text(pilot)
        table = pilot.app.screen.query_one(BudgetTable)
        await pilot.click(table, offset=(4, 2))
        await pilot.pause()
        assert "New limit of tokens" in screen_text(pilot)
        assert pilot.app.explore.run.held


async def test_an_endless_cell_is_interrupted_by_a_key_and_the_next_one_runs(
    real_app: Any, loopback_lm: StartLM
) -> None:
    cells = [LOOK, LOOP, ("I see it is kept.", "print(kept + '!')"), SUBMIT]
    server = loopback_lm(planner_script(cells))
    async with real_app(server) as pilot:
        await until(pilot, lambda: "begun" in screen_text(pilot))
        assert "i interrupt" in screen_lines(pilot)[-1]
        await pilot.press("i")
        await until(pilot, lambda: finished(pilot) is not None)
        iterations = pilot.app.explore.run.trajectory.iterations
        assert [one.cell.status for one in iterations] == ["ok", "interrupted", "ok", "submitted"]
        assert iterations[2].cell.text == "a clue!\n"


async def test_x_twice_ends_a_run_that_goes_on_with_an_answer(real_app: Any, loopback_lm: StartLM) -> None:
    server = loopback_lm(planner_script([LOOK, LOOP], extracted={"answer": "from the clue"}))
    async with real_app(server) as pilot:
        await until(pilot, lambda: "begun" in screen_text(pilot))
        await pilot.press("x")
        await pilot.pause()
        assert "x again ends the run with an answer from what was found" in screen_lines(pilot)[-1]
        assert finished(pilot) is None
        await pilot.press("x")
        await until(pilot, lambda: finished(pilot) is not None)
        assert (finished(pilot).status, finished(pilot).outputs) == ("extracted", {"answer": "from the clue"})


async def test_an_answer_is_extracted_from_a_cancelled_run_by_one_call_and_nothing_is_executed(
    real_app: Any, loopback_lm: StartLM
) -> None:
    server = loopback_lm(planner_script([LOOK, LOOP], extracted={"answer": "from the clue"}))
    async with real_app(server) as pilot:
        await until(pilot, lambda: "begun" in screen_text(pilot))
        await pilot.press("escape")
        await pilot.pause()
        assert "esc again cancels the run: what was found is kept" in screen_lines(pilot)[-1]
        await pilot.press("escape")
        await until(pilot, lambda: finished(pilot) is not None)
        first = pilot.app.explore.run
        assert first.trajectory.finished.status == "cancelled"
        assert "x extracts an answer from what was found" in screen_text(pilot)
        planned = server.planner_calls
        await pilot.press("x")
        await until(pilot, lambda: pilot.app.explore.run is not first and finished(pilot) is not None)
        assert (finished(pilot).status, finished(pilot).outputs) == ("extracted", {"answer": "from the clue"})
        started = pilot.app.explore.run.trajectory.started
        assert started.forked.run_id == first.trajectory.started.run_id
        assert (server.planner_calls, server.extract_calls) == (planned, 1)
        assert not pilot.app.explore.check_action("extract", ())


async def test_the_budgets_can_be_looked_at_while_a_run_goes_on_and_after_it(
    open_app: OpenApp, sessions: Sessions
) -> None:
    async with open_app(size=(160, 45)) as pilot:
        session = await started(pilot, sessions)
        assert not pilot.app.explore.check_action("budgets", ())
        run = running_run()
        await told(pilot, session, run.events)
        await until(pilot, lambda: "9/50 calls" in screen_lines(pilot)[0])
        await pilot.press("u")
        await settled(pilot)
        assert "9 of 50" in screen_text(pilot)
        await pilot.press("down", "down")
        pilot.app.screen.query_one(AmountField).value = "120k"
        await pilot.press("enter")
        await settled(pilot)
        assert session.verbs == ["raise_budget max_tokens 120000"]
        assert "the budget of tokens is now 120 K" in screen_lines(pilot)[-1]
        run.add(e.BudgetRaised(name="max_tokens", budgets=e.Budgets(max_tokens=9_000)))
        await told(pilot, session, run.events[-1:])
        await until(pilot, lambda: "tok 85%" in screen_lines(pilot)[0], "the budget that holds now")


async def test_a_budget_is_asked_for_once_what_was_open_is_shut(
    open_app: OpenApp, sessions: Sessions
) -> None:
    async with open_app() as pilot:
        session = await started(pilot, sessions)
        run = running_run()
        await told(pilot, session, run.events)
        await pilot.press("f1")
        await settled(pilot)
        run.add(e.Held(span="run", why="budget", before="answer", budget="max_iterations", needs=21))
        await told(pilot, session, run.events[-1:])
        assert not is_asked(pilot), "nothing is laid over what the person reads"
        await pilot.press("escape")
        await settled(pilot)
        assert is_asked(pilot)
        run.add(e.Released(span="run", verb="finish"))
        await told(pilot, session, run.events[-1:])
        await pilot.pause(0.3)
        assert not is_asked(pilot), "there is nothing to ask any more"
