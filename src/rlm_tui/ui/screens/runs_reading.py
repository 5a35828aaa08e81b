"""How the list of saved runs is read: what the index knows at once, then what is new, then what changes."""

from __future__ import annotations

import threading
from time import monotonic

from textual.screen import Screen

from rlm_tui.core.run_record import RunRecord
from rlm_tui.store.library import RunLibrary
from rlm_tui.ui.giving_way import person

TELL_SECONDS = 1.0
"""How often a list that is being indexed is shown anew: that costs keys their time."""
LOOK_SECONDS = 1.5
"""How often it is looked whether a run began, went on, or ended."""


class RunsReading(Screen):  # type: ignore[type-arg]
    """Reads in threads, which give way to keys and end when the screen is `left`."""

    library: RunLibrary
    left: threading.Event

    def take(self, runs: list[RunRecord], words: str) -> None:
        """These are the runs now; `words` say what is read still, or could not be."""
        raise NotImplementedError

    def on_mount(self) -> None:
        self.action_refresh_runs()
        self.set_interval(LOOK_SECONDS, self._look_for_news)

    def on_unmount(self) -> None:
        self.left.set()

    def action_refresh_runs(self) -> None:
        self.run_worker(self._read, thread=True, exclusive=True, group="read", exit_on_error=False)

    def _read(self) -> None:
        """Show what is known, then what is new (in a thread)."""
        tell = self.app.call_from_thread
        if runs := self.library.records():
            tell(self.take, runs, "looking for new runs …")

        said = 0.0

        def told(done: int, of: int) -> None:
            nonlocal said
            if not self.left.is_set() and done < of and monotonic() - said > TELL_SECONDS:
                said = monotonic()
                tell(self.take, self.library.records(), f"reading {done:,} of {of:,}")

        problem = self.library.update(self._is_over, told)
        if not self.left.is_set():
            tell(self.take, self.library.records(), problem)

    def _is_over(self) -> bool:
        """Whether to stop reading; asked between two runs (in a thread)."""
        person.give_way()
        return self.left.is_set()

    def _look_for_news(self) -> None:
        """Read again what others do to the runs meanwhile, while nothing else is read."""
        if self.is_current and not any(one.group in ("read", "news") for one in self.workers):
            self.run_worker(self._read_news, thread=True, group="news", exit_on_error=False)

    def _read_news(self) -> None:
        if self.library.has_news() and not self.left.is_set():
            problem = self.library.update(self._is_over)
            if not self.left.is_set():
                self.app.call_from_thread(self.take, self.library.records(), problem)

    def read_again(self) -> None:
        """Something may have been written or deleted."""
        self.action_refresh_runs()
