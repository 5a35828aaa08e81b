"""The events of a log by their place: the places of its lines are kept, the lines are read when needed."""

from __future__ import annotations

import os
import weakref
from array import array
from collections.abc import Iterator
from pathlib import Path

from rlm_tui.core.event_codec import EventLineError, decode
from rlm_tui.core.events import AnyEvent, Note
from rlm_tui.core.text import human_size
from rlm_tui.store.errors import cannot

MOST_BYTES = 512 * 1024 * 1024
"""So much of a log is shown: the fold keeps what was printed in memory."""
_CHUNK = 1024 * 1024


class EventLines:
    """The lines of the log `path`. A line that is no event is a note that says so, in its place.

    `extend` takes up what was written since; a last line without its end waits for it. Not for several
    threads at once. The file stays open: a log that is moved or deleted meanwhile can still be read.
    Methods raise StoreError if the log can't be read.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._ends = array("Q")
        self._cut = 0
        self._descriptor = -1

    def __len__(self) -> int:
        return len(self._ends) + (1 if self._cut else 0)

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
                begin = 0
                while (end := chunk.find(b"\n", begin)) >= 0:
                    self._ends.append(at + end + 1)
                    begin = end + 1
                at += len(chunk)
                yield at
        except OSError as error:
            raise cannot("read", self._path, error) from error
        self._cut = size - at if at >= MOST_BYTES and size > at else 0

    def read(self, start: int, stop: int) -> list[AnyEvent]:
        """The events from `start` up to `stop`."""
        last = min(stop, len(self._ends))
        events: list[AnyEvent] = []
        if start < last:
            first = self._ends[start - 1] if start else 0
            try:
                data = self._bytes(first, self._ends[last - 1])
            except OSError as error:
                raise cannot("read", self._path, error) from error
            view, begin = memoryview(data), first
            for number in range(start, last):
                events.append(_event(bytes(view[begin - first : self._ends[number] - first]), number + 1))
                begin = self._ends[number]
        if self._cut and start <= len(self._ends) < stop:
            events.append(cut_note(self._cut))
        return events

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


def cut_note(left: int) -> Note:
    """What stands in place of the last `left` bytes of a log."""
    words = f"The log goes on for {human_size(left)} more, which are not shown."
    return Note(level="warning", text=words)


def _event(line: bytes, number: int) -> AnyEvent:
    try:
        return decode(line, number)
    except EventLineError as error:
        return Note(level="warning", text=str(error))
