"""The Calls: one line each, batches that open, columns that give way, totals that are the run's."""

from __future__ import annotations

import pytest

from rlm_tui.core import events as e
from rlm_tui.ui.widgets.calls_view import CallsView
from rlm_tui.ui.widgets.run_messages import CallSelected
from tests.pilot.panes import opened
from tests.pilot.recorded import RunBuilder, finished_run, hostile_run, running_run


async def test_before_any_call_it_says_what_will_be_here() -> None:
    async with opened(CallsView(), RunBuilder().start().events, size=(60, 20)) as told:
        assert "No calls yet." in told.text()


async def test_a_batch_is_one_line_that_opens_into_its_items() -> None:
    async with opened(CallsView(), running_run().events, size=(80, 24)) as told:
        assert "▸ 6 of 14 done, 1 failed" in told.text()
        await told.press("end", "enter")
        assert "    1 Which modules are defined" in told.text()
        failed = next(line for line in told.lines() if "    5 " in line)
        assert failed.startswith("✗")
        assert "LMTimeout" in failed
        batch = told.trajectory.calls[1]
        assert [message.span for message in told.messages if isinstance(message, CallSelected)] == [
            batch.span
        ]
        await told.press("enter")
        assert "    1 Which" not in told.text()


async def test_columns_line_up_with_their_names() -> None:
    async with opened(CallsView(), finished_run().events, size=(90, 24)) as told:
        lines = told.lines()
        heading, first = lines[0], lines[1]
        assert first.index("query") == heading.index("kind")
        assert first.index("List the") == heading.index("asked")
        assert first.index("1.2") + 3 == heading.index(" s ") + 2
        assert first.index("812") + 3 == heading.index("tok") + 3
        assert "━" in first


@pytest.mark.parametrize("width", [120, 60, 44, 36, 28, 20, 12])
async def test_with_less_room_columns_go_and_nothing_is_garbled(width: int) -> None:
    async with opened(CallsView(), finished_run().events, size=(width, 20)) as told:
        lines = [line for line in told.lines() if line.startswith(("✓", "✗", "▶"))]
        assert len(lines) == 3
        assert all(len(line) <= width for line in told.lines())
        assert width < 20 or "1.2" in lines[0]


async def test_totals_are_those_of_the_run() -> None:
    async with opened(CallsView(), finished_run().events, size=(80, 24)) as told:
        totals = told.trajectory.totals
        foot = told.lines()[-1]
        assert f"{totals.llm_calls + totals.tool_calls} calls" in foot
        assert "1 failed" in foot
        assert "$0.005" in foot


async def test_items_that_start_appear_in_an_open_batch() -> None:
    events = running_run().events
    fourth_item = [
        index
        for index, event in enumerate(events)
        if isinstance(event, e.CallStarted) and event.index is not None
    ][4]
    async with opened(CallsView(), events[:fourth_item], size=(80, 24)) as told:
        await told.press("end", "enter")
        assert "    4 Which" in told.text()
        assert "    5 " not in told.text()
        await told.tell(events)
        assert "    8 Which" in told.text()
        assert "▾ 6 of 14 done" in told.text()


async def test_an_answer_that_nobody_was_asked_for_says_so_in_place_of_tokens() -> None:
    run = RunBuilder().start()
    span = run.iteration(1)
    run.plan(span, "Ask.", "pass")
    cell = run.cell(span, "")
    run.answer(run.call(cell, "Which?"), "this", cached=True)
    async with opened(CallsView(), run.events, size=(80, 24)) as told:
        assert " cache" in next(line for line in told.text().splitlines() if "Which?" in line)


async def test_hostile_prompts_are_signs() -> None:
    async with opened(CallsView(), hostile_run().events, size=(100, 20)) as told:
        assert "\x1b" not in told.text()
        assert "[bold red]x[/] ␛" in told.text()


async def test_twenty_thousand_calls_are_listed_and_scrolled_at_once() -> None:
    run = RunBuilder().start()
    span = run.iteration(1)
    run.plan(span, "Ask much.", "pass")
    cell = run.cell(span, "")
    for number in range(20_000):
        run.answer(run.call(cell, f"prompt {number}"), "no")
    async with opened(CallsView(), run.events, size=(80, 24)) as told:
        assert "prompt 19999" in told.text()
        await told.press("home")
        assert "prompt 0" in told.text()
        await told.press("pagedown")
        assert "prompt 20 " in told.text() + " "
