"""Runs of the debugger on the screen: a real session, a real local sandbox, the loopback LM."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any

from textual.pilot import Pilot

from rlm_tui.core.iterations import Iteration
from rlm_tui.core.settings import LMSettings, SandboxSettings, Secret, Settings
from rlm_tui.core.trajectory import Trajectory
from rlm_tui.ui.run_control import start_engine_session
from rlm_tui.ui.screens.unconfined import UnconfinedScreen
from tests.integration.session_runs import KEY
from tests.lm_server import LMRequest, LoopbackLM
from tests.pilot.conftest import OpenApp, screen_lines, screen_text, until

CODE = "words = 'as planned'\nprint(words)"
CELLS: Sequence[tuple[str, str]] = (
    ("I look first.", CODE),
    ("I have it.", "SUBMIT(answer='done')"),
)


class HeldScreen:
    """The app with a run on it, and what a test asks of both."""

    def __init__(self, pilot: Pilot[Any], server: LoopbackLM) -> None:
        self.pilot = pilot
        self.server = server

    @property
    def trajectory(self) -> Trajectory:
        run = self.pilot.app.explore.run  # type: ignore[attr-defined]
        return run.trajectory

    @property
    def last(self) -> Iteration:
        return self.trajectory.iterations[-1]

    async def until(self, condition: Callable[[], object]) -> None:
        await until(self.pilot, condition)

    async def held(self, before: str, n: int) -> None:
        """Wait until the run is held there, and the screen says so."""

        def is_held() -> bool:
            held = self.trajectory.held
            return held is not None and held.before == before and self.last.n == n

        await self.until(is_held)
        await self.until(lambda: f"HELD before the {before} of iteration {n}" in screen_text(self.pilot))

    async def ended(self, status: str = "submitted") -> None:
        await self.until(lambda: self.trajectory.finished is not None)
        assert self.trajectory.finished is not None
        assert self.trajectory.finished.status == status

    async def shows(self, words: str) -> None:
        await until(self.pilot, lambda: words in screen_text(self.pilot), repr(words))

    async def click(self, words: str) -> None:
        """Click where these words stand."""
        await self.shows(words)
        y, line = next((y, line) for y, line in enumerate(screen_lines(self.pilot)) if words in line)
        await self.pilot.click(offset=(line.index(words) + len(words) // 2, y))
        await self.pilot.pause()

    def prompts(self) -> list[str]:
        """What the planner was asked, so far."""
        return [asked.prompt for asked in self.server.requests if is_planner(asked)]


def is_planner(asked: LMRequest) -> bool:
    return asked.kind.value == "planner"


@asynccontextmanager
async def held_screen(
    open_app: OpenApp, server: LoopbackLM, *, key: str = "f9", size: tuple[int, int] = (120, 36)
) -> AsyncIterator[HeldScreen]:
    """Press `key` in the app, and have the run of the task `basic` on the screen."""
    settings = Settings(
        lm=LMSettings(model="openai/test-model", api_base=server.api_base, api_key=Secret(KEY)),
        sandbox=SandboxSettings(kind="local", confined="off"),
    )
    async with open_app(
        size=size, settings=settings, task="basic", start_session=start_engine_session
    ) as pilot:
        screen = HeldScreen(pilot, server)
        await pilot.press(key)
        await screen.until(lambda: isinstance(pilot.app.screen, UnconfinedScreen))
        await pilot.press("r")
        await screen.until(lambda: pilot.app.explore.run is not None)  # type: ignore[attr-defined]
        try:
            yield screen
        finally:
            run = pilot.app.explore.run  # type: ignore[attr-defined]
            run.cancel()
            await screen.until(lambda: not run.active)
