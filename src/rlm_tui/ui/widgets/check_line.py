"""What a slow look found out about what is being typed; it runs in a thread, a moment after the typing."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from textual.content import Content
from textual.message import Message
from textual.widgets import Static

from rlm_tui.core.text import visible

PAUSE_SECONDS = 0.3
"""How long nothing was typed before it is looked at."""


class Finding(NamedTuple):
    """What a look found: its words, and whether that is good."""

    words: str
    good: bool = True


class CheckLine(Static):
    """Shows the finding of the last look that was asked for; findings of earlier ones are dropped."""

    DEFAULT_CSS = """
    CheckLine { height: auto; color: $text-muted; display: none; }
    CheckLine.-said { display: block; }
    CheckLine.-bad { color: $text-error; }
    """

    class Looked(Message):
        """A look is over, and nothing was typed since."""

        def __init__(self, line: CheckLine, finding: Finding, number: int) -> None:
            super().__init__()
            self.line = line
            self.finding = finding
            self.number = number

        @property
        def control(self) -> CheckLine:
            return self.line

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's own name
        super().__init__("", markup=False, id=id)
        self.finding = Finding("")
        self.looking = False
        self._asked = 0

    def say(self, finding: Finding) -> None:
        """Show a finding that needed no look; one that is under way is dropped."""
        self._asked += 1
        self.looking = False
        self._show(finding)

    def look(self, look: Callable[[], Finding], meanwhile: str = "", *, pause: float = PAUSE_SECONDS) -> int:
        """Run `look` in a thread when nothing else was asked for `pause` seconds; the number of the look."""
        self._asked += 1
        number = self._asked
        self.looking = True
        if meanwhile:
            self._show(Finding(meanwhile))
        if pause:
            self.set_timer(pause, lambda: self._start(number, look))
        else:
            self._start(number, look)
        return number

    def _start(self, number: int, look: Callable[[], Finding]) -> None:
        if number != self._asked:
            return

        def run() -> None:
            try:
                finding = look()
            except BaseException as error:  # a person's module may raise anything while it is imported
                finding = Finding(f"{type(error).__name__}: {error}", good=False)
            self.app.call_from_thread(self._told, number, finding)

        self.run_worker(run, thread=True, exit_on_error=False, group="look")

    def _told(self, number: int, finding: Finding) -> None:
        if number == self._asked and self.is_attached:
            self.looking = False
            self._show(finding)
            self.post_message(self.Looked(self, finding, number))

    def _show(self, finding: Finding) -> None:
        self.finding = finding
        self.update(Content(visible(finding.words)))
        self.set_class(bool(finding.words), "-said")
        self.set_class(not finding.good, "-bad")
