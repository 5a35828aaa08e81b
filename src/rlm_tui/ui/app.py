"""The application: its screens, keys, themes and palette, and how it leaves while a run goes on."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar

from textual.app import App
from textual.binding import Binding, BindingType

from rlm_tui.core.settings import Settings, SettingsError
from rlm_tui.core.tasks import TaskRegistry, UnknownTask
from rlm_tui.ui.commands import ActionCommands
from rlm_tui.ui.key_groups import APPLICATION
from rlm_tui.ui.live_run import HandedOver
from rlm_tui.ui.options import settings_with
from rlm_tui.ui.run_control import StartSession, bubblewrap_usable, start_engine_session
from rlm_tui.ui.screens.explore import ExploreScreen
from rlm_tui.ui.screens.help import HelpScreen
from rlm_tui.ui.screens.leave import LeaveScreen
from rlm_tui.ui.themes import DEFAULT_THEME, OWN_THEMES

FIRST_TASK = "architecture"
CANCEL_WAIT_SECONDS = 8.0


class RlmTui(App[HandedOver]):
    """The screen of rlm-tui. Its return value is a run that is to go on without it, or None."""

    TITLE = "rlm-tui"
    CSS_PATH = "app.tcss"
    COMMANDS = {ActionCommands}
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+q", "quit", "leave", id="app.leave", show=False, priority=True,
                tooltip="Leave rlm-tui", group=APPLICATION),
        Binding("f1", "help", "help", id="app.help", tooltip="The keys of where you are", group=APPLICATION),
        Binding("ctrl+p", "command_palette", "palette", id="app.palette",
                tooltip="Find an action by its name", group=APPLICATION),
    ]  # fmt: skip

    def __init__(
        self,
        settings: Settings,
        *,
        registry: TaskRegistry | None = None,
        task: str | None = None,
        document: str | None = None,
        directory: Path | None = None,
        start_session: StartSession = start_engine_session,
        warm_up: bool = True,
    ) -> None:
        """`start_session` makes and starts a run's session; `warm_up` imports dspy after the first paint.

        Raises UnknownTask.
        """
        super().__init__()
        registry = registry or TaskRegistry()
        first = registry.get(task) if task is not None else registry.get(FIRST_TASK)
        self.explore = ExploreScreen(
            settings, registry, first, document, directory or Path.cwd(), start_session
        )
        self._warm_up = warm_up
        self._leaving = False
        for theme in OWN_THEMES:
            self.register_theme(theme)
        wanted = settings.ui.theme
        self.theme = wanted if wanted in self.available_themes else DEFAULT_THEME
        self.set_keymap(settings.ui.keymap)

    def on_mount(self) -> None:
        self.push_screen(self.explore)
        if self._warm_up:
            self.call_after_refresh(self._import_engine)

    def _import_engine(self) -> None:
        """Import what the first run needs while the person looks around; a failure shows at the first run."""
        self.run_worker(self._warm, thread=True, exit_on_error=False, name="warm-up")

    def _warm(self) -> None:
        self.call_from_thread(self.explore.show_confinement, bubblewrap_usable())
        import_engine()

    def get_key_display(self, binding: Binding) -> str:
        """Keys as they are written in the help and the footer: `^R`, `F1`, `esc`, `PgUp`."""
        if binding.key_display is not None:
            return binding.key_display
        if binding.key in KEY_NAMES:
            return KEY_NAMES[binding.key]
        shown = super().get_key_display(binding)
        return shown.upper() if shown.startswith("^") or shown[1:].isdigit() else shown

    def action_help(self) -> None:
        bindings = [
            (active.binding, key if key.isdigit() else self.get_key_display(active.binding))
            for key, active in self.screen.active_bindings.items()
        ]
        place = self.explore.place if self.screen is self.explore else "this dialog"
        self.push_screen(HelpScreen(bindings, place))

    # Leaving

    async def action_quit(self) -> None:
        run = self.explore.run
        if run is None or not run.active or self._leaving:
            self.exit()
            return
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

    def on_explore_screen_run_ended(self) -> None:
        if self._leaving:
            self.exit()


KEY_NAMES: Mapping[str, str] = {
    "escape": "esc",
    "slash": "/",
    "pageup": "PgUp",
    "pagedown": "PgDn",
    "left_square_bracket": "[",
    "right_square_bracket": "]",
}


def import_engine() -> None:
    """Import the engine with dspy, which takes seconds (in a thread)."""
    import rlm_tui.engine.rlm  # noqa: F401


def run_app(task: str | None = None, document: str | None = None) -> int:
    """Open the screen; a run may go on in the terminal after it. The exit code: 2 when asked wrongly."""
    try:
        app = RlmTui(settings_with({}), task=task, document=document)
    except (SettingsError, UnknownTask) as error:
        hint = getattr(error, "hint", "")
        print(f"rlm-tui: {error} {hint}".rstrip(), file=sys.stderr)
        return 2
    handed = app.run()
    if handed is None:
        return app.return_code or 0
    from rlm_tui.ui.leaving import finish_in_terminal

    return finish_in_terminal(handed)
