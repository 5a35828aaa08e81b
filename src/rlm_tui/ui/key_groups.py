"""How keys are shown: their names, and the groups that help and palette list them under, in their order."""

from __future__ import annotations

from collections.abc import Mapping

from textual.binding import Binding

RUN = Binding.Group("Run")
REPLAY = Binding.Group("Replay")
PANES = Binding.Group("Panes")
MOVE = Binding.Group("Move")
LOOK = Binding.Group("Look")
FILES = Binding.Group("Files")
RESULT = Binding.Group("Result")
APPLICATION = Binding.Group("Application")
EDIT = Binding.Group("Fields")

ORDER = ("Run", "Replay", "Panes", "Move", "Look", "Files", "Result", "Fields", "Application")

KEY_NAMES: Mapping[str, str] = {
    "escape": "esc",
    "slash": "/",
    "pageup": "PgUp",
    "pagedown": "PgDn",
    "left_square_bracket": "[",
    "right_square_bracket": "]",
}
