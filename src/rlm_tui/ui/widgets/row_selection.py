"""Text that is selected with the mouse in rows: how it looks, and what it says."""

from __future__ import annotations

from rich.segment import Segment
from rich.style import Style
from textual.selection import Selection
from textual.strip import Strip

from rlm_tui.ui.widgets.row import line_text
from rlm_tui.ui.widgets.row_blocks import RowBlocks


def laid_over(strip: Strip, style: Style) -> Strip:
    """`strip` with `style` laid over its own."""
    return Strip(
        [Segment(text, style if own is None else own + style) for text, own, _ in strip], strip.cell_length
    )


def selected(strip: Strip, start: int, end: int, style: Style) -> Strip:
    """`strip` with `style` over its cells from `start` up to `end`; -1 is its end."""
    end = strip.cell_length if end == -1 else min(end, strip.cell_length)
    before, chosen, after = strip.crop(0, start), strip.crop(start, end), strip.crop(end)
    return Strip.join([before, laid_over(chosen, style), after])


def selected_text(blocks: RowBlocks, selection: Selection) -> str:
    """What is selected, a line of the screen a line."""
    first = selection.start.y if selection.start else 0
    last = selection.end.y if selection.end else blocks.height - 1
    lines = [""] * first
    for line in range(first, min(last, blocks.height - 1) + 1):
        place = blocks.locate(line)
        row = blocks.row(place) if place else None
        if place is not None and row is not None:
            lines.append(line_text(row.layout(blocks.width)[place.line]).rstrip())
    return selection.extract("\n".join(lines))
