"""A run on the screen: starting it, its verbs, its end, what hinders it, and leaving while it goes on."""

from __future__ import annotations

import io
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from rlm_tui.core import events as e
from rlm_tui.core.settings import LMSettings, SandboxSettings, Settings
from rlm_tui.ui.leaving import finish_in_terminal
from rlm_tui.ui.screens.confirm import ConfirmScreen
from rlm_tui.ui.screens.leave import LeaveScreen
from rlm_tui.ui.screens.save import SaveScreen
from rlm_tui.ui.widgets.problem_line import ProblemLine
from rlm_tui.ui.widgets.trajectory_view import TrajectoryView
from tests.pilot.conftest import OpenApp, Sessions, ToldSession, screen_lines, screen_text, settled, until
from tests.pilot.recorded import failed_run, finished_run, running_run


async def started(pilot: Pilot[Any], sessions: Sessions) -> ToldSession:
    """Press ^R and wait for the session."""
    await pilot.press("ctrl+r")
    await settled(pilot)
    return sessions.last


async def told(pilot: Pilot[Any], session: ToldSession, events: list[e.AnyEvent]) -> None:
    """Have these events happen and be painted."""
    session.tell(events)
    await pilot.pause()


async def test_a_run_focuses_the_trajectory_and_is_told_in_words(
    open_app: OpenApp, sessions: Sessions
) -> None:
    async with open_app() as pilot:
        session = await started(pilot, sessions)
        assert isinstance(pilot.app.focused, TrajectoryView)
        await told(pilot, session, running_run().events)
        lines = screen_lines(pilot)
        assert "6 of 14 calls" in lines[0]
        assert "offline demo" in lines[0]
        assert "esc esc cancel" in lines[-1]
        assert "space hold" in lines[-1]
        assert "following" in screen_text(pilot)


async def test_the_first_esc_says_so_and_the_second_cancels(open_app: OpenApp, sessions: Sessions) -> None:
    async with open_app() as pilot:
        session = await started(pilot, sessions)
        await told(pilot, session, running_run().events)
        await pilot.press("escape")
        await pilot.pause()
        assert "esc again cancels" in screen_lines(pilot)[-1]
        assert session.verbs == []
        await pilot.press("escape")
        assert session.verbs == ["cancel"]
        await pilot.press("escape", "escape")
        assert session.verbs == ["cancel"], "it is cancelled once"


async def test_esc_once_and_much_later_once_more_does_not_cancel(
    open_app: OpenApp, sessions: Sessions, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 100.0
    monkeypatch.setattr("rlm_tui.ui.screens.explore.monotonic", lambda: now)
    async with open_app() as pilot:
        session = await started(pilot, sessions)
        await told(pilot, session, running_run().events)
        await pilot.press("escape")
        now += 2.1
        await pilot.press("escape")
        assert session.verbs == []
        now += 0.5
        await pilot.press("escape")
        assert session.verbs == ["cancel"]


async def test_hold_step_and_release(open_app: OpenApp, sessions: Sessions) -> None:
    async with open_app() as pilot:
        session = await started(pilot, sessions)
        run = running_run()
        await told(pilot, session, run.events)
        await pilot.press("s")
        assert session.verbs == [], "only a held run steps"
        await pilot.press("space")
        assert session.verbs == ["hold"]
        count = len(run.events)
        run.add(e.Held(span=run.span("it"), why="hold", before="plan"))
        await told(pilot, session, run.events[count:])
        pilot.app.explore.footer.hush()
        await pilot.pause()
        assert "held" in screen_lines(pilot)[0]
        assert "s step" in screen_lines(pilot)[-1]
        assert "space release" in screen_lines(pilot)[-1]
        await pilot.press("s", "space")
        assert session.verbs == ["hold", "step", "release"]


async def test_the_result_is_copied_and_written(
    open_app: OpenApp, sessions: Sessions, workplace: Path
) -> None:
    async with open_app() as pilot:
        session = await started(pilot, sessions)
        await told(pilot, session, finished_run().events)
        assert "^R run" in screen_lines(pilot)[-1]
        await pilot.press("y")
        assert "dspy.MIPROv2" in pilot.app.clipboard
        (workplace / "architecture-result.md").write_text("mine", encoding="utf-8")
        await pilot.press("w", "enter")
        await pilot.pause()
        assert isinstance(pilot.app.screen, SaveScreen)
        assert "is there already" in pilot.app.screen.query_one(ProblemLine).words
        assert (workplace / "architecture-result.md").read_text(encoding="utf-8") == "mine"
        await pilot.press("ctrl+o")
        await pilot.pause()
        assert "dspy.MIPROv2" in (workplace / "architecture-result.md").read_text(encoding="utf-8")
        assert "Written to" in screen_lines(pilot)[-1]


async def test_what_the_run_wrote_is_marked_in_the_volume(open_app: OpenApp, sessions: Sessions) -> None:
    async with open_app() as pilot:
        session = await started(pilot, sessions)
        await told(pilot, session, finished_run().events)
        await settled(pilot)
        assert "1 written by this run" in screen_text(pilot)


async def test_a_failed_run_says_what_mends_it(open_app: OpenApp, sessions: Sessions) -> None:
    async with open_app() as pilot:
        session = await started(pilot, sessions)
        await told(pilot, session, failed_run().events)
        text = screen_text(pilot)
        assert "Incorrect API key" in text
        assert "Set DSPY_LLM_API_KEY" in text
        assert "Traceback" not in text


async def test_a_session_that_cannot_start_says_so_and_can_be_tried_again(
    open_app: OpenApp, sessions: Sessions
) -> None:
    sessions.failure = RuntimeError("no room [/b]")
    async with open_app() as pilot:
        await pilot.press("ctrl+r")
        await settled(pilot)
        assert "could not start: no room [/b]" in pilot.app.explore.form.query_one(ProblemLine).words
        sessions.failure = None
        await started(pilot, sessions)
        assert pilot.app.explore.running


async def test_a_second_run_follows_the_first(open_app: OpenApp, sessions: Sessions) -> None:
    async with open_app() as pilot:
        session = await started(pilot, sessions)
        await told(pilot, session, finished_run().events)
        second = await started(pilot, sessions)
        assert second is not session
        await told(pilot, second, running_run().events)
        await told(pilot, session, failed_run().events)
        assert "6 of 14 calls" in screen_lines(pilot)[0], "the first run's late events change nothing"


async def test_an_unconfined_sandbox_is_asked_about_once_with_a_real_model(
    open_app: OpenApp, sessions: Sessions
) -> None:
    settings = Settings(lm=LMSettings("openai/gpt-5-mini"), sandbox=SandboxSettings(confined="off"))
    async with open_app(settings=settings, task="basic") as pilot:
        await pilot.press("ctrl+r")
        await settled(pilot)
        assert isinstance(pilot.app.screen, ConfirmScreen)
        assert not sessions.made
        await pilot.press("n")
        await settled(pilot)
        assert not sessions.made
        await pilot.press("ctrl+r")
        await settled(pilot)
        await pilot.press("r")
        await settled(pilot)
        await told(pilot, sessions.last, finished_run().events)
        await pilot.press("ctrl+r")
        await settled(pilot)
        assert len(sessions.made) == 2, "accepted once is accepted"


async def test_leaving_without_a_run_asks_nothing(open_app: OpenApp) -> None:
    async with open_app() as pilot:
        await pilot.press("ctrl+q")
        await pilot.pause()
        assert not pilot.app.is_running or pilot.app._exit


async def test_leaving_asks_and_stays(open_app: OpenApp, sessions: Sessions) -> None:
    async with open_app() as pilot:
        session = await started(pilot, sessions)
        await told(pilot, session, running_run().events)
        await pilot.press("ctrl+q")
        await pilot.pause()
        assert isinstance(pilot.app.screen, LeaveScreen)
        assert "6 of 14 calls" in screen_text(pilot)
        await pilot.press("s")
        await pilot.pause()
        assert pilot.app.screen is pilot.app.explore
        assert session.verbs == []


async def test_leaving_cancels_and_waits_for_the_end(open_app: OpenApp, sessions: Sessions) -> None:
    async with open_app() as pilot:
        session = await started(pilot, sessions)
        run = running_run()
        await told(pilot, session, run.events)
        await pilot.press("ctrl+q", "c")
        await pilot.pause()
        assert session.verbs == ["cancel"]
        assert not pilot.app._exit
        count = len(run.events)
        run.finish("cancelled")
        await told(pilot, session, run.events[count:])
        await until(pilot, lambda: pilot.app._exit, "the end of the app")


async def test_leaving_lets_the_run_go_on_in_the_terminal(open_app: OpenApp, sessions: Sessions) -> None:
    whole = finished_run().events
    first = running_run().events
    async with open_app() as pilot:
        session = await started(pilot, sessions)
        session.tell(first)
        await pilot.press("ctrl+q", "h")
        await pilot.pause()
        assert session.verbs == ["leave"], "nobody is there to hold it"
    handed = pilot.app.return_value
    session.tell(whole[len(first) :])
    printed = io.StringIO()
    with redirect_stdout(printed):
        code = finish_in_terminal(handed)
    assert code == 0
    assert "submitted" in printed.getvalue()
    assert "dspy.MIPROv2" in printed.getvalue()
    assert handed.run.trajectory.last_seq == whole[-1].seq


async def test_another_task_brings_its_own_document_until_the_person_chooses_one(
    open_app: OpenApp, workplace: Path
) -> None:
    async with open_app(task="error-patterns", document=None) as pilot:
        explore = pilot.app.explore
        assert explore.picker.path.name == "incident.log"
        await pilot.press("2", "end", "enter")
        await settled(pilot)
        await pilot.press("up", "up", "enter")
        await settled(pilot)
        assert explore.form.chosen_task.name == "analyze"
        assert explore.picker.path.name == "the-lighthouse-of-varn.txt"
        explore.picker.choose(workplace / "notes.txt")
        await settled(pilot)
        await pilot.press("down", "down", "enter")
        await settled(pilot)
        assert explore.form.chosen_task.name == "logs"
        assert explore.picker.path.name == "notes.txt"
