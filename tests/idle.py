"""When an app under test has done what it was asked to: Textual's own answer guesses.

Textual takes a process that uses no CPU for a moment to be done, and one that got no CPU looks the same. Here
the loop is asked what it still has to do, the screen what it still has to paint, and the system which threads
want to run.
"""

from __future__ import annotations

import asyncio
import threading
import time
import weakref
from pathlib import Path
from typing import Any

import textual.app
import textual.pilot
from textual._context import active_app
from textual.app import ScreenStackError
from textual.screen import Screen

MOST_SECONDS = 5.0
"""How long threads may be busy before that is taken for what they always do."""
WINDOW_SECONDS, BUSY_SHARE = 0.004, 0.1
SOON_SECONDS = 0.06
"""What is put off for no longer than this belongs to what was asked for."""
_TASKS = Path("/proc/self/task")
_paint, _sleep = Screen._compositor_refresh, textual.pilot.Pilot.pause
_unpainted: weakref.WeakSet[Screen[Any]] = weakref.WeakSet()


def install() -> None:
    """Have pilots and keys wait in this way."""
    textual.app.wait_for_idle = until_idle  # type: ignore[attr-defined]
    textual.pilot.wait_for_idle = until_idle  # type: ignore[attr-defined]
    textual.pilot.Pilot._wait_for_screen = _messages_are_handled  # type: ignore[method-assign]
    textual.pilot.Pilot.pause = _pause  # type: ignore[method-assign]
    Screen._compositor_refresh = _paint_later  # type: ignore[method-assign]


async def until_idle(*_: float) -> None:
    """Wait until the app does nothing more by itself, except for what its timers will bring much later."""
    app = active_app.get()
    late = time.monotonic() + MOST_SECONDS
    while time.monotonic() < late:
        await _loop_is_empty()
        if _has_painted(app) and await _is_calm() and not _timer_is_due(app):
            return


async def _messages_are_handled(pilot: Any, timeout: float = 0.0) -> bool:
    await _loop_is_empty()
    return True


async def _loop_is_empty() -> None:
    """Let all tasks go on until each of them waits for a timer, a thread or another process."""
    loop: Any = asyncio.get_running_loop()
    empty = 0
    late = time.monotonic() + MOST_SECONDS
    while empty < 3 and time.monotonic() < late:
        await asyncio.sleep(0)
        empty = 0 if loop._ready else empty + 1


def _has_painted(app: Any) -> bool:
    """Paint what is to be painted; False if there was anything."""
    try:
        screen = app.screen
    except ScreenStackError:  # it goes down
        return True
    wants = (
        screen._layout_required,
        screen._scroll_required,
        screen._repaint_required,
        screen._recompose_required,
        screen._dirty_widgets,
        screen._callbacks,
    )
    if any(wants) and not app._batch_count:
        screen._on_timer_update()
        return False
    return not paint(screen)


def paint(screen: Screen[Any]) -> bool:
    """Paint what was put off; False if there was nothing."""
    if screen not in _unpainted:
        return False
    _unpainted.discard(screen)
    _paint(screen)
    return True


async def _pause(pilot: Any, delay: float | None = None) -> None:
    await _sleep(pilot, delay)
    paint(pilot.app.screen)


def _paint_later(screen: Screen[Any]) -> None:
    """Nobody looks before the app is idle: what changed until then is painted once."""
    if screen is not screen.app.screen:
        _paint(screen)
        return
    _unpainted.add(screen)
    screen._dirty_widgets.clear()  # the compositor has noted their regions
    screen.app._update_mouse_over(screen)


def _timer_is_due(app: Any) -> bool:
    """Whether something was put off for a moment, as until the next frame."""
    return any(
        timer._repeat == 0 and timer._interval <= SOON_SECONDS and timer._task and not timer._task.done()
        for node in (app, *app._registry)
        for timer in node._timers
    )


async def _is_calm() -> bool:
    """Whether for a moment nothing happens, neither here nor in a thread."""
    loop: Any = asyncio.get_running_loop()
    began = time.process_time()
    await asyncio.sleep(WINDOW_SECONDS)
    used = time.process_time() - began
    return used < WINDOW_SECONDS * BUSY_SHARE and not loop._ready and not _threads_want_to_run()


def _threads_want_to_run() -> bool:
    """Whether a thread waits for a CPU or for a disk. Unknown (False) where there is no /proc."""
    own = str(threading.get_native_id())
    try:
        others = [task for task in _TASKS.iterdir() if task.name != own]
    except OSError:
        return False
    return any(_state(task) in "RD" for task in others)


def _state(task: Path) -> str:
    try:
        return (task / "stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()[0]
    except OSError:  # it has ended
        return "X"
