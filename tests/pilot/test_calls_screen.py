"""All calls in full: the table, its filter and order, the call beside it, at every size."""

from __future__ import annotations

import hashlib
from pathlib import Path

import msgspec
import pytest
from textual.widgets import Input

from rlm_tui.core import events as e
from rlm_tui.ui.screens.calls import CallsScreen
from rlm_tui.ui.screens.save import SaveScreen
from rlm_tui.ui.screens.text_preview import TextPreviewScreen
from tests.pilot.calls import shown_calls
from tests.pilot.conftest import OpenApp, Sessions, screen_text, settled, until
from tests.pilot.conftest import shown as on_screen
from tests.pilot.recorded import RunBuilder, finished_run, hostile_run, running_run


def one_call(prompt: str, answer: str = "yes", **more: object) -> RunBuilder:
    run = RunBuilder().start()
    cell = run.cell(run.iteration(1), "")
    run.answer(run.call(cell, prompt), answer, **more)  # type: ignore[arg-type]
    return run


async def test_a_batch_is_one_line_that_opens_and_its_items_are_read(open_app: OpenApp) -> None:
    async with shown_calls(open_app, finished_run().events) as shown:
        await shown.shows("made by the cell of iteration 2 of 20")
        assert len(shown.rows()) == 3
        await shown.press("down", "enter")
        await shown.until(lambda: len(shown.rows()) == 17)
        await shown.press("down", "down")
        await shown.shows("item 2 of 14 of batch 2")
        assert "dspy.ChainOfThought" in shown.text()
        await shown.press("up", "up", "enter")
        await shown.until(lambda: len(shown.rows()) == 3)


async def test_an_item_is_chosen_in_the_batch_that_is_read(open_app: OpenApp) -> None:
    async with shown_calls(open_app, finished_run().events) as shown:
        await shown.press("down")
        await shown.shows("Items")
        await shown.press("v", *("down",) * 7, "enter")
        await shown.shows("of batch 2")
        assert len(shown.rows()) == 17


async def test_it_opens_at_an_item_of_a_batch(open_app: OpenApp) -> None:
    events = finished_run().events
    items = [event.span for event in events if isinstance(event, e.CallStarted) and event.index == 6]
    async with shown_calls(open_app, events, span=items[0]) as shown:
        await shown.shows("item 7 of 14 of batch 2")
        assert "a ask again" in shown.text()
        await shown.press("home", "down")
        await shown.hides("a ask again")


async def test_a_filter_finds_and_adds_up_and_is_refused_in_a_sentence(open_app: OpenApp) -> None:
    async with shown_calls(open_app, finished_run().events) as shown:
        assert "16 calls · 8.8 K tok in" in shown.text()
        await shown.filter("error")
        await shown.shows("1 call found")
        assert any("LMTimeout" in row for row in shown.rows())
        shown.screen.query_one("#calls-filter", Input).value = "error sec>2"
        await shown.shows("There is no field 'sec'")
        assert "1 call found" in shown.text(), "what was found before stays"
        await shown.press("slash", "escape")
        await shown.shows("16 calls ·")
        assert isinstance(shown.pilot.app.screen, CallsScreen)


async def test_the_syntax_is_shown_while_a_filter_is_typed_and_completed(open_app: OpenApp) -> None:
    async with shown_calls(open_app, finished_run().events, size=(80, 24)) as shown:
        await shown.press("slash")
        await shown.shows("kind: model: name: │")
        await shown.press(*"kind:b")
        await shown.shows("→ completes: kind:batch")
        assert "There is no kind" not in shown.text(), "it may still become one"
        await shown.press("right", "enter")
        await shown.shows("14 calls found")
        assert "kind: model:" not in shown.text()
        await shown.press("slash", "end", *" kind:", "enter")
        await shown.shows("lacks what it is compared with")


async def test_nothing_found_is_said(open_app: OpenApp) -> None:
    async with shown_calls(open_app, finished_run().events) as shown:
        await shown.filter('"nobody ever said this"')
        await shown.shows("0 calls found")
        await shown.shows("No call is found")
        await shown.press("escape")
        await shown.hides("No call is found")


async def test_a_long_prompt_is_searched_whole(open_app: OpenApp) -> None:
    text = "head " * 500 + "needle"
    run = one_call("unused")
    blob = hashlib.sha256(text.encode()).hexdigest()
    started = next(event for event in run.events if isinstance(event, e.CallStarted))
    place = run.events.index(started)
    value = e.Value(text[:400], len(text), blob)
    run.events[place] = msgspec.structs.replace(started, prompt=value)
    async with shown_calls(open_app, run.events, text=lambda one: text if one.blob else one.text) as shown:
        await shown.filter("needle")
        await shown.shows("1 call found")
        await shown.shows("2,506 characters")


async def test_columns_are_sorted_by_keys_and_by_mouse(open_app: OpenApp) -> None:
    async with shown_calls(open_app, finished_run().events) as shown:
        heading = next(line for line in shown.lines() if "asked" in line and "kind" in line)
        row = shown.lines().index(heading)
        await shown.pilot.click(offset=(heading.index(" cost") + 2, row))
        await shown.shows("cost↓")
        await shown.until(lambda: "batch" in shown.rows()[0])
        await shown.pilot.click(offset=(heading.index(" cost") + 2, row))
        await shown.shows("cost↑")
        await shown.until(lambda: "query" in shown.rows()[0])
        await shown.press("less_than_sign")
        await shown.shows("out↓")
        await shown.press("r")
        await shown.shows("out↑")
        assert "by tokens out" in shown.text()


async def test_a_call_is_searched_copied_and_saved_and_nothing_is_overwritten(
    open_app: OpenApp, tmp_path: Path
) -> None:
    run = one_call("# A question\nwhere is the needle?\n" + "hay\n" * 60 + "the needle", '{"found": true}')
    async with shown_calls(open_app, run.events) as shown:
        await shown.shows("made by the cell")
        await shown.press("v", "slash", *"needle", "enter")
        await shown.shows("line 1 of 2, 2 places in all")
        await shown.press("n")
        await shown.shows("line 2 of 2")
        assert "the needle" in shown.text()
        await shown.press("N")
        await shown.shows("line 1 of 2")
        await shown.press("y")
        copied = shown.pilot.app.clipboard
        assert "where is the needle?" in copied
        assert '{"found": true}' in copied
        await shown.press("Y")
        assert shown.pilot.app.clipboard == '{"found": true}'
        there = tmp_path / "call.md"
        there.write_text("mine", encoding="utf-8")
        await shown.press("w")
        await shown.until(lambda: isinstance(shown.pilot.app.screen, SaveScreen))
        shown.pilot.app.screen.query_one(Input).value = str(there)
        await shown.press("enter")
        await shown.shows("is there already")
        assert there.read_text(encoding="utf-8") == "mine"
        await shown.press("ctrl+o")
        await shown.until(lambda: there.read_text(encoding="utf-8") == copied)


async def test_a_huge_answer_opens_at_once_and_its_pages_are_turned(open_app: OpenApp) -> None:
    run = one_call("much?", "a line of it\n" * 200_000)
    async with shown_calls(open_app, run.events, size=(120, 36)) as shown:
        await shown.shows("Answer  2,600,000 characters")
        await shown.press("p")
        await shown.until(lambda: isinstance(shown.pilot.app.screen, TextPreviewScreen))
        await shown.shows("page 1 of")


async def test_who_asked_arguments_errors_and_retries_are_told(open_app: OpenApp) -> None:
    run = RunBuilder().start()
    outer = run.cell(run.iteration(2), "")
    nested = run.call(outer, "deep", name="dspy.RLM", kind="sub_rlm")
    cell = run.cell(run.iteration(1, of=5, parent=nested), "")
    tool = run.call(cell, "", name="search", kind="tool", arguments={"pattern": "a+b", "limit": 3})
    run.add(e.Note(span=tool, level="warning", text="The provider failed: trying again in 1 s (1 of 2)."))
    failed = e.ErrorDetail("ValueError", "no such section", "look at the headings", "Traceback: line 9")
    run.answer(tool, "", error=failed, tokens=None)
    async with shown_calls(open_app, run.events, span=tool) as shown:
        await shown.shows("no such section")
        text = shown.text()
        for words in ("trying again in 1 s", "look at the headings", '"pattern": "a+b"', "Traceback: line 9"):
            assert words in text
        await shown.press("y")
        who = "the cell of iteration 1 of 5, within the nested RLM of call 1, made by the cell of iteration 2"
        assert who in shown.pilot.app.clipboard
        await shown.shows("2 calls · ")


async def test_a_run_that_goes_on_is_followed(open_app: OpenApp) -> None:
    whole = finished_run().events
    begun = running_run().events
    async with shown_calls(open_app, begun) as shown:
        await shown.press("down")
        await shown.shows("6 of 14 done")
        await shown.shows("2 in flight")
        now = shown.trajectory.now
        shown.tell(e.Note(level="info", text="still waiting", seq=len(begun), at=now + 60.0))
        await shown.shows("in flight for 1 min")
        for event in whole[len(begun) :]:
            shown.tell(event)
        await shown.shows("14 prompts, 1 failed")
        await shown.shows("16 calls ·")
        await shown.hides("in flight")


async def test_unknown_is_not_zero(open_app: OpenApp) -> None:
    run = RunBuilder().start()
    cell = run.cell(run.iteration(1), "")
    run.answer(run.call(cell, "one"), "1", tokens=None)
    async with shown_calls(open_app, run.events) as shown:
        assert "1 call · ? tok in · ? out · $?" in shown.text()
        assert "$?" in shown.rows()[0]
    run.answer(run.call(cell, "two"), "2")
    async with shown_calls(open_app, run.events) as shown:
        assert "2 calls · ? + 560 tok in · ? + 90 out · $? + <$0.001" in shown.text()


@pytest.mark.parametrize("size", [(80, 24), (120, 36), (160, 45), (60, 20)])
async def test_it_fits_and_the_call_has_the_whole_of_a_small_screen(
    open_app: OpenApp, size: tuple[int, int]
) -> None:
    async with shown_calls(open_app, finished_run().events, size=size) as shown:
        is_small = size[0] <= 80
        await shown.until(lambda: len(shown.rows()) >= 3)
        if not is_small:
            await shown.shows("made by the cell")
        assert ("made by the cell" in shown.text()) != is_small
        await shown.press("enter")
        await shown.shows("made by the cell")
        assert all(len(line) <= size[0] for line in shown.lines())
        assert any("asked" in line and "kind" in line for line in shown.lines()) != is_small
        await shown.press("escape")
        assert isinstance(shown.pilot.app.screen, CallsScreen)
        await shown.press("escape")
        assert not isinstance(shown.pilot.app.screen, CallsScreen)


async def test_hostile_text_is_signs(open_app: OpenApp) -> None:
    async with shown_calls(open_app, hostile_run().events) as shown:
        await shown.shows("[bold red]x[/]")
        assert "\x1b" not in shown.text()


async def test_ten_thousand_calls_are_listed_filtered_and_sorted(open_app: OpenApp) -> None:
    run = RunBuilder().start()
    cell = run.cell(run.iteration(1), "")
    for number in range(10_000):
        run.answer(run.call(cell, f"prompt {number}"), "no", seconds=number % 97)
    async with shown_calls(open_app, run.events, size=(120, 36)) as shown:
        await shown.shows("prompt 0 ")
        await shown.press("end")
        await shown.shows("prompt 9999")
        await shown.filter("seconds>95 prompt")
        await shown.shows("103 calls found")
        await shown.press("less_than_sign")
        await shown.shows("when↑")


async def test_explore_opens_it_at_the_call_that_was_chosen(open_app: OpenApp, sessions: Sessions) -> None:
    async with open_app(size=(160, 45)) as pilot:
        await pilot.press("v")
        assert not isinstance(pilot.app.screen, CallsScreen), "there is no run yet"
        await pilot.press("ctrl+r")
        await settled(pilot)
        sessions.last.tell(finished_run().events)
        await on_screen(pilot, "submitted")
        await pilot.press("4", "home", "down", "down", "v")
        await until(pilot, lambda: isinstance(pilot.app.screen, CallsScreen))
        await on_screen(pilot, "made by the cell of iteration 5 of 20")
        assert "within" not in screen_text(pilot)
        await pilot.press("escape", "4", "home", "enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, CallsScreen))
        await on_screen(pilot, "made by the cell of iteration 2 of 20")
