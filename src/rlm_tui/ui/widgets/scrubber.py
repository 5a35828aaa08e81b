"""The time axis of a recorded run: its iterations, errors and calls, and the moment that is looked at."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from itertools import pairwise

from textual import events
from textual.message import Message

from rlm_tui.core.replay import MarkKind, Replay
from rlm_tui.core.text import human_seconds
from rlm_tui.ui.widgets.row import Line, Span, cut_line, line_width
from rlm_tui.ui.widgets.span_line import SpanLine

# The later ones cover the earlier where there is no room for all.
_SIGNS: tuple[tuple[MarkKind, str, str], ...] = (
    ("call", "╍", "label"),
    ("iteration", "┃", "strong"),
    ("error", "✗", "bad"),
)
LEAST_COLUMNS = 3
"""So many columns an iteration needs; of more than have room each second is marked, or each fifth …"""
MOST_LOOKED_AT = 1_000
_STEPS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000)
_PAST, _FUTURE, _HERE = "━", "─", "◆"


class ScrubberAxis(SpanLine):
    """The axis, a line. A click or a drag goes to a time."""

    class Moved(Message):
        """The person wants to look at this time of the run."""

        def __init__(self, seconds: float) -> None:
            super().__init__()
            self.seconds = seconds

    def __init__(self) -> None:
        super().__init__(id="scrubber-axis")
        self._replay: Replay | None = None
        self._seconds = 0.0
        self._drawn: tuple[int, int] = (-1, -1)
        self._marks: dict[int, tuple[str, str]] = {}
        self._drags = False

    def show(self, replay: Replay, seconds: float) -> None:
        """Show this moment of the run."""
        self._replay, self._seconds = replay, seconds
        self.stale()

    def line(self, width: int) -> Line:
        replay = self._replay
        if replay is None or width < 3:
            return ()
        if self._drawn != (width, replay.length):
            self._drawn = width, replay.length
            self._marks = {
                column: (sign, role)
                for kind, sign, role in _SIGNS
                for column in self._marked_columns(replay, kind, width)
            }
        here = self._column(self._seconds, width)
        spans: list[Span] = []
        for column in range(width):
            past = column < here
            sign, role = self._marks.get(column, (_PAST if past else _FUTURE, "label" if past else "faint"))
            spans.append((_HERE, "held") if column == here else (sign, role if past else f"{_quiet(role)}"))
        return tuple(spans)

    def _marked_columns(self, replay: Replay, kind: MarkKind, width: int) -> Iterable[int]:
        """Where marks of this kind stand. Of very many each column is asked, and not each mark."""
        marks = _with_room(replay.marks(kind), kind, width)

        def column_of(position: int) -> int:
            return self._column(replay.time_of(position), width)

        if len(marks) <= MOST_LOOKED_AT:
            return map(column_of, marks)
        first = [bisect_left(marks, column, key=column_of) for column in range(width)]
        return (column for column, (at, end) in enumerate(pairwise((*first, len(marks)))) if at < end)

    def _column(self, seconds: float, width: int) -> int:
        whole = self._replay.seconds if self._replay is not None else 0.0
        return min(width - 1, int(seconds / whole * (width - 1))) if whole > 0 else 0

    # The mouse

    def on_mouse_down(self, event: events.MouseDown) -> None:
        self._drags = True
        self.capture_mouse()
        self._go(event.x)

    def on_mouse_move(self, event: events.MouseMove) -> None:
        if self._drags:
            self._go(event.x)

    def on_mouse_up(self) -> None:
        self._drags = False
        self.release_mouse()

    def _go(self, x: int) -> None:
        width = self.content_size.width
        if self._replay is not None and width > 1:
            share = min(max(x, 0), width - 1) / (width - 1)
            self.post_message(self.Moved(share * self._replay.seconds))


class ScrubberWords(SpanLine):
    """`▶ 2×  12.4 s of 61 s · event 812 of 1,204 · iteration 3`."""

    def __init__(self) -> None:
        super().__init__(id="scrubber-words")
        self._left: Line = ()
        self._right: Line = ()

    def show(self, left: Line, right: Line) -> None:
        """Say this."""
        self._left, self._right = left, right
        self.stale()

    def line(self, width: int) -> Line:
        gap = width - line_width(self._left) - line_width(self._right)
        if gap < 2:
            return cut_line(self._left, width)
        return (*self._left, (" " * gap, "text"), *self._right)


def moment_words(
    replay: Replay, seconds: float, position: int, length: int, n: int, *, read: float | None
) -> Line:
    """Where the run is looked at; `read` is the share that has been read while there is more to come."""
    spans: list[Span] = [("times are not known · event ", "dim")]
    if replay.timed:
        of = human_seconds(replay.seconds)
        spans = [(human_seconds(seconds), "strong"), (f" of {of} · event ", "dim")]
    spans += [
        (f"{position:,}", "strong"),
        (f" of {length:,}", "dim"),
    ]
    if n:
        spans += [(" · iteration ", "dim"), (str(n), "strong")]
    if read is not None:
        spans.append((" · following" if read >= 1 else f" · reading, {read:.0%}", "busy"))
    return tuple(spans)


def _with_room(marks: Sequence[int], kind: MarkKind, width: int) -> Sequence[int]:
    """All calls and errors, each of which may stand for several; of the iterations as many as have room."""
    if kind != "iteration":
        return marks
    fits = (step for step in _STEPS if len(marks) * LEAST_COLUMNS <= width * step)
    return marks[:: next(fits, len(marks) or 1)]


def _quiet(role: str) -> str:
    """The role of a mark that is still to come."""
    return role if role == "bad" else "dim"
