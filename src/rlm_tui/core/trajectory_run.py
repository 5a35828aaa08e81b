"""What the events of the run itself do: its start and end, sandboxes, namespace, volume, notes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from rlm_tui.core.change import (
    BudgetsChanged,
    CallChanged,
    ChangeKind,
    IterationChanged,
    NoteAdded,
    PrefixDone,
    RunBegan,
    RunEnded,
    SandboxChanged,
    VolumeUpdated,
)
from rlm_tui.core.events import (
    FORMAT,
    BudgetRaised,
    ErrorDetail,
    Note,
    PrefixReplayed,
    RunFinished,
    RunStarted,
    SandboxLost,
    SandboxReady,
    SandboxRecovered,
    SandboxStarting,
    Totals,
    UnknownEvent,
    VolumeChanged,
)
from rlm_tui.core.iterations import Call
from rlm_tui.core.trajectory_ends import close_everything
from rlm_tui.core.trajectory_state import SandboxState, StartPhase, TrajectoryState
from rlm_tui.core.turn_steps import Recovery, Stretch

MOST_PHASES = 100
SandboxEvent = SandboxStarting | SandboxReady | SandboxLost | SandboxRecovered


def run_started(state: TrajectoryState, event: RunStarted) -> Iterator[ChangeKind]:
    if state.started is not None:
        yield state.odd(event, "the run started twice")
        return
    state.started = event
    state.budgets = event.budgets
    state.counting.offline = event.offline
    if state.sandbox.state == "none":
        asked = event.sandbox
        state.sandbox = SandboxState(
            kind=asked.kind, confined=asked.confined, detail=asked.detail, volume=asked.volume
        )
    yield RunBegan()
    if event.format > FORMAT:
        words = f"The log is of format {event.format}, newer than {FORMAT}: what is not known is left out."
        yield from noted(state, Note(span=event.span, level="warning", text=words))


def run_finished(state: TrajectoryState, event: RunFinished) -> Iterator[ChangeKind]:
    if state.finished is not None:
        yield state.odd(event, "the run ended twice")
        return
    yield from close_everything(state)
    state.finished = event
    state.interrupted = False
    state.ended_seconds = event.totals.seconds or state.now
    if event.error is not None:
        yield state.fail("run", event.span, event.error)
    told = msgspec.structs.replace(event.totals, seconds=0.0)
    if told not in (state.counting.totals(0.0), Totals()):
        yield state.odd(event, "the totals told at the end are not those of the events before it")
    yield RunEnded()


def sandbox_changed(state: TrajectoryState, event: SandboxEvent) -> Iterator[ChangeKind]:
    before = state.sandboxes.get(event.span, SandboxState())
    call = state.calls_by_span.get(event.parent)
    parent_call = before.parent_call if call is None else call.span
    common: dict[str, Any] = {"kind": event.kind, "at": state.now, "parent_call": parent_call}
    fields: dict[str, Any]
    match event:
        case SandboxStarting():
            state.begin_clock()
            fields = {"state": "starting", "phases": _with_phase(before, event, state.now)}
        case SandboxReady():
            if before.phases:
                began = before.phases[0].at
                state.stretches.append(Stretch("sandbox", event.span, began, state.now, parent_call))
            fields = {
                "state": "ready",
                "phases": (),
                "confined": event.confined,
                "detail": event.detail,
                "volume": event.volume,
                "python": event.python,
                "seconds": event.seconds,
            }
        case SandboxLost():
            fields = {"state": "lost", "reason": event.reason}
            detail = ErrorDetail(kind="SandboxLost", message=event.reason)
            yield state.fail("sandbox", event.span, detail)
        case SandboxRecovered():
            began = max(state.now - event.seconds, 0.0)
            state.stretches.append(Stretch("sandbox", event.span, began, state.now, parent_call))
            fields = {
                "state": "ready",
                "recovered": True,
                "differed": tuple(event.differed),
                "recoveries": before.recoveries + 1,
                "cells_again": event.cells,
                "volume": event.volume or before.volume,
            }
    after = msgspec.structs.replace(before, **common, **fields)
    state.sandboxes[event.span] = after
    if parent_call is None:
        state.sandbox = after
    yield SandboxChanged()
    if isinstance(event, SandboxRecovered):
        yield from _recovered(state, event, before.reason, call)


def _recovered(
    state: TrajectoryState, event: SandboxRecovered, reason: str, call: Call | None
) -> Iterator[ChangeKind]:
    """The iteration that goes on in the fresh sandbox says what happened."""
    iterations = state.iterations if call is None else call.nested
    if not iterations:
        return
    iteration = iterations[-1]
    state.touch(iteration)
    iteration.recoveries.append(
        Recovery(reason, event.cells, event.seconds, event.volume, tuple(event.differed))
    )
    yield IterationChanged(iteration.span)


def _with_phase(before: SandboxState, event: SandboxStarting, now: float) -> tuple[StartPhase, ...]:
    """The phases of a start with what an event tells: the one that goes on is further, or another begins."""
    phases = before.phases if before.state == "starting" else ()
    if phases and phases[-1].words == event.phase:
        further = msgspec.structs.replace(phases[-1], done=event.done, total=event.total)
        return (*phases[:-1], further)
    return (*phases[1 - MOST_PHASES :], StartPhase(event.phase, now, event.done, event.total))


def volume_changed(state: TrajectoryState, event: VolumeChanged) -> Iterator[ChangeKind]:
    state.volume_files.update(dict.fromkeys(event.written, "written"))
    state.volume_files.update(dict.fromkeys(event.removed, "removed"))
    yield VolumeUpdated()
    iteration = state.iteration_of(event.span) or state.iteration_of(event.parent)
    if iteration is not None:
        state.touch(iteration)
        iteration.volume_written += event.written
        iteration.volume_removed += event.removed
        iteration.volume_unknown |= event.unknown
        yield IterationChanged(iteration.span)


def noted(state: TrajectoryState, event: Note) -> Iterator[ChangeKind]:
    state.notes.append(event)
    yield NoteAdded(len(state.notes) - 1)
    call = state.calls_by_span.get(event.span)
    if call is not None:
        yield CallChanged(call.span)


def budget_raised(state: TrajectoryState, event: BudgetRaised) -> Iterator[ChangeKind]:
    state.budgets = event.budgets
    yield BudgetsChanged()


def prefix_replayed(state: TrajectoryState, event: PrefixReplayed) -> Iterator[ChangeKind]:
    state.prefix = event
    yield PrefixDone()


def unknown(state: TrajectoryState, event: UnknownEvent) -> Iterator[ChangeKind]:
    state.unknown.append(event)
    yield from ()
