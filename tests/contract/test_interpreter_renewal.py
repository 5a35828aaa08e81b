"""A lost sandbox is replaced: tools, dspy, documents and inputs are there again, and no cell has run."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import dspy
import pytest
from dspy.primitives.facade import FacadeInvocation

from rlm_tui.sandbox.document_input import DocumentInput
from rlm_tui.sandbox.errors import ExecutionCancelledError, SandboxError, SandboxLostError
from rlm_tui.sandbox.interpreter import DriverInterpreter
from rlm_tui.sandbox.local import ProcessInterpreter
from rlm_tui.sandbox.modal import ModalInterpreter
from tests.contract.sandboxes import (
    Factory,
    Place,
    Recording,
    every_transport,
    sandbox,
    scripted_lm,
    shared_modal,
    write_document,
)

KILL = "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)"


def lose(interpreter: DriverInterpreter) -> None:
    with pytest.raises(SandboxLostError):
        interpreter.execute(KILL)


@every_transport
def test_what_was_set_up_is_there_again_and_what_cells_made_is_not(place: Place, tmp_path: Path) -> None:
    document = DocumentInput(write_document(tmp_path, "the text of the document"))
    options: dict[str, Any] = {"documents": [document.file], "tools": {"double": lambda n: 2 * n}}
    listener = Recording()
    with sandbox(place, listener=listener, **options) as interpreter:
        facade = FacadeInvocation({}, None, None, lm=scripted_lm(lambda _: "[[ ## a ## ]]\nyes"))
        facade.install(interpreter)
        interpreter.bind_document("docs", document)
        interpreter.execute("mine = 1", variables={"limit": [1, 2]})
        before = _traceback(interpreter)
        lose(interpreter)
        assert _is_lost(interpreter)

        interpreter.renew()

        assert not _is_lost(interpreter)
        assert interpreter.execute("docs, limit, double(n=4)", variables={"limit": [1, 2]}) == (
            "('the text of the document', [1, 2], 8)\n"
        )
        assert _traceback(interpreter) == before, "cells are numbered as they were"
        with dspy.context(adapter=dspy.ChatAdapter()):
            assert interpreter.execute("dspy.Predict('q -> a')(q='so?').a") == "'yes'\n"
        assert interpreter.execute("'mine' in globals()") == "False\n"
        assert [kind for kind, _ in listener.told if kind in ("ready", "lost")] == ["ready", "lost", "ready"]


def _is_lost(interpreter: DriverInterpreter) -> bool:
    return interpreter.lost is not None


def _traceback(interpreter: DriverInterpreter) -> str:
    with pytest.raises(Exception, match="ZeroDivisionError") as caught:
        interpreter.execute("1/0")
    return str(caught.value)


@every_transport
def test_a_sandbox_killed_from_outside_between_cells_is_renewed_more_than_once(place: Place) -> None:
    with sandbox(place) as interpreter:
        for round_number in range(2):
            lose(interpreter)
            with pytest.raises(SandboxLostError):
                interpreter.execute("1")
            interpreter.renew()
            assert interpreter.execute(str(round_number)) == f"{round_number}\n"


def test_the_loss_is_told_before_the_cell_ends_with_it() -> None:
    listener = Recording()
    with sandbox("off", listener=listener) as interpreter:
        lose(interpreter)
        assert [kind for kind, _ in listener.told if kind in ("lost", "done")] == ["lost", "done"]


def test_another_directory_can_be_the_volume_of_the_fresh_sandbox(tmp_path: Path) -> None:
    first, copy = tmp_path / "first", tmp_path / "copy"
    with sandbox("off", volume=first) as interpreter:
        interpreter.execute("save_to_volume('a.txt', 'of the first')")
        lose(interpreter)
        copy.mkdir()
        interpreter.renew(str(copy))
        interpreter.execute("save_to_volume('b.txt', 'of the copy')")
        assert interpreter.description.volume == str(copy)
    assert sorted(path.name for path in first.glob("*.txt")) == ["a.txt"]
    assert sorted(path.name for path in copy.glob("*.txt")) == ["b.txt"]


def test_a_renewal_after_a_cancellation_or_a_shutdown_starts_nothing() -> None:
    with sandbox("off") as interpreter:
        assert isinstance(interpreter, ProcessInterpreter)
        interpreter.cancel_pending()
        with pytest.raises(ExecutionCancelledError):
            interpreter.renew()
    with sandbox("off") as interpreter:
        lose(interpreter)
        interpreter.shutdown()
        with pytest.raises(SandboxLostError, match="shut down"):
            interpreter.renew()


@pytest.mark.parametrize("end", [DriverInterpreter.cancel_pending, DriverInterpreter.shutdown])
def test_a_renewal_that_takes_long_ends_with_the_run(end: Callable[[DriverInterpreter], None]) -> None:
    server = shared_modal()
    interpreter = Factory("modal")()
    caught: list[BaseException] = []
    try:
        interpreter.start()
        lose(interpreter)
        server.misbehave.slow["SandboxCreateV2"] = 8
        thread = threading.Thread(target=lambda: caught.extend(_raised(interpreter.renew)))
        thread.start()
        time.sleep(0.3)
        began = time.monotonic()
        end(interpreter)
        thread.join(10)
        assert time.monotonic() - began < 5
        assert isinstance(caught[0], SandboxError)
    finally:
        server.misbehave.slow.clear()
        interpreter.shutdown()


def test_the_old_sandbox_of_modal_is_ended_when_only_its_driver_died() -> None:
    with sandbox("modal") as interpreter:
        assert isinstance(interpreter, ModalInterpreter)
        old = interpreter.sandbox_id
        lose(interpreter)
        interpreter.renew()
        assert interpreter.sandbox_id != old
        alive = {one.id for one in shared_modal().sandboxes if one.alive}
        assert interpreter.sandbox_id in alive
        assert old not in alive
        assert interpreter.left_running == ""


def _raised(function: Callable[[], None]) -> list[BaseException]:
    try:
        function()
    except BaseException as error:
        return [error]
    return []
