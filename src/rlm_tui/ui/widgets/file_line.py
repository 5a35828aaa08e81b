"""One line of a file tree: sign and name at the left; mark, size and age aligned at the right."""

from __future__ import annotations

from typing import Literal

from rlm_tui.core.text import human_age, human_size, one_line, width_of
from rlm_tui.ui.widgets.file_nodes import FileNode

OPEN, SHUT, FILE, CHOSEN = "▾", "▸", "○", "●"
AGE_COLUMNS = 34
"""From this width on there is room for ages."""

Part = Literal["", "directory", "file", "detail", "chosen", "mark", "problem"]


def file_line(node: FileNode, width: int, *, chosen: bool, now: float | None) -> list[tuple[str, Part]]:
    """The parts of the line, `width` cells in all. `now` is seconds since the epoch; None leaves ages out."""
    sign = (OPEN if node.expanded else SHUT) if node.is_directory else (CHOSEN if chosen else FILE)
    kind: Part = "chosen" if chosen else "directory" if node.is_directory else "file"
    left = "  " * node.depth + sign + " "
    mark = f"{node.mark} " if node.mark else f"{CHOSEN} " if chosen and node.is_directory else ""
    right = _details(node, width, now)
    if node.problem:
        kind = "problem"
    if node.problem or node.remark:  # words give way to the name, sizes don't
        name_room = min(width_of(node.name), max(12, width // 2))
        right = one_line(right, width - width_of(left) - len(mark) - name_room - 1)
    room = max(1, width - width_of(left) - width_of(right) - len(mark) - 1)
    name = one_line(node.name, room)
    used = width_of(left) + width_of(name) + len(mark) + width_of(right)
    padding = " " * max(0, width - used)
    return [
        (left, "chosen" if chosen else "detail"),
        (name, kind),
        (padding, ""),
        (mark, "mark"),
        (right, "detail"),
    ]


def _details(node: FileNode, width: int, now: float | None) -> str:
    """A problem or remark in its own words, else the size, and the age where there is room for it."""
    if node.problem or node.remark:
        return node.problem or node.remark
    if node.is_directory and node.listing == "reading":
        return "…"
    size = "" if node.size is None else human_size(node.size)
    if now is None or node.modified is None or width < AGE_COLUMNS:
        return size
    return f"{size:>7} {human_age(max(0.0, now - node.modified)):>7}"
