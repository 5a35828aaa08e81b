"""A call that is waited for only as long as the run goes on."""

from __future__ import annotations

import threading

import pytest

from rlm_tui.engine.abandon import abandonable
from rlm_tui.engine.control import RunControl, RunStopped, Stop

CANCELLED = Stop("cancelled")


def test_a_result_and_an_error_are_passed_on() -> None:
    control, told = RunControl(), list[str]()
    assert abandonable(lambda: 7, control, lambda: told.append("abandoned")) == 7
    with pytest.raises(ZeroDivisionError):
        abandonable(lambda: 1 // 0, control, lambda: told.append("abandoned"))
    assert told == []


def test_a_call_that_does_not_end_is_abandoned_when_the_run_is_stopped() -> None:
    control, told, ends = RunControl(), list[str](), threading.Event()

    def call() -> None:
        control.stop(CANCELLED)
        ends.wait(20)

    with pytest.raises(RunStopped):
        abandonable(call, control, lambda: told.append("abandoned"))
    ends.set()
    assert told == ["abandoned"]


def test_a_call_that_hears_of_the_stop_itself_was_abandoned_too() -> None:
    control, told = RunControl(), list[str]()

    def call() -> None:
        control._stop = CANCELLED  # before any hook can tell the caller
        control.check()

    with pytest.raises(RunStopped):
        abandonable(call, control, lambda: told.append("abandoned"))
    assert told == ["abandoned"]


def test_what_a_nested_control_stopped_is_no_end_of_this_one() -> None:
    control, told = RunControl(), list[str]()

    def call() -> None:
        nested = RunControl(control)
        nested.stop(CANCELLED)
        nested.check()

    with pytest.raises(RunStopped):
        abandonable(call, control, lambda: told.append("abandoned"))
    assert told == []
