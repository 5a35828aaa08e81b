"""The marks on the axis of time: of very many, each column is asked in place of each mark."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rlm_tui.core import events as e
from rlm_tui.core.replay import Replay
from rlm_tui.ui.widgets import scrubber
from rlm_tui.ui.widgets.scrubber import ScrubberAxis


class Listed:
    """Events in a list."""

    def __init__(self, events: Sequence[e.AnyEvent]) -> None:
        self._events = events

    def __len__(self) -> int:
        return len(self._events)

    def reach(self, start: int, most: int) -> int:
        return min(start + most, len(self))

    def read(self, start: int, stop: int) -> Sequence[e.AnyEvent]:
        return self._events[start:stop]


def replayed(times: Sequence[float]) -> Replay:
    """A run whose events come at these times: a call at each even place, output at the others."""
    events: list[e.AnyEvent] = [
        e.CallStarted(span=f"c{place}", parent="run", kind="llm_query", name="llm_query", seq=place, at=at)
        if place % 2 == 0
        else e.CellOutput(span="cell", stream="stdout", text="x", seq=place, at=at)
        for place, at in enumerate(sorted(times))
    ]
    replay = Replay(Listed(events))
    for _ in replay.build():
        pass
    return replay


@given(st.lists(st.floats(0, 10_000), min_size=1, max_size=60), st.integers(3, 200))
def test_both_ways_mark_the_same_columns(times: list[float], width: int) -> None:
    replay = replayed(times)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(scrubber, "MOST_LOOKED_AT", -1)
        axis = ScrubberAxis()
        axis._replay = replay
        by_column = set(axis._marked_columns(replay, "call", width))
    axis._replay = replay
    assert by_column == set(axis._marked_columns(replay, "call", width))
