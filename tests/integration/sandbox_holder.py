"""A process that holds a sandbox at Modal until it is told to let go of it, or crashes."""

from __future__ import annotations

import contextlib
from multiprocessing.connection import Connection

from rlm_tui.core.settings import ModalSettings
from rlm_tui.sandbox.modal import ModalInterpreter


def hold(run_id: str, told: Connection) -> None:
    """In a process of its own: start the sandbox, say so, and end it when the other end of `told` is shut."""
    interpreter = ModalInterpreter(ModalSettings(call_seconds=20), volume="volume", run_id=run_id)
    interpreter.start()
    told.send("started")
    with contextlib.suppress(EOFError):
        told.recv()
    interpreter.shutdown()
