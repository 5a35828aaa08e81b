"""The keys of the list of saved runs."""

from __future__ import annotations

from textual.binding import Binding, BindingType

from rlm_tui.ui.key_groups import FILES, LOOK, PANES

RUNS_BINDINGS: list[BindingType] = [
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
