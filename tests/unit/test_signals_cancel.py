"""Ctrl-C and SIGTERM while a run without a screen is waited for."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time

import pytest

from rlm_tui.headless.interrupts import cancelled_by_signals

PATIENCE = 10.0


def test_the_first_signal_cancels_and_the_second_interrupts() -> None:
    before = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)
    cancelled = threading.Event()
    with cancelled_by_signals(cancelled.set):
        os.kill(os.getpid(), signal.SIGTERM)
        assert cancelled.wait(PATIENCE)
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)
    assert (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)) == before
    assert not _cancelling_threads()


def test_a_signal_for_something_smaller_is_not_counted() -> None:
    cancelled, spares = threading.Event(), [True, True, False]
    with cancelled_by_signals(cancelled.set, lambda: spares.pop(0)):
        os.kill(os.getpid(), signal.SIGINT)
        os.kill(os.getpid(), signal.SIGINT)
        assert not cancelled.is_set()
        os.kill(os.getpid(), signal.SIGINT)
        assert cancelled.wait(PATIENCE)
    assert spares == []


def test_a_signal_that_comes_while_a_lock_is_held_waits_for_nobody() -> None:
    lock, cancelled = threading.Lock(), threading.Event()

    def cancel() -> None:
        with lock:
            cancelled.set()

    with cancelled_by_signals(cancel):
        with lock:
            os.kill(os.getpid(), signal.SIGINT)
            assert not cancelled.wait(0.05)
        assert cancelled.wait(PATIENCE)


# In a process of its own: what it looks for is a main thread that waits for ever.
SLOW_HANDLER = """
import signal, threading, time
from rlm_tui.headless.interrupts import interruptible_queue

def handle(number, frame):
    time.sleep(0.3)

signal.signal(signal.SIGINT, handle)
main = threading.main_thread().ident
threading.Timer(0.05, lambda: signal.pthread_kill(main, signal.SIGINT)).start()
arrived = interruptible_queue()
try:
    arrived.get(timeout=0.2)
except Exception as error:
    print(type(error).__name__)
"""


def test_a_handler_that_outlasts_the_wait_for_an_event_does_not_make_it_endless() -> None:
    process = subprocess.run(
        [sys.executable, "-c", SLOW_HANDLER], capture_output=True, text=True, check=False, timeout=PATIENCE
    )
    assert process.stdout == "Empty\n", process.stderr


def _cancelling_threads() -> list[threading.Thread]:
    until = time.monotonic() + PATIENCE
    while threads := [thread for thread in threading.enumerate() if thread.name == "cancelled-by-signals"]:
        if time.monotonic() > until:
            break
        time.sleep(0.01)
    return threads
