"""One run of the screen: from what was chosen to a session, its verbs, and where its events go."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from rlm_tui.core.blobs import Blobs
from rlm_tui.core.breakpoints import SetBreakpoint
from rlm_tui.core.content import knowledge_path
from rlm_tui.core.documents import AnyDocument
from rlm_tui.core.events import AnyEvent
from rlm_tui.core.opened_documents import open_documents
from rlm_tui.core.settings import Settings
from rlm_tui.core.tasks import Task, TaskError, bind_inputs

if TYPE_CHECKING:
    from rlm_tui.engine.session import RunRequest

OFFLINE_PACE_SECONDS = 0.008
"""What the scripted planner takes for a word: without it a whole run is over before it can be watched."""

OnEvent = Callable[[AnyEvent], None]


class RunningSession(Protocol):
    """The verbs of a session that the screen uses; only `inspect`, `evaluate` and `refresh_volume` block."""

    @property
    def done(self) -> bool: ...

    @property
    def blobs(self) -> Blobs: ...

    @property
    def events_path(self) -> Path | None: ...

    def start(self) -> None: ...

    def cancel(self) -> None: ...

    def hold(self) -> None: ...

    def release(self) -> None: ...

    def step(self) -> None: ...

    def step_iteration(self) -> None: ...

    def edit(self, code: str) -> None: ...

    def skip(self, note: str = "") -> None: ...

    def remark(self, text: str) -> None: ...

    def insert(self, code: str) -> None: ...

    def finish(self) -> None: ...

    def interrupt(self) -> None: ...

    def raise_budget(self, name: str, amount: float) -> None: ...

    def leave(self) -> None: ...

    def set_breakpoints(self, breakpoints: Sequence[SetBreakpoint]) -> None: ...

    def inspect(
        self, name: str | None = None, start: int = 0, length: int = 2000, *, rlm: str | None = None
    ) -> Any: ...

    def evaluate(self, code: str, *, timeout: float | None = None) -> Any: ...

    def refresh_volume(self) -> bool: ...


StartSession = Callable[["RunRequest", OnEvent], RunningSession]
"""Makes a session and starts it. Called in a thread, since it imports the engine."""


def start_engine_session(request: RunRequest, on_event: OnEvent) -> RunningSession:
    """The session of the engine: a run in its own thread."""
    from rlm_tui.engine.session import Session

    session = Session(request, on_event)
    session.start()
    return session


class EventRelay:
    """Hands events to whoever listens now; `turn_to` changes the listener and loses or reorders none."""

    def __init__(self, listener: OnEvent) -> None:
        self._listener = listener
        self._lock = threading.Lock()

    def __call__(self, event: AnyEvent) -> None:
        with self._lock:
            self._listener(event)

    def turn_to(self, listener: OnEvent) -> None:
        """From now on `listener` gets the events."""
        with self._lock:
            self._listener = listener


def ready_documents(
    paths: Sequence[Path], settings: Settings, stop: Callable[[], bool] = lambda: False
) -> AnyDocument:
    """The documents at `paths`, the built-in one built first (in a thread).

    Raises DocumentError or OSError; GatheringStopped or ConversionStopped when `stop` says so.
    """
    if knowledge_path() in paths:
        from rlm_tui.engine.dspy_knowledge import ensure_document

        ensure_document(knowledge_path())
    return open_documents(paths, html=settings.documents.convert_html, stop=stop)


def build_request(
    task: Task, values: Mapping[str, str], document: AnyDocument | None, settings: Settings
) -> RunRequest:
    """The request for a run (in a thread: it imports the engine). Raises TaskError."""
    from rlm_tui.engine.host_tools import resolve_tools
    from rlm_tui.engine.session import RunRequest
    from rlm_tui.engine.signatures import SignatureError, fit_inputs

    resolve_tools(task.tools, taken=[item.name for item in task.inputs])
    inputs, documents = bind_inputs(task, values, document)
    pace = OFFLINE_PACE_SECONDS if settings.lm is None else 0.0
    try:
        inputs = fit_inputs(task, inputs)
    except SignatureError as error:
        raise TaskError(str(error)) from error
    return RunRequest(task=task, inputs=inputs, documents=documents, settings=settings, pace=pace)


def bubblewrap_usable() -> bool:
    """Whether bubblewrap can confine cells here (in a thread: it starts a process to find out)."""
    from rlm_tui.sandbox.confinement import probe_bubblewrap

    return probe_bubblewrap().usable


def would_run_unconfined(settings: Settings) -> bool:
    """Whether a run would be unconfined; one that requires confinement is refused instead (in a thread)."""
    if settings.sandbox.kind == "modal":
        return False
    match settings.sandbox.confined:
        case "off":
            return True
        case "required":
            return False
        case "auto":
            return not bubblewrap_usable()


def start_ahead(settings: Settings) -> None:
    """Start the next run's sandbox if the settings want that (in a thread: it asks Modal).

    Raises `CloudError`.
    """
    if settings.sandbox.kind == "modal" and settings.modal.warm:
        from rlm_tui.sandbox.modal_pool import POOL

        POOL.warm(settings.modal, settings.sandbox.volume)
