"""What the events of calls do to the trajectory: queries, batches and their items, tools, nested RLMs."""

from __future__ import annotations

from collections.abc import Sequence

from rlm_tui.core.change import CallAdded, CallChanged, ChangeKind
from rlm_tui.core.counting import Counting
from rlm_tui.core.events import CallFinished, CallStarted
from rlm_tui.core.iterations import Call, Iteration
from rlm_tui.core.trajectory_ends import close_iteration
from rlm_tui.core.trajectory_state import RUN, TrajectoryState, rlm_within


def call_started(state: TrajectoryState, event: CallStarted) -> Sequence[ChangeKind]:
    if event.span in state.calls_by_span:
        return (state.odd(event, f"call {event.span!r} started twice"),)
    batch = state.calls_by_span.get(event.batch) if event.batch else None
    parent = batch or state.calls_by_span.get(event.parent)
    iteration = parent.iteration if parent is not None else state.iteration_of(event.parent)
    oddities: tuple[ChangeKind, ...] = ()
    if event.batch and batch is None:
        oddities = (state.odd(event, f"an item of the batch {event.batch!r}, which never started"),)
    elif parent is None and iteration is None and event.parent not in ("", RUN):
        oddities = (state.odd(event, f"a call of {event.parent!r}, which never started"),)
    owner = parent or iteration
    call = Call(
        span=event.span,
        kind=event.kind,
        name=event.name,
        number=0 if batch is not None else len(state.calls) + 1,
        depth=_depth(parent, iteration),
        started_at=state.now,
        iteration=iteration,
        parent=parent,
        rlm=rlm_within(parent) if parent is not None else state.rlm_around(iteration),
        prompt=event.prompt,
        arguments=event.arguments,
        model=event.model,
        cell=event.parent if event.parent in state.cells_by_span else "" if parent is None else parent.cell,
        index=event.index,
        size=event.size,
        by_planner=event.parent == RUN or (parent is not None and parent.kind == "sub_rlm"),
    )
    if owner is not None:
        state.touch(owner)
    state.settle(call, None if owner is None else owner.island)
    if batch is not None:
        batch.items.append(call)
    else:
        state.calls.append(call)
        if owner is not None:
            owner.calls.append(call)
    state.calls_by_span[event.span] = state.open_calls[event.span] = call
    if call.kind == "sub_rlm":
        call.counting = Counting(offline=state.counting.offline)
    for counting in state.countings(call):
        counting.call_started(call)
    inside = None if iteration is None else iteration.span
    return (*oddities, CallAdded(event.span, inside, None if parent is None else parent.span))


def call_finished(state: TrajectoryState, event: CallFinished) -> Sequence[ChangeKind]:
    call = state.open_calls.pop(event.span, None)
    if call is None:
        known = event.span in state.calls_by_span
        words = "ended twice" if known else "ended, but never started"
        return (state.odd(event, f"call {event.span!r} {words}"),)
    kinds: tuple[ChangeKind, ...] = (CallChanged(event.span),)
    state.touch(call)
    call.answer, call.usage, call.cached = event.answer, event.usage, event.cached
    call.seconds, call.error = event.seconds, event.error
    call.result, call.origin = event.result, event.origin
    call.state = "done" if event.error is None else "failed"
    for counting in state.countings(call):
        counting.call_finished(call, event)
    if call.nested and call.nested[-1].phase != "done":
        kinds = (*close_iteration(state, call.nested[-1]), *kinds)
    if event.error is not None:
        kinds = (state.fail("call", event.span, event.error), *kinds)
    if (parent := call.parent) is not None and call.number == 0:
        parent.items_done += 1
        parent.items_failed += event.error is not None
        parent.items_cached += event.cached
        kinds = (*kinds, CallChanged(parent.span))
    return kinds


def _depth(parent: Call | None, iteration: Iteration | None) -> int:
    if parent is not None:
        return parent.depth + 1 if parent.kind == "sub_rlm" else parent.depth
    return 0 if iteration is None else iteration.depth
