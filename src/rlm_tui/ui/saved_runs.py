"""Saved runs as they are chosen on the screen: the newest of them, and the iterations of one."""

from __future__ import annotations

from pathlib import Path

import msgspec

from rlm_tui.core.text import one_line
from rlm_tui.core.trajectory import Iteration, Trajectory
from rlm_tui.store.listing import RunSummary, list_runs, summarize
from rlm_tui.store.run_log import open_run
from rlm_tui.ui.widgets.iteration_header import iteration_title, sign_of

MOST_RUNS = 100


class SavedIteration(msgspec.Struct, frozen=True):
    """An iteration of a saved run: the sign and the word say how it ended, `code` is what ran."""

    n: int
    title: str
    sign: tuple[str, str]
    word: str
    code: str
    submitted: bool = False
    wrote: bool = False


class SavedRun(msgspec.Struct, frozen=True):
    """A saved run as far as it can be forked: the iterations that have ended."""

    summary: RunSummary
    iterations: tuple[SavedIteration, ...] = ()

    @property
    def after_last(self) -> int:
        """The number of the iteration that would come after the recorded ones."""
        return len(self.iterations) + 1

    def iteration(self, n: int) -> SavedIteration | None:
        """The one of that number, None where there is none."""
        return self.iterations[n - 1] if 0 < n <= len(self.iterations) else None


def newest_runs(first: Path | None = None, runs: Path | None = None) -> list[RunSummary]:
    """The newest saved runs, the one in the folder `first` before all (in a thread). Raises StoreError."""
    found = list_runs(runs, limit=MOST_RUNS)
    if first is None or not first.exists():
        return found
    return [summarize(first), *(run for run in found if run.path != first)]


def read_saved_run(summary: RunSummary) -> SavedRun:
    """The iterations of a run (in a thread: it reads its whole log). Raises StoreError."""
    trajectory = open_run(summary.path).trajectory()
    ended: list[SavedIteration] = []
    for iteration in trajectory.iterations:
        if iteration.phase != "done" or (iteration.cell is None and iteration.skipped is None):
            break  # what comes after an iteration that has no end can't be executed again
        ended.append(_saved(trajectory, iteration))
    return SavedRun(summary, tuple(ended))


def _saved(trajectory: Trajectory, iteration: Iteration) -> SavedIteration:
    status = iteration.cell.status if iteration.cell is not None else None
    code = iteration.code
    if trajectory.resolve is not None and iteration.code_value.blob is not None:
        code = trajectory.resolve(iteration.code_value)
    return SavedIteration(
        n=iteration.n,
        title=one_line(iteration_title(iteration), 120) or "no words",
        sign=sign_of(iteration),
        word="skipped" if iteration.skipped is not None else status or "",
        code=code,
        submitted=status == "submitted",
        wrote=bool(iteration.volume_written),
    )
