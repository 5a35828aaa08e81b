"""Calls that may hang, given up after a deadline; Modal's client itself may wait for minutes."""

from __future__ import annotations

import atexit
import os
import sys
import threading
import time
from collections.abc import Callable
from typing import Any, TypeVar

from rlm_tui.cloud.errors import CloudError, CloudTimeoutError, explained

T = TypeVar("T")
_left_behind = False


def within(seconds: float, what: str, function: Callable[[], T], stop: threading.Event | None = None) -> T:
    """What `function` gives back, run in a thread of its own that is left behind after `seconds`.

    `what` completes "Modal did not answer within 30 s while …" and "Modal: … failed". Raises
    `CloudTimeoutError`, `CloudError` for an error of Modal, and any other error as it is. A `stop` that is
    set ends the waiting with a `CloudError`.
    """
    finished = threading.Event()
    outcome: list[tuple[bool, Any]] = []

    def work() -> None:
        try:
            outcome.append((True, function()))
        except BaseException as error:
            outcome.append((False, error))
        finally:
            finished.set()

    try:
        threading.Thread(target=work, name=f"modal: {what}", daemon=True).start()
    except RuntimeError:  # at the interpreter's end there are no more threads
        work()
    in_time = _wait(finished, stop, seconds)
    if not finished.is_set():
        _leave_behind()
    if not in_time:
        raise CloudTimeoutError(
            f"Modal did not answer within {seconds:g} s while {what}.",
            "Look whether the network and https://status.modal.com are well; modal.call_seconds and "
            "modal.start_seconds set how long is waited.",
        )
    if not finished.is_set():
        raise CloudError(f"Given up while {what}.")
    good, value = outcome[0]
    if good:
        return value  # type: ignore[no-any-return]
    if isinstance(value, CloudError):
        raise value
    raise explained(value, what) from value


def _leave_behind() -> None:
    """A call goes on in its thread. If it still does when the program ends, Modal's client would complain of
    its interrupted loop on standard error, and a person could do nothing about that.
    """
    global _left_behind
    if not _left_behind:
        _left_behind = True
        # What is registered last is called first: before the client's own end.
        atexit.register(_be_quiet)


def _be_quiet() -> None:
    sys.stderr.flush()
    with open(os.devnull, "w", encoding="utf-8") as nowhere:  # noqa: PTH123 - a device
        os.dup2(nowhere.fileno(), 2)


def _wait(finished: threading.Event, stop: threading.Event | None, seconds: float) -> bool:
    """Whether `finished` or `stop` was set within `seconds`."""
    if stop is None:
        return finished.wait(seconds)
    until = time.monotonic() + seconds
    while not stop.is_set():
        left = until - time.monotonic()
        if left <= 0:
            return finished.is_set()
        if finished.wait(min(0.1, left)):
            return True
    return True
