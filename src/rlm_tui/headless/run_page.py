"""A run in a notebook: one display that grows while the run goes on."""

from __future__ import annotations

import io
import sys
import time
from importlib import import_module
from typing import TYPE_CHECKING, Any

from rlm_tui.core import events
from rlm_tui.core.trajectory import Trajectory
from rlm_tui.headless.lines import LinePrinter
from rlm_tui.headless.run_html import run_html

if TYPE_CHECKING:
    from rlm_tui.headless.truth import TruthCheck

TEXT_CHARACTERS = 100_000
BETWEEN_SECONDS = 0.25
# A page that is long to make is made less often: it may take a tenth of the time.
SHARE = 0.1


def in_notebook() -> bool:
    """Whether this runs in a kernel that a notebook's page listens to."""
    # Nobody imports IPython for this: where there is a kernel it is imported already.
    interactive = sys.modules.get("IPython")
    shell = interactive.get_ipython() if interactive is not None else None
    return getattr(shell, "kernel", None) is not None


class RunPage:
    """What a notebook shows of a run, as HTML and as plain text; an `EventPrinter` of `watch`."""

    def __init__(self, trajectory: Trajectory) -> None:
        self._trajectory = trajectory
        self._text = _Limited(TEXT_CHARACTERS)
        self._lines = LinePrinter(self._text, paths=False)
        self._display: Any = None
        self._next_at = 0.0
        self._is_stale = False
        self.check: TruthCheck | None = None

    def show(self) -> None:
        """Show it in the cell that runs now; from then on it is kept up to date there."""
        display = import_module("IPython.display").display
        self._display = display(self, display_id=True)

    def update(self) -> None:
        """Show what is known now where it was shown before."""
        self._is_stale = False
        if self._display is not None:
            began = time.monotonic()
            self._display.update(self)
            ended = time.monotonic()
            self._next_at = ended + max(BETWEEN_SECONDS, (ended - began) / SHARE)

    def print_event(self, event: events.AnyEvent, trajectory: Trajectory) -> None:
        """Take an event that the fold has applied."""
        self._lines.print_event(event, trajectory)
        self._is_stale = True
        self.idle()

    def idle(self) -> None:
        """Show what came since the last time, unless that was just now."""
        if self._is_stale and time.monotonic() >= self._next_at:
            self.update()

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        return {"text/plain": self.text, "text/html": run_html(self._trajectory, self.check)}

    @property
    def text(self) -> str:
        """The run as plain lines, as far as it is known."""
        truth = f"truth: {self.check.words}\n" if self.check is not None else ""
        return self._text.getvalue() + truth


class _Limited(io.StringIO):
    """Keeps the first `limit` characters that are written to it."""

    def __init__(self, limit: int) -> None:
        super().__init__()
        self._left = limit

    def write(self, text: str) -> int:
        if self._left > 0:
            super().write(text[: self._left])
            self._left -= len(text)
            if self._left <= 0:
                super().write("\n… the rest is in the run's log\n")
        return len(text)
