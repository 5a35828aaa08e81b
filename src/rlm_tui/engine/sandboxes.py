"""The sandboxes of one run: made for each RLM call, listened to, and reachable while they live."""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypedDict, Unpack

from rlm_tui.core.documents import AnyDocument, Document
from rlm_tui.core.settings import Settings
from rlm_tui.engine.cells import CellListener
from rlm_tui.engine.invocation import INVOCATION
from rlm_tui.engine.recorder import Recorder
from rlm_tui.engine.start import local_volume
from rlm_tui.sandbox.interpreter import DriverInterpreter
from rlm_tui.sandbox.limits import Limits, check_fits, check_fits_modal
from rlm_tui.sandbox.listener import InterpreterListener
from rlm_tui.sandbox.local import ProcessInterpreter
from rlm_tui.sandbox.modal import ModalInterpreter

LEFT_RUNNING = (
    "The sandbox {} could not be ended and may still be paid for: that is tried on while the program runs; "
    "look with `rlm-tui sandboxes`."
)


class InterpreterOptions(TypedDict, total=False):
    """What every `DriverInterpreter` takes, wherever its cells run."""

    tools: dict[str, Callable[..., Any]]
    cell_timeout: float | None
    listener: InterpreterListener | None
    redact: Callable[[str], str]


class SandboxFactory:
    """dspy's `interpreter_factory`: calling it gives a sandbox that tells the current RLM call's listener."""

    def __init__(
        self,
        settings: Settings,
        *,
        documents: Sequence[Document],
        run_id: str,
        cell_seconds: float | None,
        recorder: Recorder,
    ) -> None:
        self._settings = settings
        self._documents = tuple(documents)
        self._run_id = run_id
        self._cell_seconds = cell_seconds
        self._recorder = recorder
        self._volume: Path | None = None
        self._lock = threading.Lock()
        self._running: list[tuple[str, DriverInterpreter]] = []
        self._made: weakref.WeakSet[DriverInterpreter] = weakref.WeakSet()
        self.execution_instructions = self._make(None).execution_instructions

    def __call__(self) -> DriverInterpreter:
        invocation = INVOCATION.get()
        sandbox = self._make(None if invocation is None else invocation.listener)
        with self._lock:
            self._made.add(sandbox)
        return sandbox

    @property
    def kind(self) -> str:
        """Where the sandboxes run: "local" or "modal"."""
        return self._settings.sandbox.kind

    def use_volume(self, directory: Path) -> None:
        """The sandboxes that are made from now on have the local volume in `directory`."""
        self._volume = directory

    def listener(self, parent: str) -> CellListener:
        """What will tell the events of the sandbox of one RLM call."""
        return CellListener(self._recorder, kind=self._settings.sandbox.kind, parent=parent)

    @contextmanager
    def running(self, sandbox: DriverInterpreter, rlm: str) -> Iterator[None]:
        """Within the block the session's verbs reach `sandbox`, that of the RLM with the span `rlm`."""
        with self._lock:
            self._running.append((rlm, sandbox))
        try:
            yield
        finally:
            with self._lock:
                self._running.remove((rlm, sandbox))

    @property
    def innermost(self) -> DriverInterpreter | None:
        """The sandbox of the deepest RLM that runs now."""
        with self._lock:
            return self._running[-1][1] if self._running else None

    @property
    def outermost(self) -> DriverInterpreter | None:
        """The sandbox of the run itself."""
        with self._lock:
            return self._running[0][1] if self._running else None

    @property
    def busy(self) -> list[DriverInterpreter]:
        """Those in which something runs now, the innermost first."""
        with self._lock:
            return [sandbox for _, sandbox in reversed(self._running) if sandbox.is_busy]

    def of(self, rlm: str) -> DriverInterpreter | None:
        """The sandbox of the RLM with this span, while it runs: several may run side by side."""
        with self._lock:
            return next((sandbox for span, sandbox in self._running if span == rlm), None)

    def hold_clocks(self, held: bool) -> None:
        """Stop the clocks of the cells that run now, as the run is held; False: let them go on. Is quick."""
        with self._lock:
            running = list(self._running)
        for _, sandbox in running:
            sandbox.hold_clock(held)

    def end_all(self) -> None:
        """End every sandbox that was made, those of abandoned calls too."""
        with self._lock:
            made = list(self._made)
        for sandbox in made:
            sandbox.shutdown()
            if isinstance(sandbox, ModalInterpreter) and sandbox.left_running:
                self._recorder.note("warning", LEFT_RUNNING.format(sandbox.left_running))

    def _make(self, listener: CellListener | None) -> DriverInterpreter:
        return make_interpreter(
            self._settings,
            documents=self._documents,
            run_id=self._run_id,
            cell_timeout=self._cell_seconds,
            listener=listener,
            redact=self._recorder.text,
            volume=self._volume,
        )


def make_interpreter(
    settings: Settings,
    *,
    documents: Sequence[Document] = (),
    run_id: str = "",
    volume: Path | None = None,
    **options: Unpack[InterpreterOptions],
) -> DriverInterpreter:
    """The sandbox that `settings` name, not started yet: a process here, or one in Modal's cloud.

    `volume` is the directory of a local one's volume, if it is not that of the settings.
    """
    chosen = settings.sandbox
    limits = Limits(
        memory_bytes=chosen.memory_bytes,
        file_size_bytes=chosen.file_size_bytes,
        processes=chosen.processes,
    )
    match chosen.kind:
        case "local":
            return ProcessInterpreter(
                documents=documents,
                volume=volume or local_volume(settings),
                confined=chosen.confined,
                limits=limits,
                **options,
            )
        case "modal":
            return ModalInterpreter(
                settings.modal,
                volume=chosen.volume,
                documents=documents,
                limits=limits,
                run_id=run_id,
                **options,
            )


def check_documents(documents: Sequence[AnyDocument], settings: Settings) -> None:
    """Raise `DocumentTooLarge` when the documents can't be held in the memory that cells will have."""
    match settings.sandbox.kind:
        case "local":
            check_fits(documents, settings.sandbox.memory_bytes)
        case "modal":
            check_fits_modal(documents, settings.modal.memory_mb)
