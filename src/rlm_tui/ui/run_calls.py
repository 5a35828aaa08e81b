"""A run whose calls are shown in full: live or read back, where its texts are, what was asked again of it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from rlm_tui.core.call_again import CallAgain
from rlm_tui.core.events import Note, Value
from rlm_tui.core.settings import Settings, SettingsError
from rlm_tui.core.text import one_line
from rlm_tui.core.trajectory import Call, Trajectory
from rlm_tui.store.calls_again import keep_call_again, read_calls_again
from rlm_tui.store.errors import StoreError
from rlm_tui.store.run_log import RunLog
from rlm_tui.ui.live_run import LiveRun
from rlm_tui.ui.options import model_words


@dataclass(eq=False)
class RunCalls:
    """What the screen of the calls needs of a run. `trajectory` may answer with another one when the moment
    that is shown changes; `text` may block and raise OSError; `folder` is None where nothing is kept.
    """

    trajectory: Callable[[], Trajectory]
    now: Callable[[], float]
    text: Callable[[Value], str]
    folder: Callable[[], Path | None]
    settings: Settings
    again: list[CallAgain] = field(default_factory=list)
    _read: bool = False

    @property
    def title(self) -> str:
        """Which run it is."""
        started = self.trajectory().started
        return "" if started is None else f"{one_line(started.task, 40)} · {one_line(started.run_id, 60)}"

    @property
    def sub_lm_words(self) -> str:
        """Who answers what is asked again."""
        settings = self.settings
        if settings.lm is None:
            return f"the {model_words(settings)}"
        return one_line((settings.sub_lm or settings.lm).model, 60)

    def call(self, span: str) -> Call | None:
        """The call with that span."""
        return self.trajectory().call(span)

    def notes_of(self, span: str) -> list[Note]:
        """What was noted of a call, such as that its provider was asked once more."""
        return [note for note in self.trajectory().notes if note.span == span]

    def read_again(self) -> str:
        """Read what was asked again before (in a thread); a sentence on what can't be read, or ""."""
        folder = self.folder()
        if self._read or folder is None:
            return ""
        self._read = True
        try:
            kept, damaged = read_calls_again(folder)
        except StoreError as error:
            return str(error)
        self.again[:0] = kept
        return f"{damaged} of the calls that were asked again can't be read any more." if damaged else ""

    def keep_again(self, call: CallAgain) -> str:
        """Keep a call that was asked again (in a thread); a sentence on why it is not on disk, or ""."""
        self.again.append(call)
        folder = self.folder()
        if folder is None:
            return ""
        try:
            keep_call_again(folder, call)
        except StoreError as error:
            return str(error)
        return ""


def calls_of_live(run: LiveRun) -> RunCalls:
    """The calls of a run that is on the screen, going on or ended."""

    def folder() -> Path | None:
        path = None if run.session is None else run.session.events_path
        return None if path is None else path.parent

    return RunCalls(
        trajectory=lambda: run.trajectory,
        now=run.clock.now,
        text=run.blobs.text,
        folder=folder,
        settings=run.request.settings,
    )


def calls_of_saved(log: RunLog, trajectory: Callable[[], Trajectory], settings: Settings) -> RunCalls:
    """The calls of a run that was read back (in a thread: it imports the engine).

    What is asked again goes to the models of the run, with keys and addresses of `settings`; of a run that
    did not keep which models were asked (an imported log, a run of a person's own program), to those of
    `settings`.
    """
    from rlm_tui.engine.asked_again import AskedAgain
    from rlm_tui.engine.fork_errors import ForkError

    shown = trajectory()
    if shown.started is not None:
        with suppress(ForkError, StoreError, SettingsError):
            if "lm" in log.asked():
                asked = AskedAgain(log, shown.started)
                settings = asked.settings(settings, asked.task(), shown.budgets)
    return RunCalls(
        trajectory=trajectory,
        now=lambda: trajectory().now,
        text=log.text,
        folder=lambda: log.path,
        settings=settings,
    )
