"""The documents pane: the tree, the filter, a path typed in, what can't be used, and looking inside."""

from __future__ import annotations

import asyncio
import os
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Input, Static

from rlm_tui.core.content import knowledge_path
from rlm_tui.core.opened_documents import GatheringStopped
from rlm_tui.ui import run_control
from rlm_tui.ui.screens.text_preview import TextPreviewScreen
from rlm_tui.ui.widgets import document_picker
from rlm_tui.ui.widgets.document_picker import DocumentPicker
from rlm_tui.ui.widgets.file_tree import FileTree
from rlm_tui.ui.widgets.path_suggester import complete_path
from rlm_tui.ui.widgets.problem_line import ProblemLine
from rlm_tui.ui.widgets.text_pages import PAGE_BYTES
from tests.pilot.conftest import OpenApp, Sessions, screen_lines, screen_text, settled, until
from tests.unit.foreign_documents import write_pdf


def picker_of(pilot: Pilot[Any]) -> DocumentPicker:
    return pilot.app.screen.query_one(DocumentPicker)


def names(pilot: Pilot[Any]) -> list[str]:
    return [node.name for node in picker_of(pilot).query_one(FileTree).rows]


async def typed(pilot: Pilot[Any], text: str) -> None:
    """Type into the documents' field, as after `/`."""
    await pilot.press("slash")
    field = pilot.app.screen.query_one("#document-filter", Input)
    assert pilot.app.focused is field
    field.value = text
    await settled(pilot)


async def test_built_in_content_and_the_working_folder_are_listed(open_app: OpenApp, workplace: Path) -> None:
    async with open_app() as pilot:
        assert "rlm_content" in names(pilot)
        assert "dspy-doc.txt" in names(pilot), "listed whether it is built or not"
        assert str(workplace) in names(pilot)
        assert "notes.txt" not in names(pilot), "a folder is listed when it is opened"


async def test_a_folder_opens_and_a_file_is_chosen_by_keys(open_app: OpenApp, workplace: Path) -> None:
    async with open_app(task="architecture") as pilot:
        await pilot.press("1", "end", "right")
        await settled(pilot)
        assert names(pilot)[-3:] == ["deep", "empty.txt", "notes.txt"]
        await pilot.press("right", "right")
        await settled(pilot)
        await pilot.press("down", "enter")
        await settled(pilot)
        assert picker_of(pilot).path == workplace / "deep" / "report.md"
        assert "report.md  22 B" in screen_text(pilot)


async def test_sizes_are_right_aligned(open_app: OpenApp) -> None:
    async with open_app() as pilot:
        await pilot.press("1", "end", "right")
        await settled(pilot)
        lines = [line.split("│")[1] for line in screen_lines(pilot) if "○ " in line and " B " in line]
        assert len(lines) >= 2
        assert len({line.rstrip().rindex("B") for line in lines}) == 1


async def test_the_filter_finds_files_below_every_root(open_app: OpenApp) -> None:
    async with open_app() as pilot:
        await typed(pilot, "report")
        assert [name.rpartition("/")[2] for name in names(pilot)] == ["report.md"]
        await typed(pilot, "dspy doc")
        assert any(name.endswith("dspy-doc.txt") for name in names(pilot))
        await typed(pilot, "no such thing")
        assert "'no such thing'" in screen_text(pilot)
        assert names(pilot) == []
        await typed(pilot, "")
        assert "rlm_content" in names(pilot)


async def test_a_path_that_is_typed_in_is_chosen(open_app: OpenApp, workplace: Path) -> None:
    async with open_app() as pilot:
        await typed(pilot, str(workplace / "deep" / "report.md"))
        await pilot.press("enter")
        await settled(pilot)
        assert picker_of(pilot).path == workplace / "deep" / "report.md"


async def test_a_folder_that_is_typed_in_is_listed(open_app: OpenApp, workplace: Path) -> None:
    async with open_app() as pilot:
        await typed(pilot, str(workplace / "deep"))
        await pilot.press("enter")
        await settled(pilot)
        assert names(pilot)[-2:] == [str(workplace / "deep"), "report.md"]


def test_a_path_is_completed(workplace: Path) -> None:
    assert complete_path(f"{workplace}/no") == f"{workplace}/notes.txt"
    assert complete_path(f"{workplace}/de") == f"{workplace}/deep/"
    assert complete_path(f"{workplace}/zzz") is None
    assert complete_path(f"{workplace}/missing/x") is None
    assert complete_path("./no") == "./notes.txt"


async def test_a_completion_is_taken_with_the_right_arrow(open_app: OpenApp, workplace: Path) -> None:
    async with open_app() as pilot:
        await typed(pilot, f"{workplace}/not")
        field = pilot.app.screen.query_one("#document-filter", Input)
        field.cursor_position = len(field.value)
        await until(pilot, lambda: field._suggestion == f"{workplace}/notes.txt", "the completion")
        await pilot.press("right")
        assert field.value == f"{workplace}/notes.txt"


async def test_what_cannot_be_used_is_one_sentence_in_place(open_app: OpenApp, workplace: Path) -> None:
    (workplace / "picture.txt").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 8)
    os.mkfifo(workplace / "pipe.txt")
    async with open_app() as pilot:
        before = picker_of(pilot).path
        for name in ("missing.txt", "empty.txt", "picture.txt", "pipe.txt"):
            await typed(pilot, str(workplace / name))
            await pilot.press("enter")
            await settled(pilot)
            said = picker_of(pilot).query_one(ProblemLine)
            assert said.display, name
            assert said.words.count("\n") == 0, name
            assert name in said.words
            assert picker_of(pilot).path == before
        await typed(pilot, str(workplace / "notes.txt"))
        assert not picker_of(pilot).query_one(ProblemLine).display


async def test_names_are_content(open_app: OpenApp, workplace: Path) -> None:
    (workplace / "[bold]\x1b[31mred\u202e.txt").write_text("words", encoding="utf-8")
    async with open_app() as pilot:
        await pilot.press("1", "end", "right", "z")
        await settled(pilot)
        text = screen_text(pilot)
        assert "\x1b" not in text
        assert "[bold]␛[31mred⟨202e⟩.txt" in text


async def test_a_document_of_any_size_is_looked_at_page_by_page(open_app: OpenApp, workplace: Path) -> None:
    big = workplace / "big.txt"
    with big.open("wb") as file:
        file.write(b"the very first line\n")
        for _ in range(60):
            file.write(b"another line of the text\n" * 40_000)
        file.write(b"the very last line\n")
    count = -(-big.stat().st_size // PAGE_BYTES)
    async with open_app() as pilot:
        pilot.app.explore.picker.post_message(DocumentPicker.LookedAt(big))
        await settled(pilot)
        assert isinstance(pilot.app.screen, TextPreviewScreen)
        assert "the very first line" in screen_text(pilot)
        assert f"page 1 of {count:,}" in screen_text(pilot)
        await pilot.press("end")
        await settled(pilot)
        assert f"page {count:,} of {count:,}" in screen_text(pilot)
        assert "the very last line" in screen_text(pilot)
        await pilot.press("escape")
        await pilot.pause()
        assert pilot.app.screen is pilot.app.explore


async def test_the_knowledge_document_is_named_before_it_is_built(open_app: OpenApp) -> None:
    async with open_app(document=None, task="architecture") as pilot:
        assert picker_of(pilot).path == knowledge_path()
        assert "dspy-doc.txt" in screen_text(pilot)


def test_a_home_of_nobody_is_no_crash() -> None:
    assert complete_path("~nobody-of-that-name/") is None


async def on_file(pilot: Pilot[Any], path: Path) -> None:
    """Put the cursor on a file of an open folder."""
    tree = picker_of(pilot).files
    tree.focus()
    tree.move_to_key(str(path))
    await pilot.pause()
    assert tree.node is not None
    assert tree.node.key == str(path)


def facts(pilot: Pilot[Any]) -> str:
    return str(pilot.app.screen.query_one("#document-facts", Static).render())


async def test_files_and_folders_are_added_and_taken_out(open_app: OpenApp, workplace: Path) -> None:
    async with open_app(task="architecture", document=None) as pilot:
        await pilot.press("1", "end", "right")
        await settled(pilot)
        await on_file(pilot, workplace / "notes.txt")
        await pilot.press("a")
        await settled(pilot)
        assert picker_of(pilot).path == workplace / "notes.txt", "the task's own document gives way"
        await on_file(pilot, workplace / "deep")
        await pilot.press("a")
        await settled(pilot)
        assert picker_of(pilot).paths == (workplace / "notes.txt", workplace / "deep")
        assert "work (2 documents)" in screen_text(pilot)
        assert facts(pilot).startswith("2 documents · ")
        await on_file(pilot, workplace / "notes.txt")
        await pilot.press("a")
        await settled(pilot)
        assert picker_of(pilot).paths == (workplace / "deep",)
        assert "architecture on deep (1 document)" in screen_text(pilot)


async def test_a_pattern_that_is_typed_in_is_a_set(open_app: OpenApp, workplace: Path) -> None:
    async with open_app() as pilot:
        await typed(pilot, f"{workplace}/**/*.md")
        await pilot.press("enter")
        await settled(pilot)
        assert "(1 document)" in picker_of(pilot).chosen_name
        await typed(pilot, f"{workplace}/*.rst")
        await pilot.press("enter")
        await settled(pilot)
        assert "There is no text file in" in str(pilot.app.screen.query_one(ProblemLine).render())


async def test_what_a_document_amounts_to_is_said(open_app: OpenApp, workplace: Path) -> None:
    (workplace / "long.txt").write_text("three little words\n" * 1000)
    async with open_app(document=str(workplace / "long.txt")) as pilot:
        assert facts(pilot) == "19 KB · ≈ 4.8 K tokens · 1 K lines · 3 K words"
        picker_of(pilot).set_price(1e-6)
        await settled(pilot)
        assert facts(pilot).endswith("all in one prompt ≈ $0.005")


async def test_a_favourite_stays_and_what_was_run_is_recent(open_app: OpenApp, workplace: Path) -> None:
    async with open_app(task="architecture", document=None) as pilot:
        await pilot.press("1", "end", "right")
        await settled(pilot)
        await on_file(pilot, workplace / "notes.txt")
        await pilot.press("f", "enter")
        await settled(pilot)
        assert names(pilot)[:2] == ["★ favourites", str(workplace / "notes.txt")]
        await pilot.press("ctrl+r")
        await settled(pilot)
        assert "recent" in names(pilot)
    async with open_app(task="architecture", document=None) as pilot:
        await settled(pilot)
        assert names(pilot)[:2] == ["★ favourites", str(workplace / "notes.txt")]
        tree = picker_of(pilot).files
        tree.focus()
        tree.move_to_key("recent")
        await pilot.press("right")
        await settled(pilot)
        await pilot.press("down", "enter")
        await settled(pilot)
        assert picker_of(pilot).path == workplace / "notes.txt"
        await on_file(pilot, workplace / "notes.txt")
        await pilot.press("f")
        await settled(pilot)
        assert "★ favourites" not in names(pilot)


async def test_a_click_on_the_footer_adds_what_is_under_the_cursor(
    open_app: OpenApp, workplace: Path
) -> None:
    async with open_app(task="architecture", document=None) as pilot:
        await pilot.press("1", "end", "right")
        await settled(pilot)
        await on_file(pilot, workplace / "notes.txt")
        line = screen_lines(pilot)[-1]
        await pilot.click(offset=(line.index("add"), 44))
        await settled(pilot)
        assert picker_of(pilot).path == workplace / "notes.txt"


async def test_a_pdf_is_listed_and_chosen_as_its_text(open_app: OpenApp, workplace: Path) -> None:
    write_pdf(workplace / "report.pdf", "Quarterly numbers")
    async with open_app(document=str(workplace / "report.pdf")) as pilot:
        await until(pilot, lambda: picker_of(pilot).document is not None, "the document")
        assert picker_of(pilot).chosen_name == "report.pdf"
        assert "words" in facts(pilot)


async def test_a_folder_with_too_many_files_is_one_sentence_in_place(
    open_app: OpenApp, workplace: Path
) -> None:
    many = workplace / "many"
    many.mkdir()
    for number in range(10_010):
        (many / f"{number}.txt").touch()
    (many / "0.txt").write_text("text")
    async with open_app(document=None) as pilot:
        picker_of(pilot).choose(many)
        await settled(pilot)
        assert picker_of(pilot).chosen_name == "many (1 document)", "empty files are no documents"
        for number in range(10_010):
            (many / f"{number}.txt").write_text("x")
        picker_of(pilot).choose(many)
        await settled(pilot)
        assert "more than 10,000 documents" in str(pilot.app.screen.query_one(ProblemLine).render())
        assert picker_of(pilot).chosen_name == "many (1 document)", "what was chosen stays"


class SlowDocuments:
    """Holds back what is looked at until it is let go, by the file's name."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *names: str) -> None:
        self._held = {name: threading.Event() for name in names}
        self._looked_at: set[str] = set()
        really = document_picker.open_documents

        def slowly(paths: Sequence[Path], **options: Any) -> Any:
            for path in paths:
                if path.name in self._held:
                    self._looked_at.add(path.name)
                    assert self._held[path.name].wait(60)
            return really(paths, **options)

        monkeypatch.setattr(document_picker, "open_documents", slowly)

    async def looked_at(self, pilot: Pilot[Any], name: str) -> None:
        """Wait until somebody wants to look at it."""
        await until(pilot, lambda: name in self._looked_at, f"a look at {name}")

    def let_go(self, name: str) -> None:
        self._held[name].set()


async def test_what_is_looked_at_late_does_not_replace_a_later_choice(
    open_app: OpenApp, workplace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (workplace / "slow.txt").write_text("slow")
    (workplace / "quick.txt").write_text("quick")
    slow = SlowDocuments(monkeypatch, "slow.txt")
    async with open_app(document=None) as pilot:
        picker = picker_of(pilot)
        picker.choose(workplace / "slow.txt")
        await slow.looked_at(pilot, "slow.txt")
        picker.choose(workplace / "quick.txt")
        await until(pilot, lambda: picker.path == workplace / "quick.txt")
        slow.let_go("slow.txt")
        await settled(pilot)
        assert picker.path == workplace / "quick.txt"


async def test_marks_and_runs_take_what_was_wanted_last(
    open_app: OpenApp, workplace: Path, monkeypatch: pytest.MonkeyPatch, sessions: Sessions
) -> None:
    (workplace / "slow.txt").write_text("slow")
    slow = SlowDocuments(monkeypatch, "slow.txt")
    async with open_app(document=None, task="architecture") as pilot:
        await pilot.press("1", "end", "right")
        await until(pilot, lambda: "slow.txt" in names(pilot))
        await on_file(pilot, workplace / "slow.txt")
        await pilot.press("a")
        await slow.looked_at(pilot, "slow.txt")
        await on_file(pilot, workplace / "notes.txt")
        await pilot.press("a")
        slow.let_go("slow.txt")
        await settled(pilot)
        assert picker_of(pilot).paths == (workplace / "slow.txt", workplace / "notes.txt")
        slow = SlowDocuments(monkeypatch, "slow.txt")
        await on_file(pilot, workplace / "slow.txt")
        await pilot.press("enter", "ctrl+r")
        await slow.looked_at(pilot, "slow.txt")
        slow.let_go("slow.txt")
        await settled(pilot)
        assert sessions.requests[-1].documents["docs"].path == workplace / "slow.txt"


async def test_esc_while_documents_are_looked_at_for_a_run_gives_it_up(
    open_app: OpenApp, workplace: Path, monkeypatch: pytest.MonkeyPatch, sessions: Sessions
) -> None:
    asked = threading.Event()

    def waiting(paths: Sequence[Path], *, stop: Callable[[], bool], **options: Any) -> Any:
        asked.set()
        while not stop():
            time.sleep(0.01)
        raise GatheringStopped

    async with open_app() as pilot:
        monkeypatch.setattr(run_control, "open_documents", waiting)
        await pilot.press("ctrl+r")
        assert await asyncio.to_thread(asked.wait, 30)
        await pilot.press("escape")
        await settled(pilot)
        assert sessions.requests == []
        assert "Nothing was run: the" in screen_text(pilot)
