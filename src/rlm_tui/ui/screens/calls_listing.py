"""The table of the screen of all calls: what is found, its order and its sums, worked out in a thread."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from time import monotonic

from textual.widgets import Input, Static

from rlm_tui.core.call_filter import CallFilter, CallFilterError, Look, parse_filter
from rlm_tui.core.call_filter_help import next_parts
from rlm_tui.core.call_listing import COLUMNS, CallListing, Column, Order, list_calls
from rlm_tui.core.trajectory import Trajectory
from rlm_tui.ui.run_calls import RunCalls
from rlm_tui.ui.screens.left_once import LeftOnce
from rlm_tui.ui.widgets.call_list import CallList, CallListHeading
from rlm_tui.ui.widgets.call_list_foot import CallListFoot
from rlm_tui.ui.widgets.problem_line import ProblemLine

TICK_SECONDS = 0.25
NONE_FOUND = "No call is found by this filter: Esc in its field, or from here, lists all of them."
NO_CALLS = "No calls yet. What cells ask of the sub-LM, of tools and of nested RLMs is listed here."
SHARE = 4.0
"""A list that takes long, as its filter reads many texts, is made anew by itself after so many times that."""
GREATEST_FIRST: frozenset[Column] = frozenset({"seconds", "in", "out", "cost", "error", "source"})


class CallsListing(LeftOnce[None]):
    """Looks at the run four times a second, and makes the list anew when its calls have changed."""

    def __init__(self, source: RunCalls) -> None:
        super().__init__()
        self.source = source
        self.listing = CallListing()
        self.order = Order()
        self._wanted = CallFilter()
        self._opened: frozenset[str] = frozenset()
        self._shut: frozenset[str] = frozenset()
        self._seen: tuple[object, ...] = ()
        self._making = False
        self._stale = False
        self._go_to = ""
        self._listed_at = 0.0
        self._not_before = 0.0

    @property
    def calls(self) -> CallList:
        return self.query_one(CallList)

    def on_mount(self) -> None:
        self.set_interval(TICK_SECONDS, self._tick)
        self._seen = _state_of(self.source.trajectory())
        self.list_again()

    # The list

    def list_again(self) -> None:
        """Make the list anew; while one is being made, once more after it."""
        self._stale = True
        if not self._making:
            self._making, self._stale = True, False
            make = partial(
                list_calls,
                self.source.trajectory().calls,
                Look(self.source.now(), self.source.text),
                wanted=self._wanted,
                order=self.order,
                opened=self._opened,
                shut=self._shut,
            )
            now = self.source.now()
            self.run_worker(lambda: self._make(make, now), thread=True, group="listing")

    def _make(self, make: Callable[[], CallListing], now: float) -> None:
        began = monotonic()
        listing = make()
        self.app.call_from_thread(self._show_list, listing, now, monotonic() - began)

    def _show_list(self, listing: CallListing, now: float, seconds: float) -> None:
        self._making = False
        self._not_before = monotonic() + SHARE * seconds
        if not self.is_attached:
            return
        self.listing, self._listed_at = listing, now
        self.calls.columns.order = self.order
        self.calls.show(listing, now)
        if self._go_to and (self.calls.go_to(self._go_to) or not self._stale):
            self._go_to = ""
        self.query_one(CallListHeading).stale()
        self.query_one(CallListFoot).show(listing, filtered=bool(self._wanted.terms), order=self.order)
        none = self.query_one("#calls-none", Static)
        none.display = not listing.lines
        none.update(NONE_FOUND if listing.of else NO_CALLS)
        if self._stale:
            self.list_again()

    def _tick(self) -> None:
        trajectory = self.source.trajectory()
        state = _state_of(trajectory)
        now = self.source.now()
        may = monotonic() >= self._not_before
        if state != self._seen and may:
            self._seen = state
            self.list_again()
        elif trajectory.open_calls:
            self.calls.tick(now)
            if now - self._listed_at >= 1.0 and may:  # totals, order and filter know of time, too
                self.list_again()

    # Which, and in which order

    def on_input_changed(self, event: Input.Changed) -> None:
        if event.input.id != "calls-filter":
            return
        event.stop()
        self.take_filter(event.value, whole=not next_parts(event.value))

    def take_filter(self, text: str, *, whole: bool) -> None:
        """List what this filter finds; if it can't be read, say why, once it is `whole`."""
        problem = self.query_one("#calls-problem", ProblemLine)
        try:
            wanted = parse_filter(text)
        except CallFilterError as error:
            problem.say(str(error) if whole else "")
            return
        problem.say("")
        if wanted != self._wanted:
            self._wanted, self._opened, self._shut = wanted, frozenset(), frozenset()
            self.list_again()

    def action_sort_by(self, step: int) -> None:
        place = COLUMNS.index(self.order.column)
        self._sort(COLUMNS[(place + step) % len(COLUMNS)])

    def on_call_list_heading_sort_wanted(self, event: CallListHeading.SortWanted) -> None:
        if event.column == self.order.column:
            self.action_turn_order()
        else:
            self._sort(event.column)

    def _sort(self, column: Column) -> None:
        self.order = self.order._replace(column=column, descending=column in GREATEST_FIRST)
        self.list_again()

    def action_turn_order(self) -> None:
        self.order = self.order._replace(descending=not self.order.descending)
        self.list_again()

    def action_in_flight_first(self) -> None:
        self.order = self.order._replace(in_flight_first=not self.order.in_flight_first)
        self.list_again()

    def fold(self, span: str) -> None:
        """Open a batch into its items, or shut it."""
        place = self.listing.places.get(span)
        if place is None:
            return
        if self.listing.lines[place].opened:
            self._opened, self._shut = self._opened - {span}, self._shut | {span}
        else:
            self._opened, self._shut = self._opened | {span}, self._shut - {span}
        self.list_again()


def _state_of(trajectory: Trajectory) -> tuple[object, ...]:
    """Differs whenever a call began or ended."""
    count = trajectory.counting
    return (
        id(trajectory), len(trajectory.calls), len(trajectory.open_calls), count.llm_calls, count.tool_calls,
        count.planner_calls, count.failed_calls,
    )  # fmt: skip
