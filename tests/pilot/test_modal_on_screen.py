"""Runs in Modal's sandboxes (on the loopback) as a person sees them: phases, what a run wrote, its death."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from textual.pilot import Pilot

from rlm_tui.core.settings import (
    DebuggerSettings,
    LMSettings,
    ModalSettings,
    SandboxSettings,
    Secret,
    Settings,
)
from rlm_tui.sandbox.modal_pool import POOL
from rlm_tui.ui.app import RlmTui
from rlm_tui.ui.run_control import start_engine_session
from rlm_tui.ui.widgets.file_tree import FileTree
from tests.contract.sandboxes import needs_bubblewrap
from tests.lm_server import planner_script
from tests.lm_server.fixtures import StartLM
from tests.modal_server import LoopbackModal
from tests.pilot.conftest import OpenApp, screen_text, settled, until

pytestmark = [pytest.mark.bubblewrap, needs_bubblewrap, pytest.mark.slow]

VOLUME = "rlm-volume-dspy"
KEY = "loopback-key-4711-not-a-real-one"
WORDS = "# Handbook\n\n## class Harvester(Module)\n\nA module that is called with inputs.\n"
LONG_CELL = (
    "import time\nopen('/data/found.txt', 'w').write('half of it')\nprint('last words')\ntime.sleep(60)"
)


@pytest.fixture
def document(tmp_path: Path) -> str:
    path = tmp_path / "handbook.md"
    path.write_text(WORDS, encoding="utf-8")
    return str(path)


@pytest.fixture(autouse=True)
def drained(loopback_modal: LoopbackModal) -> Iterator[None]:
    yield
    POOL.drain()


def settings(server: Any = None, **modal: Any) -> Settings:
    lm = None
    if server is not None:
        lm = LMSettings(model="openai/test-model", api_base=server.api_base, api_key=Secret(KEY))
    return Settings(
        lm=lm, sandbox=SandboxSettings(kind="modal"), modal=ModalSettings(call_seconds=15, **modal)
    )


def ended(pilot: Pilot[Any]) -> bool:
    assert isinstance(pilot.app, RlmTui)
    run = pilot.app.explore.run
    return run is not None and not run.active


def marked(pilot: Pilot[Any]) -> list[str]:
    return [node.name for node in pilot.app.screen.query_one("#volume-tree", FileTree).rows if node.mark]


def tree(pilot: Pilot[Any]) -> list[str]:
    return [node.name for node in pilot.app.screen.query_one("#volume-tree", FileTree).rows]


async def test_what_a_run_wrote_is_in_the_volume_and_marked(
    open_app: OpenApp, loopback_modal: LoopbackModal, document: str
) -> None:
    async with open_app(
        settings=settings(), task="volume-cache", document=document, start_session=start_engine_session
    ) as pilot:
        await pilot.press("ctrl+r")
        await until(pilot, lambda: ended(pilot))
        await pilot.press("5")
        await until(pilot, lambda: bool(marked(pilot)))
        await settled(pilot)
        assert "documents" in tree(pilot)
        assert "documents" not in marked(pilot), "that was uploaded, not written"
        assert "written by this run" in screen_text(pilot)
        assert not any(sandbox.alive for sandbox in loopback_modal.sandboxes)


async def test_a_sandbox_that_dies_in_a_cell_shows_why_and_the_last_output(
    open_app: OpenApp, loopback_modal: LoopbackModal, loopback_lm: StartLM, document: str
) -> None:
    server = loopback_lm(planner_script([("Work.", LONG_CELL)]), key=KEY)
    unhealed = replace(settings(server), debugger=DebuggerSettings(heal=False))
    async with open_app(settings=unhealed, document=document, start_session=start_engine_session) as pilot:
        await pilot.press("ctrl+r")
        await until(pilot, lambda: "last words" in screen_text(pilot))
        await pilot.press("5")
        await settled(pilot)
        assert "found.txt" not in tree(pilot), "until it is published nobody outside sees it"
        await pilot.press("r")
        await until(pilot, lambda: "found.txt" in tree(pilot))
        await pilot.press("3")
        loopback_modal.sandboxes[0].terminate()
        await until(pilot, lambda: ended(pilot))
        await settled(pilot)
        text = " ".join(screen_text(pilot).split())
        assert "failed" in text
        assert "terminated from outside" in text
        assert "last words" in text, screen_text(pilot)
    assert not any(sandbox.alive for sandbox in loopback_modal.sandboxes)


async def test_cancelling_and_leaving_end_the_sandbox(
    open_app: OpenApp, loopback_modal: LoopbackModal, loopback_lm: StartLM, document: str
) -> None:
    server = loopback_lm(planner_script([("Work.", LONG_CELL)] * 2), key=KEY)
    async with open_app(
        settings=settings(server), document=document, start_session=start_engine_session
    ) as pilot:
        await pilot.press("ctrl+r")
        await until(pilot, lambda: "last words" in screen_text(pilot))
        await pilot.press("escape", "escape")
        await until(pilot, lambda: ended(pilot))
        await until(pilot, lambda: not loopback_modal.sandboxes[0].alive)
        await pilot.press("ctrl+r")
        await until(pilot, lambda: len(loopback_modal.sandboxes) == 2 and "last words" in screen_text(pilot))
        await pilot.press("ctrl+q")
        await settled(pilot)
        await pilot.press("c")
        await until(pilot, lambda: not loopback_modal.sandboxes[1].alive)


async def test_a_sandbox_is_started_while_the_person_chooses(
    open_app: OpenApp, loopback_modal: LoopbackModal, document: str
) -> None:
    async with open_app(
        settings=settings(warm=True), task="basic", document=document, start_session=start_engine_session
    ) as pilot:
        await until(pilot, lambda: len(loopback_modal.sandboxes) == 1)
        await settled(pilot)
        await pilot.press("ctrl+r")
        await until(pilot, lambda: ended(pilot))
        await until(pilot, lambda: len(loopback_modal.sandboxes) == 2)
        assert not loopback_modal.sandboxes[0].alive
        assert loopback_modal.sandboxes[1].alive, "the next one is ready again"


async def test_a_sandbox_that_can_not_be_started_ahead_is_said(
    open_app: OpenApp, loopback_modal: LoopbackModal, monkeypatch: pytest.MonkeyPatch, document: str
) -> None:
    monkeypatch.setenv("MODAL_TOKEN_SECRET", "as-wrong")
    async with open_app(settings=settings(warm=True), document=document) as pilot:
        await until(pilot, lambda: "No sandbox was started ahead" in screen_text(pilot))
        assert "as-wrong" not in screen_text(pilot)
