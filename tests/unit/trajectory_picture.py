"""A trajectory as plain data, so that two can be compared: everything that a widget can read."""

from __future__ import annotations

from dataclasses import astuple
from typing import Any

from rlm_tui.core.counting import Counting
from rlm_tui.core.growing import GrowingList, GrowingText
from rlm_tui.core.iterations import Call, Cell, Island, Iteration
from rlm_tui.core.trajectory import Trajectory


def picture(trajectory: Trajectory) -> dict[str, Any]:
    """All attributes of `trajectory`, with everything below them; what refers upwards stands by its span."""
    told = {
        name: _plain(value)
        for name, value in vars(trajectory).items()
        if name not in ("islands", "resolve", "counting")
        and not name.endswith("_by_span")
        and not name.startswith("open_")
    }
    told["totals"] = trajectory.totals
    told["activity"] = trajectory.activity(trajectory.now + 1)
    told["progress"] = trajectory.progress()
    told["held"] = trajectory.held
    for name in ("iterations_by_span", "cells_by_span", "calls_by_span"):
        told[name] = {span: _plain(thing) for span, thing in sorted(getattr(trajectory, name).items())}
    for name in ("open_iterations", "open_cells", "open_calls"):
        told[name] = list(getattr(trajectory, name))
    return told


def _plain(value: Any, inside: bool = False) -> Any:
    if isinstance(value, GrowingText):
        return str(value)
    if isinstance(value, Counting):
        return astuple(value)
    if isinstance(value, Iteration | Cell | Call):
        return {
            name: _reference(getattr(value, name))
            if name in ("iteration", "parent")
            else _plain(value.text if name == "joined" else getattr(value, name), True)
            for name in value.__struct_fields__
            if not isinstance(getattr(value, name), Island)
        }
    if isinstance(value, list | GrowingList):
        return [_plain(item, inside) for item in value]
    if isinstance(value, dict):
        return {key: _plain(item, inside) for key, item in value.items()}
    return value


def _reference(value: Any) -> str | None:
    return None if value is None else str(value.span)


def shares_nothing(one: Trajectory, other: Trajectory) -> bool:
    """Whether no part of `one` that changes is a part of `other`."""
    return not ({id(thing) for thing in _things(one)} & {id(thing) for thing in _things(other)})


def _things(trajectory: Trajectory) -> list[Any]:
    things: list[Any] = [
        *trajectory.iterations_by_span.values(),
        *trajectory.cells_by_span.values(),
        *trajectory.calls_by_span.values(),
    ]
    lists = [
        getattr(thing, name)
        for thing in things
        for name in ("calls", "items", "output")
        if hasattr(thing, name)
    ]
    return [*things, *lists, trajectory.iterations, trajectory.calls, trajectory.notes, trajectory.variables]


def references_hold(trajectory: Trajectory) -> bool:
    """Whether everything that a part refers to is itself a part of the trajectory, and not of another one."""
    for call in trajectory.calls_by_span.values():
        if call.iteration is not None and trajectory.iteration(call.iteration.span) is not call.iteration:
            return False
        if call.parent is not None and trajectory.call(call.parent.span) is not call.parent:
            return False
    cells = trajectory.cells_by_span.values()
    if not all(trajectory.iteration(cell.iteration.span) is cell.iteration for cell in cells):
        return False
    top_level = [call for call in trajectory.calls_by_span.values() if call.number]
    return {id(call) for call in top_level} == {id(call) for call in trajectory.calls}
