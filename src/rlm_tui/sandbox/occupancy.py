"""Who uses a sandbox now: one at a time, and a cell of the run waits for what a person evaluates."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

OCCUPIED = {
    "cell": "A cell is running: wait for it or interrupt it first.",
    "evaluation": "The console is evaluating: wait for that or interrupt it first.",
    "renewal": "The sandbox is being replaced: try again when it is there.",
}
"""What the console says while somebody else has the sandbox."""


class Occupied(RuntimeError):
    """Somebody else uses the sandbox, and is not waited for."""


class Occupancy:
    """The console gives way to nobody and waits for nobody: it is short, or is interrupted."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._by = ""

    @contextmanager
    def by_cell(self) -> Iterator[None]:
        """Within the block a cell has the sandbox; it waits for an evaluation. Raises Occupied for a cell."""
        with self._taken("cell", waits_for=("evaluation",)):
            yield

    @contextmanager
    def by_evaluation(self) -> Iterator[None]:
        """Within the block the console has the sandbox. Raises Occupied where it is not free."""
        with self._taken("evaluation", waits_for=()):
            yield

    @contextmanager
    def by_renewal(self) -> Iterator[None]:
        """Within the block the sandbox is replaced; whoever has it is waited for."""
        with self._taken("renewal", waits_for=("cell", "evaluation", "renewal")):
            yield

    @contextmanager
    def _taken(self, by: str, waits_for: tuple[str, ...]) -> Iterator[None]:
        with self._changed:
            while self._by:
                if self._by not in waits_for:
                    raise Occupied(self._by)
                self._changed.wait()
            self._by = by
        try:
            yield
        finally:
            with self._changed:
                self._by = ""
                self._changed.notify_all()
