"""The Trajectory: what a person sees of a run as it goes on, and what the keys and the mouse do there."""

from __future__ import annotations

import pytest

from rlm_tui.core import events as e
from rlm_tui.ui.widgets.run_messages import CallSelected, IterationSelected, MoreWanted
from rlm_tui.ui.widgets.trajectory_view import TrajectoryView
from tests.pilot.panes import opened
from tests.pilot.recorded import (
    RunBuilder,
    failed_run,
    finished_run,
    hostile_run,
    running_run,
    value,
)


def line_with(lines: list[str], words: str) -> str:
    return next(line for line in lines if words in line)


async def test_without_a_run_it_says_what_to_do() -> None:
    async with opened(TrajectoryView()) as told:
        assert "^R" in told.text()


async def test_the_newest_iteration_is_open_and_the_others_are_one_line_each() -> None:
    async with opened(TrajectoryView(), running_run().events) as told:
        lines = told.lines()
        assert line_with(lines, "Look at the shape").startswith("✓ 1")
        assert "plan 1.1 s · cell 0.21 s · out 83" in line_with(lines, "Look at the shape")
        assert "KeyError: 'title'" in line_with(lines, "✗ 3")
        assert "6 of 14 calls" in line_with(lines, "▶ 4")
        assert "answers = llm_query_batched([" in told.text()
        assert "14 sections, first: dspy.Predict" in told.text()
        batch = line_with(lines, "llm_query_batched × 14")
        assert "6 done, 2 in flight" in batch
        assert "1 failed · 2.4 s" in batch
        assert "█" in batch
        assert "▓" in batch
        assert "░" in batch
        assert "print(docs[:600])" not in told.text()


async def test_a_run_told_event_by_event_looks_like_the_same_run_shown_at_once() -> None:
    events = running_run().events
    async with opened(TrajectoryView()) as told:
        for end in range(1, len(events) + 7, 7):
            await told.tell(events[:end])
        live = told.text()
    async with opened(TrajectoryView(), events) as told:
        assert told.text() == live


async def test_reasoning_and_code_appear_as_they_are_written() -> None:
    run = RunBuilder().start()
    span = run.iteration(1)
    run.add(e.PlanStarted(span=span))
    async with opened(TrajectoryView(), run.events) as told:
        run.add(e.PlanDelta(span=span, field="reasoning", text="Count the wo"))
        await told.tell(run.events)
        assert "Count the wo" in told.text()
        assert line_with(told.lines(), "◌ 1")
        run.add(e.PlanDelta(span=span, field="reasoning", text="rds."))
        run.add(e.PlanDelta(span=span, field="code", text="print(len(do"))
        await told.tell(run.events)
        assert "Count the words." in told.text()
        assert "print(len(do" in told.text()


async def test_the_result_ends_the_trajectory_typed_and_in_full() -> None:
    async with opened(TrajectoryView(), finished_run().events, size=(100, 60)) as told:
        text = told.text()
        assert "✓ Result  submitted" in text
        assert "modules  list[str] · 6" in text
        assert "  3  dspy.ReAct" in text
        assert text.index("Result") < text.index("dspy.GEPA")


async def test_a_failure_says_what_why_and_what_mends_it() -> None:
    async with opened(TrajectoryView(), failed_run().events) as told:
        text = told.text()
        assert "✗ Result  failed" in text
        assert "openai said 401: Incorrect API key provided." in text
        assert "→ Set DSPY_LLM_API_KEY in .env" in text
        assert "Traceback" not in text


async def test_enter_opens_and_shuts_an_iteration_and_brackets_go_through_them() -> None:
    async with opened(TrajectoryView(), running_run().events) as told:
        await told.press("home", "enter")
        assert "print(docs[:600])" in told.text()
        assert "<class 'str'> 97412" in told.text()
        await told.press("enter")
        assert "print(docs[:600])" not in told.text()
        await told.press("]", "]")
        assert [message.span for message in told.messages if isinstance(message, IterationSelected)][-1] == (
            told.trajectory.iterations[2].span
        )
        await told.press("[")
        assert told.pane.selected == told.trajectory.iterations[1].span


async def test_a_click_on_a_header_opens_it() -> None:
    async with opened(TrajectoryView(), running_run().events) as told:
        row = next(y for y, line in enumerate(told.lines()) if "✓ 2" in line)
        await told.pilot.click(TrajectoryView, offset=(20, row))
        await told.settle()
        assert "headings = re.findall" in told.text()


async def test_reasoning_of_a_finished_iteration_comes_on_demand() -> None:
    async with opened(TrajectoryView(), running_run().events) as told:
        await told.press("home", "enter")
        assert "I need its size and its first lines." not in told.text()
        await told.press("down", "enter")
        assert "I need its size and its first lines." in told.text()
        await told.press("r")
        assert "I need its size and its first lines." not in told.text()


async def test_o_opens_all_and_shuts_all() -> None:
    async with opened(TrajectoryView(), running_run().events, size=(100, 80)) as told:
        await told.press("o")
        assert "print(docs[:600])" in told.text()
        assert "splitting 41 sections" in told.text()
        await told.press("o")
        assert "print(docs[:600])" not in told.text()
        assert "answers = llm_query_batched([" not in told.text()


async def test_a_nested_rlm_opens_into_its_iterations() -> None:
    async with opened(TrajectoryView(), finished_run().events, size=(100, 80)) as told:
        await told.press("o")
        assert "▸ dspy.RLM" in told.text()
        assert "Search for the word principle" not in told.text()
        row = next(y for y, line in enumerate(told.lines()) if "▸ dspy.RLM" in line)
        await told.pilot.click(TrajectoryView, offset=(20, row))
        await told.settle()
        assert "▾ dspy.RLM" in told.text()
        child = line_with(told.lines(), "Search for the word principle")
        assert child.startswith("│   ✓ 1")
        assert any(isinstance(message, CallSelected) for message in told.messages)


async def test_it_follows_the_end_until_the_person_scrolls() -> None:
    run = RunBuilder().start()
    span = run.iteration(1)
    run.plan(span, "Print a lot.", "for i in range(200): print(i)")
    cell = run.cell(span, "")
    async with opened(TrajectoryView(), run.events, size=(60, 12)) as told:
        for i in range(80):
            run.output(cell, f"line {i}\n")
        await told.tell(run.events)
        assert "line 79" in told.text()
        assert told.pane.following
        await told.press("pageup")
        assert not told.pane.following
        top = told.lines()[0]
        assert "line " in top
        run.output(cell, "more\n" * 50 + "the very last\n")
        await told.tell(run.events)
        assert told.lines()[0] == top
        assert "the very last" not in told.text()
        await told.press("end")
        assert told.pane.following
        assert "the very last" in told.text()


async def test_the_scroll_bar_stands_where_the_view_does_from_the_first_row_on() -> None:
    view = TrajectoryView()
    async with opened(view, running_run().events, size=(60, 12)) as told:
        assert view.show_vertical_scrollbar
        assert view.scroll_y > 0
        assert view.vertical_scrollbar.position == view.scroll_y
        await told.pilot.press("home")
        await told.pilot.pause()
        assert view.vertical_scrollbar.position == 0


async def test_the_wheel_stops_following() -> None:
    run = RunBuilder().start()
    span = run.iteration(1)
    run.plan(span, "Print a lot.", "pass")
    cell = run.cell(span, "")
    run.output(cell, "".join(f"line {i}\n" for i in range(80)))
    async with opened(TrajectoryView(), run.events, size=(60, 12)) as told:
        told.pane.scroll_up(animate=False)
        await told.settle()
        assert not told.pane.following


async def test_an_iteration_that_is_being_read_is_not_shut() -> None:
    events = running_run().events
    third = next(
        i for i, event in enumerate(events) if isinstance(event, e.IterationStarted) and event.n == 3
    )
    async with opened(TrajectoryView(), events[:third], size=(80, 10)) as told:
        await told.press("[", "down")
        assert not told.pane.following
        await told.tell(events)
        assert "headings = re.findall" in told.text()


async def test_long_output_shows_its_end_and_where_the_rest_is() -> None:
    run = RunBuilder().start()
    span = run.iteration(1)
    run.plan(span, "Print very much.", "pass")
    cell = run.cell(span, "")
    run.output(cell, "".join(f"line {i}\n" for i in range(12_445)))
    async with opened(TrajectoryView(), run.events, size=(100, 140)) as told:
        sign = line_with(told.lines(), "lines above")
        assert "… 12,345 lines above: enter opens them in the Inspector" in sign
        assert "line 12344" not in told.text()
        row = told.lines().index(sign)
        await told.pilot.click(TrajectoryView, offset=(10, row))
        await told.settle()
        wanted = [message for message in told.messages if isinstance(message, MoreWanted)]
        assert [(message.span, message.tab) for message in wanted] == [(span, "output")]


async def test_a_held_iteration_a_remark_and_a_note_have_signs() -> None:
    run = RunBuilder().start()
    span = run.iteration(1)
    run.plan(span, "Wait.", "pass")
    run.add(e.Held(span=span, why="step", before="cell"))
    run.add(e.Remarked(span=span, text="look at chapter two"))
    run.add(e.Note(level="warning", text="the provider asked for a pause: trying again in 2 s"))
    async with opened(TrajectoryView(), run.events) as told:
        assert line_with(told.lines(), "‖ 1").endswith("held")
        assert "look at chapter two" in told.text()
        assert line_with(told.lines(), "trying again").startswith("! ")


@pytest.mark.parametrize("width", [140, 80, 40, 20])
async def test_hostile_text_is_shown_as_signs_and_nothing_is_too_wide(width: int) -> None:
    async with opened(TrajectoryView(), hostile_run().events, size=(width, 60)) as told:
        await told.press("o")
        text = told.text()
        assert "\x1b" not in text
        assert "\u202e" not in text
        assert "[bold red]" in text.replace("\n", "")
        assert "␛" in text


@pytest.mark.parametrize("theme", ["textual-dark", "textual-light", "nord", "ansi-dark", "gruvbox"])
async def test_every_theme_paints_it(theme: str) -> None:
    async with opened(TrajectoryView(), running_run().events) as told:
        told.pilot.app.theme = theme
        await told.settle()
        assert "✓ 1" in told.text()


async def test_resizing_keeps_what_is_open_and_where_the_person_is() -> None:
    async with opened(TrajectoryView(), running_run().events, size=(120, 20)) as told:
        await told.press("home", "enter")
        await told.pilot.resize_terminal(60, 20)
        await told.settle()
        assert "print(docs[:600])" in told.text()
        assert told.lines()[0].startswith("✓ 1")
        assert all(len(line) <= 60 for line in told.lines())


async def test_a_second_run_takes_the_place_of_the_first() -> None:
    async with opened(TrajectoryView(), finished_run().events) as told:
        told.trajectory = type(told.trajectory)()
        told._told = 0
        told.pane.show(told.trajectory)
        run = RunBuilder().start()
        run.iteration(1)
        await told.tell(run.events)
        assert "Result" not in told.text()
        assert "◌ 1" in told.text()


async def test_a_value_of_the_last_expression_is_shown() -> None:
    run = RunBuilder().start()
    span = run.iteration(1)
    run.plan(span, "Count.", "len(docs)")
    cell = run.cell(span, "len(docs)")
    run.cell_done(cell, value=value("97412"))
    async with opened(TrajectoryView(), run.events) as told:
        assert "= 97412" in told.text()


async def test_when_a_long_run_ends_the_beginning_of_the_result_is_in_view() -> None:
    run = running_run()
    before = len(run.events)
    run.finish("submitted", {"modules": [f"module {number}" for number in range(60)]})
    async with opened(TrajectoryView(), run.events[:before], size=(80, 16)) as told:
        await told.tell(run.events)
        assert "✓ Result  submitted" in told.text()
        assert "module 0" in told.text()
        assert told.pane.selected == ""


async def test_a_number_stands_on_the_first_of_wrapped_lines_only() -> None:
    run = RunBuilder().start().finish("submitted", {"principles": ["word " * 30]})
    async with opened(TrajectoryView(), run.events, size=(60, 16)) as told:
        assert sum("1  word" in line for line in told.lines()) == 1
        assert sum("word" in line for line in told.lines()) == 3
