"""A run that is held before its third cell, at three sizes; the editor of that cell at two."""

from __future__ import annotations

from typing import Any

import pytest

from rlm_tui.core.events import AnyEvent, CellStarted, Held
from tests.snapshots.test_explore import SIZES, explore, playing, recorded_events, still

__all__ = ["still"]


def until_third_cell_is_held() -> list[AnyEvent]:
    events = recorded_events()
    third = [number for number, event in enumerate(events) if isinstance(event, CellStarted)][2]
    started = events[third]
    held = Held(
        span=started.parent,
        seq=started.seq,
        at=started.at,
        why="breakpoint",
        before="cell",
        detail="2: before a cell that calls llm_query",
    )
    return [*events[:third], held]


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
def test_held_before_a_cell(snap_compare: Any, size: tuple[int, int]) -> None:
    assert snap_compare(explore(), terminal_size=size, run_before=playing(until_third_cell_is_held()))


@pytest.mark.parametrize("size", SIZES[::2], ids=lambda size: f"{size[0]}x{size[1]}")
def test_the_editor_of_a_cell(snap_compare: Any, size: tuple[int, int]) -> None:
    keys = ("e", *"# mine", "enter", "f4")
    played = playing(until_third_cell_is_held(), *keys, then="The code parses; it is changed.")
    assert snap_compare(explore(), terminal_size=size, run_before=played)
