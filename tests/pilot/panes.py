"""An app with the panes of a run and nothing else, for tests of one pane at a time."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any, Generic, TypeVar

from textual.app import App, ComposeResult
from textual.message import Message
from textual.pilot import Pilot
from textual.widget import Widget

from rlm_tui.core.events import AnyEvent
from rlm_tui.core.trajectory import Trajectory
from rlm_tui.ui.widgets.run_messages import RunMessage

W = TypeVar("W", bound=Widget)


class PaneApp(App[None], Generic[W]):
    """Holds one pane and keeps the messages it posts."""

    ENABLE_COMMAND_PALETTE = False

    def __init__(self, pane: W) -> None:
        super().__init__()
        self.pane = pane
        self.told: list[RunMessage] = []
        self.animation_level = "none"

    def compose(self) -> ComposeResult:
        yield self.pane

    async def _on_message(self, message: Message) -> None:
        if isinstance(message, RunMessage):
            self.told.append(message)
        await super()._on_message(message)


class Told(Generic[W]):
    """A pane in a running app, and a run that the test tells it event by event."""

    def __init__(self, pilot: Pilot[Any], pane: W) -> None:
        self.pilot = pilot
        self.pane = pane
        self.trajectory = Trajectory()
        self._told = 0

    @property
    def messages(self) -> list[RunMessage]:
        app = self.pilot.app
        assert isinstance(app, PaneApp)
        return app.told

    async def tell(self, events: Sequence[AnyEvent]) -> None:
        """Apply the events that come after those told before, and wait until they are painted."""
        pane: Any = self.pane
        for event in events[self._told :]:
            pane.apply(self.trajectory.apply(event))
        self._told = len(events)
        await self.settle()

    async def settle(self) -> None:
        await self.pilot.pause()
        await self.pilot.pause()

    async def press(self, *keys: str) -> None:
        await self.pilot.press(*keys)
        await self.settle()

    def lines(self) -> list[str]:
        """What is on the screen."""
        strips = self.pilot.app.screen._compositor.render_strips()
        return ["".join(segment.text for segment in strip).rstrip() for strip in strips]

    def text(self) -> str:
        return "\n".join(self.lines())


@asynccontextmanager
async def opened(
    pane: W, events: Sequence[AnyEvent] = (), *, size: tuple[int, int] = (100, 40)
) -> AsyncIterator[Told[W]]:
    """The pane in an app, showing a run that begins with `events`."""
    app = PaneApp(pane)
    async with app.run_test(size=size) as pilot:
        told = Told(pilot, pane)
        for event in events:
            told.trajectory.apply(event)
        told._told = len(events)
        showing: Any = pane
        showing.show(told.trajectory)
        first = next((widget for widget in (pane, *pane.query("*")) if widget.focusable), None)
        if first is not None:
            first.focus()
        await told.settle()
        yield told
