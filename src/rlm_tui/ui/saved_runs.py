"""Saved runs as they are chosen on the screen: the newest of them, and the iterations of one."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from rlm_tui.core.text import one_line
from rlm_tui.core.trajectory import Iteration, Trajectory
from rlm_tui.core.turn_steps import PlanStep
from rlm_tui.core.volume_writes import volume_writes
from rlm_tui.store.listing import RunSummary, list_runs, summarize
from rlm_tui.store.run_log import open_run
from rlm_tui.ui.widgets.iteration_header import iteration_title, sign_of

if TYPE_CHECKING:
    from rlm_tui.engine.volume_copy import CopyState

MOST_RUNS = 100


class SavedIteration(NamedTuple):
    """An iteration of a saved run: the sign and the word say how it ended, `code` is what ran."""

    n: int
    title: str
    sign: tuple[str, str]
    word: str
    code: str
    submitted: bool = False
    wrote: bool = False


class SavedRun(NamedTuple):
    """A saved run as far as it can be forked: the iterations that have ended, and the one after them that was
    `planned` and has no end.

    `sandbox` are the settings of its sandbox, as far as it kept them; `volume` says whether there is a copy
    of how its volume was when it began.
    """

    summary: RunSummary
    iterations: tuple[SavedIteration, ...] = ()
    sandbox: dict[str, Any] = {}
    volume: CopyState = "none"
    planned: SavedIteration | None = None

    @property
    def after_last(self) -> int:
        """The number of the iteration that would come after the recorded ones."""
        return len(self.iterations) + 1

    def iteration(self, n: int) -> SavedIteration | None:
        """The one of that number; None where nothing was planned."""
        return self.iterations[n - 1] if 0 < n <= len(self.iterations) else self.planned


def newest_runs(first: Path | None = None, runs: Path | None = None) -> list[RunSummary]:
    """The newest saved runs, the one in the folder `first` before all (in a thread). Raises StoreError."""
    found = list_runs(runs, limit=MOST_RUNS)
    if first is None or not first.exists():
        return found
    return [summarize(first), *(run for run in found if run.path != first)]


def read_saved_run(summary: RunSummary) -> SavedRun:
    """The iterations of a run (in a thread: it reads its whole log). Raises StoreError."""
    from rlm_tui.engine.volume_copy import volume_state

    log = open_run(summary.path)
    trajectory = log.trajectory()
    wrote = volume_writes(log.events(), trajectory)
    ended: list[SavedIteration] = []
    planned: SavedIteration | None = None
    for iteration in trajectory.iterations:
        if iteration.phase != "done" or (iteration.cell is None and iteration.skipped is None):
            if any(isinstance(step, PlanStep) for step in iteration.steps):
                planned = _saved(trajectory, iteration, wrote=False)
            break  # what comes after an iteration that has no end can't be executed again
        ended.append(_saved(trajectory, iteration, wrote=iteration.n in wrote))
    sandbox = log.asked().get("sandbox_settings")
    return SavedRun(
        summary,
        tuple(ended),
        sandbox if isinstance(sandbox, dict) else {},
        volume_state(log.path).state,
        planned,
    )


def _saved(trajectory: Trajectory, iteration: Iteration, *, wrote: bool) -> SavedIteration:
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
        wrote=wrote,
    )
