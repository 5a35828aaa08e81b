"""What is chosen in the panes of Explore before a run: with which settings, which task on which document."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from rlm_tui.core.content import resolve_content
from rlm_tui.core.paths import expanded
from rlm_tui.core.settings import Settings
from rlm_tui.core.task_settings import settings_for
from rlm_tui.core.tasks import Task, TaskRegistry
from rlm_tui.core.text import human_size, one_line
from rlm_tui.ui.options import brief_options, model_words, options_words, sandbox_words
from rlm_tui.ui.pane_layout import DOCUMENTS, TASK
from rlm_tui.ui.screens.explore_panes import ExplorePanes
from rlm_tui.ui.widgets.document_picker import DocumentPicker
from rlm_tui.ui.widgets.status_line import StatusLine
from rlm_tui.ui.widgets.task_form import TaskForm
from rlm_tui.ui.widgets.volume_browser import VolumeBrowser

PROBLEM_SECONDS = 10.0


class ExplorePlan(ExplorePanes):
    """Says what would be run, and with what it would be made."""

    def __init__(
        self,
        settings: Settings,
        registry: TaskRegistry,
        task: Task,
        documents: Sequence[str],
        directory: Path,
    ) -> None:
        """`task` and `documents` are what it opens with; without documents, the task's own."""
        super().__init__(settings, registry, task, directory)
        self.confined: bool | None = None
        self._first_documents = tuple(documents)
        self._default_document: Path | None = None

    def on_mount(self) -> None:
        self.take_settings(self.settings)
        self.grid.show(TASK)
        if self._registry.problems:
            self.footer.say(one_line(self._registry.problems[0], 300), PROBLEM_SECONDS)
        if self._first_documents:
            self.picker.choose(*self._first_documents)
        else:
            self.choose_default_document(self._first_task)

    # With what a run is made

    def take_settings(self, settings: Settings) -> None:
        """Show with what the next run will be made."""
        self.settings = settings
        self._show_options()
        self.query_one(VolumeBrowser).set_settings(self.run_settings)
        self.show_plan()
        self.picker.set_html(settings.documents.convert_html)
        planner = self.run_settings.lm
        model = None if planner is None else planner.model
        self.run_worker(lambda: self._find_price(model), thread=True, exclusive=True, group="price")

    def _find_price(self, model: str | None) -> None:
        """Look up what the planner's model costs (in a thread: it imports LiteLLM)."""
        if model is None:
            price = None
        else:
            from rlm_tui.lm.prices import input_price

            price = input_price(model)
        self.app.call_from_thread(self.picker.set_price, price)

    def show_confinement(self, confined: bool) -> None:
        """Say whether cells will be confined, now that it has been found out."""
        self.confined = confined
        self._show_options()
        self.show_plan()

    @property
    def run_settings(self) -> Settings:
        """The settings with what the chosen task asks for, where that counts."""
        return settings_for(self.settings, self.form.chosen_task)

    def _show_options(self) -> None:
        settings = self.run_settings
        words = options_words(settings, self.confined), brief_options(settings, self.confined)
        self.form.set_options(*words)

    def show_plan(self) -> None:
        """Say in the status line what would be run."""
        task, chosen = self.form.chosen_task, self.picker.chosen_name
        what = task.name
        if task.document_input is not None and chosen:
            what = f"{task.name} on {chosen}"
        settings = self.run_settings
        self.query_one(StatusLine).show_ready(
            what,
            model_words(settings),
            sandbox_words(settings, self.confined),
            f"/data {settings.sandbox.volume}",
        )

    # What is chosen

    def on_document_picker_chosen(self, event: DocumentPicker.Chosen) -> None:
        size = f"  {human_size(event.document.size)}" if event.document is not None else ""
        self.form.set_document(one_line(event.name, 60) + size)
        self.form.say("")
        self.show_plan()

    def on_task_form_task_chosen(self, event: TaskForm.TaskChosen) -> None:
        self.choose_default_document(event.task)
        self.query_one(VolumeBrowser).set_settings(self.run_settings)
        self._show_options()
        self.show_plan()

    def choose_default_document(self, task: Task) -> None:
        """Choose the task's own document, unless the person has chosen one."""
        paths = self.picker.wanted
        if task.document_input is None or not task.default_document:
            return
        if paths in ((), (self._default_document,)):
            own = task.default_document
            self._default_document = resolve_content(own) or expanded(own).absolute()
            self.picker.choose(task.default_document, own=False)

    def on_task_form_document_wanted(self) -> None:
        self.grid.focus_pane(DOCUMENTS)
