"""The console's logic: when code is whole, what was typed before, what Tab asks for."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rlm_tui.core.console_code import is_whole, next_indentation
from rlm_tui.core.console_history import LONGEST_ENTRY, MOST_ENTRIES, ConsoleHistory
from rlm_tui.core.redaction import Redactor
from rlm_tui.ui.console_completion import names, printed, shared_beginning, wanted


@pytest.mark.parametrize(
    ("code", "whole"),
    [
        ("x = 1", True),
        ("for line in lines:", False),
        ("for line in lines:\n    print(line)", False),
        ("for line in lines:\n    print(line)\n    ", True),
        ("for line in lines: print(line)", True),
        ("call(\n    1,", False),
        ("call(\n    1,\n)", True),
        ("text = '''one", False),
        ("def broken(:", True),
        ("x = = 1", True),
        ("'no end", True),
        ("null\x00byte", True),
        ("(" * 500, True),
    ],
)
def test_code_is_whole_when_more_lines_change_nothing(code: str, whole: bool) -> None:
    assert is_whole(code) is whole


@given(st.text(alphabet="abx=:()[]'\"\\ \t\n#,", max_size=60))
def test_what_python_takes_and_does_not_end_in_a_block_is_whole(code: str) -> None:
    whole = is_whole(code)
    try:
        compile(code, "console", "exec")
    except (SyntaxError, ValueError):
        return
    last = code.rstrip(" \t").rpartition("\n")[2]
    assert whole or last[:1] in (" ", "\t") or code.endswith("\\\n")


@pytest.mark.parametrize(
    ("line", "after"),
    [
        ("x = 1", ""),
        ("if x:", "    "),
        ("    while y:", "        "),
        ("    return 2", ""),
        ("    z = 3", "    "),
    ],
)
def test_the_next_line_is_indented_as_the_code_asks(line: str, after: str) -> None:
    assert next_indentation(line) == after


def test_the_history_is_there_the_next_time_private_and_without_secrets(tmp_path: Path) -> None:
    path = tmp_path / "state" / "history.jsonl"
    history = ConsoleHistory(Redactor(["hunter2-hunter2"]).text, path)
    for code in (
        "x = 1",
        "x = 1",
        "for n in x:\n    n",
        "key = 'hunter2-hunter2'",
        "  ",
        "y" * (LONGEST_ENTRY + 1),
    ):
        history.add(code)
    kept = ["x = 1", "for n in x:\n    n", "key = '[redacted]'"]
    assert history.entries == kept
    assert ConsoleHistory(str, path).entries == kept
    assert path.stat().st_mode & 0o077 == 0
    assert "hunter2" not in path.read_text()


def test_the_history_is_bounded(tmp_path: Path) -> None:
    path = tmp_path / "history.jsonl"
    path.write_text("".join(f"{json.dumps(str(n))}\n" for n in range(MOST_ENTRIES + 50)))
    history = ConsoleHistory(str, path)
    assert (len(history.entries), history.entries[0]) == (MOST_ENTRIES, "50")
    history.add("newest")
    assert (len(path.read_text().splitlines()), history.entries[-1]) == (MOST_ENTRIES, "newest")


def test_a_link_in_the_place_of_the_history_is_not_written_through(tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.write_text("mine")
    path = tmp_path / "history.jsonl"
    path.symlink_to(other)
    ConsoleHistory(str, path).add("x")
    assert other.read_text() == "mine"


@given(st.binary(max_size=300))
def test_a_damaged_history_gives_what_can_be_read(
    tmp_path_factory: pytest.TempPathFactory, damage: bytes
) -> None:
    path = tmp_path_factory.mktemp("history") / "history.jsonl"
    path.write_bytes(b'"first"\n' + damage.replace(b"\n", b"") + b'\n"last"\n')
    entries = ConsoleHistory(str, path).entries
    assert (entries[0], entries[-1]) == ("first", "last")


@pytest.mark.parametrize(
    ("line", "begun"),
    [
        ("print(wor", "wor"),
        ("words.spl", "spl"),
        ("a.b.", ""),
        ("counts['st", "st"),
        ('rows["', ""),
        ("x = ", None),
        ("1.", None),
        ("call().", None),
        ("'text'.", None),
        ("", None),
    ],
)
def test_tab_completes_what_has_begun_and_calls_nothing(line: str, begun: str | None) -> None:
    asked = wanted(line)
    assert (None if asked is None else asked.begun) == begun
    if asked is not None and asked.look_up:
        compile(asked.look_up, "console", "exec")


def test_variables_come_before_pythons_own_words() -> None:
    assert names("pri", ["prices", "prime", "other"]) == ["prices", "prime", "print"]
    assert printed('["split", "splitlines", 3, "bad\\u0007"]', "spl") == ["split", "splitlines"]
    assert printed("no list", "a") == printed('{"a": 1}', "a") == []


@given(st.lists(st.text(max_size=8), min_size=1, max_size=5))
def test_what_all_candidates_share(candidates: list[str]) -> None:
    shared = shared_beginning(candidates)
    assert all(one.startswith(shared) for one in candidates)
    longer = {one[: len(shared) + 1] for one in candidates}
    assert len(longer) > 1 or longer == {shared}
