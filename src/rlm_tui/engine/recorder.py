"""The one door through which a run's events leave: numbered, timed, redacted, joined, logged and told."""

from __future__ import annotations

import logging
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import Any, Protocol, TypeVar

from rlm_tui.core.blobs import Blobs
from rlm_tui.core.events import (
    AnyEvent,
    CellOutput,
    ErrorDetail,
    Event,
    Note,
    NoteLevel,
    PlanDelta,
    PlanField,
    Stream,
    Totals,
    Value,
)
from rlm_tui.core.text import Redactor
from rlm_tui.core.trajectory import Change, Trajectory
from rlm_tui.engine.plain import clean_text, plain
from rlm_tui.engine.text_stream import TextStream

COALESCE_SECONDS = 0.05
Read = TypeVar("Read")
_log = logging.getLogger(__name__)


class EventLog(Protocol):
    """Where events are kept; `append` raises OSError (a `StoreError` is one) when they can't be."""

    def append(self, event: AnyEvent) -> None: ...


class Recorder:
    """Gives every event its `seq` and `at` under one lock, and hands it to the log and then to `on_event`.

    Nothing that is recorded can fail the run: a log that can't be written is given up with a note.
    `on_change` is told under the lock what each event did to the fold, and must be quick.
    """

    def __init__(
        self,
        on_event: Callable[[AnyEvent], None],
        *,
        blobs: Blobs,
        log: EventLog | None = None,
        secrets: Iterable[str] = (),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._on_event = on_event
        self._blobs = blobs
        self._log = log
        self._secrets = tuple(secret for secret in secrets if len(secret) >= 6)
        self.redactor = Redactor(self._secrets)
        self._clock = clock
        self._began = clock()
        self._changed = threading.Condition(threading.RLock())
        self._seq = 0
        self._spans: defaultdict[str, int] = defaultdict(int)
        self._streams: dict[tuple[str, str], TextStream] = {}
        self._pending: list[tuple[str, str]] = []
        self._flusher: threading.Thread | None = None
        self._closed = False
        self._trajectory = Trajectory()
        self.on_change: Callable[[Change, Trajectory], None] | None = None

    @property
    def seconds(self) -> float:
        """Since the run began."""
        return self._clock() - self._began

    @property
    def totals(self) -> Totals:
        """The numbers so far, from the same fold that every screen uses."""
        with self._changed:
            return self._trajectory.totals

    def read(self, function: Callable[[Trajectory], Read]) -> Read:
        """What `function` reads from the fold so far, which stays as it is meanwhile; it must not keep it."""
        with self._changed:
            self._flush()
            return function(self._trajectory)

    def whole(self, value: Value) -> str:
        """The whole text of a value that was recorded. Raises OSError."""
        return self._blobs.text(value)

    def span(self, kind: str) -> str:
        """A new id for something that lasts: `cell-3`."""
        with self._changed:
            self._spans[kind] += 1
            return f"{kind}-{self._spans[kind]}"

    def text(self, text: str) -> str:
        """`text` as it may be told: redacted, and in a form that every file takes."""
        return self.redactor.text(clean_text(text))

    def plain(self, value: Any) -> Any:
        """A value as redacted JSON."""
        return self.redactor.value(plain(value))

    def value(self, text: str) -> Value:
        """`text` redacted, whole or (over 2 KB) as a blob."""
        told = self.text(text)
        try:
            return self._blobs.value(told)
        except OSError as error:
            self._give_up_log(error)
            return Value(text=told, length=len(told))

    def error(self, error: ErrorDetail) -> ErrorDetail:
        """`error` with every text redacted."""
        return ErrorDetail(
            kind=error.kind,
            message=self.text(error.message),
            hint=self.text(error.hint),
            traceback=self.text(error.traceback),
            line=error.line,
        )

    def note(self, level: NoteLevel, text: str, *, span: str = "") -> None:
        """A remark on the run: a retry, a fallback, a warning."""
        self.emit(Note, span=span, level=level, text=self.text(text))

    def emit(self, event: type[Event], /, *, span: str = "", parent: str = "", **fields: Any) -> None:
        """Record an event, after what was streamed before it. After `close` nothing is recorded."""
        with self._changed:
            self._flush()
            self._tell(event, span=span, parent=parent, **fields)

    def plan_delta(self, span: str, name: PlanField, text: str) -> None:
        """More of what the planner writes."""
        self._stream(span, name, text)

    def cell_output(self, span: str, stream: Stream, text: str) -> None:
        """More of what a cell prints."""
        self._stream(span, stream, text)

    def end_streams(self, span: str) -> None:
        """Nothing more will be streamed for `span`: tell the rest, a held back end included."""
        with self._changed:
            self._flush()
            for key in [key for key in self._streams if key[0] == span]:
                self._tell_stream(key, self._streams.pop(key).take(last=True))

    def close(self) -> None:
        """The last event was recorded; later ones (of calls that were abandoned) are dropped."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def _stream(self, span: str, name: str, text: str) -> None:
        if not text:
            return
        key = (span, name)
        with self._changed:
            if self._closed:
                return
            stream = self._streams.get(key)
            if stream is None:
                stream = self._streams[key] = TextStream(self.redactor, self._secrets)
            if self._pending and self._pending[-1] != key and key in self._pending:
                self._flush()
            stream.add(clean_text(text))
            if key not in self._pending:
                self._pending.append(key)
            if self._flusher is None:
                self._flusher = threading.Thread(target=self._flush_often, name="rlm-recorder", daemon=True)
                self._flusher.start()
            self._changed.notify_all()

    def _flush_often(self) -> None:
        with self._changed:
            while not self._closed:
                if not self._pending:
                    self._changed.wait()
                    continue
                due = self._clock() + COALESCE_SECONDS
                while not self._closed and (left := due - self._clock()) > 0:
                    self._changed.wait(left)
                self._flush()

    def _flush(self) -> None:
        pending, self._pending = self._pending, []
        for key in pending:
            if (stream := self._streams.get(key)) is not None:
                self._tell_stream(key, stream.take())

    def _tell_stream(self, key: tuple[str, str], text: str) -> None:
        if not text:
            return
        span, name = key
        if name in ("stdout", "stderr"):
            self._tell(CellOutput, span=span, stream=name, text=text)
        else:
            self._tell(PlanDelta, span=span, field=name, text=text)

    def _tell(self, event_type: type[Event], /, **fields: Any) -> None:
        if self._closed:
            return
        event: Any = event_type(seq=self._seq, at=round(self.seconds, 4), **fields)
        self._seq += 1
        self._fold(event)
        failure: OSError | None = None
        if self._log is not None:
            try:
                self._log.append(event)
            except OSError as error:
                failure = error
        try:
            self._on_event(event)
        except Exception:
            _log.exception("a listener of the run's events failed")
        if failure is not None:
            self._give_up_log(failure)

    def _fold(self, event: AnyEvent) -> None:
        change = self._trajectory.apply(event)
        if self.on_change is not None:
            try:
                self.on_change(change, self._trajectory)
            except Exception:
                _log.exception("what watches the run's fold failed")

    def _give_up_log(self, error: OSError) -> None:
        with self._changed:
            if self._log is None:
                return
            self._log = None
            self._tell(Note, level="error", text=self.text(f"The run goes on without its log: {error}"))
