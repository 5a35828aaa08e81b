"""All that a trajectory knows at one moment, and the ways to find a part of it."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Literal

import msgspec

from rlm_tui.core.change import ChangeKind, ProblemAdded
from rlm_tui.core.counting import Counting
from rlm_tui.core.events import (
    AnyEvent,
    Budgets,
    ErrorDetail,
    Held,
    Note,
    PrefixReplayed,
    RunFinished,
    RunStarted,
    UnknownEvent,
    Value,
    Variable,
)
from rlm_tui.core.growing import GrowingText
from rlm_tui.core.island_copy import copy_island
from rlm_tui.core.iterations import Box, Call, Cell, Island, Iteration, VariableMark
from rlm_tui.core.turn_steps import Stretch

SandboxPhase = Literal["none", "starting", "ready", "lost"]
RUN = "run"
MOST_ODD = 1_000
"""Events that can't be that are kept; more of them are counted."""
MOST_AROUND = 100
"""So many nested RLMs around a call count it. Nobody nests so deep, but each line of a log may say so."""


class StartPhase(msgspec.Struct, frozen=True):
    """A part of a sandbox's start, and when it began; `done` of `total` bytes if something is transferred."""

    words: str
    at: float
    done: int = 0
    total: int = 0


class SandboxState(msgspec.Struct, frozen=True):
    """What is known of a sandbox. `phases` are the parts of the start so far, the last of them goes on;
    `reason` is why it was lost.

    `recovered` stays True once it was replaced (`recoveries` times, the last time with `cells_again` run
    again); `differed` names what came out otherwise then.
    """

    state: SandboxPhase = "none"
    kind: str = ""
    confined: bool = False
    detail: str = ""
    volume: str = ""
    python: str = ""
    phases: tuple[StartPhase, ...] = ()
    reason: str = ""
    seconds: float = 0.0
    at: float = 0.0
    recovered: bool = False
    differed: tuple[str, ...] = ()
    recoveries: int = 0
    cells_again: int = 0
    parent_call: str | None = None


class Problem(msgspec.Struct, frozen=True):
    """Something that failed, in the order it did. `source` "log": the log itself says what can't be."""

    source: Literal["cell", "call", "sandbox", "run", "log"]
    at: float
    span: str
    error: ErrorDetail


class TrajectoryState:
    """Plain attributes that widgets read. Only the fold writes them, in the modules beside this one."""

    def __init__(self, resolve: Callable[[Value], str] | None = None) -> None:
        """`resolve` gives the whole text of a Value kept as a blob; without it long plans show their head."""
        self.resolve = resolve
        self.started: RunStarted | None = None
        self.finished: RunFinished | None = None
        self.interrupted = False
        self.budgets = Budgets()
        self.prefix: PrefixReplayed | None = None
        self.sandbox = SandboxState()
        self.sandboxes: dict[str, SandboxState] = {}
        self.iterations: list[Iteration] = []
        self.calls: list[Call] = []
        self.variables: dict[str, Variable] = {}
        self.variable_marks: dict[str, VariableMark] = {}
        self.marked_by = ""
        self.notes: list[Note] = []
        self.unknown: list[UnknownEvent] = []
        self.volume_files: dict[str, Literal["written", "removed"]] = {}
        self.problems: list[Problem] = []
        self.odd_events = 0
        self.now = 0.0
        self.last_seq = -1
        self.counting = Counting()
        self.ended_seconds: float | None = None
        self.holds: dict[str, Held] = {}
        self.clock_from: float | None = None
        self.held_before = 0.0
        self.held_since: float | None = None
        self.held_span = ""
        self.stretches: list[Stretch] = []
        self.held_at_cell = 0.0
        self.cell_seconds = 0.0
        self.open_iterations: dict[str, Iteration] = {}
        self.open_cells: dict[str, Cell] = {}
        self.open_calls: dict[str, Call] = {}
        self.islands: list[Island] = []
        self.borrowed: dict[int, Iteration | Call] = {}
        self.iterations_by_span: dict[str, Iteration] = {}
        self.cells_by_span: dict[str, Cell] = {}
        self.calls_by_span: dict[str, Call] = {}

    @property
    def held(self) -> Held | None:
        """Why the run is held; None while it goes on."""
        return next(reversed(self.holds.values()), None)

    def begin_clock(self) -> None:
        """From now on the run's seconds count as its budget does, unless they do already."""
        if self.clock_from is None:
            self.clock_from = self.now

    def held_seconds(self, now: float) -> float:
        """How long the run has been held so far, at `now`: the budgets of seconds don't count that."""
        return self.held_before + (0.0 if self.held_since is None else max(now - self.held_since, 0.0))

    def end_hold(self) -> None:
        """Nothing is held any more: from now on time counts again."""
        if self.held_since is not None:
            self.stretches.append(Stretch("held", self.held_span, self.held_since, self.now))
        self.held_before, self.held_since = self.held_seconds(self.now), None

    @property
    def volume_written(self) -> list[str]:
        """What the run wrote under the volume and did not remove again."""
        return [path for path, state in self.volume_files.items() if state == "written"]

    def iteration(self, span: str) -> Iteration | None:
        """The iteration with that span, at any depth."""
        return self.iterations_by_span.get(span)

    def cell(self, span: str) -> Cell | None:
        """The cell with that span."""
        return self.cells_by_span.get(span)

    def call(self, span: str) -> Call | None:
        """The call with that span, items of batches too."""
        return self.calls_by_span.get(span)

    def iteration_of(self, span: str) -> Iteration | None:
        """The iteration that `span` is or belongs to; None for the run and what is not known."""
        if (iteration := self.iterations_by_span.get(span)) is not None:
            return iteration
        if (cell := self.cells_by_span.get(span)) is not None:
            return cell.iteration
        if (call := self.calls_by_span.get(span)) is not None:
            return call.iteration
        return None

    def namespace(self, iteration: Iteration | None) -> TrajectoryState | Call:
        """What has the variables of the RLM that `iteration` is of: the run, or the call of a nested one."""
        call = None if iteration is None else self.rlm_of(iteration)
        return self if call is None else call

    def rlm_of(self, iteration: Iteration) -> Call | None:
        """The call of the nested RLM that `iteration` is of; None for the run's own."""
        return None if iteration.parent_call is None else self.calls_by_span.get(iteration.parent_call)

    def touch(self, thing: Iteration | Call) -> None:
        """Announce a change to `thing`: a snapshot that shares it gets its copy first."""
        island = thing.island
        if island.box is not None and island.root is not None:
            island.box.root = copy_island(island.root)
            island.box.known = None
            island.box = None

    def countings(self, thing: Iteration | Call | None) -> Iterable[Counting]:
        """The numbers that `thing` counts in: those of the run, and of each nested RLM that it is in."""
        if thing is None or (thing.depth == 0 and not (isinstance(thing, Call) and thing.counting)):
            return (self.counting,)
        return self._nested_countings(thing)

    def _nested_countings(self, thing: Iteration | Call) -> Iterator[Counting]:
        yield self.counting
        if isinstance(thing, Call) and thing.counting is not None:
            self.touch(thing)
            yield thing.counting
        for call in islice(self.rlms_around(thing), MOST_AROUND):
            if call.counting is not None:
                self.touch(call)
                yield call.counting

    def rlms_around(self, thing: Iteration | Call | None) -> Iterator[Call]:
        """The calls of the nested RLMs that `thing` is in, the innermost first."""
        span = self.rlm_around(thing)
        while span is not None and (call := self.calls_by_span.get(span)) is not None:
            yield call
            span = call.rlm

    def rlm_around(self, thing: Iteration | Call | None) -> str | None:
        """The span of the innermost nested RLM that `thing` is in; None in the run itself."""
        if isinstance(thing, Call):
            return thing.rlm
        call = None if thing is None else self.rlm_of(thing)
        return None if call is None else rlm_within(call)

    def settle(self, thing: Iteration | Call, island: Island | None) -> None:
        """Give a new thing its island: that of what it hangs on, or one of its own."""
        if island is None:
            island = Island()
            island.root = thing
            self.islands.append(island)
        thing.island = island

    def boxes(self) -> tuple[Box, ...]:
        """Share all islands with a snapshot."""
        shared = []
        for island in self.islands:
            if island.box is None and island.root is not None:
                island.box = Box(island.root)
            if island.box is not None:
                shared.append(island.box)
        return tuple(shared)

    def fail(
        self, source: Literal["cell", "call", "sandbox", "run"], span: str, error: ErrorDetail
    ) -> ChangeKind:
        """Keep an error that the run told."""
        self.problems.append(Problem(source, self.now, span, error))
        return ProblemAdded()

    def odd(self, event: AnyEvent, message: str) -> ChangeKind:
        """Keep what the log says and can't be, for whoever reads it."""
        detail = ErrorDetail(kind="OddLog", message=f"event {event.seq}: {message}")
        if self.odd_events < MOST_ODD:
            self.problems.append(Problem("log", self.now, event.span, detail))
        self.odd_events += 1
        return ProblemAdded()

    def see_time(self, event: AnyEvent) -> None:
        """Move `now` on, never back."""
        if math.isfinite(event.at) and event.at > self.now:
            self.now = event.at

    def whole_text(self, value: Value, written: GrowingText) -> str:
        """The whole text of `value`: what was streamed if that is it, else its blob's, else its head."""
        if value.blob is None:
            return value.text
        if written.length == value.length and str(written).startswith(value.text):
            return str(written)
        if self.resolve is None:
            return value.text
        try:
            return self.resolve(value)
        except (OSError, ValueError):
            return value.text


def rlm_within(call: Call) -> str | None:
    """The span of the nested RLM in which what happens within `call` happens."""
    return call.span if call.kind == "sub_rlm" else call.rlm
