"""What the pilot tests share: an app with a home of its own, and a session that tells what a test wants."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from textual.command import CommandPalette
from textual.pilot import Pilot
from textual.widgets import Button
from textual.worker import WorkerCancelled

from rlm_tui.core.blobs import MemoryBlobs
from rlm_tui.core.breakpoints import SetBreakpoint, breakpoint_text
from rlm_tui.core.events import AnyEvent
from rlm_tui.core.settings import Settings
from rlm_tui.ui.app import RlmTui
from tests import idle, parsed_css

idle.install()
parsed_css.install()

OpenApp = Callable[..., AbstractAsyncContextManager[Pilot[Any]]]


class ToldSession:
    """A session whose events the test tells; it keeps the verbs that the screen used."""

    def __init__(self, on_event: Callable[[AnyEvent], None]) -> None:
        self.on_event = on_event
        self.verbs: list[str] = []
        self.done = False
        self.events_path: Path | None = None
        self.blobs = MemoryBlobs()
        self.started = threading.Event()

    def tell(self, events: Iterable[AnyEvent]) -> None:
        for event in events:
            self.on_event(event)

    def start(self) -> None:
        self.started.set()

    def cancel(self) -> None:
        self.verbs.append("cancel")

    def hold(self) -> None:
        self.verbs.append("hold")

    def release(self) -> None:
        self.verbs.append("release")

    def step(self) -> None:
        self.verbs.append("step")

    def step_iteration(self) -> None:
        self.verbs.append("step_iteration")

    def set_breakpoints(self, breakpoints: Sequence[SetBreakpoint]) -> None:
        lines = [breakpoint_text(item.breakpoint) for item in breakpoints if item.on]
        self.verbs.append(f"breakpoints {' '.join(lines)}".strip())

    def edit(self, code: str) -> None:
        self.verbs.append(f"edit {code}")

    def skip(self, note: str = "") -> None:
        self.verbs.append(f"skip {note}".strip())

    def remark(self, text: str) -> None:
        self.verbs.append(f"remark {text}")

    def insert(self, code: str) -> None:
        self.verbs.append(f"insert {code}")

    def finish(self) -> None:
        self.verbs.append("finish")

    def interrupt(self) -> None:
        self.verbs.append("interrupt")

    def raise_budget(self, name: str, amount: float) -> None:
        self.verbs.append(f"raise_budget {name} {amount:g}")

    def leave(self) -> None:
        self.verbs.append("leave")

    def inspect(
        self, name: str | None = None, start: int = 0, length: int = 2000, *, rlm: str | None = None
    ) -> list[Any]:
        return []

    def evaluate(self, code: str, *, timeout: float | None = None) -> Any:
        raise AssertionError(f"a session that is only told of evaluates nothing: {code}")


class Sessions:
    """Starts `ToldSession`s and remembers them with their requests."""

    def __init__(self) -> None:
        self.made: list[ToldSession] = []
        self.requests: list[Any] = []
        self.failure: Exception | None = None

    def __call__(self, request: Any, on_event: Callable[[AnyEvent], None]) -> ToldSession:
        if self.failure is not None:
            raise self.failure
        session = ToldSession(on_event)
        self.requests.append(request)
        self.made.append(session)
        session.start()
        return session

    @property
    def last(self) -> ToldSession:
        return self.made[-1]


@pytest.fixture
def sessions() -> Sessions:
    return Sessions()


@pytest.fixture
def workplace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder with a few documents, in which the test stands."""
    folder = tmp_path / "work"
    folder.mkdir()
    (folder / "notes.txt").write_text("line one\nline two\n", encoding="utf-8")
    (folder / "empty.txt").write_text("", encoding="utf-8")
    (folder / "deep").mkdir()
    (folder / "deep" / "report.md").write_text("# Report\n\nSome words.\n", encoding="utf-8")
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def open_app(workplace: Path, sessions: Sessions) -> OpenApp:
    """`async with open_app(size=…, task="basic") as pilot`: the app with told sessions and no engine."""

    @asynccontextmanager
    async def opened(
        *, size: tuple[int, int] = (160, 45), settings: Settings | None = None, **arguments: Any
    ) -> AsyncIterator[Pilot[Any]]:
        arguments.setdefault("start_session", sessions)
        arguments.setdefault("warm_up", False)
        document = arguments.pop("document", str(workplace / "notes.txt"))
        arguments.setdefault("documents", () if document is None else (document,))
        app = RlmTui(settings or Settings(), directory=workplace, **arguments)
        app.animation_level = "none"
        async with app.run_test(size=size) as pilot:
            await until(pilot, lambda: app.is_open, "the first screen")
            await settled(pilot)
            yield pilot

    return opened


async def settled(pilot: Pilot[Any]) -> None:
    """Wait for the threads that look at documents and folders, and for what they changed to be painted."""
    await pilot.pause()
    while working := [worker for worker in pilot.app.workers if not worker.is_finished]:
        for worker in working:
            with contextlib.suppress(WorkerCancelled):  # by a newer one, or because its dialog was shut
                await worker.wait()
        await pilot.pause()


async def until(
    pilot: Pilot[Any], condition: Callable[[], object], what: str = "this", seconds: float = 30.0
) -> None:
    """Let the app go on until that is so, and until what follows from it has been done too."""
    late = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < late, f"{what} did not come about:\n{screen_text(pilot)}"
        await pilot.pause(0.02)
    await pilot.pause()


async def shown(pilot: Pilot[Any], words: str) -> None:
    """Wait for these words on the screen, however they are wrapped."""
    await until(pilot, lambda: words in " ".join(screen_text(pilot).split()), repr(words))


async def press_button(pilot: Pilot[Any], selector: str) -> None:
    """Click on a button, which may have been pressed a moment ago: so long it takes no second click."""
    await pilot.pause()
    button = pilot.app.screen.query_one(selector, Button)
    await until(pilot, lambda: not button.has_class("-active"), f"{selector} as it was")
    await pilot.click(button)


async def chosen_in_the_palette(pilot: Pilot[Any], words: str) -> None:
    """Open the palette, and take the first command that is found with these words."""
    await pilot.press("ctrl+p")
    await until(pilot, lambda: isinstance(pilot.app.screen, CommandPalette))
    await pilot.press(*words)
    await settled(pilot)
    await pilot.press("enter")
    await settled(pilot)


def screen_lines(pilot: Pilot[Any]) -> list[str]:
    """What is on the screen, line by line, as plain text."""
    strips = pilot.app.screen._compositor.render_strips()
    return ["".join(segment.text for segment in strip).rstrip() for strip in strips]


def screen_text(pilot: Pilot[Any]) -> str:
    """What is on the screen as one text."""
    return "\n".join(screen_lines(pilot))
