"""The built-in demonstrations, run wherever a person may run them: each LM, each sandbox."""

from __future__ import annotations

import contextlib
import os
import queue
import time
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rlm_tui.cloud.modal_client import forget_clients
from rlm_tui.core.builtin_tasks import builtin_tasks
from rlm_tui.core.events import AnyEvent, CellFinished
from rlm_tui.core.trajectory import Trajectory
from rlm_tui.engine.session import RunRequest, Session
from rlm_tui.headless.request import build_request
from rlm_tui.headless.result import run_object
from rlm_tui.headless.truth import TruthCheck
from tests.integration.demo_truths import truth_found
from tests.lm_server import LoopbackLM
from tests.lm_server.offline import offline_script
from tests.modal_server import LoopbackModal

DEMOS = tuple(task.name for task in builtin_tasks())
MODEL = "gpt-4o-mini"  # dspy knows its price, so a run has a cost
_KEY = "sk-loopback-demonstrations-0815"
_DEADLINE = 60.0


@dataclass(frozen=True)
class Place:
    """Where a demonstration runs: the environment that a person would set, and the sandbox."""

    name: str
    environment: Mapping[str, str]
    sandbox: str


@dataclass(frozen=True)
class Run:
    """A run that has ended: its request, what `run --json` prints of it, its seconds by the clock."""

    request: RunRequest
    result: dict[str, Any]
    failures: tuple[str, ...]
    seconds: float

    @property
    def outputs(self) -> dict[str, Any]:
        outputs: dict[str, Any] = self.result["outputs"]
        return outputs


@dataclass(frozen=True)
class DemoRun:
    """A demonstration that has ended: where it ran, what `run --json` prints, what it found, its seconds."""

    task: str
    place: str
    result: dict[str, Any]
    truth: TruthCheck
    seconds: float

    @property
    def what_counts(self) -> dict[str, Any]:
        """What must be the same in every place."""
        return {name: self.result[name] for name in ("status", "outputs", "iterations", "llm_calls", "error")}


class Everywhere:
    """The places, and the servers behind them; serves while it is entered."""

    def __init__(self, directory: Path) -> None:
        self.lm = LoopbackLM(offline_script(), key=_KEY, models=(MODEL,))
        self.modal = LoopbackModal(directory)
        self._stack = contextlib.ExitStack()

    def __enter__(self) -> Everywhere:
        self._stack.callback(forget_clients)
        self._stack.enter_context(self.lm)
        self._stack.enter_context(self.modal)
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    @property
    def offline(self) -> Place:
        return Place("offline, local", {}, "local")

    @property
    def with_lm(self) -> Place:
        return Place("LM, local", self._model, "local")

    @property
    def offline_at_modal(self) -> Place:
        return Place("offline, Modal", self.modal.environment, "modal")

    @property
    def with_lm_at_modal(self) -> Place:
        return Place("LM, Modal", self._model | self.modal.environment, "modal")

    @property
    def _model(self) -> dict[str, str]:
        """What a person sets for a real model."""
        return {
            "DSPY_LM_MODEL": f"openai/{MODEL}",
            "DSPY_LM_API_BASE": self.lm.api_base,
            "DSPY_LLM_API_KEY": _KEY,
        }


def run_demo(task: str, place: Place, *, volume: str | None = None, again: bool = False) -> DemoRun:
    """Run a demonstration on its own document, on a new volume or the one named `volume`.

    `again` says that the task has run on that volume before.
    """
    overrides = {"sandbox": place.sandbox, "volume": volume or f"demo-{uuid.uuid4().hex[:12]}"}
    with _environment(place.environment):
        run = run_task(task, **overrides)
    truth = truth_found(run.request, run.outputs, again=again)
    return DemoRun(task, place.name, run.result, truth, run.seconds)


def run_task(task: str, document: Path | None = None, **overrides: Any) -> Run:
    """Run a task as `rlm-tui run TASK --document …` does with the flags `overrides`; no log is kept."""
    arrived: queue.SimpleQueue[AnyEvent] = queue.SimpleQueue()
    trajectory, failures = Trajectory(), []
    path = None if document is None else str(document)
    request = build_request(task, document=path, inputs=(), overrides=overrides)
    began = time.perf_counter()
    session = Session(request, arrived.put, keep=False)
    session.start()
    try:
        while trajectory.finished is None:
            event = arrived.get(timeout=_DEADLINE)
            trajectory.apply(event)
            if isinstance(event, CellFinished) and event.error is not None:
                failures.append(event.error.message)
        seconds = time.perf_counter() - began
    finally:
        session.cancel()
        session.wait(20)
    return Run(request, run_object(trajectory, ""), tuple(failures), seconds)


@contextlib.contextmanager
def _environment(variables: Mapping[str, str]) -> Iterator[None]:
    before = dict(os.environ)
    os.environ.update(variables)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)
