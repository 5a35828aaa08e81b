"""The main screen: the panes, and the run that is made with what was chosen in them."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING

from msgspec.structs import replace
from textual.message import Message

from rlm_tui.core.documents import AnyDocument, Document, DocumentError
from rlm_tui.core.opened_documents import ConversionStopped, GatheringStopped
from rlm_tui.core.settings import Settings
from rlm_tui.core.tasks import Task, TaskError, TaskRegistry
from rlm_tui.core.trajectory import Change
from rlm_tui.ui.live_run import LiveRun
from rlm_tui.ui.pane_layout import DOCUMENTS, TASK, TRAJECTORY
from rlm_tui.ui.run_control import (
    StartSession,
    build_request,
    ready_documents,
    would_run_unconfined,
)
from rlm_tui.ui.screens.batch import BatchScreen
from rlm_tui.ui.screens.explore_breakpoints import ExploreBreakpoints
from rlm_tui.ui.screens.explore_budgets import ExploreBudgets
from rlm_tui.ui.screens.explore_calls import ExploreCalls
from rlm_tui.ui.screens.explore_choices import ExploreChoices
from rlm_tui.ui.screens.explore_console import ExploreConsole
from rlm_tui.ui.screens.explore_library import ExploreLibrary
from rlm_tui.ui.screens.explore_variables import ExploreVariables
from rlm_tui.ui.screens.unconfined import RUN, UnconfinedScreen

if TYPE_CHECKING:
    from rlm_tui.engine.session import RunRequest

CANCEL_SECONDS = 2.0
"""How long the second Esc may take that cancels the run."""


class ExploreScreen(
    ExploreLibrary,
    ExploreBudgets,
    ExploreBreakpoints,
    ExploreCalls,
    ExploreVariables,
    ExploreConsole,
    ExploreChoices,
):
    """Explore: choose, run, watch, and look at what was found."""

    class RunEnded(Message):
        """The run is over, whatever its status."""

    def __init__(
        self,
        settings: Settings,
        registry: TaskRegistry,
        task: Task,
        documents: Sequence[str],
        directory: Path,
        start_session: StartSession,
    ) -> None:
        super().__init__(settings, registry, task, documents, directory)
        self._start_session = start_session
        self._preparing = False
        self._given_up = threading.Event()
        self._unconfined_accepted = False
        self._cancel_until = 0.0
        self.batch_screen: BatchScreen | None = None

    @property
    def running(self) -> bool:
        """Whether a run goes on, or is about to."""
        return self._preparing or (self.run is not None and self.run.active)

    # Starting

    def action_run_task(self) -> None:
        self._run_task(held=False)

    def action_run_held(self) -> None:
        self._run_task(held=True)

    def _run_task(self, *, held: bool) -> None:
        self._preparing = True
        self.form.say("")
        self.form.set_running(True)
        self.refresh_bindings()
        self._given_up.clear()
        wanted = self.form.run_task, self.form.values, self.picker.wanted, self.run_settings
        self.run_worker(
            lambda: self._prepare(*wanted, held=held), thread=True, exclusive=True, group="prepare"
        )

    def on_task_form_run_pressed(self) -> None:
        if not self.running:
            self.action_run_task()

    def _prepare(
        self,
        task: Task,
        values: Mapping[str, str],
        paths: Sequence[Path],
        settings: Settings,
        *,
        held: bool,
    ) -> None:
        """From what was chosen to a request (in a thread: it reads the document and imports the engine)."""
        tell = self.app.call_from_thread
        document: AnyDocument | None = None
        try:
            if task.document_input is not None and paths:
                document = ready_documents(paths, settings, self._given_up.is_set)
                if isinstance(document, Document):
                    tell(self.picker.built, document)
                tell(self.picker.used)
            request = build_request(task, values, document, settings)
            request = replace(request, hold=held, attended=True)
            ask = settings.lm is not None and not self._unconfined_accepted and would_run_unconfined(settings)
        except (GatheringStopped, ConversionStopped):
            tell(self._refused, "Nothing was run: the documents were not waited for.", TASK)
            return
        except (DocumentError, TaskError, OSError, ImportError) as error:
            tell(self._refused, str(error), DOCUMENTS if isinstance(error, DocumentError) else TASK)
            return
        tell(self._ask_unconfined if ask else self._launch, request)

    def _refused(self, problem: str, pane: int) -> None:
        """The run can't be started: say why where it can be mended."""
        self._preparing = False
        self.form.set_running(False)
        (self.picker if pane == DOCUMENTS else self.form).say(problem)
        self.grid.focus_pane(pane)
        self.refresh_bindings()

    def _ask_unconfined(self, request: RunRequest) -> None:
        def answered(answer: str | None) -> None:
            if answer == RUN:
                self._unconfined_accepted = True
                self._launch(request)
            else:
                self._refused("Nothing was run: the sandbox is unconfined.", TASK)

        self.app.push_screen(UnconfinedScreen(), answered)

    def launch_asked(self, request: RunRequest, *, unconfined: bool) -> None:
        self.form.set_running(True)
        if unconfined and not self._unconfined_accepted:
            self._ask_unconfined(request)
        else:
            self._launch(request)

    def _launch(self, request: RunRequest) -> None:
        if self.run is not None:
            self.run.close()
        # Not where the request is made: they may be changed while its documents are read.
        request = replace(request, breakpoints=self.breakpoints_for(request.task))
        run = self.run = LiveRun(self, request, self._take_changes)
        self._preparing = False
        self.show_run(run)
        self.grid.focus_pane(TRAJECTORY)
        self.refresh_bindings()
        self.run_worker(partial(self._start, run), thread=True, group="start")

    def _start(self, run: LiveRun) -> None:
        try:
            run.start(self._start_session)
        except Exception as error:
            run.failure = f"The run could not start: {error}"
            self.app.call_from_thread(self._refused, run.failure, TASK)

    # While it runs

    def _take_changes(self, changes: Sequence[Change]) -> None:
        run = self.run
        if run is None:
            return
        self.show_changes(run, changes)
        if not run.active:
            self.form.set_running(False)
            self.show_end()
            self._start_ahead()
            self.post_message(self.RunEnded())
        self.refresh_bindings()

    def action_cancel(self) -> None:
        if self.leave_field():
            return
        if self._preparing:
            self._given_up.set()
            return
        now = monotonic()
        if now > self._cancel_until:
            self._cancel_until = now + CANCEL_SECONDS
            self.footer.say("esc again cancels the run: what was found is kept", CANCEL_SECONDS)
        elif self.run is not None:
            self.run.cancel()
            self.footer.say("cancelling: what was found so far is kept", 6.0)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        run = self.run if self.run is not None and self.run.active else None
        match action:
            case "run_task" | "run_held":
                return not self.running
            case "fork":
                return not self._preparing
            case "cancel":
                return self._preparing or (run is not None and not run.cancelled)
            case "copy_result" | "write_result":
                return self.run is not None and self.run.trajectory.finished is not None
            case _:
                return super().check_action(action, parameters)

    # Over many documents

    def action_batch(self) -> None:
        task = self.form.chosen_task
        if task.document_input is None:
            self.form.say(f"Task {task.name} reads no document: choose one that does for a batch.")
            self.grid.focus_pane(TASK)
            return
        if self.batch_screen is None:
            self.batch_screen = BatchScreen()
            self.app.install_screen(self.batch_screen, "batch")
        self.app.push_screen(self.batch_screen)
        document = self.picker.wanted[0] if self.picker.wanted else None
        wanted = self.form.run_task, self.form.values, document, self.run_settings
        self.batch_screen.prepare(*wanted, self.confined)

    # Beside one prompt

    def action_compare(self) -> None:
        from rlm_tui.ui.comparison_plan import Asked
        from rlm_tui.ui.screens.compare import CompareScreen

        asked = Asked(
            self.form.run_task, self.form.values, self.picker.wanted, self.run_settings, self.confined
        )
        self.app.push_screen(CompareScreen(asked, self._start_session))
