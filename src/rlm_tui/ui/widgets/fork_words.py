"""What a run is a fork of, where there is little room."""

from __future__ import annotations

from rlm_tui.core.events import ForkedFrom
from rlm_tui.core.text import one_line
from rlm_tui.ui.widgets.row import Line


def forked_line(forked: ForkedFrom) -> Line:
    """`fork of 20260206-141503-basic-a1b2 at 10`."""
    return (("fork of ", "dim"), (one_line(forked.run_id, 60), "label"), (f" at {forked.at}", "label"))


def forked_briefly(forked: ForkedFrom) -> Line:
    """`fork at 10`."""
    return ((f"fork at {forked.at}", "label"),)
