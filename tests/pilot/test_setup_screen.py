"""The Setup screen: the doctor's real checks as they come, what mends them, and looking again."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from rlm_tui.core.settings import load_settings
from rlm_tui.ui.app import RlmTui
from rlm_tui.ui.screens.setup import SetupScreen
from rlm_tui.ui.widgets.check_rows import CheckRows
from tests.contract.sandboxes import needs_bubblewrap
from tests.lm_server import Answer, always
from tests.lm_server.fixtures import StartLM
from tests.modal_server import LoopbackModal
from tests.modal_server.server import SECRETS, TOKEN_ID, TOKEN_SECRET
from tests.pilot.conftest import OpenApp, screen_lines, screen_text, settled, shown, until

NOWHERE = "http://127.0.0.1:1/v1"
KEY = "planted-key-of-no-known-shape"
VALUE = SECRETS["LITELLM"]["DSPY_LLM_API_KEY"]
OpenHere = Callable[..., AbstractAsyncContextManager[Pilot[Any]]]


@pytest.fixture
def here(open_app: OpenApp, monkeypatch: pytest.MonkeyPatch) -> OpenHere:
    """`async with here(size, VARIABLE="…") as pilot`: the app with the settings of this environment."""

    def opened(size: tuple[int, int] = (80, 24), **environment: str) -> AbstractAsyncContextManager[Any]:
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        return open_app(size=size, settings=load_settings())

    return opened


def setup_screen(pilot: Pilot[Any]) -> SetupScreen:
    assert isinstance(pilot.app.screen, SetupScreen)
    return pilot.app.screen


def rows(pilot: Pilot[Any]) -> CheckRows:
    return setup_screen(pilot).query_one(CheckRows)


async def looked(pilot: Pilot[Any]) -> None:
    """Wait until everything was looked at and is painted."""
    await settled(pilot)
    await until(pilot, lambda: not setup_screen(pilot).looking, "the end")
    await settled(pilot)


async def click(pilot: Pilot[Any], words: str) -> None:
    """Click where these words stand."""
    for y, line in enumerate(screen_lines(pilot)):
        if words in line:
            await pilot.click(offset=(line.index(words) + 1, y))
            return
    raise AssertionError(f"{words!r} is not on the screen:\n{screen_text(pilot)}")


@pytest.mark.parametrize("size", [(80, 24), (120, 36), (160, 45)])
async def test_f3_looks_at_everything_and_escape_goes_back(here: OpenHere, size: tuple[int, int]) -> None:
    async with here(size) as pilot:
        await pilot.press("f3")
        await looked(pilot)
        lines = screen_lines(pilot)
        assert lines[0].split() == ["Setup", "│", "offline", "demo", "│", "local"]
        for name in ("planner", "bubblewrap", "local cell", "token", "settings", "disk", "libraries"):
            assert any(name in line[:20] for line in lines), f"{name} is on the screen"
        assert "the offline demo answers" in screen_text(pilot)
        assert "Everything is there that a run needs." in screen_text(pilot)
        for key in ("r again", "m Modal", "c copy", "esc back"):
            assert key in lines[-1]
        await pilot.press("escape")
        await settled(pilot)
        assert isinstance(pilot.app, RlmTui)
        assert pilot.app.screen is pilot.app.explore


async def test_the_cursor_lands_on_what_is_to_be_mended_and_c_copies_its_command(here: OpenHere) -> None:
    async with here(DSPY_LLM_API_KEY=KEY) as pilot:
        await pilot.press("f3")
        await looked(pilot)
        selected = rows(pilot).selected
        assert selected is not None
        assert (selected.name, selected.outcome) == ("settings", "missing")
        assert "To be mended: settings." in screen_text(pilot)
        await pilot.press("c")
        await pilot.pause()
        assert pilot.app.clipboard == "DSPY_LM_MODEL"
        assert "copied: DSPY_LM_MODEL" in screen_lines(pilot)[-1]
        await pilot.press("down", "c")
        await pilot.pause()
        assert "Nothing to mend here" in screen_lines(pilot)[-1]
        assert pilot.app.clipboard == "DSPY_LM_MODEL"


async def test_r_looks_again_with_the_settings_that_were_mended(
    here: OpenHere, loopback_lm: StartLM, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = loopback_lm(always(Answer("ready")), key=KEY)
    environment = {"DSPY_LM_MODEL": "openai/test-model", "DSPY_LM_API_BASE": NOWHERE}
    async with here(**environment, DSPY_LLM_API_KEY=KEY) as pilot:
        await pilot.press("f3")
        await looked(pilot)
        selected = rows(pilot).selected
        assert selected is not None
        assert selected.name == "planner address"
        assert "To be mended: planner address." in screen_text(pilot)

        monkeypatch.setenv("DSPY_LM_API_BASE", server.api_base)
        await pilot.press("r")
        await looked(pilot)
        assert "openai/test-model answers: ready" in screen_text(pilot)
        assert "Everything is there that a run needs." in screen_text(pilot)
        assert KEY not in screen_text(pilot)
        assert len(server.requests) == 1
        await pilot.press("escape")
        settings = pilot.app.explore.settings
        assert settings.lm is not None
        assert settings.lm.api_base == server.api_base, "the next run has what was mended"


async def test_settings_that_broke_are_told_and_the_ones_before_still_hold(
    here: OpenHere, workplace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dotenv = workplace / ".env"
    dotenv.write_text(f"A_KEY={KEY}\n", encoding="utf-8")
    async with here(RLM_TUI_DOTENV=str(dotenv)) as pilot:
        await pilot.press("f3")
        await looked(pilot)
        assert "Everything is there" in screen_text(pilot)
        dotenv.write_text(f"A_KEY={KEY}\nDSPY_LM_MAX_TOKENS={KEY}\n", encoding="utf-8")
        await pilot.press("r")
        await looked(pilot)
        text = " ".join(screen_text(pilot).split())
        assert "To be mended: settings." in text
        assert "DSPY_LM_MAX_TOKENS in" in text
        assert KEY not in text
        selected = rows(pilot).selected
        assert selected is not None
        assert selected.name == "settings"
        assert pilot.app.explore.settings.lm is None
        dotenv.unlink()
        monkeypatch.setenv("RLM_TUI_DOTENV", "off")
        await pilot.press("r")
        await looked(pilot)
        assert "Everything is there" in screen_text(pilot)


@pytest.mark.bubblewrap
@needs_bubblewrap
@pytest.mark.parametrize("size", [(80, 24), (160, 45)])
async def test_m_looks_at_modal_live_and_ends_its_sandbox(
    here: OpenHere, loopback_modal: LoopbackModal, size: tuple[int, int]
) -> None:
    loopback_modal.misbehave.slow["SandboxCreateV2"] = 4.0
    async with here(size, RLM_TUI_MODAL_CALL_SECONDS="20") as pilot:
        await pilot.press("f3")
        await looked(pilot)
        assert not loopback_modal.calls, "it is asked only when the person wants it"
        await pilot.press("m")
        await shown(pilot, "Still looking at: sandbox start.")
        await shown(pilot, "▶ sandbox start starting the sandbox")
        text = screen_text(pilot)
        assert "Modal accepts the token" in text, "what is known is shown while the rest is looked at"
        assert "· sandbox cell" in text
        assert "r again" not in screen_lines(pilot)[-1], "nobody looks twice at once"
        await pilot.press("m", "r")
        await looked(pilot)
        assert "Everything is there that a run needs." in screen_text(pilot)
        (sandbox,) = loopback_modal.sandboxes
        assert not sandbox.alive
        await pilot.press("end")
        await settled(pilot)
        end = screen_text(pilot)
        assert "the sandbox was ended" in end
        assert "has a value (not shown)" in end
        for secret in (VALUE, TOKEN_ID, TOKEN_SECRET):
            assert secret not in text + end


async def test_what_is_to_be_mended_is_scrolled_into_view(
    here: OpenHere, loopback_modal: LoopbackModal
) -> None:
    loopback_modal.account.secrets.clear()
    modal = {"RLM_TUI_SANDBOX_KIND": "modal", "RLM_TUI_MODAL_ATTACH_SECRET": "true"}
    async with here(RLM_TUI_MODAL_CALL_SECONDS="20", DSPY_LM_MODEL="", **modal) as pilot:
        await pilot.press("f3")
        await looked(pilot)
        text = " ".join(screen_text(pilot).split())
        assert "! secret There is no secret LITELLM in Modal." in text
        assert "To be mended: secret." in text
        await pilot.press("c")
        await pilot.pause()
        assert pilot.app.clipboard == "modal secret create LITELLM --from-dotenv .env"
        assert screen_lines(pilot)[-1].strip().startswith("copied: modal secret create LITELLM")
        assert not loopback_modal.sandboxes


async def test_the_mouse_chooses_copies_and_leaves(here: OpenHere) -> None:
    async with here((160, 45), DSPY_LM_MODEL="openai/x", DSPY_LM_API_BASE=NOWHERE) as pilot:
        await pilot.press("f3")
        await looked(pilot)
        await click(pilot, "rlm-tui check --modal")
        await pilot.pause()
        selected = rows(pilot).selected
        assert selected is not None
        assert selected.name == "token"
        await click(pilot, "c copy")
        await pilot.pause()
        assert pilot.app.clipboard == "rlm-tui check --modal"
        setup_screen(pilot).query_one("KeyFooter").hush()  # type: ignore[attr-defined]
        await pilot.pause()
        await click(pilot, "r again")
        await looked(pilot)
        selected = rows(pilot).selected
        assert selected is not None
        assert selected.name == "planner address", "looking again begins with what is to be mended"
        await click(pilot, "esc back")
        await settled(pilot)
        assert isinstance(pilot.app, RlmTui)
        assert pilot.app.screen is pilot.app.explore


async def test_a_row_chosen_meanwhile_stays_chosen(here: OpenHere, loopback_modal: LoopbackModal) -> None:
    loopback_modal.misbehave.slow["ClientHello"] = 4.0
    async with here(RLM_TUI_SANDBOX_KIND="modal", RLM_TUI_MODAL_CALL_SECONDS="20") as pilot:
        await pilot.press("f3")
        await settled(pilot)
        await shown(pilot, "▶ account looking")
        await pilot.press("home", "down", "down", "down")
        chosen = rows(pilot).selected
        assert chosen is not None
        assert setup_screen(pilot).looking
        await looked(pilot)
        selected = rows(pilot).selected
        assert selected is not None
        assert selected.name == chosen.name


async def test_leaving_and_coming_back_while_it_looks(here: OpenHere, loopback_modal: LoopbackModal) -> None:
    loopback_modal.misbehave.unreachable = True
    async with here(RLM_TUI_SANDBOX_KIND="modal", RLM_TUI_MODAL_CALL_SECONDS="4") as pilot:
        await pilot.press("f3")
        await shown(pilot, "account looking")
        await pilot.press("escape", "f3")
        await settled(pilot)
        await shown(pilot, "Still looking at: ")
        await looked(pilot)
        assert "Modal did not answer within 4 s" in " ".join(screen_text(pilot).split())
        assert "To be mended: account." in screen_text(pilot)


@pytest.mark.bubblewrap
@needs_bubblewrap
@pytest.mark.parametrize("key", ["escape", "ctrl+q"])
async def test_leaving_ends_the_sandbox_that_is_tried(
    here: OpenHere, loopback_modal: LoopbackModal, key: str
) -> None:
    loopback_modal.misbehave.slow["TaskExecStart"] = 300
    async with here(RLM_TUI_MODAL_CALL_SECONDS="300") as pilot:
        await pilot.press("f3")
        await looked(pilot)
        await pilot.press("m")
        await until(pilot, lambda: loopback_modal.calls["TaskExecStart"] > 0, "the driver's start")
        (sandbox,) = loopback_modal.sandboxes
        assert sandbox.alive
        await pilot.press(key)
        if key == "escape":
            await until(pilot, lambda: not sandbox.alive, "the sandbox's end")
    late = time.monotonic() + 30
    while sandbox.alive and time.monotonic() < late:
        time.sleep(0.01)
    assert not sandbox.alive
