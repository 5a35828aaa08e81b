"""The recorded part of a fork: the iterations before the first live one, read from the run's log."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from msgspec import Struct

from rlm_tui.core.events import PrefixReplayed, Variable
from rlm_tui.core.recorded import Planned, RecordedIteration, Resolve, recorded_iterations
from rlm_tui.core.recorded_differences import Comparison
from rlm_tui.core.trajectory import Trajectory
from rlm_tui.engine.place import ROOT
from rlm_tui.engine.recorder import Recorder
from rlm_tui.store.run_log import open_run

VolumeOfFork = Literal["as it is", "copy", "empty"]


class Fork(Struct, frozen=True):
    """A run that goes on from another: iterations 1 to `at` - 1 of the one in the folder `run` are executed
    again, and `at` is live.

    `code` takes the place of what was planned there, or is a person's step before the plan where nothing was;
    `remark` is what the planner is told first. `finish`: nothing is executed, and the answer is extracted
    from the record. `volume` says whether the sandbox's volume is the one of that name, or has to be filled
    with the copy of how it was when that run began. `changes` says in words what is otherwise than in that
    run. `fork_request` makes one.
    """

    run: Path
    at: int
    code: str | None = None
    remark: str | None = None
    finish: bool = False
    volume: VolumeOfFork = "as it is"
    changes: tuple[str, ...] = ()


@dataclass
class Prefix:
    """The record, and what came out otherwise as far as it was executed again.

    `resolve` reads long texts of it, `cell_seconds` was its limit for a cell; `hold`: be held before `at`.
    `volume` is where the volume lay; `has_variables`: the record tells what its cells set, as ours do.
    """

    fork: Fork
    origin: str
    iterations: Sequence[RecordedIteration]
    resolve: Resolve
    cell_seconds: float | None = None
    hold: bool = False
    volume: str = ""
    has_variables: bool = False
    cells: int = 0
    calls: int = 0
    differed: list[str] = field(default_factory=list)
    began: float | None = None
    is_told: bool = False
    variables: dict[str, Variable] = field(default_factory=dict)
    """What the record says of the namespace, as far as it was executed again."""

    @property
    def at(self) -> int:
        """The first live iteration."""
        return self.fork.at

    @property
    def plan(self) -> Planned | None:
        """What was planned in iteration `at`, in the end; None if nothing was."""
        record = self.iterations[self.at - 1] if len(self.iterations) >= self.at else None
        plans = [step for step in record.steps if isinstance(step, Planned)] if record else []
        return plans[-1] if plans else None

    def begin(self) -> None:
        """From the first call on, the seconds count that executing it again takes."""
        self.began = time.monotonic() if self.began is None else self.began

    def compare_variables(self, n: int, trajectory: Trajectory, volume: str) -> None:
        """Note what iteration `n`, executed again, left otherwise in the namespace of `trajectory`.

        `volume` is where the volume lies now.
        """
        record, now = self.iterations[n - 1], trajectory.iterations[-1]
        for name in record.unset:
            self.variables.pop(name, None)
        self.variables.update((item.name, item) for item in record.variables)
        if not self.has_variables:
            return
        names = {item.name for item in (*record.variables, *now.variables_changed)}
        names |= {*record.unset, *now.variables_removed}
        # What was set and deleted, in whichever order, may be there or not.
        names -= {item.name for item in record.variables if item.name in record.unset}
        comparison = Comparison(self.volume, volume)
        self.differed += comparison.variables(names, self.variables, trajectory.variables, n)

    def tell(self, recorder: Recorder, iterations: int) -> None:
        """Tell that the record was executed as far as iteration number `iterations`; once."""
        if self.is_told:
            return
        self.is_told = True
        seconds = 0.0 if self.began is None else time.monotonic() - self.began
        recorder.emit(
            PrefixReplayed,
            span=ROOT,
            run_id=self.origin,
            iterations=iterations,
            cells=self.cells,
            calls=self.calls,
            seconds=round(seconds, 3),
            differed=[recorder.text(sentence) for sentence in self.differed],
        )


def load_prefix(fork: Fork, *, hold: bool = False) -> Prefix:
    """Read the record of the run that is forked. Raises StoreError."""
    log = open_run(fork.run)
    trajectory = log.trajectory(whole=True)
    iterations = recorded_iterations(trajectory, log.text)
    imported = trajectory.started is not None and trajectory.started.imported
    return Prefix(
        fork,
        log.run_id,
        iterations,
        resolve=log.text,
        cell_seconds=trajectory.budgets.cell_seconds,
        hold=hold,
        volume=trajectory.sandbox.volume,
        has_variables=not imported and any(iteration.variables for iteration in iterations),
    )
