"""The first frame: the outlines of what comes, painted before anything that takes long is imported."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from textual.content import Content
from textual.geometry import Region, Size
from textual.reactive import reactive
from textual.widget import Widget

from rlm_tui.ui.pane_layout import (
    DECK,
    PANE_NAMES,
    REPLAY_PANES,
    TRAJECTORY,
    PlacePanes,
    arrangement_for,
    place_panes,
    place_replay,
)


class Outline(NamedTuple):
    """The panes of a screen; `above` rows stand over them."""

    names: Mapping[int, str]
    place: PlacePanes
    above: int


EXPLORE = Outline(PANE_NAMES, place_panes, 1)
REPLAY = Outline(REPLAY_PANES, place_replay, 3)


class FirstPaint(Widget):
    """Where the panes will stand, with their names. It takes no focus and knows nothing of a run."""

    DEFAULT_CSS = """
    FirstPaint { width: 100%; height: 100%; background: $surface; color: $border-blurred; }
    """

    of: reactive[Outline] = reactive(EXPLORE)

    def __init__(self, of: Outline = EXPLORE) -> None:
        """`of`: the screen that comes."""
        super().__init__()
        self.set_reactive(FirstPaint.of, of)

    def render(self) -> Content:
        return Content("\n".join(outlines(self.app.size, self.of)))


def outlines(size: Size, of: Outline = EXPLORE) -> list[str]:
    """The frame for a terminal of `size`, row by row: the status line, the panes, the footer's line."""
    arrangement = arrangement_for(size)
    rows = [" " * size.width for _ in range(size.height)]
    rows[0] = " rlm-tui".ljust(size.width)[: size.width]
    if arrangement == "narrow":
        names = "  ".join(f"{number} {name}" for number, name in of.names.items())
        return [*rows[: of.above], names[: size.width], *rows[of.above + 1 :]]
    inside = Size(size.width, max(0, size.height - of.above - 1))
    places = of.place(inside, arrangement, active=TRAJECTORY, deck=DECK[0], zoomed=False)
    for number, region in places.items():
        _draw(rows, region.translate((0, of.above)), f"{number} {of.names[number]}")
    return rows


def _draw(rows: list[str], region: Region, title: str) -> None:
    x, y, width, height = region
    inner = width - 2
    box = [f"╭{f'─ {title} '.ljust(inner, '─')[:inner]}╮"]
    box += [f"│{' ' * inner}│"] * (height - 2)
    box.append(f"╰{'─' * inner}╯")
    for offset, line in enumerate(box):
        row = rows[y + offset]
        rows[y + offset] = row[:x] + line + row[x + width :]
