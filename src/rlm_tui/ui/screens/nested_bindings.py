"""The keys of Nested RLMs."""

from __future__ import annotations

from textual.binding import Binding, BindingType

from rlm_tui.ui.key_groups import LOOK, PANES

NESTED_BINDINGS: list[BindingType] = [
    Binding("left", "up", "up, down", key_display="← →", priority=True, id="nested.up", group=LOOK,
            tooltip="Up to the RLM that started this one"),
    Binding("right", "down", show=False, priority=True, id="nested.down", group=LOOK,
            tooltip="Down to the first RLM in this one"),
    Binding("tab", "other_part", "its cells", priority=True, id="nested.other", group=PANES,
            tooltip="To the trajectory of this RLM, or back to the tree"),
    Binding("g", "go", "go there", id="nested.go", group=LOOK,
            tooltip="To this place in the trajectory of the run"),
    Binding("v", "in_full", "call", id="nested.in_full", group=LOOK,
            tooltip="The call that started this RLM, in full"),
    Binding("escape", "back", "back", id="nested.back", tooltip="Back to where you were", group=PANES),
]  # fmt: skip
