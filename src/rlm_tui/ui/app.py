"""The application: its first frame, keys, themes and palette, and how it leaves while a run goes on.

Only what the first frame needs is imported at the top; Explore, or the screen that was asked for in its
place, comes after that frame is painted.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

from textual import events
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.command import Provider

from rlm_tui.ui.garbage import collect_seldom
from rlm_tui.ui.giving_way import person, switch_often
from rlm_tui.ui.key_groups import APPLICATION, KEY_NAMES
from rlm_tui.ui.themes import DEFAULT_THEME, OWN_THEMES
from rlm_tui.ui.widgets.first_paint import EXPLORE, REPLAY, FirstPaint

if TYPE_CHECKING:
    from pathlib import Path

    from textual.screen import Screen

    from rlm_tui.core.settings import Settings, UISettings
    from rlm_tui.core.tasks import TaskRegistry
    from rlm_tui.ui.live_run import HandedOver
    from rlm_tui.ui.run_control import StartSession
    from rlm_tui.ui.screens.batch import BatchScreen
    from rlm_tui.ui.screens.explore import ExploreScreen

CANCEL_WAIT_SECONDS = 8.0


def action_commands() -> type[Provider]:
    """The palette's commands, imported when the palette is opened."""
    from rlm_tui.ui.commands import ActionCommands

    return ActionCommands


class RlmTui(App[Any]):
    """The screen of rlm-tui. Its return value is a run that is to go on without it, or None."""

    TITLE = "rlm-tui"
    COMMANDS = {action_commands}
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+q", "quit", "leave", id="app.leave", show=False, priority=True,
                tooltip="Leave rlm-tui", group=APPLICATION),
        Binding("f1", "help", "help", id="app.help", group=APPLICATION,
                tooltip="Help: the keys of where you are, and pages to read"),
        Binding("ctrl+p", "command_palette", "palette", id="app.palette",
                tooltip="Find an action by its name", group=APPLICATION),
    ]  # fmt: skip

    def __init__(
        self,
        settings: Settings | None = None,
        *,
        registry: TaskRegistry | None = None,
        task: str | None = None,
        documents: Sequence[str] = (),
        directory: Path | None = None,
        start_session: StartSession | None = None,
        warm_up: bool = True,
        first: Callable[[Settings], Screen[Any]] | None = None,
    ) -> None:
        """Without `settings` they are read after the first paint. `start_session` makes and starts a run's
        session; `warm_up` imports dspy as soon as Explore is there. `first` makes a screen that is shown
        before Explore, which is opened when that is left, and takes its answer.
        """
        super().__init__()
        self._asked: dict[str, Any] = {
            "settings": settings,
            "registry": registry,
            "task": task,
            "documents": documents,
            "directory": directory,
            "start_session": start_session,
        }
        self._warm_up = warm_up
        self._first = first
        self._confined: bool | None = None
        self._leaving = False
        self._explore: ExploreScreen | None = None
        self.refusal = ""
        for theme in OWN_THEMES:
            self.register_theme(theme)
        self.theme = DEFAULT_THEME

    @property
    def is_open(self) -> bool:
        """Whether there is more than the first frame."""
        return len(self.screen_stack) > 1

    @property
    def explore(self) -> ExploreScreen:
        """The main screen. Raises RuntimeError before it is open."""
        if self._explore is None:
            raise RuntimeError("Explore is not open yet")
        return self._explore

    async def on_event(self, event: events.Event) -> None:
        if isinstance(event, events.InputEvent):
            person.acted()
        await super().on_event(event)

    def compose(self) -> ComposeResult:
        yield FirstPaint(EXPLORE if self._first is None else REPLAY)

    def on_mount(self) -> None:
        collect_seldom()
        self.call_after_refresh(self._open)

    def _open(self) -> None:
        self._attempt(self._open_explore if self._first is None else self._open_first)

    def _attempt(self, opens: Callable[[], None]) -> None:
        """Open a screen; what was asked wrongly ends the app, and `refusal` says why."""
        from rlm_tui.core.settings import SettingsError
        from rlm_tui.core.tasks import UnknownTask

        try:
            opens()
        except (SettingsError, UnknownTask) as error:
            self.refusal = f"{error} {getattr(error, 'hint', '')}".rstrip()
            self.exit(return_code=2)
            return
        if self._warm_up:
            self._warm_up = False  # the next screen finds it done, or on its way
            self.call_after_refresh(self._import_engine)

    def _open_first(self) -> None:
        from rlm_tui.ui.options import settings_with

        assert self._first is not None
        settings = self._asked["settings"] = self._asked["settings"] or settings_with({})
        self._look_as(settings.ui)
        self.push_screen(
            self._first(settings), lambda answer: self._attempt(partial(self._open_explore, answer))
        )

    def _open_explore(self, answer: Any = None) -> None:
        from rlm_tui.ui.opening import open_explore

        self._explore, look = open_explore(**self._asked)
        self._look_as(look)
        self.screen_stack[0].query_one(FirstPaint).of = EXPLORE
        self.push_screen(self._explore)
        self.call_after_refresh(self._show_confinement)
        if answer is not None:
            self.call_after_refresh(self._explore.take_answer, answer)

    def _look_as(self, look: UISettings) -> None:
        if look.theme in self.available_themes:
            self.theme = look.theme
        self.set_keymap(look.keymap)

    def _import_engine(self) -> None:
        """Import what the first run needs while the person looks around; a failure shows at the first run."""
        from rlm_tui.ui.opening import warm_up

        tell = partial(self.call_from_thread, self._take_confinement)
        self.run_worker(partial(warm_up, tell, self._reads), thread=True, exit_on_error=False, name="warm-up")

    def _take_confinement(self, confined: bool) -> None:
        self._confined = confined
        self._show_confinement()

    def _show_confinement(self) -> None:
        if self._confined is not None and self._explore is not None and self._explore.is_mounted:
            self._explore.show_confinement(self._confined)

    def _reads(self) -> bool:
        """Whether a log is being read for the screen that is shown."""
        return bool(getattr(self.screen, "reading", False))

    def get_key_display(self, binding: Binding) -> str:
        """Keys as they are written in the help and the footer: `^R`, `F1`, `esc`, `PgUp`."""
        if binding.key_display is not None:
            return binding.key_display
        if binding.key in KEY_NAMES:
            return KEY_NAMES[binding.key]
        shown = super().get_key_display(binding)
        return shown.upper() if shown.startswith("^") or shown[1:].isdigit() else shown

    def action_help(self, page: str = "keys") -> None:
        if not self.is_open:
            return
        from rlm_tui.ui.screens.help import HelpScreen

        if isinstance(self.screen, HelpScreen):
            self.screen.show_page(page)
            return
        bindings = [
            (active.binding, key if key.isdigit() else self.get_key_display(active.binding))
            for key, active in self.screen.active_bindings.items()
        ]
        place = getattr(self.screen, "place", "this dialog")
        self.push_screen(HelpScreen(bindings, place, page))

    # Leaving

    async def action_quit(self) -> None:
        from rlm_tui.ui.screens.transfer import TransferScreen

        if isinstance(self.screen, TransferScreen) and not self.screen.stopping:
            # It ends tidily first; the next ^Q leaves.
            self.screen.action_dismiss_dialog()
            return
        if not self._leaving and self._ask_to_leave_others():
            return
        run = self._explore.run if self._explore is not None else None
        if run is None or not run.active or self._leaving:
            self.exit()
            return
        from rlm_tui.ui.screens.leave import LeaveScreen

        if isinstance(self.screen, LeaveScreen):
            return
        self.push_screen(LeaveScreen(run.trajectory.activity().words), self._leave)

    def _leave(self, answer: str | None) -> None:
        run = self.explore.run
        if answer not in ("cancel", "headless") or run is None:
            return
        if answer == "headless":
            self.exit(run.hand_over())
            return
        self._leaving = True
        run.cancel()
        self.explore.footer.say("cancelling, then leaving", CANCEL_WAIT_SECONDS)
        if not run.active:
            self.exit()
        self.set_timer(CANCEL_WAIT_SECONDS, self.exit)

    def _ask_to_leave_others(self) -> bool:
        """Ask before a batch or a comparison is left; False when none goes on."""
        from rlm_tui.ui.screens.compare import CompareScreen
        from rlm_tui.ui.screens.confirm import Choice, ConfirmScreen

        batch = self._explore.batch_screen if self._explore is not None else None
        batches = [batch] if batch is not None and batch.active else []
        compared = [
            screen for screen in self.screen_stack if isinstance(screen, CompareScreen) and screen.active
        ]
        going: list[BatchScreen | CompareScreen] = [*batches, *compared]

        def answered(answer: str | None) -> None:
            if answer != "cancel":
                return
            self._leaving = True
            for screen in going:
                screen.cancel()
            if self.explore.run is not None:
                self.explore.run.cancel()
            self.set_interval(0.1, lambda: None if any(one.active for one in going) else self.exit())
            self.set_timer(CANCEL_WAIT_SECONDS, self.exit)

        if going and not isinstance(self.screen, ConfirmScreen):
            question = (
                "A batch goes on. What it answered so far is kept, and not run again next time."
                if batches
                else "A comparison goes on. What was asked of a model is paid for."
            )
            choices = [Choice("stay", "s", "Stay"), Choice("cancel", "c", "Cancel it and leave")]
            self.push_screen(ConfirmScreen("Leave", question, choices), answered)
        return bool(going)

    def call_from_thread(self, callback: Callable[..., Any], *arguments: Any, **more: Any) -> Any:
        """As of any app; one that goes down is told nothing any more, whose widgets are half gone."""

        def told() -> Any:
            return callback(*arguments, **more) if self.is_running else None

        return super().call_from_thread(told)

    def on_explore_screen_run_ended(self) -> None:
        if self._leaving:
            self.exit()


def run_app(
    task: str | None = None,
    documents: Sequence[str] = (),
    first: Callable[[Settings], Screen[Any]] | None = None,
) -> int:
    """Open the screen; a run may go on in the terminal after it. The exit code: 2 when asked wrongly.

    `first` makes a screen that is shown before Explore.
    """
    switch_often()
    app = RlmTui(task=task, documents=documents, first=first)
    # A loop of our own: `asyncio.run` would wait for threads that ask a network which does not answer.
    handed: HandedOver | None = app.run(loop=asyncio.new_event_loop())
    if app.refusal:
        print(f"rlm-tui: {app.refusal}", file=sys.stderr)
    if handed is None:
        return app.return_code or 0
    from rlm_tui.ui.leaving import finish_in_terminal

    return finish_in_terminal(handed)
