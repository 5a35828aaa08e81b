"""Looks for what the breakpoints of a run wait for, and says at its next boundary which of them holds it."""

from __future__ import annotations

import threading
from collections.abc import Iterable

from rlm_tui.core.breakpoint_code import held_by_code
from rlm_tui.core.breakpoints import (
    AtIteration,
    Breakpoint,
    CellFails,
    SetBreakpoint,
    VariableChanges,
    VariableExists,
    breakpoint_words,
)
from rlm_tui.core.change import Change, VariablesUpdated
from rlm_tui.core.events import (
    CallFinished,
    CallStarted,
    CellFinished,
    Held,
    Released,
    Variable,
    VariablesChanged,
)
from rlm_tui.core.text import one_line
from rlm_tui.core.trajectory import Cell, Trajectory
from rlm_tui.engine.breakpoint_calls import CALL_KINDS, HeldTime, held_by_call

MOST_NAMED = 2
"""How many breakpoints are named where several hold at once; of the others it is said how many."""
_FAILED = ("error", "timeout", "lost")
_ERROR_WIDTH = 80


class BreakpointWatch:
    """The breakpoints of one run. Every method may be called from any thread, and none waits for another.

    What happens is noted by `see` and holds the run before its next plan or cell, once; what a call did, also
    before the cell's next call. What a person did at a hold, and what is executed again from a record, holds
    nothing.
    """

    def __init__(self, breakpoints: Iterable[SetBreakpoint] = ()) -> None:
        self._lock = threading.Lock()
        self._breakpoints: tuple[SetBreakpoint, ...] = ()
        self._on: tuple[Breakpoint, ...] = ()
        self._noted: dict[Breakpoint, tuple[str, int]] = {}
        self._reached: set[Breakpoint] = set()
        self._variables: dict[str, dict[str, Variable]] = {}
        self._held_time = HeldTime()
        self.set(breakpoints)

    @property
    def breakpoints(self) -> list[SetBreakpoint]:
        """Those that are set, in their order, also those that are off."""
        return list(self._breakpoints)

    def set(self, breakpoints: Iterable[SetBreakpoint]) -> None:
        """From now on these hold. What one of them waited for while it was not set, or off, is gone."""
        with self._lock:
            before = self._on
            self._breakpoints = tuple(breakpoints)
            self._on = tuple(dict.fromkeys(item.breakpoint for item in self._breakpoints if item.on))
            self._noted = {point: noted for point, noted in self._noted.items() if point in self._on}
            self._reached.intersection_update(self._on)
            for point in self._on:
                if isinstance(point, VariableExists) and point not in before and self._exists(point.name):
                    self._note(point, breakpoint_words(point))

    def before_plan(self, n: int, depth: int) -> str:
        """Why the run is to be held before the plan of iteration `n`, in words; "" when it isn't."""
        with self._lock:
            held = self._take_noted()
            for point in self._on:
                if point == AtIteration(n) and depth == 0 and point not in self._reached:
                    self._reached.add(point)
                    held.append(breakpoint_words(point))
        return _joined(held)

    def before_cell(self, n: int, depth: int, code: str) -> str:
        """Why the run is to be held before this code of iteration `n` runs, in words; "" when it isn't."""
        with self._lock:
            held, on = self._take_noted(), self._on
        # Outside of the lock: a pattern may search for a second, and events must not wait for it.
        held += [words for point in on if (words := held_by_code(point, code))]
        return _joined(held)

    def before_call(self) -> str:
        """Why the run is to be held before another call of its cell, in words; "" when it isn't."""
        with self._lock:
            if not self._noted:
                return ""
            return _joined(self._take_noted(CALL_KINDS))

    def see(self, change: Change, trajectory: Trajectory) -> None:
        """Take up what an event did to the run; quick, since the recorder waits for it."""
        with self._lock:
            match change.event:
                case VariablesChanged() as event:
                    self._see_variables(event, change, trajectory)
                case CellFinished(status=status) as event if status in _FAILED:
                    if CellFails() in self._on and not _quiet(trajectory.cells_by_span.get(event.span)):
                        why = "" if event.error is None else f"{event.error.kind}: {event.error.message}"
                        words = one_line(why, _ERROR_WIDTH) or status
                        self._note(CellFails(), f"{breakpoint_words(CellFails())}: {words}")
                case CallStarted(span=span):
                    self._held_time.call_began(span)
                case CallFinished() as event:
                    self._see_call(event, trajectory)
                case Held(span=span):
                    self._held_time.held(span, trajectory.now)
                case Released(span=span):
                    self._held_time.released(span, trajectory.now)
                case _:
                    pass

    # All below with the lock

    def _see_variables(self, event: VariablesChanged, change: Change, trajectory: Trajectory) -> None:
        namespace = next((kind.call or "" for kind in change.kinds if isinstance(kind, VariablesUpdated)), "")
        known = self._variables.setdefault(namespace, {})
        new = {item.name for item in event.changed if item.name not in known}
        changed = {item.name for item in event.changed if known.get(item.name, item) != item}
        changed |= {name for name in event.removed if name in known}
        known.update((item.name, item) for item in event.changed)
        for name in event.removed:
            known.pop(name, None)
        if _quiet(trajectory.cells_by_span.get(event.span)):
            return
        for point in self._on:
            match point:
                case VariableExists(name=name) if name in new:
                    self._note(point, breakpoint_words(point))
                case VariableChanges(name=name) if name in changed:
                    self._note(point, breakpoint_words(point))
                case _:
                    pass

    def _see_call(self, event: CallFinished, trajectory: Trajectory) -> None:
        held_seconds = self._held_time.call_ended(event.span)
        self._variables.pop(event.span, None)  # of a nested RLM, whose namespace ends with it
        call = trajectory.calls_by_span.get(event.span)
        if call is None or event.origin or _quiet(trajectory.cells_by_span.get(call.cell)):
            return
        for point in self._on:
            if words := held_by_call(point, call, held_seconds):
                self._note(point, words)

    def _exists(self, name: str) -> bool:
        return any(name in variables for variables in self._variables.values())

    def _note(self, point: Breakpoint, words: str) -> None:
        first, times = self._noted.get(point, (words, 0))
        self._noted[point] = first, times + 1

    def _take_noted(self, kinds: tuple[type[Breakpoint], ...] = ()) -> list[str]:
        """What waits to hold the run, in words: of these kinds, or of all."""
        taken = [point for point in self._noted if not kinds or isinstance(point, kinds)]
        noted = [self._noted.pop(point) for point in taken]
        return [words if times == 1 else f"{words} (and {times - 1} more)" for words, times in noted]


def _quiet(cell: Cell | None) -> bool:
    """Whether a person runs the cell at a hold, or it is executed again from a record."""
    return cell is not None and (cell.by == "person" or bool(cell.origin))


def _joined(held: list[str]) -> str:
    more = len(held) - MOST_NAMED
    return "; ".join([*held[:MOST_NAMED], *([f"and {more} more"] if more > 0 else [])])
