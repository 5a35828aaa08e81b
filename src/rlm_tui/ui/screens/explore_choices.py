"""What a run is made with: options, tools, own tasks, the setup; and the sandbox that is started ahead."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from threading import Thread

from rlm_tui.core.own_tasks import read_task_file
from rlm_tui.core.settings import Settings
from rlm_tui.core.tasks import Task, TaskError, TaskRegistry
from rlm_tui.core.text import one_line
from rlm_tui.ui.options import settings_with
from rlm_tui.ui.run_control import start_ahead
from rlm_tui.ui.screens.explore_views import ExploreViews
from rlm_tui.ui.screens.run_options import RunOptionsScreen


class ExploreChoices(ExploreViews):
    """The dialogs in which the next run is prepared."""

    def __init__(
        self,
        settings: Settings,
        registry: TaskRegistry,
        task: Task,
        documents: Sequence[str],
        directory: Path,
    ) -> None:
        super().__init__(settings, registry, task, documents, directory)
        self._overrides: dict[str, str] = {}

    def action_options(self) -> None:
        def chosen(overrides: dict[str, str] | None) -> None:
            if overrides is not None:
                self._overrides = overrides
                self.take_settings(settings_with(overrides, self.directory))

        check = partial(settings_with, directory=self.directory)
        self.app.push_screen(RunOptionsScreen(self.run_settings, self._overrides, check), chosen)

    def action_own_task(self) -> None:
        from rlm_tui.ui.own_task_fields import OwnTask
        from rlm_tui.ui.screens.own_task import OwnTaskAnswer, OwnTaskScreen

        def answered(answer: OwnTaskAnswer | None) -> None:
            if answer is not None and answer.kept is not None:
                self.form.add(answer.kept)
                self.footer.say(f"Task {answer.kept.name} is kept.", 4.0)
            elif answer is not None:
                self.form.set_tasks(TaskRegistry.with_own(self.directory).all())
                self.footer.say(f"Task {answer.deleted} is deleted.", 4.0)

        task, own = self.form.chosen_task, None
        try:
            if task.file:
                own = OwnTask(task.name, read_task_file(Path(task.file))[1], Path(task.file))
        except TaskError as error:
            self.form.say(str(error))
        self.app.push_screen(OwnTaskScreen(self.directory, own), answered)

    def action_tools(self) -> None:
        from rlm_tui.ui.screens.tools import ToolsScreen

        def chosen(tools: tuple[str, ...] | None) -> None:
            if tools is not None:
                self.form.add_tools(tools)

        self.app.push_screen(ToolsScreen(self.form.chosen_task, self.form.more_tools), chosen)

    def on_tools_line_opened(self) -> None:
        self.action_tools()

    def action_setup(self) -> None:
        from rlm_tui.ui.screens.setup import SetupScreen

        read = partial(settings_with, self._overrides, self.directory)
        self.app.push_screen(SetupScreen(self.settings, self.directory, read, self.take_settings))

    def take_settings(self, settings: Settings) -> None:
        super().take_settings(settings)
        self._start_ahead()

    def _start_ahead(self) -> None:
        """Have the next run's sandbox started while the person chooses, if the settings want that."""
        settings = self.run_settings
        if settings.sandbox.kind == "modal" and settings.modal.warm:

            def start() -> None:
                try:
                    start_ahead(settings)
                except Exception as error:
                    words = one_line(f"No sandbox was started ahead: {error}", 200)
                    with suppress(RuntimeError):  # the app is gone
                        self.app.call_from_thread(self.footer.say, words, 6.0)

            # No worker: leaving does not wait for it, and ends what it started.
            Thread(target=start, name="sandbox ahead", daemon=True).start()

    def on_options_line_opened(self) -> None:
        self.action_options()
