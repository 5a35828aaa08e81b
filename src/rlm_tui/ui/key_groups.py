"""The groups that bindings are listed under in the help and the palette, in the order they are shown."""

from __future__ import annotations

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
