"""The Runs screen: every saved run, filtered, sorted, labelled, opened, forked, deleted."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container, Vertical
from textual.geometry import Size
from textual.widgets import Input

from rlm_tui.core.filter_syntax import FilterError
from rlm_tui.core.redaction import Redactor
from rlm_tui.core.run_filter import RunFilter, parse_run_filter
from rlm_tui.core.run_listing import SORTS, RunListing, listing_of
from rlm_tui.core.run_record import RunRecord
from rlm_tui.core.settings import Settings
from rlm_tui.core.text import human_size, number_of
from rlm_tui.store.library import RunLibrary
from rlm_tui.ui.read_ahead import ReadAhead
from rlm_tui.ui.screens.replay_views import ForkAt
from rlm_tui.ui.screens.run_labels import RunLabels
from rlm_tui.ui.screens.run_opening import RunOpening
from rlm_tui.ui.screens.run_transfers import RunTransfers
from rlm_tui.ui.screens.runs_bindings import RUNS_BINDINGS
from rlm_tui.ui.screens.runs_reading import RunsReading
from rlm_tui.ui.widgets.key_footer import KeyFooter
from rlm_tui.ui.widgets.run_preview import RunPreview
from rlm_tui.ui.widgets.runs_list import RunsHeading, RunsList, RunsWords

BESIDE_COLUMNS, BELOW_ROWS = 120, 30
PLACEHOLDER = "filter: words, task:logs status:failed model:gpt tag:good cost>0.1 age<2d -word"


class RunsScreen(RunsReading, RunLabels, RunTransfers, RunOpening):
    """Lists the runs that fit the filter, and does with one what is asked. Answers with what to fork."""

    place = "Runs"
    AUTO_FOCUS = "#runs-list"
    CSS_PATH = "../app.tcss"
    BINDINGS: ClassVar[list[BindingType]] = RUNS_BINDINGS

    def __init__(self, library: RunLibrary, redactor: Redactor, settings: Settings | None = None) -> None:
        super().__init__()
        self.library = library
        self.redactor = redactor
        self.settings = settings or Settings()
        self._runs: list[RunRecord] = []
        self._listed = RunListing()
        self._marked: list[str] = []
        self._sort = 0
        self._asked = 0
        self._problem = ""
        self.left = threading.Event()
        self._filtering = threading.Lock()
        self.read_ahead = ReadAhead()

    def compose(self) -> ComposeResult:
        self._suit(self.app.size)  # a class that came with the first resize would have all styled twice
        yield Input(placeholder=PLACEHOLDER, id="runs-filter", compact=True, select_on_focus=False)
        yield RunsWords(id="runs-words")
        with Container(id="runs-parts"):
            with Vertical(id="runs-table"):
                yield RunsHeading(id="runs-heading")
                yield RunsList(id="runs-list")
            yield RunPreview(id="runs-preview")
        yield KeyFooter()

    def on_mount(self) -> None:
        self.query_one(RunsWords).say("reading …")

    def on_unmount(self) -> None:
        self.read_ahead.look_at(None)

    def on_resize(self, event: events.Resize) -> None:
        self._suit(event.size)

    def _suit(self, size: Size) -> None:
        self.set_class(size.width >= BESIDE_COLUMNS, "-beside")
        self.set_class(size.width < BESIDE_COLUMNS and size.height >= BELOW_ROWS, "-below")

    # What is shown

    def take(self, runs: list[RunRecord], words: str) -> None:
        self._runs, self._problem = runs, words
        self._show(keep=True)

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        self._show()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.query_one(RunsList).focus()

    def _show(self, *, keep: bool = False) -> None:
        """Filter and sort in a thread: thousands of runs take longer than a key may."""
        try:
            wanted = parse_run_filter(self.query_one("#runs-filter", Input).value)
        except FilterError as error:
            self.query_one(RunsWords).say(str(error), bad=True)
            return
        self._asked += 1
        asked, runs, sort = self._asked, self._runs, list(SORTS)[self._sort]
        self.run_worker(
            lambda: self._filter(asked, runs, wanted, sort, keep=keep),
            thread=True, exclusive=True, group="filter", exit_on_error=False,
        )  # fmt: skip

    def _filter(self, asked: int, runs: list[RunRecord], wanted: RunFilter, sort: str, *, keep: bool) -> None:
        with self._filtering:  # two at once would only take the time of each other, and of the next key
            if asked != self._asked:
                return
            listing = listing_of(self.library.filtered(wanted, runs), sort)
            same = keep and listing.runs == self._listed.runs
        if asked == self._asked and not self.left.is_set():
            self.app.call_from_thread(self._list, asked, listing, same=same, keep=keep)

    def _list(self, asked: int, listing: RunListing, *, same: bool, keep: bool) -> None:
        if asked != self._asked or not self.is_mounted:
            return
        if not same:
            self._listed = listing
            self.query_one(RunsList).show(listing, self._marked, keep=keep)
        many = len(listing.runs)
        of = "" if many == len(self._runs) else f" of {len(self._runs):,}"
        words = f"{number_of(many, 'run')}{of} · {human_size(listing.size)}"
        if not self._runs and not self._problem:
            words = "There is no run yet: ^R on Explore runs the task and keeps it here; I imports a log."
        order = list(SORTS)[self._sort]
        self.query_one(RunsWords).say(f"{words}  {self._problem}".rstrip(), order)
        self.refresh_bindings()

    def on_runs_list_highlighted(self, event: RunsList.Highlighted) -> None:
        event.stop()
        self.query_one(RunPreview).show(event.run, self.path_of(event.run))
        self._look_ahead()
        self.refresh_bindings()

    # What is done

    @property
    def chosen(self) -> RunRecord | None:
        """The run under the cursor."""
        return self.query_one(RunsList).highlighted

    def on_screen_resume(self) -> None:
        self._look_ahead()

    def _look_ahead(self) -> None:
        """Read the run under the cursor before it is opened; not while another screen is over the list."""
        if self.is_active:
            self.read_ahead.look_at(None if self.chosen is None else self.path_of(self.chosen))

    @property
    def listed(self) -> Sequence[RunRecord]:
        return self._listed.runs

    @property
    def runs_folder(self) -> Path:
        """Where the runs are."""
        return self.library.runs

    def path_of(self, run: RunRecord | None) -> Path:
        """Its folder."""
        return self.library.runs / (run.run_id if run is not None else "")

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        match action:
            case "fork" | "tag" | "note" | "delete" | "mark" | "export":
                return self.is_mounted and self.chosen is not None
            case "find":
                return bool(self._listed.runs)
            case _:
                return super().check_action(action, parameters)

    def on_runs_list_chosen(self, event: RunsList.Chosen) -> None:
        event.stop()
        self.open_saved(self.path_of(event.run))

    def action_fork(self) -> None:
        self.dismiss(ForkAt(self.path_of(self.chosen), 0))

    def action_mark(self) -> None:
        run = self.chosen
        if run is None:
            return
        if run.run_id in self._marked:
            self._marked.remove(run.run_id)
        else:
            self._marked.append(run.run_id)
        if len(self._marked) == 2:
            left, right = self._marked
            self._marked = []
            self.compare_saved(self.runs_folder / left, self.runs_folder / right)
        self.query_one(RunsList).show(self._listed, self._marked, keep=True)

    def action_filter(self) -> None:
        self.query_one("#runs-filter", Input).focus()

    def action_sort(self) -> None:
        self._sort = (self._sort + 1) % len(SORTS)
        self._show()

    def action_back(self) -> None:
        field = self.query_one("#runs-filter", Input)
        if self.focused is field:
            self.query_one(RunsList).focus()
        elif field.value:
            field.value = ""
        else:
            self.dismiss(None)
