"""What the panes of a run tell the screen that holds them: what the person chose, and what they want."""

from __future__ import annotations

from textual.message import Message
from textual.widget import Widget

from rlm_tui.ui.widgets.targets import TabName


class RunMessage(Message):
    """A message of one of the panes of a run, which is its `control`."""

    def __init__(self, sender: Widget) -> None:
        super().__init__()
        self.sender = sender

    @property
    def control(self) -> Widget:
        return self.sender


class IterationSelected(RunMessage):
    """Another iteration is the one the person looks at (`span` "" for the Result)."""

    def __init__(self, sender: Widget, span: str) -> None:
        super().__init__(sender)
        self.span = span


class CallSelected(RunMessage):
    """The person chose a call."""

    def __init__(self, sender: Widget, span: str) -> None:
        super().__init__(sender)
        self.span = span


class MoreWanted(RunMessage):
    """The person wants the whole of what is shown in part: the Inspector's `tab` of the iteration `span`."""

    def __init__(self, sender: Widget, span: str, tab: TabName) -> None:
        super().__init__(sender)
        self.span = span
        self.tab: TabName = tab


class VariableWanted(RunMessage):
    """The person wants to see the whole of a variable of the run, or of the nested RLM of the call `rlm`."""

    def __init__(self, sender: Widget, name: str, rlm: str = "") -> None:
        super().__init__(sender)
        self.name = name
        self.rlm = rlm


class SaveRequested(RunMessage):
    """The person wants `text` in a file; `suggested_name` is a safe file name to begin with."""

    def __init__(self, sender: Widget, text: str, suggested_name: str) -> None:
        super().__init__(sender)
        self.text = text
        self.suggested_name = suggested_name


class Copied(RunMessage):
    """`characters` of the Inspector's tab `tab` are in the clipboard."""

    def __init__(self, sender: Widget, tab: TabName, characters: int) -> None:
        super().__init__(sender)
        self.tab: TabName = tab
        self.characters = characters
