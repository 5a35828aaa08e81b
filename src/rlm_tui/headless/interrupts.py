"""Ctrl-C and SIGTERM as a wish to cancel; a second one leaves at once."""

from __future__ import annotations

import queue
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from rlm_tui.core.events import AnyEvent


def interruptible_queue() -> queue.Queue[AnyEvent]:
    """A queue on which the main thread can wait for a time, whatever signals come.

    `SimpleQueue.get` forgets its timeout, up to Python 3.12, when a signal's handler outlasts it.
    """
    return queue.Queue()


@contextmanager
def cancelled_by_signals(
    cancel: Callable[[], None], spares: Callable[[], bool] = lambda: False
) -> Iterator[None]:
    """Within the block the first SIGINT or SIGTERM calls `cancel`; the second one interrupts as usual.

    `cancel` is called from a thread: the signal may have come while the main thread holds a lock.
    A SIGINT for which `spares` is true is for something smaller than the run, and is not counted; `spares` is
    called from the signal's handler, and takes no lock.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    # Of all queues it is the one whose `put` a signal's handler may call.
    wishes: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()

    def fulfil() -> None:
        while (wish := wishes.get()) is not None:
            wish()

    def handle(received: int, _frame: FrameType | None) -> None:
        if received == signal.SIGINT and spares():
            return
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.default_int_handler)
        wishes.put(cancel)

    threading.Thread(target=fulfil, name="cancelled-by-signals", daemon=True).start()
    before = {number: signal.signal(number, handle) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        wishes.put(None)
