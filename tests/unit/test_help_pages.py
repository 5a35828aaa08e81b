"""What the help's pages name exists: every command, key, setting, task and helper between backquotes."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from driver.driver import make_helpers
from textual.binding import Binding

from rlm_tui.core.builtin_tasks import builtin_tasks
from rlm_tui.core.settings_fields import fields, variables
from rlm_tui.core.signature_text import parse_signature
from rlm_tui.ui.app import RlmTui
from rlm_tui.ui.help_pages import KEYS, PAGES, TO_READ, in_a_sentence, page_text
from rlm_tui.ui.screens.explore import ExploreScreen
from tests.unit import typed_commands

ROOT = Path(__file__).parents[2]
SPAN = re.compile(r"`([^`]+)`")
KEY = re.compile(r"F[0-9]+|\^[A-Z]|Esc|Space|.")
NAMED_KEYS = {"Esc": "escape", "Space": "space"}
IN_CELLS = {"llm_query", "llm_query_batched", "SUBMIT", "dspy.RLM"}
PLACES = {"/data", ".env"}
VALUES = {"modal"}


def spans() -> list[tuple[str, str]]:
    """Everything between backquotes, with its page; one that is wrapped is one line again."""
    return [
        (page.name, " ".join(span.split())) for page in TO_READ for span in SPAN.findall(page_text(page.name))
    ]


def keys() -> set[str]:
    """The keys of the app and of Explore, by Textual's names."""
    bindings: list[Any] = [*RlmTui.BINDINGS, *ExploreScreen.BINDINGS]
    return {key for binding in bindings if isinstance(binding, Binding) for key in binding.key.split(",")}


def textual_name(key: str) -> str:
    return NAMED_KEYS.get(key, f"ctrl+{key[1].lower()}" if key.startswith("^") else key.lower())


def exists(span: str) -> bool:
    """Whether what is named is there. A command that can't be typed raises."""
    if span.startswith("rlm-tui "):
        typed_commands.parse(span.removeprefix("rlm-tui "))
        return True
    if span.startswith("--"):
        return span in typed_commands.options()
    if "->" in span:
        return bool(parse_signature(span).outputs)
    if KEY.fullmatch(span):
        return textual_name(span) in keys()
    if re.fullmatch(r"[A-Z]+(_[A-Z]+)+", span):
        return any(span in variables(field) for field in fields())
    if span.startswith("notebooks/"):
        return not (ROOT / "notebooks").is_dir() or (ROOT / span).is_file()
    known = {task.name for task in builtin_tasks()} | set(make_helpers("/data")) | IN_CELLS | PLACES | VALUES
    return span in known


@pytest.mark.parametrize(("page", "span"), spans())
def test_what_a_page_names_exists(page: str, span: str) -> None:
    # compare-direct wants a task; that the command is there is what the page says.
    assert exists("rlm-tui compare-direct basic" if span == "rlm-tui compare-direct" else span), page


def test_the_check_would_notice() -> None:
    for wrong in ("F12", "^Z", "--no-such-option", "DSPY_NO_SUCH", "no-such-task"):
        assert not exists(wrong)
    with pytest.raises(Exception, match="No such command"):
        exists("rlm-tui no-such-command")


def test_every_page_is_there_and_every_file_is_a_page() -> None:
    folder = ROOT / "src" / "rlm_tui" / "ui" / "pages"
    assert {path.stem for path in folder.iterdir()} == {page.name for page in TO_READ}
    assert PAGES[0].name == KEYS
    assert all(len(page_text(page.name).splitlines()) <= 50 for page in TO_READ)


def test_links_lead_somewhere_public() -> None:
    links = [link for page in TO_READ for link in re.findall(r"\]\(([^)]+)\)", page_text(page.name))]
    assert any("2512.24601" in link for link in links)
    assert all(link.startswith("https://") for link in links)


def test_titles_in_a_sentence() -> None:
    assert [in_a_sentence(page.title) for page in PAGES] == [
        "keys", "what an RLM is", "best practices", "RLM or one prompt?", "next steps",
        "the debugger",
    ]  # fmt: skip
