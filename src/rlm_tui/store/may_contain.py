"""Which runs need not be folded to find a text in them: what the files of a run say for certain.

A log holds a text as it is, but for what JSON escapes: so the longest part of what is looked for that has
nothing to escape stands in the log of a run where it is found, or in one of its blobs. That does not hold for
texts that came in pieces and for what the fold puts into words; those are looked at on their own.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from io import FileIO
from typing import Any

from rlm_tui.core.event_codec import decode_all
from rlm_tui.core.events import (
    FORMAT,
    AnyEvent,
    CallFinished,
    CallStarted,
    CellFinished,
    CellOutput,
    CodeEdited,
    PlanDelta,
    PlanReady,
    PlanStarted,
    RunFinished,
    RunStarted,
)
from rlm_tui.core.trajectory_ends import ABANDONED
from rlm_tui.store.event_lines import MOST_BYTES, READ_BYTES
from rlm_tui.store.files import LONGEST_LINE
from rlm_tui.store.run_log import RunLog
from rlm_tui.store.runs import BLOBS

SHORTEST_KEY = 3
# Of ASCII, without what is escaped: always, or by some writers.
_PLAIN = re.compile(r"[ !#-.0-\[\]-~]+")
_ABANDONED = f"{ABANDONED.kind}: {ABANDONED.message}".lower().encode()
# Those that are a letter of ASCII to whoever looks in any case.
_LETTERS = {"İ": b"i", "ı": b"i", "ſ": b"s", "\N{KELVIN SIGN}": b"k"}
_ALIKE = [(letter.encode(), plain) for letter, plain in _LETTERS.items()]
_LONGEST_LETTER = max(len(letter) for letter, _ in _ALIKE)
# An escape of anything but a control character: others may write anything so.
_ESCAPE = re.compile(rb"(?<!\\)(?:\\\\)*\\u(?!00[01])")


class MayContain:
    """Asked for a run: False if `text` certainly stands nowhere in it, and it has nothing to be warned of.

    True says nothing: so it is for each run if `text` is a regular expression, or has no such part.
    """

    def __init__(self, text: str, *, is_regex: bool) -> None:
        parts = [] if is_regex else _PLAIN.findall(text)
        self._key = max(parts, key=len, default="").lower().encode()
        self._alike = [(letter, plain) for letter, plain in _ALIKE if plain in self._key]

    def __call__(self, log: RunLog) -> bool:
        if len(self._key) < SHORTEST_KEY:
            return True
        try:
            return self._in_log(log) or self._in_blobs(log)
        except (OSError, ValueError, RecursionError):
            return True  # whoever folds it tells why

    def _in_log(self, log: RunLog) -> bool:
        told = _Told(self._holds, len(self._key) - 1, may_be_abandoned=self._key in _ABANDONED)
        with log.events_path.open("rb", buffering=0) as file:
            if os.fstat(file.fileno()).st_size > MOST_BYTES:
                return True
            for lines in _whole_lines(file):
                if self._holds(lines) or (b"\\u" in lines and _ESCAPE.search(lines) is not None):
                    return True
                events = decode_all(lines)
                if events is None or len(events) != lines.count(b"\n") + 1:
                    return True
                if any(map(told.take, events)):
                    return True
        return told.end()

    def _in_blobs(self, log: RunLog) -> bool:
        try:
            blobs = os.scandir(log.path / BLOBS)
        except FileNotFoundError:
            return False
        with blobs:
            return any(self._in_blob(blob.path) for blob in blobs)

    def _in_blob(self, path: str) -> bool:
        end = b""
        with open(path, "rb", buffering=0) as file:  # noqa: PTH123 - a Path for each takes longer than the rest
            while piece := file.read(READ_BYTES):
                if self._holds(piece := end + piece):
                    return True
                end = piece[-_LONGEST_LETTER * len(self._key) :]
        return False

    def _holds(self, text: bytes) -> bool:
        """Whether the key stands in `text`, in any case."""
        if not text.isascii():
            for letter, plain in self._alike:
                text = text.replace(letter, plain)
        return self._key in text.lower()


class _Told:
    """What a log tells so far, for what does not stand in it as it is found."""

    def __init__(self, holds: Callable[[bytes], bool], kept: int, *, may_be_abandoned: bool) -> None:
        self._holds = holds
        self._kept = kept
        self._ends: dict[tuple[str, str], str] = {}
        self._planning: set[str] = set()
        self._may_be_abandoned = may_be_abandoned
        self._open_calls: set[str] = set()
        # Asked by type: to match each event against all of them takes longer than to decode it.
        self._takes: dict[type[AnyEvent], Callable[[Any], bool]] = {
            RunStarted: lambda event: event.format > FORMAT,
            PlanStarted: self._plan_started,
            PlanDelta: self._plan_delta,
            PlanReady: self._plan_ready,
            CodeEdited: self._code_edited,
            CellOutput: lambda event: self._in_pieces((event.span, ""), event.text),
            CellFinished: self._in_error,
            CallStarted: self._call_started,
            CallFinished: self._call_finished,
            RunFinished: self._run_finished,
        }

    def take(self, event: AnyEvent) -> bool:
        """The next event; True if the run has to be folded."""
        take = self._takes.get(type(event))
        return take is not None and take(event)

    def end(self) -> bool:
        """The same for the end of the run or of its log: calls that are open then get an error."""
        return self._may_be_abandoned and bool(self._open_calls)

    def _plan_started(self, event: PlanStarted) -> bool:
        self._planning.add(event.span)
        return False

    def _plan_delta(self, event: PlanDelta) -> bool:
        # It could go on from a whole plan, with its end in a blob: no engine writes that.
        return event.span not in self._planning or self._in_pieces((event.span, event.field), event.text)

    def _plan_ready(self, event: PlanReady) -> bool:
        self._planning.discard(event.span)
        return False

    def _code_edited(self, _event: CodeEdited) -> bool:
        self._planning.clear()  # it may be named by any span within
        return False

    def _call_started(self, event: CallStarted) -> bool:
        if self._may_be_abandoned:
            self._open_calls.add(event.span)
        return bool(event.arguments) and any(self._in_words(str(one)) for one in event.arguments.values())

    def _call_finished(self, event: CallFinished) -> bool:
        self._open_calls.discard(event.span)
        return self._in_error(event)

    def _run_finished(self, event: RunFinished) -> bool:
        return self.end() or any(self._in_words(f"{name}: {value}") for name, value in event.outputs.items())

    def _in_error(self, event: CallFinished | CellFinished) -> bool:
        return event.error is not None and self._in_words(f"{event.error.kind}: {event.error.message}")

    def _in_pieces(self, text: tuple[str, str], piece: str) -> bool:
        """Another piece of a text: whether the key stands where it begins."""
        end = self._ends.get(text, "")
        self._ends[text] = (end + piece[-self._kept :])[-self._kept :]
        return bool(end) and self._in_words(end + piece[: self._kept])

    def _in_words(self, words: str) -> bool:
        """The key in what `core.find` makes of an event."""
        return self._holds(words.encode(errors="replace"))


def _whole_lines(file: FileIO) -> Iterator[bytes]:
    """Some lines at a time, without the last line end. Raises ValueError if a line is too long to be read."""
    rest = b""
    while piece := file.read(READ_BYTES):
        rest += piece
        if (end := rest.rfind(b"\n")) >= 0:
            yield rest[:end]
            rest = rest[end + 1 :]
        if len(rest) > LONGEST_LINE:
            raise ValueError("A line is too long.")
