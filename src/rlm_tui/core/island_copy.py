"""Copy an iteration or a call with all that hangs below it, references inside it included, or dissolve it."""

from __future__ import annotations

from collections.abc import Iterator
from copy import copy

from rlm_tui.core.iterations import NOWHERE, Call, Cell, Island, Iteration


def things_in(root: Iteration | Call) -> Iterator[Iteration | Call]:
    """`root` and every iteration and call below it, in no promised order, however deeply they nest."""
    waiting: list[Iteration | Call] = [root]
    while waiting:
        thing = waiting.pop()
        yield thing
        if isinstance(thing, Call):
            waiting += thing.items
            waiting += thing.nested
        waiting += thing.calls


def copy_island(root: Iteration | Call) -> Iteration | Call:
    """A copy of `root`, on an island of its own, that shares nothing that changes with the original."""
    island = Island()
    copies: dict[int, Iteration | Call] = {}
    iterations: dict[int, Iteration] = {}
    calls: dict[int, Call] = {}
    for thing in things_in(root):
        if isinstance(thing, Call):
            copies[id(thing)] = calls[id(thing)] = copy(thing)
        else:
            copies[id(thing)] = iterations[id(thing)] = copy(thing)
    for thing in copies.values():
        thing.island = island
        thing.calls = [calls[id(call)] for call in thing.calls]
        if isinstance(thing, Iteration):
            _own_iteration(thing)
            continue
        thing.items = [calls[id(call)] for call in thing.items]
        thing.nested = [iterations[id(iteration)] for iteration in thing.nested]
        thing.variables = dict(thing.variables)
        thing.variable_marks = dict(thing.variable_marks)
        thing.counting = None if thing.counting is None else thing.counting.copy()
        thing.parent = None if thing.parent is None else calls[id(thing.parent)]
        thing.iteration = None if thing.iteration is None else iterations[id(thing.iteration)]
    island.root = copies[id(root)]
    return island.root


def dissolve(root: Iteration | Call) -> None:
    """Break the circles below `root`: it is freed as soon as nobody refers to it, and of no use any more."""
    for thing in list(things_in(root)):
        thing.island, thing.calls = NOWHERE, []
        if isinstance(thing, Call):
            thing.items, thing.nested = [], []
        else:
            thing.cell, thing.earlier_cells, thing.person_cells = None, [], []


def _own_iteration(iteration: Iteration) -> None:
    iteration.remarks = list(iteration.remarks)
    iteration.variables_changed = list(iteration.variables_changed)
    iteration.variables_removed = list(iteration.variables_removed)
    iteration.volume_written = list(iteration.volume_written)
    iteration.volume_removed = list(iteration.volume_removed)
    iteration.recoveries = list(iteration.recoveries)
    iteration.written_reasoning = iteration.written_reasoning.copy()
    iteration.written_code = iteration.written_code.copy()
    iteration.earlier_cells = [_own_cell(cell, iteration) for cell in iteration.earlier_cells]
    iteration.steps = list(iteration.steps)
    iteration.person_cells = [_own_cell(cell, iteration) for cell in iteration.person_cells]
    if iteration.cell is not None:
        iteration.cell = _own_cell(iteration.cell, iteration)


def _own_cell(cell: Cell, iteration: Iteration) -> Cell:
    twin = copy(cell)
    twin.iteration = iteration
    twin.output = cell.output.copy()
    return twin
