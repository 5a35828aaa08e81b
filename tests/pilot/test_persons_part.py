"""What a person does to a run, in the Trajectory: steps, edits, what was skipped and sent back; and forks."""

from __future__ import annotations

import msgspec

from rlm_tui.core import events as e
from rlm_tui.core.trajectory import fold
from rlm_tui.headless.run_html import run_html
from rlm_tui.ui.widgets.run_messages import MoreWanted
from rlm_tui.ui.widgets.trajectory_view import TrajectoryView
from tests.pilot.panes import opened
from tests.pilot.recorded import RunBuilder, value

HOSTILE = "see \x1b[31mchapter two"


def edited_run() -> RunBuilder:
    """Told before its plan, with a step of the person's, sent back once, edited, and run."""
    run = RunBuilder().start()
    span = run.iteration(1)
    run.add(e.Held(span=span, why="hold", before="plan"))
    run.add(e.Released(span=span, verb="remark"))
    run.add(e.Remarked(span=span, text=HOSTILE, by="person"))
    run.add(e.Held(span=span, why="hold", before="plan"))
    run.add(e.Released(span=span, verb="insert"))
    own = run.span("cell")
    run.add(e.CellStarted(span=own, parent=span, code=value("hint = 'mine'\nprint(hint)"), by="person"))
    run.output(own, "mine\n")
    run.cell_done(own)
    run.add(e.Held(span=span, why="hold", before="plan"))
    run.add(e.Released(span=span, verb="step"))
    run.plan(span, "First thought.", "too_much()")
    run.add(e.Held(span=span, why="step", before="cell"))
    run.add(e.Released(span=span, verb="remark"))
    run.add(e.Remarked(span=span, text="less of it", by="person", sent_back=True))
    run.plan(span, "Second thought.", "a = 1\nprint('planned')")
    run.add(e.Held(span=span, why="step", before="cell"))
    run.add(e.CodeEdited(span=span, before=value("a = 1\nprint('planned')"), after=value("a = 1\nprint(a)")))
    run.add(e.Released(span=span, verb="step"))
    cell = run.cell(span, "a = 1\nprint(a)")
    run.output(cell, "of the planner\n")
    return run


async def test_an_iteration_tells_what_happened_in_its_order() -> None:
    async with opened(TrajectoryView(), edited_run().events, size=(100, 40)) as told:
        text = told.text()
        assert "\x1b" not in text
        in_order = (
            "you told the planner  see ␛[31mchapter two",
            "your step",
            "hint = 'mine'",
            "▏ mine",
            "▸ not run  First thought.",
            "you sent it back  less of it",
            "Second thought.",
            "edited by you  +1 −1 lines",
            "print(a)",
            "▏ of the planner",
        )
        places = [
            text.index(words, text.index("not run") if at > 4 else 0) for at, words in enumerate(in_order)
        ]
        assert places == sorted(places)
        assert text.count("of the planner") == 1, "each output stands under its own cell"
        assert "too_much()" not in text
        row = next(at for at, line in enumerate(told.lines()) if "▸ not run" in line)
        await told.pilot.click(TrajectoryView, offset=(10, row))
        await told.settle()
        assert "too_much()" in told.text()
        row = next(at for at, line in enumerate(told.lines()) if "edited by you" in line)
        await told.pilot.click(TrajectoryView, offset=(10, row))
        await told.settle()
        wanted = [message.tab for message in told.messages if isinstance(message, MoreWanted)]
        assert wanted == ["code"]


async def test_a_step_that_prints_while_the_run_is_held_is_shown_as_it_prints() -> None:
    run = edited_run()
    at = next(at for at, event in enumerate(run.events) if isinstance(event, e.CellOutput))
    async with opened(TrajectoryView(), run.events[:at]) as told:
        assert "your step runs" in told.text()
        assert "▏ mine" not in told.text()
        await told.tell(run.events[: at + 1])
        assert "▏ mine" in told.text()


async def test_a_skipped_cell_did_not_fail() -> None:
    run = RunBuilder().start()
    span = run.iteration(1)
    run.plan(span, "Delete it all.", "remove('/data')")
    run.add(e.Held(span=span, why="step", before="cell"))
    run.add(e.Released(span=span, verb="skip"))
    run.add(e.CellSkipped(span=span, text="never that"))
    async with opened(TrajectoryView(), run.events) as told:
        header = next(line for line in told.lines() if "Delete it all" in line)
        assert header.startswith("↷ 1")
        assert "skipped · plan 1.2 s" in header
        assert "you skipped the cell  never that" in told.text()
        assert "✗" not in told.text()


async def test_recorded_iterations_of_a_fork_end_with_what_differed() -> None:
    run = RunBuilder().start()
    for n in (1, 2):
        span = run.iteration(n)
        run.plan(span, f"Recorded thought {n}.", "x = 1")
        run.events[-1] = msgspec.structs.replace(run.events[-1], origin="20260101-1200")
        cell = run.cell(span, "x = 1")
        run.cell_done(cell)
    prefix = e.PrefixReplayed(
        span="run",
        run_id="20260101-1200",
        iterations=2,
        cells=2,
        calls=31,
        differed=["iteration 2 printed 5"],
    )
    run.add(prefix)
    run.plan(run.iteration(3), "Live thought.", "y = 2")
    async with opened(TrajectoryView(), run.events, size=(120, 30)) as told:
        lines = told.lines()
        recorded = [line for line in lines if "Recorded thought" in line]
        assert all("recorded" in line.split("Recorded thought")[1] for line in recorded)
        assert len(recorded) == 2
        text = told.text()
        assert "2 iterations of the run 20260101-1200 executed again: 2 cells, 31 recorded answers" in text
        places = [
            text.index(words) for words in ("Recorded thought 2", "↳", "! iteration 2 printed 5", "Live")
        ]
        assert places == sorted(places)
        await told.press("home", "o")
        assert "↳" in told.text(), "it stays where it belongs"


async def test_a_sandbox_that_was_replaced_stands_between_what_was_lost_and_what_ran_again() -> None:
    run = RunBuilder().start()
    span = run.iteration(1)
    run.plan(span, "Work.", "work()")
    lost = run.cell(span, "work()")
    run.output(lost, "lost words\n")
    run.add(e.SandboxLost(kind="local", reason="It was killed by signal 9."))
    run.cell_done(lost, status="lost")
    run.add(e.SandboxRecovered(kind="local", seconds=0.5, cells=3, differed=["Iteration 1: printed “5”."]))
    run.output(run.cell(span, "work()"), "words of the second\n")
    async with opened(TrajectoryView(), run.events, size=(120, 30)) as told:
        in_order = (
            "work()",
            "▏ lost words",
            "sandbox was lost and replaced in 0.50 s: 3 cells executed again, with 1 difference",
            "It was killed by signal 9.",
            "≠ Iteration 1: printed “5”.",
            "▏ words of the second",
        )
        places = [told.text().index(words) for words in in_order]
        assert places == sorted(places)
        assert told.text().count("lost words") == 1


async def test_a_nested_iteration_that_is_held_is_opened() -> None:
    run = RunBuilder().start()
    span = run.iteration(1)
    run.plan(span, "Ask a nested RLM.", "dspy.RLM('a -> b')(a=1)")
    cell = run.cell(span, "dspy.RLM('a -> b')(a=1)")
    call = run.call(cell, "a", name="dspy.RLM", kind="sub_rlm")
    child = run.iteration(1, of=5, parent=call)
    run.plan(child, "Think small.", "deep_inside()")
    run.add(e.Held(span=child, why="breakpoint", before="cell", detail="2: before a cell that matches deep"))
    async with opened(TrajectoryView(), run.events) as told:
        assert "deep_inside()" not in told.text()
        told.pane.open_iteration(child)
        await told.settle()
        assert "deep_inside()" in told.text()
        assert told.pane.selected == child, "the Inspector shows its prompt"


def test_the_page_of_a_notebook_tells_it_too() -> None:
    page = run_html(fold(edited_run().events))
    for words in ("less of it", "sent the code back", "a person ran:", "edited by a person", "what was run:"):
        assert words in page
    assert "\x1b" not in page
