"""The status line: what the run does, in words, at every width; what must be said is always said."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from rlm_tui.core import events as e
from rlm_tui.core.trajectory import fold
from rlm_tui.ui.widgets.row import line_text, line_width
from rlm_tui.ui.widgets.status_line import StatusLine
from tests.pilot.panes import opened
from tests.pilot.recorded import RunBuilder, failed_run, finished_run, hostile_run, running_run


def said(run: RunBuilder, width: int, *, later: float = 0.0) -> str:
    trajectory = fold(run.events)
    line = StatusLine()
    line.show(trajectory, lambda: trajectory.now + later)
    spans = line.line(width)
    assert line_width(spans) <= width
    return line_text(spans)


def test_with_room_it_says_everything() -> None:
    words = said(running_run(), 185)
    for part in (
        "rlm-tui",
        "architecture on dspy-doc.txt 97 KB",
        "offline demo",
        "local bubblewrap",
        "/data",
    ):
        assert part in words
    for part in ("● 6 of 14 calls", "iteration 4/20", "tok", "$0.003", "█"):
        assert part in words


@pytest.mark.parametrize("width", [120, 80, 60, 40, 30])
@pytest.mark.parametrize("run", [running_run, finished_run, failed_run])
def test_the_state_stays_at_every_width(run: Callable[[], RunBuilder], width: int) -> None:
    words = said(run(), width)
    expected = {"running_run": "● 6 of 14 calls", "finished_run": "✓ submitted", "failed_run": "✗ failed"}
    assert expected[run.__name__] in words


@pytest.mark.parametrize("width", [160, 80, 60, 40])
def test_offline_and_unconfined_are_always_named(width: int) -> None:
    run = RunBuilder().start(sandbox=e.SandboxDescription("local", False))
    run.add(e.PlanStarted(span=run.iteration(1)))
    words = said(run, width)
    assert "offline" in words
    assert "unconfined" in words
    assert "planner" in words


def test_time_goes_on_between_events() -> None:
    assert "4.5 s" in said(running_run(), 170, later=2.1)
    assert "11.1 s" in said(running_run(), 170, later=2.1)


def test_a_real_model_is_named_without_its_provider() -> None:
    assert "gpt-5-mini + gpt-5-nano" in said(failed_run(), 170)


def test_unknown_cost_is_not_shown_as_nothing() -> None:
    run = RunBuilder().start(offline=False, planner="ollama/llama", sub_lm="ollama/llama")
    span = run.iteration(1)
    run.plan(span, "Think.", "pass")
    call = run.call(run.cell(span, "pass"), "What?")
    run.answer(call, "that", tokens=None)
    words = said(run, 170)
    assert "$?" in words
    assert "? tok" in words


def test_hostile_names_are_signs() -> None:
    assert "\x1b" not in said(hostile_run(), 200)


async def test_a_remark_takes_the_place_of_the_words_for_a_while() -> None:
    async with opened(StatusLine(), running_run().events, size=(120, 3)) as told:
        told.pane.remark("esc again cancels the run")
        await told.settle()
        assert "esc again cancels the run" in told.text()
        told.pane.remark("")
        await told.settle()
        assert "6 of 14 calls" in told.text()


async def test_before_a_run_it_names_what_is_ready() -> None:
    async with opened(StatusLine(), size=(100, 3)) as told:
        told.pane.show(None)
        told.pane.show_ready("architecture on notes.txt", "offline demo")
        await told.settle()
        assert "architecture on notes.txt │ offline demo" in told.text()
        assert "○ ready" in told.text()
