"""Runs of a session for tests: a task, an LM (the offline one or a loopback server), and all its events."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from rlm_tui.core.documents import describe
from rlm_tui.core.events import AnyEvent, Budgets, Event, RunFinished, Totals
from rlm_tui.core.settings import (
    DebuggerSettings,
    LMSettings,
    ModalSettings,
    SandboxSettings,
    Secret,
    Settings,
)
from rlm_tui.core.tasks import Task, bind_inputs, make_task
from rlm_tui.engine.session import RunRequest, Session
from tests.lm_server import LoopbackLM, TokenUsage

KEY = "loopback-key-4711-not-a-real-one"
SUBMIT = ("I have it.", "SUBMIT(answer='done')")
Kind = TypeVar("Kind", bound=Event)

QUESTION = make_task(name="question", signature="question -> answer: str")
READING = make_task(name="reading", signature="docs, query -> answer: str", document_input="docs")


class WatchedRun:
    """A session and every event it told, in order. Usable in `with`: leaving cancels what still runs."""

    def __init__(self, request: RunRequest, *, keep: bool = False) -> None:
        self.events: list[AnyEvent] = []
        self._changed = threading.Condition()
        self.session = Session(request, self._heard, keep=keep)

    def _heard(self, event: AnyEvent) -> None:
        with self._changed:
            self.events.append(event)
            self._changed.notify_all()

    def __enter__(self) -> WatchedRun:
        self.session.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.session.cancel()
        assert self.session.wait(10)

    def all(self, kind: type[Kind]) -> list[Kind]:
        with self._changed:
            return [event for event in self.events if isinstance(event, kind)]

    def wait_for(
        self, kind: type[Kind], where: Callable[[Kind], bool] = lambda _event: True, timeout: float = 20.0
    ) -> Kind:
        """The first event of that kind for which `where` holds; waits for it."""
        until = time.monotonic() + timeout
        with self._changed:
            while True:
                for event in self.events:
                    if isinstance(event, kind) and where(event):
                        return event
                left = until - time.monotonic()
                if left <= 0:
                    raise AssertionError(f"no such {kind.__name__} in {timeout} s: {self.events[-12:]}")
                self._changed.wait(left)

    def finished(self, timeout: float = 30.0) -> RunFinished:
        """The last event; waits for it."""
        return self.wait_for(RunFinished, timeout=timeout)


def request(
    task: Task = QUESTION,
    server: LoopbackLM | None = None,
    *,
    document: Path | None = None,
    budgets: Budgets = Budgets(),  # noqa: B008 - frozen
    key: str = KEY,
    workers: int = 32,
    modal: ModalSettings | None = None,
    heal: bool = True,
    **inputs: Any,
) -> RunRequest:
    """A request for `task` with the planner and the sub-LM at `server`, or the offline demo without one.

    With `modal` the cells run in a sandbox of Modal, else unconfined on this machine. `heal` False: a sandbox
    that is lost ends the run.
    """
    found = None if document is None else describe(document)
    given = inputs or {item.name: "What?" for item in task.inputs if not item.document}
    values, documents = bind_inputs(task, given, found)
    lm = None
    if server is not None:
        lm = LMSettings(model="openai/test-model", api_base=server.api_base, api_key=Secret(key))
    sandbox = SandboxSettings(
        kind="local" if modal is None else "modal", confined="off", batch_workers=workers
    )
    settings = Settings(
        lm=lm,
        sandbox=sandbox,
        budgets=budgets,
        modal=modal or ModalSettings(),
        debugger=DebuggerSettings(heal=heal),
    )
    return RunRequest(task=task, inputs=values, documents=documents, settings=settings)


def billed(totals: Totals) -> TokenUsage:
    """The tokens of a run, to compare with what the server billed."""
    return TokenUsage(totals.prompt_tokens, totals.completion_tokens)


def run(request: RunRequest, *, keep: bool = False) -> WatchedRun:
    """Run to the end."""
    with WatchedRun(request, keep=keep) as watched:
        watched.finished()
    return watched
