"""The breakpoints of the runs that Explore starts: kept with their task, and set in the run that goes on."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from rlm_tui.core.breakpoints import SetBreakpoint
from rlm_tui.core.remembered_breakpoints import breakpoints_of, keep_breakpoints
from rlm_tui.core.settings import Settings
from rlm_tui.core.tasks import Task, TaskRegistry
from rlm_tui.core.text import number_of, one_line
from rlm_tui.ui.screens.explore_views import ExploreViews

KEPT_SECONDS, UNKEPT_SECONDS = 4.0, 10.0


class ExploreBreakpoints(ExploreViews):
    """Opens the breakpoints of the run that goes on, or of the chosen task."""

    def __init__(
        self,
        settings: Settings,
        registry: TaskRegistry,
        task: Task,
        documents: Sequence[str],
        directory: Path,
    ) -> None:
        super().__init__(settings, registry, task, documents, directory)
        self._unkept: dict[str, tuple[SetBreakpoint, ...]] = {}

    def breakpoints_for(self, task: Task) -> tuple[SetBreakpoint, ...]:
        """Those of the task's next run."""
        unkept = self._unkept.get(task.name)
        return breakpoints_of(task) if unkept is None else unkept

    def action_breakpoints(self) -> None:
        from rlm_tui.ui.screens.breakpoints import BreakpointsScreen

        run = self.run if self.run is not None and self.run.active else None
        task = self.form.run_task if run is None else run.request.task
        breakpoints = self.breakpoints_for(task) if run is None else run.breakpoints

        def apply(changed: tuple[SetBreakpoint, ...]) -> None:
            self._set_breakpoints(task, changed)

        def keep(changed: tuple[SetBreakpoint, ...]) -> None:
            self._set_breakpoints(task, changed)
            self._keep_breakpoints(task, changed)

        self.app.push_screen(BreakpointsScreen(task.name, breakpoints, apply=apply, keep=keep))

    def _set_breakpoints(self, task: Task, breakpoints: tuple[SetBreakpoint, ...]) -> None:
        """Set them in the task's run that goes on, also one that began meanwhile."""
        run = self.run
        if run is not None and run.active and run.request.task.name == task.name:
            run.set_breakpoints(breakpoints)

    def _keep_breakpoints(self, task: Task, breakpoints: tuple[SetBreakpoint, ...]) -> None:
        try:
            keep_breakpoints(task, breakpoints)
        except OSError as error:
            self._unkept[task.name] = breakpoints
            why = error.strerror or str(error)
            words = f"The breakpoints hold until you leave: they can't be kept ({one_line(why, 100)})."
            self.footer.say(words, UNKEPT_SECONDS)
            return
        self._unkept.pop(task.name, None)
        count = number_of(sum(item.on for item in breakpoints), "breakpoint")
        self.footer.say(f"Runs of {task.name} are held at {count}.", KEPT_SECONDS)
