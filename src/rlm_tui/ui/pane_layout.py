"""Where the six panes of Explore stand: a pure function of size and choice, and the layout that asks it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, Protocol, cast

from textual.geometry import NULL_OFFSET, NULL_SPACING, Region, Size
from textual.layout import ArrangeResult, Layout, WidgetPlacement

if TYPE_CHECKING:
    from textual.widget import Widget

Arrangement = Literal["wide", "medium", "narrow"]

DOCUMENTS, TASK, TRAJECTORY, CALLS, VOLUME, INSPECTOR = 1, 2, 3, 4, 5, 6
PANE_NAMES = {
    DOCUMENTS: "Documents",
    TASK: "Task",
    TRAJECTORY: "Trajectory",
    CALLS: "Calls",
    VOLUME: "Volume",
    INSPECTOR: "Inspector",
}
REPLAY_PANES = {number: PANE_NAMES[number] for number in (TRAJECTORY, CALLS, VOLUME, INSPECTOR)}
DECK = (INSPECTOR, CALLS, VOLUME)
REPLAY_DECK = (INSPECTOR, CALLS, VOLUME)
"""The panes that share one place in the medium arrangement, in the order of their tabs."""

WIDE_COLUMNS = 140
MEDIUM_COLUMNS = 100
STACKED_ROWS = 20
SMALLEST = Size(32, 8)


def arrangement_for(terminal: Size) -> Arrangement:
    """The arrangement for a terminal of this size. Few rows have room for one pane only, however wide."""
    if terminal.width < MEDIUM_COLUMNS or terminal.height < STACKED_ROWS:
        return "narrow"
    return "wide" if terminal.width >= WIDE_COLUMNS else "medium"


def place_panes(
    size: Size, arrangement: Arrangement, *, active: int, deck: int, zoomed: bool
) -> dict[int, Region]:
    """The region of each pane that is seen; panes that are not in the answer are not shown."""
    width, height = size
    if zoomed or arrangement == "narrow":
        return {active: Region(0, 0, width, height)}
    left = _within(width * 22 // 100, 30, 40) if arrangement == "wide" else _within(width * 28 // 100, 30, 34)
    task = _within(height * 58 // 100, 9, 24)
    panes = {
        DOCUMENTS: Region(0, 0, left, height - task),
        TASK: Region(0, height - task, left, task),
    }
    if arrangement == "medium":
        below = _within(height * 36 // 100, 7, 16)
        panes[TRAJECTORY] = Region(left, 0, width - left, height - below)
        panes[deck] = Region(left, height - below, width - left, below)
        return panes
    right = _within(width * 27 // 100, 38, 56)
    centre = width - left - right
    inspector = _within(height * 32 // 100, 7, 18)
    volume = _within(height * 32 // 100, 7, 16)
    panes[TRAJECTORY] = Region(left, 0, centre, height - inspector)
    panes[INSPECTOR] = Region(left, height - inspector, centre, inspector)
    panes[CALLS] = Region(left + centre, 0, right, height - volume)
    panes[VOLUME] = Region(left + centre, height - volume, right, volume)
    return panes


def place_replay(
    size: Size, arrangement: Arrangement, *, active: int, deck: int, zoomed: bool
) -> dict[int, Region]:
    """The same for a recorded run: what ran, its calls, and what is looked at; nothing is chosen any more."""
    width, height = size
    if zoomed or arrangement == "narrow":
        return {active: Region(0, 0, width, height)}
    if arrangement == "medium":
        below = _within(height * 40 // 100, 7, 18)
        return {
            TRAJECTORY: Region(0, 0, width, height - below),
            deck: Region(0, height - below, width, below),
        }
    left = width * 56 // 100
    calls = height * 40 // 100
    volume = _within(height * 16 // 100, 4, 9)
    return {
        TRAJECTORY: Region(0, 0, left, height),
        CALLS: Region(left, 0, width - left, calls),
        INSPECTOR: Region(left, calls, width - left, height - calls - volume),
        VOLUME: Region(left, height - volume, width - left, volume),
    }


def _within(value: int, least: int, most: int) -> int:
    return max(least, min(most, value))


class PlacePanes(Protocol):
    """Says where the panes stand."""

    def __call__(
        self, size: Size, arrangement: Arrangement, *, active: int, deck: int, zoomed: bool
    ) -> dict[int, Region]: ...


class PaneParent(Protocol):
    """What the layout asks of the container it arranges."""

    def place(self, size: Size) -> dict[int, Region]: ...

    def number_of(self, child: Widget) -> int: ...


class PaneLayout(Layout):
    """Places the panes of a `PaneGrid`; a pane without a place keeps its state and is simply not painted."""

    name = "panes"

    def arrange(
        self, parent: Widget, children: list[Widget], size: Size, greedy: bool = True
    ) -> ArrangeResult:
        parent.pre_layout(self)
        grid = cast(PaneParent, parent)
        places = grid.place(size)
        return [
            WidgetPlacement(places[number], NULL_OFFSET, NULL_SPACING, child)
            for child in children
            if (number := grid.number_of(child)) in places
        ]
