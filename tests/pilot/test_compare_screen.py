"""The Compare screen: real comparisons, offline and against a loopback provider, seen, cancelled, left."""

from __future__ import annotations

import threading
import time
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Button, Input

from rlm_tui.core.settings import LMSettings, SandboxSettings, Secret, Settings
from rlm_tui.store.listing import list_runs
from rlm_tui.ui.app import RlmTui
from rlm_tui.ui.run_control import start_engine_session
from rlm_tui.ui.screens.compare import CompareScreen
from rlm_tui.ui.screens.text_preview import TextPreviewScreen
from rlm_tui.ui.screens.unconfined import UnconfinedScreen
from rlm_tui.ui.widgets.compare_rows import CompareRows
from tests.integration.session_runs import KEY
from tests.lm_server import WRONG_KEY, Answer, LoopbackLM, by_kind, planner_script
from tests.lm_server.fixtures import StartLM
from tests.pilot.conftest import (
    OpenApp,
    Sessions,
    chosen_in_the_palette,
    screen_lines,
    screen_text,
    settled,
    until,
)

HANDBOOK = Path(__file__).parents[2] / "rlm_content" / "api-handbook.md"
CELLS = [("I look, then answer.", "print(len(docs))"), ("Done.", "SUBMIT(answer='x')")]


def words(pilot: Pilot[Any]) -> str:
    return " ".join(screen_text(pilot).split())


def compare(pilot: Pilot[Any]) -> CompareScreen:
    assert isinstance(pilot.app.screen, CompareScreen), pilot.app.screen
    return pilot.app.screen


async def opened(pilot: Pilot[Any]) -> CompareScreen:
    """Open the screen and wait until it says what would be asked."""
    await pilot.press("f6")
    await settled(pilot)
    await until(pilot, lambda: "^R runs both" in words(pilot), "the plan")
    return compare(pilot)


async def ended(pilot: Pilot[Any]) -> None:
    screen = compare(pilot)
    await until(pilot, lambda: screen.comparison is not None and screen.comparison.shown_end, "the end")
    await settled(pilot)


def handbook(open_app: OpenApp, size: tuple[int, int] = (120, 36), **arguments: Any) -> Any:
    return open_app(
        size=size,
        task="api-endpoints",
        document=str(HANDBOOK),
        start_session=start_engine_session,
        **arguments,
    )


def configured(server: LoopbackLM, **sandbox: Any) -> Settings:
    lm = LMSettings(model="openai/test-model", api_base=server.api_base, api_key=Secret(KEY), retries=0)
    return Settings(lm=lm, sandbox=SandboxSettings(confined="off", **sandbox))


@pytest.fixture
def own_task(workplace: Path) -> str:
    """The name of a task that asks one thing of a document."""
    folder = workplace / ".rlm-tui" / "tasks"
    folder.mkdir(parents=True)
    (folder / "asked.toml").write_text(
        'signature = "docs, query -> answer: str"\ndocument_input = "docs"\n[defaults]\nquery = "What?"\n',
        encoding="utf-8",
    )
    return "asked"


def left_behind() -> list[str]:
    """Threads of a comparison that still live; a request in flight can't be taken back, and is none."""
    ours = ("rlm-run", "rlm-direct", "rlm-sandbox", "compare:")
    return [thread.name for thread in threading.enumerate() if thread.name.startswith(ours)]


@pytest.mark.slow
@pytest.mark.parametrize("size", [(80, 24), (120, 36), (160, 45)])
async def test_a_whole_comparison_with_the_truth_of_both(open_app: OpenApp, size: tuple[int, int]) -> None:
    async with handbook(open_app, size) as pilot:
        screen = await opened(pilot)
        plan = words(pilot)
        assert "api-endpoints: List the endpoints of an API" in plan
        assert "api-handbook.md, 35 KB" in plan
        assert "at most 20 iterations and 50 calls" in plan
        assert "31% of the document will be cut" in plan
        assert "The offline demo costs nothing." in plan
        assert screen.comparison is None, "nothing was asked yet"
        await pilot.press("ctrl+r")
        await ended(pilot)
        text = words(pilot)
        assert "✓ submitted" in text
        assert "✓ answered" in text
        assert "66 of 66" in text
        assert "31% cut: all but 24 KB of" in " ".join(text.replace("│", " ").split())
        (kept,) = list_runs()
        assert kept.started is not None
        assert kept.started.task == "api-endpoints"
        await pilot.press("end", "enter")
        await settled(pilot)
        assert isinstance(pilot.app.screen, TextPreviewScreen)
        assert "== RLM ==" in screen_text(pilot)
        assert "- GET /v2/alerts" in screen_text(pilot)
        await pilot.press("escape", "escape")
        await settled(pilot)
        assert isinstance(pilot.app, RlmTui)
        assert pilot.app.screen is pilot.app.explore


@pytest.mark.slow
async def test_texts_stand_in_two_columns_or_under_each_other(open_app: OpenApp) -> None:
    for width, beside in ((120, True), (80, False)):
        async with handbook(open_app, (width, 50)) as pilot:
            await opened(pilot)
            await pilot.press("ctrl+r")
            await ended(pilot)
            kinds = [line for line in screen_lines(pilot) if "list[str]" in line]
            assert len(kinds) == (1 if beside else 2)
            assert "66 of 66 found" in kinds[0]


@pytest.mark.slow
async def test_the_window_is_changed_and_a_document_that_fits_is_not_cut(open_app: OpenApp) -> None:
    async with handbook(open_app) as pilot:
        screen = await opened(pilot)
        field = screen.query_one("#compare-window", Input)
        field.value = "60,000"
        await settled(pilot)
        assert "all of the document fits into 60,000 tokens" in words(pilot)
        field.value = "3000"
        await settled(pilot)
        assert "some 7.7 K tokens" in words(pilot)
        await pilot.press("ctrl+r")
        await ended(pilot)
        assert "did not fit into 3,000" in words(pilot).replace("│ ", "")


@pytest.mark.parametrize(
    ("written", "problem"),
    [("many", "write one, as in 8,000"), ("10", "at least 3,000 tokens"), ("", "write one")],
)
async def test_a_window_that_is_none_is_said_in_place(
    open_app: OpenApp, sessions: Sessions, written: str, problem: str
) -> None:
    async with open_app(task="api-endpoints", document=str(HANDBOOK)) as pilot:
        screen = await opened(pilot)
        screen.query_one("#compare-window", Input).value = written
        await pilot.press("ctrl+r")
        await settled(pilot)
        assert problem in words(pilot)
        assert screen.comparison is None
        assert not sessions.made


async def test_what_can_not_be_run_is_said_and_starts_nothing(open_app: OpenApp, workplace: Path) -> None:
    async with open_app(task="api-endpoints") as pilot:
        (workplace / "notes.txt").unlink()
        await pilot.press("f6")
        await settled(pilot)
        await until(pilot, lambda: "There is no document at" in words(pilot), "the problem")
        await pilot.press("ctrl+r")
        await settled(pilot)
        assert compare(pilot).comparison is None
        await pilot.press("escape")
        await settled(pilot)
        assert pilot.app.screen is pilot.app.explore


@pytest.mark.slow
async def test_a_refused_key_fails_one_side_and_the_other_goes_on(
    open_app: OpenApp, loopback_lm: StartLM, own_task: str
) -> None:
    server = loopback_lm(planner_script(CELLS, predict_answer=lambda _: WRONG_KEY, delay=0.6), key=KEY)
    async with open_app(
        size=(120, 36), task=own_task, settings=configured(server), start_session=start_engine_session
    ) as pilot:
        await opened(pilot)
        assert "Both are paid for." in words(pilot)
        await pilot.press("ctrl+r")
        await settled(pilot)
        assert isinstance(pilot.app.screen, UnconfinedScreen), "an open sandbox is asked about, as elsewhere"
        await pilot.press("r")
        await settled(pilot)
        await until(pilot, lambda: "Incorrect API key provided" in words(pilot), "the provider's words")
        assert compare(pilot).active, "the RLM goes on"
        await ended(pilot)
        text = words(pilot)
        assert "✓ submitted" in text
        assert "✗ failed" in text
        assert "no answer" in text
        assert KEY not in text
        tokens = next(line for line in screen_lines(pilot) if line.startswith(" prompt tokens"))
        assert tokens.rstrip().endswith("—"), "unknown is not zero"


@pytest.mark.slow
async def test_an_rlm_that_fails_leaves_the_prompt_its_answer(
    open_app: OpenApp, loopback_lm: StartLM, own_task: str
) -> None:
    server = loopback_lm(by_kind(planner_script(CELLS), planner=WRONG_KEY), key=KEY)
    async with open_app(
        size=(160, 45), task=own_task, settings=configured(server), start_session=start_engine_session
    ) as pilot:
        await opened(pilot)
        await pilot.press("ctrl+r")
        await settled(pilot)
        await pilot.press("r")
        await settled(pilot)
        await ended(pilot)
        text = words(pilot)
        assert "✗ failed" in text
        assert "✓ answered" in text
        assert "Incorrect API key provided" in text
        assert "answer found" in text, "the other side's answer"


EVIL = "[bold]x[/] \x1b]0;owned\x07 \u202egnp.exe"


@pytest.mark.slow
async def test_a_long_and_hostile_answer_is_folded_and_only_text(
    open_app: OpenApp, loopback_lm: StartLM, own_task: str
) -> None:
    cells = [("I say it.", f"SUBMIT(answer={EVIL!r} + '\\nline' * 300_000)")]
    server = loopback_lm(planner_script(cells, predict_answer=lambda _: {"answer": EVIL}), key=KEY)
    async with open_app(
        size=(120, 36), task=own_task, settings=configured(server), start_session=start_engine_session
    ) as pilot:
        await opened(pilot)
        await pilot.press("ctrl+r")
        await settled(pilot)
        await pilot.press("r")
        await settled(pilot)
        await ended(pilot)
        text = words(pilot)
        assert text.count("[bold]x[/] ␛]0;owned␇ ⟨202e⟩gnp.exe") == 2
        assert text.count("Enter or a click shows all of it") == 1
        assert compare(pilot).query_one(CompareRows).blocks.height < 60
        await pilot.press("end", "enter")
        await settled(pilot)
        assert "page 1 of 23" in words(pilot)


@pytest.mark.slow
async def test_several_documents_are_cut_together(open_app: OpenApp, tmp_path: Path) -> None:
    folder = tmp_path / "many"
    folder.mkdir()
    for name in ("Harvester", "Pruner"):
        text = f"# Handbook\n\n## class {name}(Module)\n\nA module that is called.\n" + "Some words.\n" * 500
        (folder / f"{name}.md").write_text(text, encoding="utf-8")
    async with open_app(
        size=(120, 45), task="architecture", documents=(str(folder),), start_session=start_engine_session
    ) as pilot:
        screen = await opened(pilot)
        assert "many (2 documents), 12 KB, as docs" in words(pilot)
        screen.query_one("#compare-window", Input).value = "3000"
        await settled(pilot)
        await pilot.press("ctrl+r")
        await ended(pilot)
        text = words(pilot).replace("│ ", "")
        assert "✓ submitted" in text
        assert "✓ answered" in text
        assert "all of 12 KB within reach of its cells" in text
        assert "67% cut: all but 4 KB of 12 KB" in text


def slow_server(loopback_lm: StartLM) -> LoopbackLM:
    """A provider that takes half a minute for each answer."""
    return loopback_lm(lambda _request: Answer("never read", delay=30), key=KEY)


async def begun(pilot: Pilot[Any], server: LoopbackLM) -> CompareScreen:
    await opened(pilot)
    await pilot.press("ctrl+r")
    await settled(pilot)
    await pilot.press("r")
    await settled(pilot)
    screen = compare(pilot)
    await until(pilot, lambda: len(server.requests) == 2, "both requests")
    return screen


@pytest.mark.slow
async def test_esc_twice_cancels_both(open_app: OpenApp, loopback_lm: StartLM, own_task: str) -> None:
    server = slow_server(loopback_lm)
    async with open_app(
        size=(120, 36), task=own_task, settings=configured(server), start_session=start_engine_session
    ) as pilot:
        screen = await begun(pilot, server)
        assert screen.query_one("#compare-button", Button).disabled
        seconds = next(line for line in screen_lines(pilot) if line.startswith(" seconds"))
        await until(
            pilot,
            lambda: next(line for line in screen_lines(pilot) if line.startswith(" seconds")) != seconds,
            "another second",
        )
        await pilot.press("escape")
        await pilot.pause()
        assert "esc again cancels both" in screen_lines(pilot)[-1]
        assert screen.active
        await pilot.press("escape")
        await ended(pilot)
        assert words(pilot).count("■ cancelled") == 2
        assert "cancelling both" not in screen_lines(pilot)[-1]
        await pilot.press("escape")
        await settled(pilot)
        assert pilot.app.screen is pilot.app.explore


@pytest.mark.slow
async def test_leaving_the_program_cancels_both(
    open_app: OpenApp, loopback_lm: StartLM, own_task: str
) -> None:
    server = slow_server(loopback_lm)
    async with open_app(
        task=own_task, settings=configured(server), start_session=start_engine_session
    ) as pilot:
        screen = await begun(pilot, server)
        await pilot.press("ctrl+q")
        await settled(pilot)
        assert "A comparison goes on." in words(pilot)
        await pilot.press("s")
        await settled(pilot)
        assert compare(pilot).active
        await pilot.press("f1")
        await settled(pilot)
        assert "Keys in Compare" in screen_text(pilot)
        assert "Look at an answer whole, of both sides" in screen_text(pilot)
        assert "Open or shut the row" not in screen_text(pilot)
        await pilot.press("escape", "ctrl+q")
        await settled(pilot)
        await pilot.press("c")
        await until(pilot, lambda: not screen.active, "the end")
    late = time.monotonic() + 20
    while left_behind():
        assert time.monotonic() < late, left_behind()
        time.sleep(0.05)
    (kept,) = list_runs()
    assert kept.status == "cancelled"


@pytest.mark.slow
async def test_the_mouse_alone_is_enough(open_app: OpenApp) -> None:
    async with handbook(open_app) as pilot:
        await opened(pilot)
        await pilot.click("#compare-button")
        await ended(pilot)
        await click(pilot, "Enter or a click")
        await settled(pilot)
        assert isinstance(pilot.app.screen, TextPreviewScreen)
        await pilot.press("escape")
        await settled(pilot)
        await click(pilot, "esc back")
        await settled(pilot)
        assert pilot.app.screen is pilot.app.explore


async def click(pilot: Pilot[Any], shown: str) -> None:
    for y, line in enumerate(screen_lines(pilot)):
        if shown in line:
            await pilot.click(offset=(line.index(shown) + 1, y))
            return
    raise AssertionError(f"{shown!r} is not on the screen:\n{screen_text(pilot)}")


async def test_a_truth_that_nobody_can_read_is_an_end_of_looking(open_app: OpenApp, workplace: Path) -> None:
    notes = workplace / "notes.txt"
    (workplace / "notes.txt.truth.json").write_text("[" * 200_000, encoding="utf-8")
    async with open_app(task="api-endpoints", document=str(notes)) as pilot:
        await pilot.press("f6")
        await settled(pilot)
        await until(pilot, lambda: "can't be read as the truth" in words(pilot), "the problem")


async def test_a_fault_that_nobody_expected_is_said(
    open_app: OpenApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_: object) -> None:
        raise RuntimeError("nobody expected this")

    monkeypatch.setattr("rlm_tui.ui.screens.compare.ready", broken)
    async with open_app(task="basic") as pilot:
        await pilot.press("f6")
        await settled(pilot)
        await until(pilot, lambda: "nobody expected this" in words(pilot), "the problem")


async def test_the_palette_opens_it(open_app: OpenApp) -> None:
    async with open_app(task="basic") as pilot:
        await chosen_in_the_palette(pilot, "compare with one")
        compare(pilot)
