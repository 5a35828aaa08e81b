"""The keys of the Trajectory."""

from __future__ import annotations

from textual.binding import Binding, BindingType

from rlm_tui.ui.key_groups import LOOK, MOVE

TRAJECTORY_BINDINGS: list[BindingType] = [
    Binding(
        "left_square_bracket", "iteration(-1)", show=False, key_display="[", id="trajectory.previous",
        tooltip="To the iteration before", group=MOVE,
    ),
    Binding(
        "right_square_bracket", "iteration(1)", show=False, key_display="]", id="trajectory.next",
        tooltip="To the next iteration", group=MOVE,
    ),
    Binding(
        "o", "toggle_all", "open all", show=False, id="trajectory.toggle_all",
        tooltip="Open all iterations, or shut them", group=LOOK,
    ),
    Binding(
        "r", "toggle_reasoning", "reasoning", show=False, id="trajectory.reasoning",
        tooltip="Show or hide the reasoning of this iteration", group=LOOK,
    ),
]  # fmt: skip
