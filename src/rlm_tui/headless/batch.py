"""Many runs of one task, each over its own document, some of them at a time; what ended is kept at once.

Each run is a `Session` with a sandbox and a run folder of its own. With Modal the sandboxes are machines of
the cloud, and this is all that is needed to use many of them.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import msgspec

from rlm_tui.core.document_conversion import readable
from rlm_tui.core.documents import DocumentError
from rlm_tui.core.events import AnyEvent, ErrorDetail, RunStatus, Totals
from rlm_tui.core.tasks import TaskError, bind_inputs
from rlm_tui.core.trajectory import Trajectory
from rlm_tui.engine.session import RunRequest, Session
from rlm_tui.headless.batch_request import BatchError, BatchRequest
from rlm_tui.headless.batch_results import BatchResults
from rlm_tui.headless.result import refusal_object, run_object

RowState = Literal["waiting", "running", "kept"] | RunStatus
GOOD = ("kept", "submitted", "extracted")


class BatchRow(msgspec.Struct, frozen=True):
    """One document of a batch as it is now. `words` say what its run is doing, or why it failed.

    "kept": an earlier batch answered it. `totals` are the run's own.
    """

    number: int
    document: Path
    state: RowState = "waiting"
    words: str = ""
    totals: Totals = Totals()
    events: str = ""


class _Running:
    """A run that goes on: its session, and the fold of its events."""

    def __init__(self) -> None:
        self.trajectory = Trajectory()
        self.lock = threading.Lock()
        self.began = time.monotonic()
        self.session: Session | None = None

    def apply(self, event: AnyEvent) -> None:
        with self.lock:
            self.trajectory.apply(event)

    def row(self, row: BatchRow) -> BatchRow:
        with self.lock:
            now = time.monotonic() - self.began
            words = self.trajectory.activity(now).words
            totals = msgspec.structs.replace(self.trajectory.totals, seconds=now)
        return msgspec.structs.replace(row, words=words, totals=totals)


class Batch:
    """Runs `request`. `on_result` is told each finished document's line, kept ones first; one at a time.

    The constructor takes hold of the results file and raises BatchError.
    """

    def __init__(
        self, request: BatchRequest, on_result: Callable[[dict[str, Any]], None] = lambda _: None
    ) -> None:
        self.request = request
        self.problem: BatchError | None = None
        self._on_result = on_result
        self._results = BatchResults(request.results, request.key)
        self._lock = threading.Lock()
        self._telling = threading.Lock()
        self._cancelled = threading.Event()
        self._rows = [BatchRow(number, path) for number, path in enumerate(request.documents, start=1)]
        self._running: dict[int, _Running] = {}
        self._waiting: list[int] = []
        self._kept: list[dict[str, Any]] = []
        for index, row in enumerate(self._rows):
            kept = None if request.again else self._results.answer_for(row.document)
            if kept is None:
                self._waiting.append(index)
            else:
                self._kept.append(kept)
                self._rows[index] = _kept_row(row, kept)
        workers = min(request.parallel, len(self._waiting))
        self._threads = [
            threading.Thread(target=self._work, name=f"rlm-batch {number}", daemon=True)
            for number in range(workers)
        ]

    def start(self) -> None:
        """Begin; returns at once. A batch is started once."""
        for kept in self._kept:
            self._on_result(kept)
        for thread in self._threads:
            thread.start()

    def cancel(self) -> None:
        """Cancel what runs and start nothing more. Returns at once; what was answered is kept."""
        self._cancelled.set()
        with self._lock:
            running = list(self._running.values())
        for one in running:
            if one.session is not None:
                one.session.cancel()

    @property
    def cancelled(self) -> bool:
        return self._cancelled.is_set()

    @property
    def done(self) -> bool:
        """Whether nothing runs any more."""
        return not any(thread.is_alive() for thread in self._threads)

    def wait(self, timeout: float | None = None) -> bool:
        """Wait for the end and let go of the results file; False when `timeout` seconds passed first."""
        until = None if timeout is None else time.monotonic() + timeout
        for thread in self._threads:
            thread.join(None if until is None else max(0.0, until - time.monotonic()))
        if not self.done:
            return False
        self._results.close()
        return True

    def rows(self) -> list[BatchRow]:
        """Every document as it is now, in order. Its cost grows with the documents, not with their runs."""
        with self._lock:
            rows, running = list(self._rows), dict(self._running)
        for index, one in running.items():
            if rows[index].state == "running":
                rows[index] = one.row(rows[index])
        return rows

    def _work(self) -> None:
        while not self._cancelled.is_set():
            with self._lock:
                if not self._waiting:
                    return
                index = self._waiting.pop(0)
                row = self._rows[index]
                self._rows[index] = msgspec.structs.replace(row, state="running", words="starting")
                running = self._running[index] = _Running()
            result = self._run(row, running)
            self._keep(index, result)

    def _run(self, row: BatchRow, running: _Running) -> dict[str, Any]:
        """The line for one document; a document or a run that fails is a line too."""
        # Here and not above: it imports dspy, and the first paint comes before that.
        from rlm_tui.engine.signatures import fit_inputs

        request = self.request
        place: dict[str, Any] = {"document": str(row.document), "size": None, "modified": None}
        with contextlib.suppress(OSError):
            found = row.document.stat()
            place |= {"size": found.st_size, "modified": found.st_mtime}
        place["batch"] = request.key
        try:
            document = readable(row.document, html=request.settings.documents.convert_html)
            values, documents = bind_inputs(request.task, request.inputs, document)
            values = fit_inputs(request.task, values)
            session = Session(
                RunRequest(task=request.task, inputs=values, documents=documents, settings=request.settings),
                running.apply,
            )
            with self._lock:
                running.session = session
                if self._cancelled.is_set():
                    session.cancel()
            session.run()
            return {**place, **run_object(running.trajectory, str(session.events_path or ""))}
        except (DocumentError, TaskError, OSError, ValueError) as error:
            detail = ErrorDetail(
                kind=type(error).__name__, message=str(error), hint=str(getattr(error, "hint", "") or "")
            )
            return {**place, **refusal_object(request.task.name, detail)}

    def _keep(self, index: int, result: dict[str, Any]) -> None:
        with self._telling:
            try:
                self._results.add(result)
            except BatchError as error:
                # Nothing more is started: its answer could not be kept either.
                self.problem = self.problem or error
                self.cancel()
            self._on_result(result)
        with self._lock:
            del self._running[index]
            self._rows[index] = _finished_row(self._rows[index], result)


def _kept_row(row: BatchRow, result: dict[str, Any]) -> BatchRow:
    return msgspec.structs.replace(_finished_row(row, result), state="kept", words="answered before")


def _finished_row(row: BatchRow, result: dict[str, Any]) -> BatchRow:
    error = result.get("error") or {}
    tokens = result.get("tokens") or {}
    cost = result.get("cost_usd")
    totals = Totals(
        iterations=result.get("iterations") or 0,
        llm_calls=result.get("llm_calls") or 0,
        prompt_tokens=tokens.get("prompt") or 0,
        completion_tokens=tokens.get("completion") or 0,
        cost_usd=cost or 0.0,
        cost_known=cost is not None,
        seconds=result.get("seconds") or 0.0,
    )
    state = result.get("status", "failed")
    return msgspec.structs.replace(
        row,
        state=state,
        words=str(error.get("message", "")).removeprefix(f"{row.document} "),
        totals=totals,
        events=str(result.get("events") or ""),
    )
