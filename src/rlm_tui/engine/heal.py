"""A lost sandbox is replaced under a run that goes on: its cells are executed again, free of charge."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from rlm_tui.core.history_words import lost_cell_words
from rlm_tui.core.recorded import RecordedIteration, recorded_iterations
from rlm_tui.core.recorded_differences import Comparison
from rlm_tui.core.trajectory import Trajectory
from rlm_tui.engine.cells_again import cells_to_execute, execute_again
from rlm_tui.engine.gate import Gate
from rlm_tui.engine.heal_volume import NoCopyError, VolumeAgain, Writes
from rlm_tui.engine.invocation import Invocation
from rlm_tui.engine.place import ROOT
from rlm_tui.engine.recorded_answers import RecordedAnswers, was_stopped
from rlm_tui.engine.recorder import Recorder
from rlm_tui.sandbox.confinement import VOLUME
from rlm_tui.sandbox.errors import SandboxLostError, SandboxStartError
from rlm_tui.sandbox.interpreter import DriverInterpreter

MOST_HEALS = 3
GIVEN_UP = (
    f"The sandbox was replaced {MOST_HEALS} times in this run and is not again: something in the run ends "
    "it. Give it more memory, or smaller steps."
)


@dataclass(frozen=True)
class RunningCall:
    """The RLM call whose cells run in `sandbox`; `execute` gives code to it."""

    invocation: Invocation
    sandbox: DriverInterpreter
    execute: Callable[[str], Any]


class Healing:
    """Runs the cells of a run, at whatever depth; replaces a sandbox that is lost, at most three times."""

    def __init__(
        self, recorder: Recorder, gate: Gate, volume: VolumeAgain, *, enabled: bool, run_id: str
    ) -> None:
        self._recorder = recorder
        self._gate = gate
        self._volume = volume
        self._enabled = enabled
        self._run_id = run_id
        self._lock = threading.Lock()
        self._heals = 0

    def run(self, call: RunningCall, run_cell: Callable[[], Any]) -> Any:
        """What `run_cell` gives or raises; one whose sandbox is lost is run once more in a fresh one.

        A cell that heeded no interrupt, or that lost its sandbox twice, gives what the planner is told of it.
        """
        invocation = call.invocation
        given = invocation.answers
        lost_before = call.sandbox.lost
        if lost_before is not None:
            self._heal(call, lost_before, with_cell=False)
        runs = 0
        try:
            while True:
                try:
                    return run_cell()
                except SandboxLostError as error:
                    result = invocation.listener.result
                    runs += result is not None  # None: it was lost before the cell reached it
                    unheeded = "" if result is None else result.unheeded
                    once_more = runs < 2 and not unheeded
                    if self._gate.finishing or not self._heal(call, error, with_cell=once_more):
                        once_more = False
                    if not once_more:
                        return self._told(call, error, "" if result is None else result.text, runs)
                if given is None:
                    invocation.answers = self._kept_answers(call)
                else:
                    given.rewind()
        finally:
            invocation.answers = given

    def _heal(self, call: RunningCall, error: SandboxLostError, *, with_cell: bool) -> bool:
        """Replace the sandbox; False when the person wants the end of the run instead.

        `with_cell`: the lost cell will be run again. Raises `error` where nothing is to be replaced.
        """
        while True:
            self._check_allowed(call, error)
            try:
                return self._replace(call, error, with_cell=with_cell)
            except SandboxLostError as next_loss:
                if isinstance(next_loss, NoCopyError):
                    raise
                error = next_loss

    def _check_allowed(self, call: RunningCall, error: SandboxLostError) -> None:
        call.invocation.control.check()
        if not self._enabled:
            raise error
        with self._lock:
            self._heals += 1
            if self._heals <= MOST_HEALS:
                return
        self._recorder.note("error", GIVEN_UP, span=call.invocation.span)
        raise error

    def _replace(self, call: RunningCall, error: SandboxLostError, *, with_cell: bool) -> bool:
        iterations, others_wrote = self._recorder.read(lambda trajectory: self._record(call, trajectory))
        writes = _writes(
            iterations,
            with_cell=with_cell,
            others_wrote=others_wrote,
            directory=call.sandbox.description.volume,
        )
        volume = self._volume.before(call.invocation, writes, error)
        if volume is None:
            return False
        began, was = time.monotonic(), call.sandbox.description.volume
        try:
            call.sandbox.renew(volume.path)
        except SandboxStartError as failure:
            raise SandboxStartError(
                f"The sandbox was lost, and no other takes its place: {failure}", failure.hint
            ) from failure
        comparison = Comparison(was, call.sandbox.description.volume)
        again = execute_again(
            cells_to_execute(iterations),
            invocation=call.invocation,
            recorder=self._recorder,
            sandbox=call.sandbox,
            execute=call.execute,
            comparison=comparison,
        )
        self._volume.after(call.sandbox, volume)
        listener = call.invocation.listener
        listener.recovered(
            seconds=time.monotonic() - began,
            cells=again.cells,
            differed=[*again.differed, *listener.otherwise(comparison)],
            volume=volume.name,
        )
        return True

    def _record(self, call: RunningCall, trajectory: Trajectory) -> tuple[list[RecordedIteration], bool]:
        """The iterations of the RLM call, and whether another RLM call of the run wrote to the volume."""
        invocation = call.invocation
        span = "" if invocation.span == ROOT else invocation.span
        others = [
            iteration
            for iteration in trajectory.iterations_by_span.values()
            if (iteration.parent_call or "") != span
            and (iteration.volume_written or iteration.volume_removed or iteration.volume_unknown)
        ]
        return recorded_iterations(trajectory, self._recorder.whole, call=span), bool(others)

    def _kept_answers(self, call: RunningCall) -> RecordedAnswers:
        """What the lost cell was answered before the loss; the rest is asked."""
        iterations, _ = self._recorder.read(lambda trajectory: self._record(call, trajectory))
        cell = iterations[-1].cells[-1]
        answered = [one for one in cell.calls if not was_stopped(one)]
        return RecordedAnswers(
            answered, origin=self._run_id, n=iterations[-1].n, counted=True, rest_is_live=True
        )

    def _told(self, call: RunningCall, error: SandboxLostError, printed: str, runs: int) -> str:
        words = lost_cell_words(str(error), self._recorder.text(printed), twice=runs > 1)
        if not self._gate.finishing:
            self._recorder.note(
                "warning",
                "The planner is told that its cell lost the sandbox.",
                span=call.invocation.iteration,
            )
        return words


def _writes(
    iterations: list[RecordedIteration], *, with_cell: bool, others_wrote: bool, directory: str
) -> Writes:
    """What is written once more to the volume in `directory`."""
    again = list(iterations)
    if again and not with_cell and not cells_to_execute(again[-1:]):
        again.pop()
    return Writes(
        sorted({path for iteration in again for path in iteration.volume_changed}),
        unknown=any(iteration.volume_unknown for iteration in again),
        others_wrote=others_wrote,
        by_path=directory not in ("", VOLUME)
        and any(directory in cell.code for iteration in again for cell in iteration.cells),
    )
