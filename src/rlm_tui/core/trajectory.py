"""The fold of a run's events: the only code that says what they mean.

`Trajectory.apply(event)` takes one event, at a cost that does not grow with the run, and tells what changed.
It never raises: what can't be (an end without a start, a span told twice) is kept in `problems`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import assert_never

from rlm_tui.core import (
    events,
    trajectory_calls,
    trajectory_cells,
    trajectory_ends,
    trajectory_run,
    trajectory_snapshot,
    trajectory_turns,
    trajectory_variables,
)
from rlm_tui.core.budget_use import BudgetUse
from rlm_tui.core.change import Change, ChangeKind
from rlm_tui.core.events import AnyEvent, Totals, Value
from rlm_tui.core.iterations import Call, Cell, Iteration, OutputPiece
from rlm_tui.core.trajectory_activity import Activity, activity_of, progress_of
from rlm_tui.core.trajectory_budgets import uses_of
from rlm_tui.core.trajectory_snapshot import Snapshot
from rlm_tui.core.trajectory_state import Problem, SandboxState, TrajectoryState

__all__ = [
    "Activity",
    "Call",
    "Cell",
    "Change",
    "Iteration",
    "OutputPiece",
    "Problem",
    "SandboxState",
    "Snapshot",
    "Trajectory",
    "fold",
]

_BEGINNINGS = (events.IterationStarted, events.CellStarted, events.CallStarted)


class Trajectory(TrajectoryState):
    """A run as far as its events have told it: iterations, cells, calls, variables, totals."""

    def apply(self, event: AnyEvent) -> Change:
        """Take the next event. Total: it accepts any event in any order."""
        if event.at > self.now:
            self.see_time(event)
        if self.borrowed:
            trajectory_snapshot.own(self, event.span)
            trajectory_snapshot.own(self, event.parent)
        if event.seq == self.last_seq + 1 and self.finished is None:
            self.last_seq = event.seq
            return Change(event, tuple(self._steps(event)))
        kinds: list[ChangeKind] = []
        if event.seq >= 0:
            if event.seq != self.last_seq + 1:
                kinds.append(self.odd(event, f"it follows event {self.last_seq}"))
            self.last_seq = max(self.last_seq, event.seq)
        if self.finished is not None and isinstance(event, _BEGINNINGS):
            kinds.append(self.odd(event, f"{event.span!r} began after the run had ended"))
        kinds += self._steps(event)
        return Change(event, tuple(kinds))

    def apply_all(self, several: Iterable[AnyEvent]) -> None:
        """Take events as `apply` does one by one; nobody is told what changed.

        What a cell prints comes in many pieces: those after the first are only added to it, in less time.
        """
        apply, printing = self.apply, None
        for event in several:
            if type(event) is not events.CellOutput:
                printing = None
                apply(event)
            elif printing is None or event.span != printing.span or event.seq != self.last_seq + 1:
                apply(event)
                printing = self.cells_by_span.get(event.span) if self.finished is None else None
            else:
                printing.add_output(event.stream, event.text)
                self.last_seq = event.seq
                if event.at > self.now:
                    self.see_time(event)

    def _steps(self, event: AnyEvent) -> Iterable[ChangeKind]:
        match event:
            case events.CellOutput():
                return trajectory_cells.cell_output(self, event)
            case events.PlanDelta():
                return trajectory_turns.plan_delta(self, event)
            case events.CallStarted():
                return trajectory_calls.call_started(self, event)
            case events.CallFinished():
                return trajectory_calls.call_finished(self, event)
            case events.IterationStarted():
                return trajectory_turns.iteration_started(self, event)
            case events.PlanStarted():
                return trajectory_turns.plan_started(self, event)
            case events.PlanReady():
                return trajectory_turns.plan_ready(self, event)
            case events.Held():
                return trajectory_turns.held(self, event)
            case events.Released():
                return trajectory_turns.released(self, event)
            case events.CodeEdited():
                return trajectory_turns.code_edited(self, event)
            case events.Remarked():
                return trajectory_turns.remarked(self, event)
            case events.CellSkipped():
                return trajectory_turns.cell_skipped(self, event)
            case events.BudgetRaised():
                return trajectory_run.budget_raised(self, event)
            case events.PrefixReplayed():
                return trajectory_run.prefix_replayed(self, event)
            case events.CellStarted():
                return trajectory_cells.cell_started(self, event)
            case events.CellFinished():
                return trajectory_cells.cell_finished(self, event)
            case events.VariablesChanged():
                return trajectory_variables.variables_changed(self, event)
            case events.VolumeChanged():
                return trajectory_run.volume_changed(self, event)
            case events.Note():
                return trajectory_run.noted(self, event)
            case events.RunStarted():
                return trajectory_run.run_started(self, event)
            case events.RunFinished():
                return trajectory_run.run_finished(self, event)
            case (
                events.SandboxStarting()
                | events.SandboxReady()
                | events.SandboxLost()
                | events.SandboxRecovered()
            ):
                return trajectory_run.sandbox_changed(self, event)
            case events.UnknownEvent():
                return trajectory_run.unknown(self, event)
            case _:
                assert_never(event)

    def budget_uses(self, now: float) -> list[BudgetUse]:
        """How much of each budget is used `now` seconds into the run; what was held does not count."""
        return uses_of(self, now)

    @property
    def totals(self) -> Totals:
        """The numbers so far; at the end of a run the same as its `run_finished` tells."""
        return self.counting.totals(self.now if self.ended_seconds is None else self.ended_seconds)

    def activity(self, now: float | None = None) -> Activity:
        """What the run is doing, in words; `now` is the caller's clock, in seconds since the run began."""
        return activity_of(self, self.now if now is None else now)

    def progress(self) -> tuple[int, int] | None:
        """`(done, expected)` where an amount is known, such as the calls of a batch."""
        return progress_of(self)

    def mark_interrupted(self) -> None:
        """No more events will come. If the run did not end, its process died; what is open ends with it."""
        self.interrupted = self.finished is None
        for _ in trajectory_ends.close_everything(self):
            pass

    def forget(self) -> None:
        """Know nothing of the run any more, so that it can be freed while somebody still holds this."""
        TrajectoryState.__init__(self, self.resolve)

    def snapshot(self) -> Snapshot:
        """This moment, to `restore` later. Cheap: what does not change any more is shared."""
        return trajectory_snapshot.take(self)

    @classmethod
    def restore(
        cls, snapshot: Snapshot, resolve: Callable[[Value], str] | None = None, *, borrow: bool = False
    ) -> Trajectory:
        """A trajectory as it was at `snapshot`, that goes on apart from the one it was taken of.

        `borrow`: that one takes no more events, and what is over is shared with it until it changes.
        """
        trajectory = cls(resolve)
        trajectory_snapshot.put_back(trajectory, snapshot, borrow=borrow)
        return trajectory


def fold(events: Iterable[AnyEvent], resolve: Callable[[Value], str] | None = None) -> Trajectory:
    """The trajectory that `events` tell."""
    trajectory = Trajectory(resolve)
    trajectory.apply_all(events)
    return trajectory
