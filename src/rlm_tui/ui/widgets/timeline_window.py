"""The part of the time axis that is seen: widened, narrowed and moved, never beyond the run."""

from __future__ import annotations

LEAST_SECONDS = 0.001


class Window:
    """From `start` to `end`, in seconds of the run; `whole` is the run's length."""

    def __init__(self) -> None:
        self.start, self.end, self.whole = 0.0, 1.0, 1.0

    @property
    def length(self) -> float:
        """How many seconds are seen."""
        return self.end - self.start

    @property
    def is_whole(self) -> bool:
        """Whether all of the run is seen."""
        return self.length >= self.whole

    def show_all(self, whole: float) -> None:
        """See the whole run."""
        self.start, self.end, self.whole = 0.0, max(whole, LEAST_SECONDS), max(whole, LEAST_SECONDS)

    def grow(self, whole: float) -> None:
        """The run is as long as this now: who saw all of it still does, who looks at a part stays there."""
        if self.is_whole:
            self.show_all(whole)
        else:
            self.whole = max(whole, LEAST_SECONDS)
            self._place(self.start, min(self.length, self.whole))

    def zoom(self, factor: float, at: float | None = None) -> None:
        """See `factor` times as much; the time `at`, else the middle, stays where it is."""
        at = (self.start + self.end) / 2 if at is None else at
        length = min(max(self.length * factor, LEAST_SECONDS), self.whole)
        share = (at - self.start) / self.length
        self._place(at - share * length, length)

    def pan(self, share: float) -> None:
        """Move by that share of what is seen."""
        self._place(self.start + share * self.length, self.length)

    def fit(self, start: float, end: float) -> None:
        """See from `start` to `end`, with a little around them."""
        around = max((end - start) * 0.1, LEAST_SECONDS / 2)
        self._place(start - around, min(end - start + 2 * around, self.whole))

    def reveal(self, start: float, end: float) -> None:
        """Move so that something of `start` to `end` is seen, if nothing is."""
        if end < self.start or start > self.end:
            self._place(start - self.length / 4, self.length)

    def _place(self, start: float, length: float) -> None:
        self.start = min(max(start, 0.0), max(self.whole - length, 0.0))
        self.end = self.start + length

    def column(self, seconds: float, cells: int) -> int:
        """Where a time is, among `cells`; it may lie outside of them."""
        return int((seconds - self.start) / self.length * cells)

    def time_at(self, column: float, cells: int) -> float:
        """The time at a cell."""
        return self.start + self.length * column / max(cells, 1)
