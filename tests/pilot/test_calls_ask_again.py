"""Asking again: a live run and the loopback LM, the offline demo, failures, a cancel, and what is kept."""

from __future__ import annotations

import json
import threading
from pathlib import Path

from textual.widgets import TextArea

from rlm_tui.core import events as e
from rlm_tui.core.call_again import CallAgain
from rlm_tui.core.redaction import Redactor
from rlm_tui.core.settings import LMSettings, Secret, Settings
from rlm_tui.store.calls_again import ASKED_AGAIN, keep_call_again, read_calls_again
from rlm_tui.store.importers.write import import_file
from rlm_tui.store.run_log import open_run
from rlm_tui.ui.run_calls import calls_of_saved
from rlm_tui.ui.screens.ask_again import AskAgainScreen
from rlm_tui.ui.screens.calls import CallsScreen
from tests.integration.session_runs import KEY
from tests.lm_server import WRONG_KEY, Answer, LoopbackLM, planner_script
from tests.lm_server.fixtures import StartLM
from tests.pilot.calls import ShownCalls, shown_calls
from tests.pilot.conftest import OpenApp, screen_text
from tests.pilot.debugging import held_screen
from tests.pilot.recorded import RunBuilder

CELLS = (
    ("I ask.", "print(llm_query('Which colour is the sky?'))"),
    ("I have it.", "SUBMIT(answer='blue')"),
)


def asked_run() -> list[e.AnyEvent]:
    run = RunBuilder().start()
    run.answer(run.call(run.cell(run.iteration(1), ""), "Which colour is the sky?"), "Blue.\nAlways.")
    return run.events


def configured(server: LoopbackLM) -> Settings:
    return Settings(
        lm=LMSettings(model="openai/test-model", api_base=server.api_base, api_key=Secret(KEY), retries=0)
    )


async def send(shown: ShownCalls, prompt: str) -> None:
    """Ask the call that is looked at again, with this prompt."""
    await shown.shows("Which colour is the sky?")
    await shown.press("a")
    await shown.until(lambda: isinstance(shown.pilot.app.screen, AskAgainScreen))
    shown.pilot.app.screen.query_one(TextArea).text = prompt
    await shown.press("ctrl+r")


async def test_a_call_of_a_live_run_is_asked_again_counted_apart_and_kept(
    open_app: OpenApp, loopback_lm: StartLM
) -> None:
    server = loopback_lm(planner_script(CELLS, lambda prompt: "Grey." if "London" in prompt else "Blue."))
    async with held_screen(open_app, server, key="ctrl+r", size=(160, 45)) as live:
        await live.ended()
        before = live.trajectory.totals
        pilot = live.pilot
        await pilot.press("v")
        await live.until(lambda: isinstance(pilot.app.screen, CallsScreen))
        shown = ShownCalls(pilot, pilot.app.screen, live.trajectory)  # type: ignore[arg-type]
        await send(shown, f"Which colour is the sky in London? {KEY}")
        await shown.shows("Asked again")
        await shown.shows("asked again: 1 call, ")
        text = shown.text()
        assert "+Grey." in text
        assert "-Blue." in text
        assert "+Which colour is the sky in London?" in text
        assert "openai/test-model" in text
        assert live.trajectory.totals == before
        assert KEY not in text
        assert pilot.app.explore.run.session.events_path is not None  # type: ignore[attr-defined]
        folder = pilot.app.explore.run.session.events_path.parent  # type: ignore[attr-defined]
        [kept], damaged = read_calls_again(folder)
        assert (kept.answer, kept.error, damaged) == ("Grey.", None, 0)
        assert kept.usage is not None
        assert KEY not in (folder / ASKED_AGAIN).read_text(encoding="utf-8")
        await pilot.press("escape", "v")
        await shown.shows("asked again: 1 call, ")
        log = open_run(folder)
        trajectory = log.trajectory()
        saved = calls_of_saved(log, lambda: trajectory, configured(server))
        assert saved.read_again() == ""
        assert saved.again == [kept]
        assert saved.sub_lm_words == "openai/test-model"
        assert saved.title.startswith("basic · ")


async def test_a_call_in_flight_is_seen_until_its_answer_comes(
    open_app: OpenApp, loopback_lm: StartLM
) -> None:
    may_answer = threading.Event()

    def answer(prompt: str) -> str:
        may_answer.wait(30.0)
        return "Blue."

    server = loopback_lm(planner_script(CELLS, answer))
    async with held_screen(open_app, server, key="ctrl+r", size=(160, 45)) as live:
        await live.until(lambda: live.trajectory.open_calls)
        await live.pilot.press("v")
        await live.shows("The answer is still to come.")
        await live.shows("1 in flight")
        await live.pilot.press("Y")
        await live.shows("There is no answer yet.")
        may_answer.set()
        await live.shows("5 characters")
        assert "Blue." in screen_text(live.pilot)
        await live.until(lambda: "1 in flight" not in screen_text(live.pilot))


async def test_the_offline_demo_answers_and_is_named(open_app: OpenApp, tmp_path: Path) -> None:
    async with shown_calls(open_app, asked_run(), folder=tmp_path) as shown:
        await shown.shows("Which colour")
        await shown.press("a")
        await shown.shows("The offline demo answers, once.")
        await shown.press("escape")
        await send(shown, "Which colour is grass?")
        await shown.shows("asked again: 1 call, ")
        await shown.shows("the offline demo")
        [kept], _ = read_calls_again(tmp_path)
        assert kept.offline
    async with shown_calls(open_app, asked_run(), folder=tmp_path) as shown:
        await shown.shows("asked again: 1 call, ")
        await shown.shows("Asked again  1 of 1")


async def test_an_error_is_told_in_the_provider_s_words(open_app: OpenApp, loopback_lm: StartLM) -> None:
    server = loopback_lm(lambda request: WRONG_KEY)
    async with shown_calls(open_app, asked_run(), settings=configured(server)) as shown:
        await send(shown, "Which colour is the sky?")
        await shown.shows("Incorrect API key")
        assert "The prompt was sent as it is recorded." in shown.text()
        assert "asked again: 1 call, ? tok, $?" in shown.text(), "unknown is not zero"
        await shown.press("a")
        await shown.until(lambda: isinstance(shown.pilot.app.screen, AskAgainScreen))


async def test_a_wait_is_told_and_cancelled(open_app: OpenApp, loopback_lm: StartLM) -> None:
    server = loopback_lm(lambda request: Answer("late", delay=30.0))
    async with shown_calls(open_app, asked_run(), settings=configured(server)) as shown:
        await send(shown, "Which colour is the sky?")
        await shown.shows("asking openai/test-model again")
        await shown.until(lambda: server.requests)
        await shown.press("x")
        await shown.shows("Cancelled")
        await shown.shows("the provider may count it all the same")
        await shown.hides("x cancels")


async def test_leaving_does_not_wait_for_an_answer(open_app: OpenApp, loopback_lm: StartLM) -> None:
    server = loopback_lm(lambda request: Answer("late", delay=30.0))
    async with shown_calls(open_app, asked_run(), settings=configured(server)) as shown:
        await send(shown, "Which colour is the sky?")
        await shown.until(lambda: server.requests)
        await shown.press("escape")
        assert not isinstance(shown.pilot.app.screen, CallsScreen)
        assert "Documents" in screen_text(shown.pilot)


def test_a_log_of_others_is_asked_again_of_the_model_that_is_configured(tmp_path: Path) -> None:
    mine = Settings(lm=LMSettings(model="openai/mine"), sub_lm=LMSettings(model="openai/cheap"))
    for file in sorted((Path(__file__).parents[1] / "importers_data").glob("*.json*")):
        [found, *_] = import_file(file, Redactor(), tmp_path)
        log = open_run(found.path)
        trajectory = log.trajectory()
        assert calls_of_saved(log, lambda run=trajectory: run, mine).sub_lm_words == "openai/cheap"


def test_a_damaged_line_is_counted_and_the_next_one_is_whole(tmp_path: Path) -> None:
    keep_call_again(tmp_path, CallAgain(of="call-1", prompt="one", answer="1"))
    path = tmp_path / ASKED_AGAIN
    with path.open("ab") as file:
        file.write(b'{"of": "call-1", "prom')
    keep_call_again(tmp_path, CallAgain(of="call-2", prompt="two", usage=e.Usage(3, None)))
    found, damaged = read_calls_again(tmp_path)
    assert [call.of for call in found] == ["call-1", "call-2"]
    assert damaged == 1
    assert found[1].usage == e.Usage(3, None)
    assert path.stat().st_mode & 0o777 == 0o600
    assert json.loads(path.read_text(encoding="utf-8").splitlines()[-1])["of"] == "call-2"
