"""The Runs screen: saved runs listed, filtered, sorted, labelled, opened, deleted."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from rlm_tui.core.redaction import Redactor
from rlm_tui.core.trajectory import Trajectory
from rlm_tui.store.labels import labels_of
from rlm_tui.store.library import RunLibrary
from rlm_tui.store.run_log import RunLog
from rlm_tui.ui.screens.compare_runs import CompareRunsScreen
from rlm_tui.ui.screens.find_runs import FindRunsScreen
from rlm_tui.ui.screens.replay import ReplayScreen
from rlm_tui.ui.screens.replay_views import ForkAt
from rlm_tui.ui.screens.runs import RunsScreen
from rlm_tui.ui.screens.text_preview import TextPreviewScreen
from rlm_tui.ui.widgets.runs_list import RunsList
from tests.pilot.conftest import OpenApp, screen_lines, screen_text, settled, shown, until
from tests.saved_runs import save, told_run


class Answers:
    """What the screen was left with."""

    def __init__(self) -> None:
        self.given: list[ForkAt | None] = []


async def opened(pilot: Pilot[Any], root: Path, answers: Answers) -> RunsScreen:
    library = RunLibrary(root / "runs", root / "index.sqlite")
    screen = RunsScreen(library, Redactor(["SECRETKEY"]))
    pilot.app.push_screen(screen, answers.given.append)
    await until(pilot, lambda: pilot.app.screen is screen)
    await settled(pilot)
    return screen


def listed(screen: RunsScreen) -> list[str]:
    return [run.run_id for run in screen.listed]


@pytest.mark.parametrize("size", [(80, 24), (120, 36), (160, 45)])
async def test_runs_are_filtered_sorted_labelled_and_opened(
    open_app: OpenApp, tmp_path: Path, size: tuple[int, int]
) -> None:
    runs, answers = tmp_path / "runs", Answers()
    save(runs, "r1", told_run(thoughts=("The brass key.", "b", "c")).events)
    save(runs, "r2", told_run(answer="\x1b[31m[b]hostile").events)
    save(runs, "r3", told_run().events[:9])
    async with open_app(size=size) as pilot:
        screen = await opened(pilot, tmp_path, answers)
        assert listed(screen) == ["r3", "r2", "r1"]
        text = screen_text(pilot)
        assert "3 runs" in text
        assert "interrupted" in text
        assert "\x1b[31m" not in text
        await pilot.press("slash", *"brass")
        await settled(pilot)
        assert listed(screen) == ["r1"]
        await pilot.press("enter", "t")
        await pilot.press(*"good", "enter")
        await settled(pilot)
        assert labels_of(runs / "r1").tags == ("good",)
        assert "#good" in screen_text(pilot)
        await pilot.press("n", *"SECRETKEY told", "enter")
        await settled(pilot)
        assert labels_of(runs / "r1").note == "[redacted] told"
        await pilot.press("slash", *" colour:red")
        await settled(pilot)
        assert "There is no field colour" in screen_text(pilot)
        await pilot.press("escape", "escape")
        await settled(pilot)
        await pilot.press("s")
        await settled(pilot)
        assert "longest first" in screen_text(pilot)
        assert listed(screen)[0] != "r3"
        await pilot.press("slash", *"good", "enter", "enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, ReplayScreen))
        await until(pilot, lambda: "replay of r1" in screen_text(pilot) or size[0] < 100)
        await pilot.press("escape")
        await until(pilot, lambda: pilot.app.screen is screen)
        assert listed(screen) == ["r1"], "the list is as it was left"
        await pilot.press("f8")
        await pilot.pause()
        assert answers.given == [ForkAt(runs / "r1", 0)]


async def test_one_is_deleted_after_a_question_and_two_are_marked(open_app: OpenApp, tmp_path: Path) -> None:
    runs, answers = tmp_path / "runs", Answers()
    for name in ("r1", "r2", "r3"):
        save(runs, name, told_run().events)
    going = save(runs, "r4", told_run().events[:9], keep_open=True)
    async with open_app(size=(120, 36)) as pilot:
        screen = await opened(pilot, tmp_path, answers)
        await pilot.press("d")
        await pilot.pause()
        await pilot.press("d")
        await settled(pilot)
        assert "r4 goes on" in screen_text(pilot)
        going.close()
        await pilot.press("down", "d")
        await pilot.pause()
        await pilot.press("k", "d")
        await pilot.pause()
        await pilot.press("d")
        await settled(pilot)
        assert not (runs / "r3").exists()
        assert listed(screen) == ["r4", "r2", "r1"]
        await pilot.press("end", "m", "up", "m")
        await until(pilot, lambda: isinstance(pilot.app.screen, CompareRunsScreen))
        await pilot.press("escape")
        await until(pilot, lambda: pilot.app.screen is screen)
        assert "◉" not in screen_text(pilot)


async def test_with_the_mouse_and_with_no_run_at_all(open_app: OpenApp, tmp_path: Path) -> None:
    answers = Answers()
    async with open_app(size=(120, 36)) as pilot:
        await opened(pilot, tmp_path, answers)
        assert "There is no run yet" in screen_text(pilot)
        await pilot.press("escape")
        await pilot.pause()
        assert answers.given == [None]
        save(tmp_path / "runs", "r1", told_run().events)
        await opened(pilot, tmp_path, answers)
        await pilot.click(RunsList, offset=(10, 0))
        await until(pilot, lambda: isinstance(pilot.app.screen, ReplayScreen))


async def test_what_others_do_to_the_runs_is_seen_and_the_cursor_stays(
    open_app: OpenApp, tmp_path: Path
) -> None:
    runs = tmp_path / "runs"
    save(runs, "r1", told_run().events)
    going = save(runs, "r2", told_run().events[:9], keep_open=True)
    async with open_app(size=(120, 36)) as pilot:
        screen = await opened(pilot, tmp_path, Answers())
        await until(pilot, lambda: "▶ architecture" in screen_text(pilot))
        await pilot.press("down")
        assert screen.chosen is not None
        assert screen.chosen.run_id == "r1"
        save(runs, "r3", told_run().events)
        for event in told_run().events[9:]:
            going.append(event)
        going.close()
        await until(pilot, lambda: "▶" not in screen_text(pilot))
        assert listed(screen) == ["r3", "r2", "r1"]
        assert screen.chosen.run_id == "r1", "it is not another run that would be deleted"


async def test_a_long_list_is_whole_at_once_and_stays_where_the_person_is(
    open_app: OpenApp, tmp_path: Path
) -> None:
    runs = tmp_path / "runs"
    for number in range(100, 400):
        save(runs, f"r{number}", told_run().events[:1])
    async with open_app(size=(140, 40)) as pilot:
        screen = await opened(pilot, tmp_path, Answers())
        await until(pilot, lambda: len(screen.listed) == 300)
        rows = screen.query_one(RunsList)
        await pilot.press("end")
        assert rows.highlighted is not None
        assert rows.highlighted.run_id == "r100", "the last is there as soon as the first"
        await pilot.press(*["pageup"] * 3, "up")
        stood, above = rows.highlighted.run_id, rows.lines_above_cursor()
        save(runs, "r900", told_run().events[:1])
        (runs / "r105" / "events.jsonl").unlink()
        await pilot.press("f5")
        await until(pilot, lambda: listed(screen)[0] == "r900")
        assert rows.highlighted.run_id == stood
        assert rows.lines_above_cursor() == above
        (runs / stood / "events.jsonl").unlink()
        await pilot.press("f5")
        await until(pilot, lambda: len(screen.listed) == 299)
        assert rows.highlighted.run_id == f"r{int(stood[1:]) - 1}", "the next comes to its line"
        assert rows.lines_above_cursor() == above
        await pilot.press("slash", *"nothing-like-it")
        await until(pilot, lambda: not screen.listed)
        assert screen.chosen is None
        await pilot.press("escape", "enter", "m", "end", "home", "down")
        assert screen.chosen is None


@pytest.mark.parametrize("size", [(80, 24), (140, 40)])
async def test_a_text_is_found_in_all_runs_and_leads_there_and_back(
    open_app: OpenApp, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: tuple[int, int]
) -> None:
    runs, answers = tmp_path / "runs", Answers()
    folded: set[str] = set()
    trajectory = RunLog.trajectory

    def counted(log: RunLog, **how: Any) -> Trajectory:
        folded.add(log.run_id)
        return trajectory(log, **how)

    monkeypatch.setattr(RunLog, "trajectory", counted)
    for name in ("r1", "r2", "r3"):
        thoughts = ("The brass key.", "b", "c") if name != "r2" else ("\x1b[2J[b]", "b", "c")
        save(runs, name, told_run(thoughts=thoughts).events)
    (runs / "r4").mkdir()
    (runs / "r4" / "events.jsonl").write_bytes(b"no event\n")
    async with open_app(size=size) as pilot:
        screen = await opened(pilot, tmp_path, answers)
        await pilot.press("ctrl+f", *"BRASS")
        await until(pilot, lambda: "2 hits in 2 runs of 4" in screen_text(pilot))
        folded.clear()
        await pilot.press(*" key")
        await until(pilot, lambda: {"r1", "r3", "r4"} <= folded)
        await until(pilot, lambda: "2 hits in 2 runs of 4" in screen_text(pilot))
        assert "r2" not in folded, "it certainly has no such text"
        await pilot.press(*[*["backspace"] * 9, *"answer to"])
        await until(pilot, lambda: "6 hits in 3 runs of 4" in screen_text(pilot))
        hits = pilot.app.screen
        await pilot.press("enter", "down", "down", "enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, ReplayScreen))
        await until(pilot, lambda: "Hit 2 of 2 for answer to" in screen_text(pilot))
        await shown(pilot, "answer to second question?")
        await pilot.press("comma")
        assert "Hit 1 of 2" in screen_text(pilot)
        await pilot.press("escape")
        await until(pilot, lambda: pilot.app.screen is hits)
        await pilot.press("ctrl+t", *["shift+tab"], "(")
        await until(pilot, lambda: "doesn't compile" in screen_text(pilot))
        await pilot.press("escape")
        assert pilot.app.screen is screen
        assert isinstance(hits, FindRunsScreen)


async def test_two_runs_are_compared(open_app: OpenApp, tmp_path: Path) -> None:
    save(tmp_path, "r1", told_run(thoughts=("Look.", "b", "c")).events)
    save(tmp_path, "r2", told_run(answer="no", thoughts=("Look.", "b", "c", "d")).events)
    async with open_app(size=(100, 30)) as pilot:
        pilot.app.explore.compare_saved(tmp_path / "r1", tmp_path / "r2")
        await settled(pilot)
        text = screen_text(pilot)
        assert "iterations: 3 same, 0 otherwise, 1 in one alone" in text
        assert "=   1   1  Look." in text
        assert "+   ·   4  d" in text
        await pilot.press("n", "n")
        await pilot.pause()
        assert "≠ answer" in screen_text(pilot)
        await pilot.press("n")
        assert "no further difference" in screen_text(pilot)
        await pilot.press("N", "enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, TextPreviewScreen))
        await until(pilot, lambda: "step_4()" in screen_text(pilot))
        await pilot.press("escape")
        await settled(pilot)
        row = next(at for at, line in enumerate(screen_lines(pilot)) if "- yes" in line)
        await pilot.click(offset=(6, row))
        await until(pilot, lambda: "== second: r2 ==" in screen_text(pilot))
        await pilot.press("escape", "f5")
        await until(pilot, lambda: "iterations: 3 same" in screen_text(pilot))
        await pilot.press("escape")
        await pilot.pause()
        assert pilot.app.screen is pilot.app.explore


async def test_a_log_of_another_program_is_imported_and_a_run_exported(
    open_app: OpenApp, tmp_path: Path
) -> None:
    log = Path(__file__).parents[1] / "importers_data" / "rlms-0.1.3.jsonl"
    async with open_app(size=(120, 36)) as pilot:
        screen = await opened(pilot, tmp_path, Answers())
        assert listed(screen) == []
        await pilot.press("I", *str(log), "enter")
        await until(pilot, lambda: len(listed(screen)) == 1)
        assert "from alexzhang13/rlm" in screen_text(pilot)
        await pilot.press("X", "enter", "ctrl+u", *f"{tmp_path}/out.md", "enter")
        await until(pilot, (tmp_path / "out.md").is_file)
        await pilot.press("I", *str(tmp_path / "out.md"), "enter")
        await until(pilot, lambda: "format" in screen_text(pilot) and "Written" not in screen_text(pilot))
        assert len(listed(screen)) == 1
