"""How long a key waits in a dialog while the screen below it changes, beside Textual's own modal screen.

    uv run python benchmarks/dialog_keys.py [SECONDS]

The offline demo runs below the help (160 x 45). Every 5 ms the message loop is asked for a turn, as a key
would ask; what it waited for is counted, and the processor's time.
"""

from __future__ import annotations

import asyncio
import os
import statistics
import sys
import tempfile
import time

from textual.screen import ModalScreen

from rlm_tui.core.settings import Settings
from rlm_tui.ui.app import RlmTui
from rlm_tui.ui.screens.dialog import Dialog

EVERY_SECONDS = 0.005
OURS = {"refresh": Dialog.refresh, "render": Dialog.render}
TEXTUAL = {"refresh": ModalScreen.refresh, "render": ModalScreen.render}


async def waits(seconds: float) -> tuple[list[float], float]:
    """What each turn of the message loop was late, in ms; and the part of a processor that was used."""
    late, until = [], time.monotonic() + seconds
    used, began = time.process_time(), time.monotonic()
    while (now := time.monotonic()) < until:
        await asyncio.sleep(EVERY_SECONDS)
        late.append(max(0.0, time.monotonic() - now - EVERY_SECONDS) * 1000)
    return late, (time.process_time() - used) / (time.monotonic() - began)


async def measure(manner: dict[str, object], seconds: float) -> tuple[list[float], float]:
    for name, method in manner.items():
        setattr(Dialog, name, method)
    app = RlmTui(Settings())
    async with app.run_test(size=(160, 45)) as pilot:
        await pilot.pause(1)
        await pilot.press("ctrl+r")
        while app.explore.run is None or not app.explore.run.trajectory.iterations:
            await pilot.pause(0.05)
        await pilot.press("f1")
        await pilot.pause(0.5)
        return await waits(seconds)


def main() -> None:
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 5.0
    print(
        f"{'dialog':<24} {'median ms':>10} {'99 % ms':>8} {'most ms':>8} {'over 50 ms':>11} {'processor':>10}"
    )
    for words, manner in (("Textual's modal screen", TEXTUAL), ("rlm-tui", OURS)):
        with tempfile.TemporaryDirectory() as home:
            os.environ["RLM_TUI_HOME"] = home
            late, used = asyncio.run(measure(manner, seconds))
        late.sort()
        over = sum(one > 50 for one in late)
        print(
            f"{words:<24} {statistics.median(late):>10.1f} {late[int(len(late) * 0.99)]:>8.1f}"
            f" {late[-1]:>8.1f} {over:>11} {used:>10.0%}"
        )


if __name__ == "__main__":
    main()
