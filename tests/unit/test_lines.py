"""A run as plain lines: numbers with their nouns, and what settings and providers write as visible text."""

from __future__ import annotations

import io

import msgspec

from rlm_tui.core import events as e
from rlm_tui.core.trajectory import Trajectory
from rlm_tui.headless.lines import LinePrinter
from rlm_tui.store.run_log import open_run
from tests.unit.test_comparison_figures import RECORDED

EVIL = "\x1b]0;owned\x07"


def printed(*happened: e.AnyEvent) -> str:
    stream = io.StringIO()
    for event in happened:
        LinePrinter(stream).print_event(event, Trajectory())
    return stream.getvalue()


def recorded(kind: type[e.AnyEvent]) -> e.AnyEvent:
    return next(event for event in open_run(RECORDED).events() if isinstance(event, kind))


def test_what_is_written_in_a_task_a_setting_or_a_hint_is_only_text() -> None:
    started = msgspec.structs.replace(recorded(e.RunStarted), task=f"task{EVIL}", planner=f"model{EVIL}")
    error = e.ErrorDetail("LMAuth", "It said no.", f"Look at {EVIL}.")
    finished = msgspec.structs.replace(recorded(e.RunFinished), error=error)
    text = printed(started, finished)
    assert "\x1b" not in text
    assert text.count("␛]0;owned␇") == 3


def test_one_is_no_plural() -> None:
    finished = recorded(e.RunFinished)
    assert isinstance(finished, e.RunFinished)
    totals = msgspec.structs.replace(finished.totals, iterations=1, llm_calls=1)
    text = printed(msgspec.structs.replace(finished, totals=totals))
    assert ": 1 iteration, 1 LLM call, " in text
