"""The panes of Explore: how they stand, and which one is active."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.screen import Screen
from textual.widgets import Input, Static, TextArea

from rlm_tui.core.settings import Settings
from rlm_tui.core.tasks import Task, TaskRegistry
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
from rlm_tui.ui.screens.explore_bindings import EXPLORE_BINDINGS
from rlm_tui.ui.widgets.calls_view import CallsView
from rlm_tui.ui.widgets.document_picker import DocumentPicker
from rlm_tui.ui.widgets.held_bar import HeldBar
from rlm_tui.ui.widgets.inspector import Inspector
from rlm_tui.ui.widgets.key_footer import KeyFooter
from rlm_tui.ui.widgets.pane import Pane, PaneGrid
from rlm_tui.ui.widgets.status_line import StatusLine
from rlm_tui.ui.widgets.tab_bar import TabBar
from rlm_tui.ui.widgets.task_form import TaskForm
from rlm_tui.ui.widgets.trajectory_view import TrajectoryView
from rlm_tui.ui.widgets.volume_browser import VolumeBrowser

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

    def __init__(self, settings: Settings, registry: TaskRegistry, task: Task, directory: Path) -> None:
        """`task` is what it opens with."""
        super().__init__()
        self.settings = settings
        self.directory = directory
        self._registry = registry
        self._first_task = task

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
