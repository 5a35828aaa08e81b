"""The screen of all calls over a run that a test tells, without Explore below it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from textual.pilot import Pilot

from rlm_tui.core.call_again import CallAgain
from rlm_tui.core.events import AnyEvent, Value
from rlm_tui.core.settings import Settings
from rlm_tui.core.trajectory import Trajectory
from rlm_tui.ui.run_calls import RunCalls
from rlm_tui.ui.screens.calls import CallsScreen
from tests.pilot.conftest import OpenApp, screen_lines, screen_text, until


class ShownCalls:
    """The screen, the run that it shows, and what a test asks of both."""

    def __init__(self, pilot: Pilot[Any], screen: CallsScreen, trajectory: Trajectory) -> None:
        self.pilot = pilot
        self.screen = screen
        self.trajectory = trajectory

    async def until(self, condition: Callable[[], object]) -> None:
        await until(self.pilot, condition)

    async def shows(self, words: str) -> None:
        await until(self.pilot, lambda: words in self.text(), repr(words))

    async def hides(self, words: str) -> None:
        await self.until(lambda: words not in self.text())

    async def press(self, *keys: str) -> None:
        await self.pilot.press(*keys)
        await self.pilot.pause()

    async def filter(self, text: str) -> None:
        """Type a filter, and go back to the table."""
        await self.press("slash")
        field = self.screen.query_one("#calls-filter")
        field.value = text  # type: ignore[attr-defined]
        await self.press("enter")

    def tell(self, event: AnyEvent) -> None:
        self.trajectory.apply(event)

    def lines(self) -> list[str]:
        return screen_lines(self.pilot)

    def text(self) -> str:
        return screen_text(self.pilot)

    def rows(self) -> list[str]:
        """The lines of the table."""
        return [line for line in self.lines() if line.startswith((" ✓", " ✗", " ▶"))]


@asynccontextmanager
async def shown_calls(
    open_app: OpenApp,
    events: list[AnyEvent],
    *,
    size: tuple[int, int] = (160, 45),
    text: Callable[[Value], str] | None = None,
    folder: Path | None = None,
    settings: Settings | None = None,
    again: list[CallAgain] | None = None,
    span: str = "",
) -> AsyncIterator[ShownCalls]:
    """The calls of the run that `events` tell."""
    trajectory = Trajectory()
    for event in events:
        trajectory.apply(event)
    source = RunCalls(
        trajectory=lambda: trajectory,
        now=lambda: trajectory.now,
        text=text or (lambda value: value.text),
        folder=lambda: folder,
        settings=settings or Settings(),
        again=again or [],
    )
    async with open_app(size=size) as pilot:
        screen = CallsScreen(source, span)
        pilot.app.push_screen(screen)
        shown = ShownCalls(pilot, screen, trajectory)
        await shown.until(lambda: screen.listing.of == len(trajectory.calls))
        yield shown
