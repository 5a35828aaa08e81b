"""The panes of Explore: how they stand, which one is active, and what is chosen in them before a run."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.screen import Screen
from textual.widgets import Input, Static, TextArea

from rlm_tui.core.content import resolve_content
from rlm_tui.core.documents import Document, DocumentError
from rlm_tui.core.paths import expanded
from rlm_tui.core.settings import Settings
from rlm_tui.core.task_settings import settings_for
from rlm_tui.core.tasks import Task, TaskRegistry
from rlm_tui.core.text import human_size, one_line
from rlm_tui.ui.options import brief_options, model_words, options_words, sandbox_words
from rlm_tui.ui.pane_layout import (
    CALLS,
    DOCUMENTS,
    INSPECTOR,
    PANE_NAMES,
    SMALLEST,
    TASK,
    TRAJECTORY,
    VOLUME,
    arrangement_for,
)
from rlm_tui.ui.run_control import ready_documents
from rlm_tui.ui.screens.explore_bindings import EXPLORE_BINDINGS
from rlm_tui.ui.screens.text_preview import TextPreviewScreen
from rlm_tui.ui.volume_look import look_into
from rlm_tui.ui.widgets.calls_view import CallsView
from rlm_tui.ui.widgets.document_picker import DocumentPicker
from rlm_tui.ui.widgets.held_bar import HeldBar
from rlm_tui.ui.widgets.inspector import Inspector
from rlm_tui.ui.widgets.key_footer import KeyFooter
from rlm_tui.ui.widgets.pane import Pane, PaneGrid
from rlm_tui.ui.widgets.status_line import StatusLine
from rlm_tui.ui.widgets.tab_bar import TabBar
from rlm_tui.ui.widgets.task_form import TaskForm
from rlm_tui.ui.widgets.text_pages import TextPages, document_pages
from rlm_tui.ui.widgets.trajectory_view import TrajectoryView
from rlm_tui.ui.widgets.volume_browser import VolumeBrowser
from rlm_tui.volumes.protocol import VolumeError

PROBLEM_SECONDS = 10.0
WELCOME = "Nothing has run yet. ^R runs the task: what its planner thinks, writes and finds is shown here."
OFFLINE_WELCOME = (
    "Nothing has run yet. ^R shows a whole run: no model is configured, so this is the offline demo. "
    "A scripted planner writes Python, and the Python really runs on the document."
)


class ExplorePanes(Screen[None]):
    """Six panes that choose and show; it runs nothing."""

    AUTO_FOCUS = "#run"
    CSS_PATH = "../app.tcss"
    BINDINGS: ClassVar[list[BindingType]] = EXPLORE_BINDINGS

    def __init__(
        self,
        settings: Settings,
        registry: TaskRegistry,
        task: Task,
        documents: Sequence[str],
        directory: Path,
    ) -> None:
        """`task` and `documents` are what it opens with; without documents, the task's own."""
        super().__init__()
        self.settings = settings
        self.confined: bool | None = None
        self.directory = directory
        self._registry = registry
        self._first_task = task
        self._first_documents = tuple(documents)
        self._default_document: Path | None = None

    def compose(self) -> ComposeResult:
        empty = OFFLINE_WELCOME if self.settings.lm is None else WELCOME
        yield StatusLine(id="status-line")
        yield TabBar(PANE_NAMES)
        yield Static("", markup=False, id="too-small")
        yield HeldBar()
        yield PaneGrid(
            Pane(DOCUMENTS, PANE_NAMES[DOCUMENTS], DocumentPicker(self.directory), target="#document-tree"),
            Pane(
                TASK, PANE_NAMES[TASK], TaskForm(self._registry.all(), self._first_task), target="#task-list"
            ),
            Pane(TRAJECTORY, PANE_NAMES[TRAJECTORY], TrajectoryView(id="trajectory", empty=empty)),
            Pane(CALLS, PANE_NAMES[CALLS], CallsView(id="calls")),
            Pane(VOLUME, PANE_NAMES[VOLUME], VolumeBrowser(None), target="#volume-tree"),
            Pane(INSPECTOR, PANE_NAMES[INSPECTOR], Inspector(id="inspector")),
        )
        yield KeyFooter()

    def on_mount(self) -> None:
        self.take_settings(self.settings)
        self.grid.show(TASK)
        if self._registry.problems:
            self.footer.say(one_line(self._registry.problems[0], 300), PROBLEM_SECONDS)
        if self._first_documents:
            self.picker.choose(*self._first_documents)
        else:
            self.choose_default_document(self._first_task)

    # Its parts

    @property
    def grid(self) -> PaneGrid:
        return self.query_one(PaneGrid)

    @property
    def place(self) -> str:
        """Where the person is, in words."""
        return PANE_NAMES[self.grid.active]

    @property
    def form(self) -> TaskForm:
        return self.query_one(TaskForm)

    @property
    def picker(self) -> DocumentPicker:
        return self.query_one(DocumentPicker)

    @property
    def footer(self) -> KeyFooter:
        return self.query_one(KeyFooter)

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

    # How the panes stand

    def on_resize(self, event: events.Resize) -> None:
        size = event.size
        self.set_class(arrangement_for(size) == "narrow", "-narrow")
        too_small = size.width < SMALLEST.width or size.height < SMALLEST.height
        self.set_class(too_small, "-too-small")
        if too_small:
            self.query_one("#too-small", Static).update(
                f"The terminal has {size.width}×{size.height} characters; "
                f"{SMALLEST.width}×{SMALLEST.height} are needed: make it larger."
            )

    def on_pane_grid_changed(self) -> None:
        self.set_class(self.grid.zoomed, "-zoomed")
        self.query_one(TabBar).set_active(self.grid.active)
        self.refresh_bindings()

    def on_tab_bar_chosen(self, event: TabBar.Chosen) -> None:
        self.grid.focus_pane(event.number)

    def action_pane(self, number: int) -> None:
        self.grid.focus_pane(number)

    def action_zoom(self) -> None:
        self.grid.toggle_zoom()

    def action_step_back(self) -> None:
        """Esc while nothing runs: leave the field, else the zoom."""
        if not self.leave_field() and self.grid.zoomed:
            self.grid.toggle_zoom()

    def leave_field(self) -> bool:
        """Leave the text field that has the focus, so that single keys act again; whether there was one."""
        if not isinstance(self.focused, Input | TextArea):
            return False
        self.grid.panes[self.grid.active].focus_inside()
        return True

    def action_find_document(self) -> None:
        self.grid.show(DOCUMENTS)
        self.picker.action_filter()

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

    # Looking into files

    def on_document_picker_looked_at(self, event: DocumentPicker.LookedAt) -> None:
        path = event.path
        self.run_worker(lambda: self._open_document(path), thread=True, exit_on_error=False)

    def _open_document(self, path: Path) -> None:
        try:
            document = ready_documents([path], self.settings)
        except (DocumentError, OSError) as error:
            self.app.call_from_thread(self.picker.say, str(error))
            return
        if isinstance(document, Document):
            self.app.call_from_thread(self.look, document_pages(document))

    def on_volume_browser_looked_at(self, event: VolumeBrowser.LookedAt) -> None:
        self.run_worker(lambda: self._open_volume_file(event), thread=True, exit_on_error=False)

    def _open_volume_file(self, event: VolumeBrowser.LookedAt) -> None:
        tell = self.app.call_from_thread
        try:
            pages = look_into(event.volume, event.path, event.size)
        except VolumeError as error:
            tell(self.query_one(VolumeBrowser).say_problem, f"{error} {error.hint}".strip())
            return
        tell(self.look, pages)

    def on_volume_browser_opened(self, event: VolumeBrowser.Opened) -> None:
        name = one_line(event.volume.name, 40)
        kind = "at Modal" if event.volume.kind == "modal" else "local"
        self.grid.panes[VOLUME].set_subject(f"/data {name}" if event.own else f"{name}, {kind}")

    def on_volume_changes_said(self, event: VolumeBrowser.Said) -> None:
        self.footer.say(one_line(event.words, 200), 4.0)

    def look(self, pages: TextPages) -> None:
        """Show a text page by page."""
        self.app.push_screen(TextPreviewScreen(pages))
