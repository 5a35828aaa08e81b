"""Ctrl-C and SIGTERM as a wish to cancel; a second one leaves at once."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType


@contextmanager
def cancelled_by_signals(
    cancel: Callable[[], None], spares: Callable[[], bool] = lambda: False
) -> Iterator[None]:
    """Within the block the first SIGINT or SIGTERM calls `cancel`; the second one interrupts as usual.

    A SIGINT for which `spares` is true is for something smaller than the run, and is not counted.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def handle(received: int, _frame: FrameType | None) -> None:
        if received == signal.SIGINT and spares():
            return
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.default_int_handler)
        cancel()

    before = {number: signal.signal(number, handle) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
