"""The Setup screen: the doctor's checks, live, with what mends each."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.message import Message
from textual.widgets import Static

from rlm_tui.core.settings import Settings, SettingsError
from rlm_tui.core.text import one_line
from rlm_tui.engine.checks.check import BAD, CheckResult, summary
from rlm_tui.engine.checks.checkup import Checkup
from rlm_tui.engine.checks.every import make_checkup
from rlm_tui.ui.key_groups import LOOK, PANES
from rlm_tui.ui.options import model_words, sandbox_words
from rlm_tui.ui.screens.left_once import LeftOnce
from rlm_tui.ui.widgets.check_rows import CheckRows
from rlm_tui.ui.widgets.key_footer import KeyFooter

COPIED_SECONDS = 4.0
COPIED_CELLS = 60


class SetupScreen(LeftOnce[None]):
    """Looks at everything when it is opened. Leaving it ends what it started."""

    CSS_PATH = "../app.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("r", "look_again", "again", id="setup.again", group=LOOK,
                tooltip="Read the settings and look at everything again"),
        Binding("m", "look_at_modal", "Modal", id="setup.modal", group=LOOK,
                tooltip="Look at Modal too, and start a sandbox there, which is paid for"),
        Binding("c", "copy_command", "copy", id="setup.copy", group=LOOK,
                tooltip="Copy the command that mends the chosen one"),
        Binding("escape", "back", "back", id="setup.back", tooltip="Back to Explore", group=PANES),
    ]  # fmt: skip

    class Told(Message):
        """One of the checks has something to say."""

        def __init__(self, checkup: Checkup) -> None:
            super().__init__()
            self.checkup = checkup

    def __init__(
        self,
        settings: Settings,
        directory: Path,
        read: Callable[[], Settings],
        on_settings: Callable[[Settings], None],
    ) -> None:
        """`read` reads the settings anew (in a thread; may raise SettingsError); `on_settings` is given what
        it read, so that what was mended holds for the next run.
        """
        super().__init__()
        self._settings = settings
        self._directory = directory
        self._read = read
        self._on_settings = on_settings
        self._checkup: Checkup | None = None
        self._reading = False

    @property
    def looking(self) -> bool:
        """Whether some check is not over yet."""
        # As it is told: a check that told its result is over a moment later.
        checkup = self._checkup
        return self._reading or (
            checkup is not None and any(result.outcome == "waiting" for result in checkup.results)
        )

    def compose(self) -> ComposeResult:
        yield Static("", markup=False, id="setup-subject")
        yield CheckRows(id="check-rows")
        yield Static("", markup=False, id="setup-summary")
        yield KeyFooter()

    def on_mount(self) -> None:
        self._begin(self._settings, None, modal=False)
        self.query_one(CheckRows).focus()

    def on_unmount(self) -> None:
        if self._checkup is not None and self.looking:
            # The program waits for this thread when it is left: nobody else would end the sandbox.
            threading.Thread(target=self._checkup.leave, name="setup: leaving", daemon=False).start()

    # Looking

    def _begin(self, settings: Settings, problem: SettingsError | None, *, modal: bool) -> None:
        """Start the checks; each tells itself from its thread."""
        self._settings, self._reading = settings, False
        words = ["Setup", model_words(settings), sandbox_words(settings, None)]
        self.query_one("#setup-subject", Static).update(Content(one_line(" │ ".join(words), 200)))
        checkup = self._checkup = make_checkup(
            settings,
            lambda _result: self._tell(checkup),
            modal=modal,
            problem=problem,
            directory=self._directory,
        )
        rows = self.query_one(CheckRows)
        rows.clear_rows()
        checkup.start()
        self._show()

    def _tell(self, checkup: Checkup) -> None:
        if self.is_running:
            self.post_message(self.Told(checkup))

    def on_setup_screen_told(self, event: Told) -> None:
        if event.checkup is self._checkup:
            self._show()

    def _show(self) -> None:
        if self._checkup is None:
            return
        results = self._checkup.results
        rows = self.query_one(CheckRows)
        rows.show(results)
        if rows.cursor is None and not any(result.outcome == "waiting" for result in results):
            # What is to be mended first, so that `c` copies its command.
            rows.choose(min(results, key=_urgency))
        self.query_one("#setup-summary", Static).update(Content(summary(results)))
        self.refresh_bindings()

    def _look(self, *, modal: bool) -> None:
        self._reading = True
        self.refresh_bindings()
        self.run_worker(lambda: self._read_anew(modal), thread=True, group="setup", exit_on_error=False)

    def _read_anew(self, modal: bool) -> None:
        """Read the settings (in a thread), then look."""
        settings, problem = self._settings, None
        try:
            settings = self._read()
        except SettingsError as error:
            problem = error
        except OSError as error:
            reason = f"The settings can't be read: {error.strerror or error}."
            problem = SettingsError("", "", reason, "Mend the file or folder, then look again.")
        self.app.call_from_thread(self._take, settings, problem, modal)

    def _take(self, settings: Settings, problem: SettingsError | None, modal: bool) -> None:
        if not self.is_mounted:
            return
        if problem is None:
            self._on_settings(settings)
        self._begin(settings, problem, modal=modal)

    # Keys

    def action_look_again(self) -> None:
        self._look(modal=False)

    def action_look_at_modal(self) -> None:
        self._look(modal=True)

    def action_copy_command(self) -> None:
        chosen = self._chosen()
        if chosen is not None:
            self.app.copy_to_clipboard(chosen.command)
            shown = one_line(chosen.command, COPIED_CELLS)
            self.query_one(KeyFooter).say(f"copied: {shown}", COPIED_SECONDS)
        else:
            self.query_one(KeyFooter).say("Nothing to mend here: choose a line with an arrow.")

    def _chosen(self) -> CheckResult | None:
        """The check under the cursor, if something mends it."""
        selected = self.query_one(CheckRows).selected
        return selected if selected is not None and selected.mend else None

    def action_back(self) -> None:
        self.dismiss()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action in ("look_again", "look_at_modal"):
            return not self.looking
        return True


def _urgency(result: CheckResult) -> int:
    """The smaller, the sooner it is to be mended."""
    bad = result.outcome in BAD
    return 0 if bad and result.needed else 1 if bad else 2 if result.mend else 3
