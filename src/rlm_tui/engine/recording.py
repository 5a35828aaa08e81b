"""Records `dspy.RLM` calls of a person's own program as saved runs.

    from rlm_tui import record

    with record() as recording:
        rlm(document=text, question="Who decides?")
    print(recording.paths)

What the program does is not changed: no call is retried, held or metered otherwise, its own callbacks and
settings stay as they are, and nothing that fails in here reaches it. dspy does not tell all: what a cell had
printed before it failed and the variables are not in the record.
"""

from __future__ import annotations

import functools
import logging
import threading
import weakref
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Any

import dspy

from rlm_tui.engine.recording_listener import RecordingListener

_log = logging.getLogger("rlm_tui")
_ACTIVE: ContextVar[tuple[RecordingListener, ...]] = ContextVar("rlm_tui_recordings", default=())


class Recording:
    """The runs that were recorded, as folders, in the order in which they began.

    `problems` are sentences on what could not be recorded, such as a disk that is full.
    """

    def __init__(self) -> None:
        self.paths: list[Path] = []
        self.problems: list[str] = []

    @property
    def path(self) -> Path:
        """The folder of the last run. Raises LookupError before there is one."""
        if not self.paths:
            problem = f" ({self.problems[-1]})" if self.problems else ""
            raise LookupError(f"No dspy.RLM was recorded while this recording was on{problem}.")
        return self.paths[-1]

    def tell(self, problem: str) -> None:
        """Something could not be recorded."""
        self.problems.append(problem)
        _log.warning("rlm_tui.record: %s", problem)


class _Open:
    """A block that is open. Of other threads those are within it that were started meanwhile."""

    def __init__(self, listener: RecordingListener) -> None:
        self.listener = listener
        self.older = weakref.WeakSet(threading.enumerate())


_lock = threading.Lock()
_open: list[_Open] = []


@contextmanager
def record(*, runs: Path | None = None) -> Iterator[Recording]:
    """Record every `dspy.RLM` that is called within, each as a run of its own in the folder `runs`.

    That is in this thread or task, in what dspy starts from there, and in threads that start while the block
    is open. A nested RLM is part of the run that it was called in. Secrets are taken out.
    """
    recording = Recording()
    listener = RecordingListener(recording.paths.append, recording.tell, runs)
    block = _Open(listener)
    before = _ACTIVE.get()
    _ACTIVE.set((*before, listener))
    with _lock:
        if not _open:
            _listen()
        _open.append(block)
    try:
        yield recording
    finally:
        _ACTIVE.set(before)
        with _lock:
            _open.remove(block)
            if not _open:
                _leave()
        listener.left()


def _listeners(rlm: Any) -> tuple[RecordingListener, ...]:
    """Who records a call of `rlm` here; an RLM of ours records itself."""
    if getattr(rlm, "records_itself", False):
        return ()
    if here := _ACTIVE.get():
        return here
    thread = threading.current_thread()
    with _lock:
        return tuple(block.listener for block in _open if thread not in block.older)[-1:]


@contextmanager
def _heard(rlm: Any) -> Iterator[None]:
    """The block with our callbacks added to those that hold here; without a change if nobody records."""
    told = list(dspy.settings.get("callbacks", []) or [])
    more = [listener for listener in _listeners(rlm) if listener not in told]
    if not more:
        yield
        return
    with dspy.context(callbacks=[*told, *more]):
        yield


def _sync(call: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(call)
    def heard(self: Any, *arguments: Any, **named: Any) -> Any:
        with _heard(self):
            return call(self, *arguments, **named)

    return heard


def _async(call: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
    @functools.wraps(call)
    async def heard(self: Any, *arguments: Any, **named: Any) -> Any:
        with _heard(self):
            return await call(self, *arguments, **named)

    return heard


# A callback in `dspy.settings` would not do: a `dspy.context` round the block freezes all other settings, so
# that a `dspy.configure` within it is lost, and a person's own `callbacks` replace ours.
_ENTRIES: tuple[tuple[str, Callable[[Any], Any]], ...] = (("__call__", _sync), ("acall", _async))


def _listen() -> None:
    """From now on each call of an RLM looks whether it is recorded."""
    for name, wrapped in _ENTRIES:
        setattr(dspy.RLM, name, wrapped(getattr(dspy.RLM, name)))


def _leave() -> None:
    """Nothing of ours stays in dspy."""
    for name, _ in _ENTRIES:
        if name in vars(dspy.RLM):
            delattr(dspy.RLM, name)
