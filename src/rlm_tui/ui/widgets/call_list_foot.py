"""Under the table of all calls: what the listed ones add up to, and how they are sorted."""

from __future__ import annotations

from rlm_tui.core.call_listing import CallListing, Order
from rlm_tui.ui.widgets.call_list_words import order_words, totals_line
from rlm_tui.ui.widgets.row import Line, cut_line, line_width
from rlm_tui.ui.widgets.span_line import SpanLine


class CallListFoot(SpanLine):
    """`12 calls found · 9.8 K tok in · 1.1 K out · $? + $0.02 · 1 failed`."""

    def __init__(self) -> None:
        super().__init__(id="calls-foot")
        self._totals: Line = ()
        self._order = ""

    def show(self, listing: CallListing, *, filtered: bool, order: Order) -> None:
        """Say what this list adds up to."""
        self._totals = totals_line(listing.totals, filtered=filtered)
        self._order = order_words(order)
        self.stale()

    def line(self, width: int) -> Line:
        room = width - line_width(self._totals)
        if room < len(self._order) + 2:
            return cut_line(self._totals, width)
        return (*self._totals, (" " * (room - len(self._order)), "text"), (self._order, "faint"))
