"""Fields that scroll where there is no room for all of them."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll

from rlm_tui.ui.key_groups import EDIT


class FieldScroll(VerticalScroll, can_focus=False, inherit_bindings=False):
    """Leaves `up` and `down` to whoever goes from field to field with them."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("pageup", "page_up", "Page up", show=False, id="fields.up", group=EDIT,
                tooltip="A page of fields up"),
        Binding("pagedown", "page_down", "Page down", show=False, id="fields.down", group=EDIT,
                tooltip="A page of fields down"),
    ]  # fmt: skip
