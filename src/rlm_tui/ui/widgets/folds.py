"""Which parts of a run are open in the Trajectory: by the person's doing, or because they are the newest."""

from __future__ import annotations

from rlm_tui.core.trajectory import Iteration, Trajectory


class Folds:
    """Open folds by span, and for every iteration and call the top-level iteration it lies in (`roots`)."""

    def __init__(self) -> None:
        self.open: set[str] = set()
        self.reasoning: set[str] = set()
        self.roots: dict[str, str] = {}
        self.moved: set[str] = set()
        """The folds that the last `newest` opened or shut."""
        self._by_person: set[str] = set()
        self._newest = ""
        self._ran_last = ""

    def add(self, iteration: Iteration, root: str = "") -> None:
        """Learn where an iteration, its calls and their nested iterations lie."""
        root = root or iteration.span
        self.roots[iteration.span] = root
        for call in iteration.calls:
            self.roots[call.span] = root
            for item in call.items:
                self.roots[item.span] = root
            for nested in call.nested:
                self.add(nested, root)

    def newest(self, trajectory: Trajectory, *, shut: bool = True) -> None:
        """Open the newest iteration, and shut the one before it unless the person opened it or reads it."""
        self.moved = set()
        if not trajectory.iterations:
            return
        span = trajectory.iterations[-1].span
        if span == self._newest:
            return
        if shut and self._newest and self.shut(self._newest):
            self.moved.add(self._newest)
        self._newest = span
        self.open.add(span)
        self.moved.add(span)

    def ran_last(self, trajectory: Trajectory) -> None:
        """While the run is held before a plan, what ran last is open: who steps reads what it printed."""
        self.moved = set()
        if self._ran_last and self.shut(self._ran_last):
            self.moved.add(self._ran_last)
        self._ran_last = ""
        held, iterations = trajectory.held, trajectory.iterations
        if held is None or held.before != "plan" or len(iterations) < 2 or held.span != iterations[-1].span:
            return
        span = iterations[-2].span
        if span not in self._by_person and span not in self.open:
            self._ran_last = span
            self.open.add(span)
            self.moved.add(span)

    def open_path(self, trajectory: Trajectory, span: str) -> str:
        """Open the iteration of `span` and all that it lies in; its span, "" when there is none."""
        iteration = innermost = trajectory.iteration_of(span)
        while iteration is not None:
            self.open.add(iteration.span)
            call = None if iteration.parent_call is None else trajectory.call(iteration.parent_call)
            if call is not None:
                self.open.add(call.span)
            iteration = None if call is None else call.iteration
        return "" if innermost is None else innermost.span

    def shut(self, span: str) -> bool:
        """Shut a fold that the person has not opened. Whether it was open."""
        if span in self._by_person or span not in self.open:
            return False
        self.open.discard(span)
        return True

    def toggle(self, span: str) -> None:
        """The person opens or shuts a fold; it stays so."""
        self._by_person.add(span)
        self.open ^= {span}

    def toggle_reasoning(self, span: str) -> None:
        self.reasoning ^= {span}

    def toggle_all(self, trajectory: Trajectory) -> None:
        """Shut all iterations if all are open, otherwise open all."""
        spans = {iteration.span for iteration in trajectory.iterations}
        self._by_person |= spans
        self.open = self.open - spans if spans <= self.open else self.open | spans
