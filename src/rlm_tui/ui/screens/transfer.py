"""A transfer while it goes on: how far it is, and a way to stop it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from time import monotonic

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Button, ProgressBar, Static

from rlm_tui.core.text import human_size, visible
from rlm_tui.ui.screens.dialog import Dialog
from rlm_tui.volumes.protocol import Progress, Stop, VolumeError

TELL_SECONDS = 0.1
Work = Callable[[Progress, Stop], str]
"""Does the transfer (in a thread), and gives back what to say when it is done. May raise VolumeError."""


@dataclass(frozen=True)
class Transferred:
    """How a transfer ended: `words` say so, unless there is an `error`."""

    words: str = ""
    error: VolumeError | None = None


class TransferScreen(Dialog[Transferred]):
    """Begins when it is opened, and shuts itself when the transfer is over. Esc stops it tidily."""

    def __init__(self, title: str, sentence: str, work: Work) -> None:
        super().__init__()
        self._title = title
        self._sentence = sentence
        self._work = work
        self._stop = threading.Event()
        self._told = 0.0
        self._outcome: Transferred | None = None

    def compose(self) -> ComposeResult:
        with Vertical(id="dialog", classes="question") as box:
            box.border_title = self._title
            box.border_subtitle = "Esc stops"
            yield Static(Content(visible(self._sentence)), markup=False, id="question")
            yield ProgressBar(show_eta=True, id="progress")
            yield Static("beginning", markup=False, id="transferred")
            with Vertical(classes="answers"):
                yield Button("Stop", id="stop", compact=True)

    def on_mount(self) -> None:
        self.run_worker(self._transfer, thread=True, exit_on_error=False)

    def _transfer(self) -> None:
        try:
            done = Transferred(self._work(self._progress, self._stop.is_set))
        except VolumeError as error:
            done = Transferred(error=error)
        except Exception as error:
            done = Transferred(error=VolumeError(f"{type(error).__name__}: {error}"))
        with suppress(RuntimeError):  # the app is gone
            self.app.call_from_thread(self._end, done)

    def _end(self, outcome: Transferred) -> None:
        """Shut, as soon as nothing lies over this screen."""
        self._outcome = outcome
        if self.is_current:
            self.dismiss(outcome)

    def on_screen_resume(self) -> None:
        if self._outcome is not None:
            self.dismiss(self._outcome)

    def on_unmount(self) -> None:
        self._stop.set()

    def _progress(self, done: int, total: int) -> None:
        """Called from the transferring thread, for every piece."""
        now = monotonic()
        if now - self._told >= TELL_SECONDS or done == total:
            self._told = now
            with suppress(RuntimeError):  # the app is gone
                self.app.call_from_thread(self._show, done, total)

    def _show(self, done: int, total: int) -> None:
        if self.is_mounted:
            self.query_one(ProgressBar).update(total=max(total, 1), progress=done)
            self.query_one("#transferred", Static).update(f"{human_size(done)} of {human_size(total)}")

    @property
    def stopping(self) -> bool:
        """Whether it was asked to stop."""
        return self._stop.is_set()

    def action_dismiss_dialog(self) -> None:
        self._stop.set()
        self.query_one("#transferred", Static).update("stopping: nothing of it will be left")

    def on_button_pressed(self, event: Button.Pressed) -> None:
        event.stop()
        self.action_dismiss_dialog()
