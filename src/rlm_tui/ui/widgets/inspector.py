"""The Inspector: the result, and all that is known of an iteration or a call. Only the shown tab is made."""

from __future__ import annotations

from itertools import groupby
from operator import itemgetter
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical

from rlm_tui.core.blobs import Blobs
from rlm_tui.core.change import (
    CallChanged,
    CellAppended,
    Change,
    IterationChanged,
    PlanAppended,
    RunEnded,
    VariablesUpdated,
)
from rlm_tui.core.events import Value
from rlm_tui.core.trajectory import Call, Iteration, Trajectory
from rlm_tui.ui.key_groups import LOOK, RESULT
from rlm_tui.ui.widgets.found_text import mark_exactly
from rlm_tui.ui.widgets.inspector_tabs import TAB_NAMES, InspectorTabs
from rlm_tui.ui.widgets.inspector_text import Subject, tab_rows, tab_text
from rlm_tui.ui.widgets.run_messages import Copied, SaveRequested, VariableWanted
from rlm_tui.ui.widgets.targets import TabName, VariableLine
from rlm_tui.ui.widgets.text_view import TextView


class Inspector(Vertical):
    """Tabs over one text view. `show` a run once, give each `Change` to `apply`, and say what is selected."""

    DEFAULT_CSS = "Inspector { height: 1fr; }"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left", "tab(-1)", show=False, id="inspector.previous", tooltip="The tab before", group=LOOK),
        Binding("right", "tab(1)", show=False, id="inspector.next", tooltip="The next tab", group=LOOK),
        Binding("y", "copy", "copy", id="inspector.copy", tooltip="Copy this tab's text", group=RESULT),
        Binding("w", "save", "write", id="inspector.save", tooltip="Write this tab to a file", group=RESULT),
    ]

    def __init__(
        self,
        *,
        id: str | None = None,  # noqa: A002 - Textual's own name
        classes: str | None = None,
    ) -> None:
        super().__init__(id=id, classes=classes)
        self._tabs = InspectorTabs()
        self.view = TextView()
        self._trajectory: Trajectory | None = None
        self._blobs: Blobs | None = None
        self._iteration: str = ""
        self._call: str = ""
        self._tab: TabName = "result"
        self._chosen_by_person = False
        self._stale = False
        self._appended: list[tuple[str, str]] = []
        self._flush_waits = False
        self._found: tuple[str, int] | None = None

    def compose(self) -> ComposeResult:
        yield self._tabs
        yield self.view

    @property
    def tab(self) -> TabName:
        """The tab that is shown."""
        return self._tab

    def show(self, trajectory: Trajectory, *, blobs: Blobs | None = None) -> None:
        """Inspect this run from now on. `blobs` resolves long texts; without it their heads are shown."""
        self._trajectory = trajectory
        self._blobs = blobs
        self._call = ""
        self._iteration = trajectory.iterations[-1].span if trajectory.iterations else ""
        self._chosen_by_person = False
        self._tab = "result" if trajectory.finished is not None else "variables"
        self._refill()

    def move(self, trajectory: Trajectory, iteration: str | None = None) -> None:
        """Show another moment of the run: this `iteration`, else what is looked at, where it is there."""
        self._trajectory = trajectory
        if iteration is not None and iteration != self._iteration:
            self._turn_to(iteration)
        if trajectory.iteration(self._iteration) is None:
            self._iteration = trajectory.iterations[-1].span if trajectory.iterations else ""
        if trajectory.call(self._call) is None:
            self._call = ""
        if not self._chosen_by_person and self._tab == "result" and trajectory.finished is None:
            self._tab = "variables"
        self._refill()

    def select_iteration(self, span: str) -> None:
        """Look at the iteration `span`; "" is the run as a whole, and its result."""
        if span == self._iteration and not self._call:
            return
        self._turn_to(span)
        self._refill()

    def _turn_to(self, iteration: str) -> None:
        self._iteration = iteration
        self._call = ""
        self._found = None
        if self._tab == "call" or (not iteration and not self._chosen_by_person):
            self._tab = "result"

    def select_call(self, span: str) -> None:
        """Look at a call: its tab appears, and is shown."""
        self._call = span
        self._tab = "call"
        self._found = None
        self._refill()

    def show_found(self, span: str, tab: TabName, words: str, occurrence: int) -> None:
        """Look at a place of `words`, counted from 0 within the tab of an iteration or a call, marked."""
        if tab == "call":
            self._call = span
        else:
            self._iteration, self._call = span, ""
        self._chosen_by_person, self._tab = True, tab
        self._found = (words, occurrence)
        self._refill()

    def show_tab(self, tab: TabName) -> None:
        """Show a tab, because the person asked for it; it stays until they choose another."""
        self._chosen_by_person = True
        if tab != self._tab and tab in self._tab_names():
            self._tab = tab
            self._found = None
            self._refill()

    def suggest_tab(self, tab: TabName) -> None:
        """Show a tab unless the person chose one, or looks at a call or the result."""
        if not self._chosen_by_person and self._tab not in (tab, "call", "result"):
            self._tab = tab
            self._refill()

    def apply(self, change: Change) -> None:
        """Take up a change; only one that concerns the shown tab costs anything."""
        for kind in change.kinds:
            match kind:
                case CellAppended(span=span, stream=stream, text=text, step=""):
                    if span == self._iteration and self._tab == "output":
                        self._appended.append((stream, text))
                        self._soon()
                case IterationChanged(span=span) | PlanAppended(span=span):
                    if span == self._iteration and self._tab in ("reasoning", "code", "prompt", "error"):
                        self._stale = True
                        self._soon()
                case CallChanged(span=span):
                    if span == self._call and self._tab == "call":
                        self._stale = True
                        self._soon()
                case VariablesUpdated(call=call):
                    subject = self.subject() if self._tab == "variables" else None
                    if subject is not None and subject.rlm == (call or ""):
                        self._stale = True
                        self._soon()
                case RunEnded():
                    if not self._chosen_by_person:
                        self._tab = "result"
                    self._stale = True
                    self._soon()

    def _soon(self) -> None:
        if not self._flush_waits:
            self._flush_waits = True
            self.call_later(self._flush)

    def _flush(self) -> None:
        self._flush_waits = False
        if self._stale:
            self._refill(keep_place=True)
            return
        appended, self._appended = self._appended, []
        if appended and self._cell_was_empty:
            self._refill()
            return
        for stream, printed in groupby(appended, key=itemgetter(0)):
            self.view.append_text(stream, "".join(text for _, text in printed))

    def _refill(self, *, keep_place: bool = False) -> None:
        """Make the rows of the shown tab."""
        self._stale = False
        self._appended.clear()
        subject = self.subject()
        marked: frozenset[TabName] = frozenset()
        if subject is not None:
            marked = frozenset({"error"} if subject.error() is not None else ())
            follow = self._tab == "output" and self._cell_runs()
            rows = tab_rows(self._tab, subject)
            places: list[int] = []
            if self._found is not None:
                rows, places = mark_exactly(rows, self._found[0])
            self.view.fill(
                rows,
                follow=follow,
                keep_place=keep_place,
                choosable=self._tab == "variables" and bool(subject.variables),
            )
            if self._found is not None and places:
                self._reveal(places[min(self._found[1], len(places) - 1)])
            self._cell_was_empty = self._tab == "output" and not self._output_length()
        self._tabs.set_tabs(self._tab_names(), self._tab, marked)

    def _reveal(self, row: int) -> None:
        """Bring a row into view, as soon as it is there."""
        if self.view.filling and not self.view.line_of_row(row):
            self.set_timer(0.02, lambda: self._reveal(row))
            return
        above = self.view.scrollable_content_region.height // 3
        self.view.scroll_to(y=max(0, self.view.line_of_row(row) - above), animate=False, force=True)

    _cell_was_empty = False

    def subject(self) -> Subject | None:
        """What is looked at; None before there is a run."""
        trajectory = self._trajectory
        if trajectory is None:
            return None
        iteration: Iteration | None = trajectory.iteration(self._iteration)
        if iteration is None and trajectory.iterations:
            iteration = trajectory.iterations[-1]
        call: Call | None = trajectory.call(self._call)
        return Subject(trajectory, iteration, call, self.text_of)

    def text_of(self, value: Value) -> str:
        """The whole text of `value`; its head where the rest is gone."""
        if value.blob is None or self._blobs is None:
            return value.text
        try:
            return self._blobs.text(value)
        except (OSError, ValueError):
            return value.text

    def _cell_runs(self) -> bool:
        subject = self.subject()
        return subject is not None and subject.iteration is not None and subject.iteration.phase == "running"

    def _output_length(self) -> int:
        subject = self.subject()
        if subject is None or subject.iteration is None or subject.iteration.cell is None:
            return 0
        return subject.iteration.cell.output_length

    def _tab_names(self) -> tuple[TabName, ...]:
        return TAB_NAMES if self._call else TAB_NAMES[:-1]

    def on_inspector_tabs_chosen(self, event: InspectorTabs.Chosen) -> None:
        event.stop()
        self.show_tab(event.tab)
        self.view.focus()

    def on_text_view_row_chosen(self, event: TextView.RowChosen) -> None:
        event.stop()
        if isinstance(event.target, VariableLine):
            subject = self.subject()
            self.post_message(VariableWanted(self, event.target.name, "" if subject is None else subject.rlm))

    def action_tab(self, by: int) -> None:
        names = self._tab_names()
        self.show_tab(names[(names.index(self._tab) + by) % len(names)])

    def shown_text(self) -> str:
        """The whole text of the shown tab."""
        subject = self.subject()
        return "" if subject is None else tab_text(self._tab, subject)

    def action_copy(self) -> None:
        if text := self.shown_text():
            self.app.copy_to_clipboard(text)
            self.post_message(Copied(self, self._tab, len(text)))

    def action_save(self) -> None:
        if text := self.shown_text():
            subject = self.subject()
            n = f"-{subject.iteration.n}" if subject and subject.iteration and self._tab != "result" else ""
            suffix = {"code": ".py", "result": ".md"}.get(self._tab, ".txt")
            self.post_message(SaveRequested(self, text, f"{self._tab}{n}{suffix}"))
