"""One run as a session: it owns the thread, the log and the end, and its verbs are the only way into a run.

This module imports no dspy, so that a screen can be painted first: `engine.program` does, in the thread.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from rlm_tui.core.blobs import Blobs, MemoryBlobs
from rlm_tui.core.documents import AnyDocument
from rlm_tui.core.events import AnyEvent, ForkedFrom, RunFinished, RunStarted
from rlm_tui.core.settings import Settings
from rlm_tui.core.tasks import Task
from rlm_tui.core.text import Redactor
from rlm_tui.engine.control import RunControl
from rlm_tui.engine.gate import Gate
from rlm_tui.engine.outcome import Outcome, failed
from rlm_tui.engine.place import ROOT
from rlm_tui.engine.prefix import Fork
from rlm_tui.engine.recorder import Recorder
from rlm_tui.engine.start import (
    as_text,
    asked,
    describe_sandbox,
    hashed_reference,
    local_volume,
    reference,
    versions,
)
from rlm_tui.engine.verbs import SessionError, SessionVerbs
from rlm_tui.engine.volume_copy import VolumeCopy, restore_copy
from rlm_tui.store.runs import RunFolder, new_run_id

if TYPE_CHECKING:
    from rlm_tui.engine.program import Program

OFFLINE_NAME = "offline demo"
KILL_SECONDS = 3.5
GIVE_UP_SECONDS = 1.5


__all__ = ["RunRequest", "Session", "SessionError"]


class RunRequest(msgspec.Struct, frozen=True):
    """What to run. `settings` are merged already; `documents` by the name of their input.

    `pace` is the offline planner's seconds for each word it writes, for a person who watches. `hold`: it
    starts held; a fork is held where it begins to be live. `attended`: somebody is there who can be asked.
    """

    task: Task
    inputs: dict[str, Any]
    documents: dict[str, AnyDocument]
    settings: Settings
    pace: float = 0.0
    hold: bool = False
    attended: bool = False
    fork: Fork | None = None


class Session(SessionVerbs):
    """Runs `request` and tells `on_event` of everything, in order, from threads of its own.

    `on_event` must be quick and may not call a verb that waits. `keep` False leaves nothing on disk.
    """

    def __init__(
        self,
        request: RunRequest,
        on_event: Callable[[AnyEvent], None],
        *,
        folder: RunFolder | None = None,
        keep: bool = True,
    ) -> None:
        self.request = request
        self._log_failure: OSError | None = None
        self._redactor = Redactor(request.settings.secrets())
        self._folder = folder or (self._create_folder() if keep else None)
        self.run_id = new_run_id(request.task.name) if self._folder is None else self._folder.run_id
        self._control = RunControl()
        self._blobs: Blobs = self._folder if self._folder is not None else MemoryBlobs()
        self._recorder = Recorder(
            on_event,
            blobs=self._blobs,
            log=self._folder,
            secrets=request.settings.secrets(),
        )
        self._gate = Gate(
            self._recorder,
            held=request.hold and request.fork is None,
            hold_nested=request.settings.debugger.hold_nested,
        )
        self._thread: threading.Thread | None = None
        self._program: Program | None = None
        self._finish_lock = threading.Lock()
        self._finished = threading.Event()
        self._outcome: Outcome | None = None

    @property
    def done(self) -> bool:
        """Whether the last event, `run_finished`, has been told."""
        return self._finished.is_set()

    @property
    def outcome(self) -> Outcome | None:
        """How it ended; None while it runs."""
        return self._outcome

    @property
    def events_path(self) -> Path | None:
        """The log on disk; None when there is none."""
        return None if self._folder is None else self._folder.events_path

    @property
    def blobs(self) -> Blobs:
        """What gives the whole of a long text that an event names by its hash."""
        return self._blobs

    def start(self) -> None:
        """Begin the run on its own thread; returns at once. A session is started once."""
        if self._thread is not None:
            raise SessionError("This session was started before: a run is started once.")
        self._thread = threading.Thread(target=self._run, name=f"rlm-run {self.run_id}", daemon=True)
        self._thread.start()

    def wait(self, timeout: float | None = None) -> bool:
        """Wait for the end; False when `timeout` seconds passed first."""
        return self._finished.wait(timeout)

    def run(self) -> Outcome:
        """Start and wait for the end."""
        self.start()
        self.wait()
        assert self._outcome is not None, "a finished session has an outcome"
        return self._outcome

    def _run(self) -> None:
        try:
            self._tell_start()
            with self._control.on_stop(self._enforce_end):
                outcome = self._explore()
        except BaseException as error:
            outcome = failed(error)
        self._finish(outcome)

    def _explore(self) -> Outcome:
        # Here and not above: dspy takes seconds to import, and the first event must not wait for it.
        from rlm_tui.engine.program import Program
        from rlm_tui.engine.run_documents import open_documents

        request, recorder = self.request, self._recorder
        with open_documents(request.documents, request.settings, recorder, self.run_id) as documents:
            kept = self._keep_volume()
            self._program = Program(
                request,
                documents,
                recorder=recorder,
                control=self._control,
                gate=self._gate,
                run_id=self.run_id,
                kept=kept,
            )
            return self._program.run()

    def _keep_volume(self) -> VolumeCopy | None:
        """Fill a fork's volume with the copy that it goes on from; begin to copy the one of this run."""
        fork, settings = self.request.fork, self.request.settings
        if fork is not None and fork.volume == "copy":
            restore_copy(fork.run, local_volume(settings))
        if self._folder is None or (fork is not None and fork.finish):
            return None
        return VolumeCopy(settings, self._folder.path, self._recorder)

    def _enforce_end(self) -> None:
        """A stopped run has a few seconds to end by itself; what holds it is then killed, or left behind."""
        threading.Thread(target=self._kill_late, name="rlm-end", daemon=True).start()

    def _kill_late(self) -> None:
        if self._finished.wait(KILL_SECONDS):
            return
        if self._program is not None:
            threading.Thread(target=self._program.kill, name="rlm-kill", daemon=True).start()
        if self._finished.wait(GIVE_UP_SECONDS):
            return
        stop = self._control.reason
        assert stop is not None, "an end is only enforced on a stopped run"
        self._recorder.note("error", "The run did not end by itself and was left behind.")
        self._finish(Outcome(stop.status, error=stop.error))

    def _finish(self, outcome: Outcome) -> None:
        with self._finish_lock:
            if self._outcome is not None:
                return
            self._outcome = outcome
            try:
                self._tell_end(outcome)
            finally:
                self._recorder.close()
                self._finished.set()
        if self._folder is not None:
            self._folder.close()

    def _tell_end(self, outcome: Outcome) -> None:
        recorder = self._recorder
        recorder.emit(
            RunFinished,
            span=ROOT,
            status=outcome.status,
            outputs=outcome.outputs,
            error=None if outcome.error is None else recorder.error(outcome.error),
            totals=msgspec.structs.replace(recorder.totals, seconds=round(recorder.seconds, 3)),
        )

    def _create_folder(self) -> RunFolder | None:
        try:
            return RunFolder.create(
                new_run_id(self.request.task.name), self._redactor.value(asked(self.request))
            )
        except OSError as error:
            self._log_failure = error
            return None

    def _tell_start(self) -> None:
        request, recorder = self.request, self._recorder
        settings = request.settings
        planner = OFFLINE_NAME if settings.lm is None else settings.lm.model
        recorder.emit(
            RunStarted,
            span=ROOT,
            run_id=self.run_id,
            task=request.task.name,
            signature=request.task.signature,
            instructions=recorder.text(request.task.instructions),
            inputs={name: recorder.value(as_text(value)) for name, value in request.inputs.items()},
            documents={name: reference(document) for name, document in request.documents.items()},
            planner=planner,
            sub_lm=planner if settings.sub_lm is None else settings.sub_lm.model,
            offline=settings.lm is None,
            sandbox=describe_sandbox(settings),
            budgets=settings.budgets,
            forked=self._forked(),
            versions=versions(),
            started=datetime.now(UTC).isoformat(timespec="milliseconds"),
        )
        if request.fork is not None:
            for change in request.fork.changes:
                recorder.note("info", change)
        for remark in settings.remarks:
            recorder.note("warning", remark)
        if self._log_failure is not None:
            recorder.note("error", f"The run goes on without a log: {self._log_failure}")
        if self._folder is not None and request.documents:
            threading.Thread(target=self._hash_documents, name="rlm-sha256", daemon=True).start()

    def _forked(self) -> ForkedFrom | None:
        fork = self.request.fork
        if fork is None:
            return None
        changes = [self._recorder.text(change) for change in fork.changes]
        return ForkedFrom(run_id=fork.run.name, at=fork.at, changes=changes)

    def _hash_documents(self) -> None:
        """Write `documents.json` with each document's hash: for a large one that takes a while."""
        assert self._folder is not None
        try:
            references = {
                name: hashed_reference(document) for name, document in self.request.documents.items()
            }
            self._folder.write_documents(references)
        except OSError as error:
            self._recorder.note("warning", f"The documents' hashes are not in the log: {error}")
