"""The Inspector: each tab of an iteration or a call, its text copied and saved whole, long texts at once."""

from __future__ import annotations

import time

from rlm_tui.core import events as e
from rlm_tui.core.blobs import MemoryBlobs
from rlm_tui.core.trajectory import Trajectory
from rlm_tui.ui.widgets.inspector import Inspector
from rlm_tui.ui.widgets.run_messages import Copied, SaveRequested
from rlm_tui.ui.widgets.targets import TabName
from tests.pilot.conftest import until
from tests.pilot.panes import opened
from tests.pilot.recorded import RunBuilder, failed_run, finished_run, hostile_run, running_run


async def test_variables_with_their_marks_while_a_run_goes_on() -> None:
    async with opened(Inspector(), running_run().events) as told:
        assert told.pane.tab == "variables"
        named = next(line for line in told.lines() if "named" in line)
        assert named.split() == [
            "+",
            "named",
            "list",
            "of",
            "dict",
            "14",
            "[{'header':",
            "'dspy.Predict',",
            "…",
        ]
        assert next(line for line in told.lines() if "docs" in line).startswith("  docs")


async def test_the_result_is_shown_when_the_run_ends() -> None:
    events = finished_run().events
    async with opened(Inspector(), events[:-1]) as told:
        assert told.pane.tab == "variables"
        await told.tell(events)
        assert told.pane.tab == "result"
        assert "dspy.MIPROv2" in told.text()


async def test_the_tab_that_the_person_chose_stays() -> None:
    events = finished_run().events
    async with opened(Inspector(), events[:-1]) as told:
        told.pane.show_tab("code")
        await told.tell(events)
        assert told.pane.tab == "code"


async def test_every_tab_of_an_iteration() -> None:
    async with opened(Inspector(), running_run().events) as told:
        third = told.trajectory.iterations[2]
        told.pane.select_iteration(third.span)
        expected: dict[TabName, str] = {
            "reasoning": "Each section becomes an entry.",
            "code": '1  parts = {s["title"]: s for s in sections}',
            "output": "DeprecationWarning: title is gone",
            "prompt": "Given the fields `docs`, `query`",
            "error": "KeyError at line 1: 'title'",
            "result": "There is no result yet",
        }
        for tab, words in expected.items():
            told.pane.show_tab(tab)
            await told.settle()
            assert words in told.text()
        told.pane.show_tab("error")
        await told.settle()
        assert "Traceback (most recent call last):" in told.text()


async def test_arrows_go_through_the_tabs_and_a_click_chooses_one() -> None:
    async with opened(Inspector(), running_run().events) as told:
        await told.press("right")
        assert told.pane.tab == "prompt"
        await told.press("left", "left")
        assert told.pane.tab == "output"
        await told.pilot.click(Inspector, offset=(told.lines()[0].index("Code") + 1, 0))
        await told.settle()
        assert told.pane.tab == "code"


async def test_a_call_has_a_tab_of_its_own() -> None:
    async with opened(Inspector(), finished_run().events, size=(100, 60)) as told:
        assert "Call" not in told.lines()[0]
        told.pane.select_call(told.trajectory.calls[0].span)
        await told.settle()
        assert "Call" in told.lines()[0]
        text = told.text()
        assert "List the top-level modules named" in text
        assert "Predict, ChainOfThought, ReAct" in text
        assert "700 tokens in · 112 out" in text
        told.pane.select_iteration(told.trajectory.iterations[0].span)
        await told.settle()
        assert "Call" not in told.lines()[0]


async def test_a_failed_run_shows_its_error_and_marks_the_tab() -> None:
    async with opened(Inspector(), failed_run().events) as told:
        assert "Incorrect API key provided." in told.text()
        told.pane.show_tab("error")
        await told.settle()
        assert "AuthenticationError: 401" in told.text()


async def test_y_copies_and_w_saves_the_whole_text_of_the_tab() -> None:
    async with opened(Inspector(), running_run().events) as told:
        told.pane.select_iteration(told.trajectory.iterations[0].span)
        told.pane.show_tab("code")
        await told.press("y", "w")
        code = told.trajectory.iterations[0].code
        assert told.pilot.app.clipboard == code
        saved = [message for message in told.messages if isinstance(message, SaveRequested)]
        assert [(message.text, message.suggested_name) for message in saved] == [(code, "code-1.py")]
        assert any(isinstance(message, Copied) for message in told.messages)


async def test_long_prompts_are_read_from_their_blob() -> None:
    blobs = MemoryBlobs()
    prompt = "The beginning. " + "very long " * 1_000 + "The end."
    run = RunBuilder().start()
    span = run.iteration(1)
    run.add(
        e.PlanReady(span=span, reasoning=e.Value("r", 1), code=e.Value("c", 1), prompt=blobs.value(prompt))
    )
    async with opened(Inspector(), run.events, size=(100, 200)) as told:
        told.pane.show_tab("prompt")
        await told.settle()
        assert "of 10,023 characters are in the run's folder" in told.text()
        told.pane.show(told.trajectory, blobs=blobs)
        told.pane.show_tab("prompt")
        await told.settle()
        assert "The end." in told.text()
        assert told.pane.shown_text() == prompt


async def test_output_streams_into_its_tab() -> None:
    run = RunBuilder().start()
    span = run.iteration(1)
    run.plan(span, "Print.", "pass")
    cell = run.cell(span, "pass")
    async with opened(Inspector(), run.events) as told:
        told.pane.show_tab("output")
        await told.settle()
        assert "The cell has printed nothing yet." in told.text()
        for text in ("one", " and\n", "two\n"):
            run.output(cell, text)
            await told.tell(run.events)
        run.output(cell, "careful\n", "stderr")
        await told.tell(run.events)
        shown = [line for line in told.lines()[2:] if line]
        assert shown == ["one and", "two", "careful"]


async def test_eight_megabytes_of_output_open_at_once_and_fill_in() -> None:
    run = RunBuilder().start()
    span = run.iteration(1)
    run.plan(span, "Print much.", "pass")
    cell = run.cell(span, "pass")
    run.output(cell, "".join(f"line {i}: 0123456789012345678901234567890123456789\n" for i in range(150_000)))
    async with opened(Inspector(), run.events) as told:
        began = time.thread_time()
        told.pane.show_tab("output")
        opened_after = time.thread_time() - began
        await until(told.pilot, lambda: not told.pane.view.filling, "all of the output")
        await told.press("end")
        assert "line 149999" in told.text()
        assert told.pane.view.blocks.height == 150_000
        assert opened_after < 0.25


async def test_hostile_text_is_signs_in_every_tab() -> None:
    async with opened(Inspector(), hostile_run().events, size=(80, 40)) as told:
        told.pane.select_call(told.trajectory.calls[0].span)
        tabs: tuple[TabName, ...] = (
            "call",
            "result",
            "reasoning",
            "code",
            "output",
            "variables",
            "prompt",
            "error",
        )
        for tab in tabs:
            told.pane.show_tab(tab)
            await told.settle()
            assert "\x1b" not in told.text()
            assert "\u202e" not in told.text()


async def test_with_no_run_it_is_empty_and_quiet() -> None:
    async with opened(Inspector()) as told:
        told.pane.show(Trajectory())
        await told.press("y", "w", "right", "left")
        assert told.messages == []
