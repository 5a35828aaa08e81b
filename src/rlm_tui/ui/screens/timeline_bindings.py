"""The keys of the Timeline."""

from __future__ import annotations

from textual.binding import Binding, BindingType

from rlm_tui.ui.key_groups import LOOK, PANES

ZOOM, PAN = 0.5, 0.25

TIMELINE_BINDINGS: list[BindingType] = [
    Binding("plus", f"zoom({ZOOM})", "zoom", key_display="+ -", id="timeline.nearer", group=LOOK,
            tooltip="See less of the axis, larger (or the wheel on the axis, or Ctrl and the wheel)"),
    Binding("minus", f"zoom({1 / ZOOM})", show=False, id="timeline.farther", group=LOOK,
            tooltip="See more of the axis"),
    Binding("right", f"pan({PAN})", "move", key_display="← →", priority=True, id="timeline.right",
            tooltip="Move on in time (or drag the axis, or Shift and the wheel)", group=LOOK),
    Binding("left", f"pan({-PAN})", show=False, priority=True, id="timeline.left", group=LOOK,
            tooltip="Move back in time"),
    Binding("z", "fit", "fit", id="timeline.fit", group=LOOK,
            tooltip="See this bar as large as it can be"),
    Binding("0", "whole", "whole", id="timeline.whole", tooltip="See the whole run", group=LOOK),
    Binding("space", "fold", "open", priority=True, id="timeline.fold", group=LOOK,
            tooltip="Open or shut what is below this bar"),
    Binding("o", "fold_batches", "batches", show=False, id="timeline.batches", group=LOOK,
            tooltip="Open all batches into their items, or shut them"),
    Binding("g", "go", "go", id="timeline.go", group=LOOK,
            tooltip="To this place of the run (or Enter, or a double click)"),
    Binding("v", "in_full", "call", id="timeline.in_full", group=LOOK,
            tooltip="This call in full: prompt, answer, figures"),
    Binding("escape", "back", "back", id="timeline.back", tooltip="Back to where you were", group=PANES),
]  # fmt: skip
