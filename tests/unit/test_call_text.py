"""The texts of calls: coloured as what they are with nothing lost, and found where they stand."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rlm_tui.core.text import visible
from rlm_tui.ui.widgets.found_text import mark_found
from rlm_tui.ui.widgets.row import TextRow, line_text
from rlm_tui.ui.widgets.text_highlight import form_of, highlighted

PIECE = st.sampled_from(
    (
        "# Head", "- point", "`code`", "**bold**", "```python", "```", "x = 1", "{", "}", '"a": 1', " ",
        "words", "\x1b[31m",
    )
)  # fmt: skip


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ('{"a": [1, 2]}', "json"),
        ("[not json]", "plain"),
        ("import re\nprint(re)", "python"),
        ("from here on we say = nothing", "plain"),
        ("# Title\n\nwords", "markdown"),
        ("words with `code` in them", "markdown"),
        ("just words", "plain"),
        ("{" * 5_000, "plain"),
        ("x = " + "(" * 5_000, "plain"),
        ("# " + "long " * 20_000, "plain"),
    ],
)
def test_a_text_is_coloured_as_what_it_is(text: str, form: str) -> None:
    assert form_of(text) == form
    assert list(highlighted(text))


JSON = st.recursive(st.none() | st.text(max_size=9) | st.integers(), lambda one: st.lists(one, max_size=3)
                    | st.dictionaries(st.text(max_size=4), one, max_size=3), max_leaves=9)  # fmt: skip


@given(JSON.filter(lambda value: isinstance(value, (dict, list))))
def test_json_of_one_line_is_laid_out_and_means_the_same(value: object) -> None:
    text = json.dumps(value)
    shown = "\n".join(line_text(line) for line in highlighted(text))
    assert json.loads(shown) == value
    assert len(shown.split("\n")) > 1 or not value


def test_a_name_that_is_there_twice_is_shown_twice_and_numbers_as_they_are_written() -> None:
    lines = [line_text(line) for line in highlighted('{"a": 1e2, "a": [], "b": {}}')]
    assert lines == ["{", '  "a": 1e2,', '  "a": [],', '  "b": {}', "}"]
    deep = "[" * 900 + "]" * 900
    assert "".join("".join(line_text(line) for line in highlighted(deep)).split()) == deep


@given(st.one_of(st.text(max_size=300), st.lists(PIECE, max_size=20).map("\n".join)))
def test_no_character_is_lost_or_acts(text: str) -> None:
    lines = [line_text(line) for line in highlighted(text)]
    shown = "\n".join(lines)
    assert "\x1b" not in shown
    match form_of(text):
        case "json":
            assert "".join(shown.split()) == "".join(visible(text).split())
        case "python":
            assert shown.rstrip("\n") == visible(text).rstrip("\n")
        case _:
            assert shown == visible(text)


@given(
    st.lists(st.tuples(st.text("abAB \n", max_size=6), st.sampled_from(("text", "code"))), max_size=6),
    st.text("abAB", min_size=1, max_size=3),
)
def test_what_is_found_is_marked_and_nothing_else_changes(spans: list[tuple[str, str]], words: str) -> None:
    row = TextRow(tuple(spans))
    [marked], places, count = mark_found([row], words)
    assert isinstance(marked, TextRow)
    text = line_text(row.body)
    assert line_text(marked.body) == text
    searched = text if words != words.lower() else text.lower()
    assert count == searched.count(words)
    assert places == ([0] if count else [])
    found = sum(len(piece) for piece, role in marked.body if role == "found")
    assert found == count * len(words)
