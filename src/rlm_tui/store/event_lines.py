"""The events of a log by their place: the places of its lines are kept, the lines are read when needed."""

from __future__ import annotations

import os
import weakref
from array import array
from bisect import bisect_right
from collections.abc import Iterator
from itertools import accumulate, islice
from pathlib import Path

import msgspec

from rlm_tui.core.event_codec import EventLineError, decode, decode_all
from rlm_tui.core.events import AnyEvent, Note, RunFinished, Totals
from rlm_tui.core.text import human_size
from rlm_tui.store.errors import cannot
from rlm_tui.store.files import LONGEST_LINE, last_lines

MOST_BYTES = 512 * 1024 * 1024
"""So much of a log is shown: the fold keeps what was printed in memory."""
READ_BYTES = 512 * 1024
"""So much of a log is read in one go, unless a single line is longer."""
_CHUNK = 1024 * 1024
_ONE_MORE = (1).__add__  # the end of the line


class EventLines:
    """The lines of the log `path`. A line that is no event is a note that says so, in its place.

    `extend` takes up what was written since; a last line without its end waits for it. What is beyond
    MOST_BYTES is a note, and the end of the run if it stands there. The file stays open: a log that is moved
    or deleted meanwhile can still be read. Not for several threads at once. Methods raise StoreError if the
    log can't be read.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._ends = array("Q")
        self._beyond: tuple[AnyEvent, ...] = ()
        self.size = 0
        self._descriptor = -1

    def __len__(self) -> int:
        return len(self._ends) + len(self._beyond)

    @property
    def looked_at(self) -> int:
        """The bytes of the log whose lines are known."""
        return self._ends[-1] if self._ends else 0

    def reach(self, start: int, most: int) -> int:
        """How far to read from `start` in one go: `most` events, or fewer if they are long; one at least."""
        ends = self._ends
        if start >= len(ends):
            return min(start + most, len(self))
        first = ends[start - 1] if start else 0
        last = min(start + most, len(ends))
        stop = bisect_right(ends, first + READ_BYTES, start, last)
        return max(stop, start + 1) if stop < last else min(start + most, len(self))

    def extend(self) -> int:
        """Look for more lines; how many there are now."""
        for _ in self.extending():
            pass
        return len(self)

    def extending(self) -> Iterator[int]:
        """The same, giving the bytes looked at now and then."""
        at = self._ends[-1] if self._ends else 0
        try:
            size = os.fstat(self._opened()).st_size
            while at < MOST_BYTES and (chunk := os.pread(self._opened(), _CHUNK, at)):
                lengths = map(len, chunk.split(b"\n")[:-1])
                self._ends.extend(islice(accumulate(map(_ONE_MORE, lengths), initial=at), 1, None))
                at += len(chunk)
                yield at
        except OSError as error:
            raise cannot("read", self._path, error) from error
        self.size = size
        self._beyond = beyond(self._path, size - at) if at >= MOST_BYTES and size > at else ()

    def read(self, start: int, stop: int) -> list[AnyEvent]:
        """The events from `start` up to `stop`."""
        last = min(stop, len(self._ends))
        events: list[AnyEvent] = []
        while start < last:
            until = self.reach(start, last - start)
            events += self._read(start, until)
            start = until
        if stop > len(self._ends):
            events += self._beyond[max(start - len(self._ends), 0) : stop - len(self._ends)]
        return events

    def _read(self, start: int, stop: int) -> Iterator[AnyEvent]:
        """The same of lines that are read in one go."""
        base = first = self._ends[start - 1] if start else 0
        end = self._ends[stop - 1]
        if stop == start + 1 and end - first > LONGEST_LINE:
            yield too_long(stop, end - first)
            return
        try:
            lines = self._bytes(first, end)
        except OSError as error:
            raise cannot("read", self._path, error) from error
        events = decode_all(lines)
        if events is not None and len(events) == stop - start:
            yield from events
            return
        for number in range(start, stop):
            last = self._ends[number]
            yield _event(lines[first - base : last - base], number + 1)
            first = last

    @property
    def is_there(self) -> bool:
        """Whether the log that is read still lies at its path, and no other."""
        try:
            read, there = os.fstat(self._opened()), self._path.stat()
        except OSError:
            return False
        return (read.st_dev, read.st_ino) == (there.st_dev, there.st_ino)

    def _opened(self) -> int:
        if self._descriptor < 0:
            self._descriptor = os.open(self._path, os.O_RDONLY | os.O_CLOEXEC)
            weakref.finalize(self, os.close, self._descriptor)
        return self._descriptor

    def _bytes(self, start: int, stop: int) -> bytes:
        pieces = []
        while start < stop and (piece := os.pread(self._opened(), stop - start, start)):
            pieces.append(piece)
            start += len(piece)
        return b"".join(pieces)


def beyond(path: Path, left: int) -> tuple[AnyEvent, ...]:
    """What stands in place of the last `left` bytes of a log: a note, and how the run ended.

    Raises OSError.
    """
    words = f"The log goes on for {human_size(left)} more, which are not shown; the numbers don't count them."
    note = Note(level="warning", text=words)
    for line in reversed(last_lines(path)):
        if isinstance(event := _event(line, 0), RunFinished):
            # By their numbers events would be missing before it, and its totals are those of all.
            return note, msgspec.structs.replace(event, seq=-1, totals=Totals(seconds=event.totals.seconds))
    return (note,)


def too_long(number: int, length: int) -> Note:
    """What stands in place of a line that would fill the memory."""
    words = f"Line {number:,} is {human_size(length)} long, and is not shown."
    return Note(level="warning", text=words)


def _event(line: bytes, number: int) -> AnyEvent:
    try:
        return decode(line, number)
    except EventLineError as error:
        return Note(level="warning", text=str(error))
