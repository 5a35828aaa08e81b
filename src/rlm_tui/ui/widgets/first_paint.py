"""The first frame: the outlines of Explore, painted before anything that takes long is imported."""

from __future__ import annotations

from textual.content import Content
from textual.geometry import Region, Size
from textual.widget import Widget

from rlm_tui.ui.pane_layout import DECK, PANE_NAMES, TRAJECTORY, arrangement_for, place_panes


class FirstPaint(Widget):
    """Where the panes will stand, with their names. It takes no focus and knows nothing of a run."""

    DEFAULT_CSS = """
    FirstPaint { width: 100%; height: 100%; background: $surface; color: $border-blurred; }
    """

    def render(self) -> Content:
        return Content("\n".join(outlines(self.app.size)))


def outlines(size: Size) -> list[str]:
    """The frame for a terminal of `size`, row by row: the status line, the panes, the footer's line."""
    arrangement = arrangement_for(size)
    rows = [" " * size.width for _ in range(size.height)]
    rows[0] = " rlm-tui".ljust(size.width)[: size.width]
    if arrangement == "narrow":
        names = "  ".join(f"{number} {name}" for number, name in PANE_NAMES.items())
        return [rows[0], names[: size.width], *rows[2:]]
    inside = Size(size.width, max(0, size.height - 2))
    places = place_panes(inside, arrangement, active=TRAJECTORY, deck=DECK[0], zoomed=False)
    for number, region in places.items():
        _draw(rows, region, f"{number} {PANE_NAMES[number]}")
    return rows


def _draw(rows: list[str], region: Region, title: str) -> None:
    x, y, width, height = region
    inner = width - 2
    box = [f"╭{f'─ {title} '.ljust(inner, '─')[:inner]}╮"]
    box += [f"│{' ' * inner}│"] * (height - 2)
    box.append(f"╰{'─' * inner}╯")
    for offset, line in enumerate(box):
        row = rows[1 + y + offset]
        rows[1 + y + offset] = row[:x] + line + row[x + width :]
