"""The Runs screen: every saved run, filtered, sorted, labelled, opened, forked, deleted."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path
from time import monotonic
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
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
from rlm_tui.ui.giving_way import person
from rlm_tui.ui.key_groups import FILES, LOOK, PANES
from rlm_tui.ui.read_ahead import ReadAhead
from rlm_tui.ui.screens.replay_views import ForkAt
from rlm_tui.ui.screens.run_labels import RunLabels
from rlm_tui.ui.screens.run_opening import RunOpening
from rlm_tui.ui.screens.run_transfers import RunTransfers
from rlm_tui.ui.widgets.key_footer import KeyFooter
from rlm_tui.ui.widgets.run_preview import RunPreview
from rlm_tui.ui.widgets.runs_list import RunsHeading, RunsList, RunsWords

BESIDE_COLUMNS, BELOW_ROWS = 120, 30
TELL_SECONDS = 1.0
"""How often a list that is being indexed is shown anew: that costs keys their time."""
LOOK_SECONDS = 1.5
"""How often it is looked whether a run began, went on, or ended."""
PLACEHOLDER = "filter: words, task:logs status:failed model:gpt tag:good cost>0.1 age<2d -word"


class RunsScreen(RunLabels, RunTransfers, RunOpening):
    """Shows what the index knows at once, and what is new as it is read. Answers with what to fork."""

    place = "Runs"
    AUTO_FOCUS = "#runs-list"
    CSS_PATH = "../app.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("slash", "filter", "filter", key_display="/", id="runs.filter", group=LOOK,
                tooltip="Filter by words and fields"),
        Binding("ctrl+f", "find", "find", id="runs.find", group=LOOK,
                tooltip="Find a text in everything of the runs that are listed"),
        Binding("s", "sort", "sort", id="runs.sort", tooltip="Sort in another order", group=LOOK),
        Binding("f8", "fork", "fork", id="runs.fork", tooltip="Fork this run", group=FILES),
        Binding("m", "mark", "mark", id="runs.mark", group=FILES,
                tooltip="Mark this run; two that are marked are compared"),
        Binding("t", "tag", "tag", id="runs.tag", tooltip="Change the run's tags", group=FILES),
        Binding("n", "note", "note", id="runs.note", tooltip="Write a note on the run", group=FILES),
        Binding("d", "delete", "delete", id="runs.delete", tooltip="Delete the run", group=FILES),
        Binding("X", "export", "export", show=False, id="runs.export", group=FILES,
                tooltip="Export the run, or this screen as a picture"),
        Binding("I", "import_log", "import", show=False, id="runs.import", group=FILES,
                tooltip="Import a log of another program"),
        Binding("f5", "refresh_runs", "read again", show=False, id="runs.refresh", group=FILES,
                tooltip="Look for new runs"),
        Binding("escape", "back", "back", id="runs.back", tooltip="Back to Explore", group=PANES),
    ]  # fmt: skip

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
        self._left = threading.Event()
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
        self.action_refresh_runs()
        self.set_interval(LOOK_SECONDS, self._look_for_news)

    def on_unmount(self) -> None:
        self._left.set()
        self.read_ahead.look_at(None)

    def on_resize(self, event: events.Resize) -> None:
        self._suit(event.size)

    def _suit(self, size: Size) -> None:
        self.set_class(size.width >= BESIDE_COLUMNS, "-beside")
        self.set_class(size.width < BESIDE_COLUMNS and size.height >= BELOW_ROWS, "-below")

    # Reading

    def action_refresh_runs(self) -> None:
        self.run_worker(self._read, thread=True, exclusive=True, group="read", exit_on_error=False)

    def _read(self) -> None:
        """Show what is known, then what is new (in a thread)."""
        tell = self.app.call_from_thread
        if runs := self.library.records():
            tell(self._take, runs, "looking for new runs …")

        said = 0.0

        def told(done: int, of: int) -> None:
            nonlocal said
            if not self._left.is_set() and done < of and monotonic() - said > TELL_SECONDS:
                said = monotonic()
                tell(self._take, self.library.records(), f"reading {done:,} of {of:,}")

        problem = self.library.update(self._is_over, told)
        if not self._left.is_set():
            tell(self._take, self.library.records(), problem)

    def _is_over(self) -> bool:
        """Whether to stop reading; asked between two runs (in a thread)."""
        person.give_way()
        return self._left.is_set()

    def _look_for_news(self) -> None:
        """Read again what others do to the runs meanwhile, while nothing else is read."""
        if self.is_current and not any(one.group in ("read", "news") for one in self.workers):
            self.run_worker(self._read_news, thread=True, group="news", exit_on_error=False)

    def _read_news(self) -> None:
        if self.library.has_news() and not self._left.is_set():
            problem = self.library.update(self._is_over)
            if not self._left.is_set():
                self.app.call_from_thread(self._take, self.library.records(), problem)

    def _take(self, runs: list[RunRecord], words: str) -> None:
        self._runs, self._problem = runs, words
        self._show(keep=True)

    def read_again(self) -> None:
        self.action_refresh_runs()

    # What is shown

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
        if asked == self._asked and not self._left.is_set():
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
        self.look_ahead()
        self.refresh_bindings()

    # What is done

    @property
    def chosen(self) -> RunRecord | None:
        """The run under the cursor."""
        return self.query_one(RunsList).highlighted

    def look_ahead(self) -> None:
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
