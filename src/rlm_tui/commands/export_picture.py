"""The end of a saved run as it stands on the screen, as a picture (SVG)."""

from __future__ import annotations

import asyncio

from rlm_tui.core.redaction import Redactor
from rlm_tui.store.exporters.picture import offline
from rlm_tui.store.run_log import RunLog

SIZE = (140, 40)


def picture_of(log: RunLog, redactor: Redactor) -> str:
    """The replay screen at the run's end. Nothing is shown in the terminal."""
    from rlm_tui.core.settings import Settings
    from rlm_tui.ui.app import RlmTui
    from rlm_tui.ui.recorded_run import RecordedRun
    from rlm_tui.ui.screens.replay import ReplayScreen

    async def taken() -> str:
        screen = ReplayScreen(RecordedRun(log))
        app = RlmTui(Settings(), first=lambda _: screen, warm_up=False)
        app.animation_level = "none"
        async with app.run_test(size=SIZE) as pilot:
            while screen.reading:
                await pilot.pause(0.01)
            await pilot.pause(0.1)
            return app.export_screenshot(title=log.run_id)

    return redactor.text(offline(asyncio.run(taken())))
