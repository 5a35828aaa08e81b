"""The keys of a `RowView`."""

from __future__ import annotations

from textual.binding import Binding, BindingType

from rlm_tui.ui.key_groups import MOVE

ROW_BINDINGS: list[BindingType] = [
    Binding(key, action, show=False, id=f"rows.{name}", tooltip=tooltip, group=MOVE)
    for key, action, name, tooltip in (
        ("up", "move(-1)", "up", "One row up"),
        ("down", "move(1)", "down", "One row down"),
        ("pageup", "page(-1)", "page_up", "One page up"),
        ("pagedown", "page(1)", "page_down", "One page down"),
        ("home", "first", "first", "To the first row"),
        ("end,f", "last", "follow", "To the end, and follow it"),
        ("enter", "choose", "choose", "Open or shut the row"),
    )
]
