"""What the sandbox tests share: interpreters in both confinements, documents, an LM that follows a script."""

from __future__ import annotations

import atexit
import functools
import os
import shutil
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

import dspy
import pytest
from dspy.lm15 import Message, Response, TextPart, Usage

from rlm_tui.core.documents import Document, describe
from rlm_tui.core.settings import ModalSettings
from rlm_tui.sandbox.cells import CellResult
from rlm_tui.sandbox.confinement import probe_bubblewrap
from rlm_tui.sandbox.interpreter import DriverInterpreter
from rlm_tui.sandbox.listener import InterpreterListener
from rlm_tui.sandbox.local import ProcessInterpreter
from rlm_tui.sandbox.modal import ModalInterpreter
from tests.modal_server import LoopbackModal

_PROBE = probe_bubblewrap()
needs_bubblewrap = pytest.mark.skipif(not _PROBE.usable, reason=_PROBE.words)

on_linux = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc, or needs a limit of Linux")

both_confinements = pytest.mark.parametrize(
    "confined",
    [
        pytest.param("required", id="bubblewrap", marks=[pytest.mark.bubblewrap, needs_bubblewrap]),
        pytest.param("off", id="unconfined"),
    ],
)


every_transport = pytest.mark.parametrize(
    "place",
    [
        pytest.param("required", id="bubblewrap", marks=[pytest.mark.bubblewrap, needs_bubblewrap]),
        pytest.param("off", id="unconfined"),
        pytest.param("modal", id="modal", marks=[pytest.mark.bubblewrap, needs_bubblewrap]),
    ],
)
"""The same case in every sandbox there is: two of this machine, and Modal's (on the loopback)."""

Place = Literal["auto", "required", "off", "modal"]


@functools.cache
def shared_modal() -> LoopbackModal:
    """One loopback Modal for all tests of this process."""
    server = LoopbackModal(Path(tempfile.mkdtemp(prefix="rlm-tui-loopback-modal-")))
    server.__enter__()
    atexit.register(shutil.rmtree, server.directory, ignore_errors=True)
    atexit.register(server.__exit__, None, None, None)
    return server


class Factory:
    """dspy's `interpreter_factory` for a place; sandboxes of Modal share the volume `contract`."""

    def __init__(self, place: Place, **options: Any) -> None:
        self._place = place
        self._options = options
        self.execution_instructions = self().execution_instructions

    def __call__(self) -> DriverInterpreter:
        options = dict(self._options)
        if self._place != "modal":
            return ProcessInterpreter(confined=self._place, **options)
        os.environ.update(shared_modal().environment)
        options.pop("volume", None)
        return ModalInterpreter(ModalSettings(call_seconds=20), volume="contract", **options)


@contextmanager
def sandbox(place: Place, **options: Any) -> Iterator[DriverInterpreter]:
    """A started interpreter that is shut down at the end."""
    interpreter = Factory(place, **options)()
    try:
        interpreter.start()
        yield interpreter
    finally:
        interpreter.shutdown()


def write_document(directory: Path, text: str | bytes, name: str = "document.txt") -> Document:
    path = directory / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return describe(path)


class Recording(InterpreterListener):
    """Keeps all that an interpreter told, in order."""

    def __init__(self) -> None:
        self.told: list[tuple[str, Any]] = []
        self.changed = threading.Condition()

    def _keep(self, kind: str, detail: Any) -> None:
        with self.changed:
            self.told.append((kind, detail))
            self.changed.notify_all()

    def on_starting(self, interpreter: DriverInterpreter, phase: str, done: int = 0, total: int = 0) -> None:
        self._keep("starting", phase)

    def on_ready(self, interpreter: DriverInterpreter, readiness: Any) -> None:
        self._keep("ready", readiness)

    def on_output(self, interpreter: DriverInterpreter, cell: str, stream: str, text: str) -> None:
        self._keep("output", text)

    def on_variables(self, interpreter: DriverInterpreter, cell: str, items: Sequence[Any]) -> None:
        self._keep("variables", [item.name for item in items])

    def on_cell_done(self, interpreter: DriverInterpreter, cell: str, result: CellResult) -> None:
        self._keep("done", result)

    def on_interrupting(self, interpreter: DriverInterpreter, cell: str, step: str) -> None:
        self._keep("interrupting", step)

    def on_lost(self, interpreter: DriverInterpreter, reason: str) -> None:
        self._keep("lost", reason)

    def of(self, kind: str) -> list[Any]:
        return [detail for told, detail in list(self.told) if told == kind]

    def wait_for(self, kind: str, patience: float = 10.0) -> Any:
        with self.changed:
            assert self.changed.wait_for(lambda: self.of(kind), patience), f"nothing told of {kind}"
        return self.of(kind)[-1]


class ScriptedEngine:
    """An engine for `dspy.LM`: answers by a function of the last message's text."""

    def __init__(self, answer: Callable[[str], str]) -> None:
        self._answer = answer
        self.prompts: list[str] = []

    def complete(self, request: Any) -> Response:
        prompt = request.messages[-1].text or ""
        self.prompts.append(prompt)
        return Response(
            id=None,
            model=request.model,
            message=Message.assistant([TextPart(self._answer(prompt))]),
            finish_reason="stop",
            usage=Usage(input_tokens=1, output_tokens=1, total_tokens=2),
        )

    def close(self) -> None: ...


def scripted_lm(answer: Callable[[str], str]) -> dspy.LM:
    return dspy.LM("scripted/test", engine=ScriptedEngine(answer), cache=False)


def planner_turn(code: str, reasoning: str = "next step") -> str:
    """What a planner answers, in dspy's markers."""
    return (
        f"[[ ## reasoning ## ]]\n{reasoning}\n\n[[ ## code ## ]]\n```python\n{code}\n```\n\n"
        "[[ ## completed ## ]]"
    )


def planner_script(codes: Sequence[str], sub_answer: Callable[[str], str] = str) -> dspy.LM:
    """A planner that writes one cell after the other; any other prompt is a sub-query."""
    turns = iter(codes)
    lock = threading.Lock()

    def answer(prompt: str) -> str:
        if "[[ ## variables_info ## ]]" not in prompt:
            return sub_answer(prompt)
        with lock:
            return planner_turn(next(turns))

    return scripted_lm(answer)
