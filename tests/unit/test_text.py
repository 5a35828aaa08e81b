"""Untrusted text is made visible; numbers are made readable."""

from __future__ import annotations

import time
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import get_character_cell_size

from rlm_tui.core.text import (
    human_age,
    human_cost,
    human_count,
    human_seconds,
    human_size,
    one_line,
    truncate,
    visible,
    width_of,
)

ANY_TEXT = st.text(alphabet=st.characters(exclude_categories=()))


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("\x1b[31mred\x1b[0m", "␛[31mred␛[0m"),
        ("nul\x00bell\x07del\x7f", "nul␀bell␇del␡"),
        ("two\r\nlines", "two\nlines"),
        ("back\rover", "back␍over"),
        ("c1\x9b31m", "c1⟨9b⟩31m"),
        ("user\u202etxt.exe", "user⟨202e⟩txt.exe"),
        ("lone \ud800", "lone ⟨d800⟩"),
        ("line\u2028break", "line⟨2028⟩break"),
        ("hidden\U000e0041tag", "hidden⟨e0041⟩tag"),
        ("a\tb", "a   b"),
        ("naïve 日本 👩‍💻", "naïve 日本 👩‍💻"),
    ],
)
def test_control_characters_become_signs(text: str, seen: str) -> None:
    assert visible(text) == seen


@given(ANY_TEXT)
def test_nothing_that_a_terminal_acts_on_is_left(text: str) -> None:
    shown = visible(text)
    assert not {c for c in shown if unicodedata.category(c) in ("Cc", "Cs") and c != "\n"}
    assert not set(shown) & set(
        "\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u2028\u2029"
    )
    shown.encode()


@given(ANY_TEXT)
def test_visible_text_is_not_changed_again(text: str) -> None:
    assert visible(visible(text)) == visible(text)


@given(ANY_TEXT, st.integers(min_value=0, max_value=30))
def test_one_line_fits_and_holds_no_line_end(text: str, width: int) -> None:
    line = one_line(text, width)
    assert width_of(line) <= width
    assert len(line.splitlines()) <= 1


@pytest.mark.parametrize(
    ("text", "width", "line"),
    [
        ("  a\n\n b\tc ", 20, "a b c"),
        ("abcdefghij", 10, "abcdefghij"),
        ("abcdefghijk", 10, "abcdefghi…"),
        ("日本語日本語", 7, "日本語…"),
        ("\x1b[2J", 10, "␛[2J"),
        ("anything", 0, ""),
    ],
)
def test_one_line(text: str, width: int, line: str) -> None:
    assert one_line(text, width) == line


def test_one_line_says_that_there_is_more_after_long_blanks() -> None:
    assert one_line("start" + " " * 10_000 + "end", 20).endswith("…")


def test_one_line_of_a_huge_text_is_quick() -> None:
    huge = "word " * 10_000_000
    began = time.perf_counter()
    assert one_line(huge, 40).endswith("…")
    assert time.perf_counter() - began < 5


def test_truncate_says_how_much_was_cut() -> None:
    assert truncate("abc", 3) == "abc"
    assert truncate("a" * 2_003, 3) == "aaa… (2,000 more characters)"


@pytest.mark.parametrize(
    ("size", "words"),
    [
        (0, "0 B"),
        (812, "812 B"),
        (999, "999 B"),
        (1_000, "1 KB"),
        (1_240, "1.2 KB"),
        (9_960, "10 KB"),
        (97_412, "97 KB"),
        (999_600, "1 MB"),
        (1_048_529_000, "1 GB"),
        (5 * 10**15, "5000 TB"),
    ],
)
def test_sizes(size: int, words: str) -> None:
    assert human_size(size) == words


@pytest.mark.parametrize(
    ("number", "words"), [(0, "0"), (812, "812"), (9_800, "9.8 K"), (97_412, "97 K"), (1_200_000, "1.2 M")]
)
def test_counts(number: int, words: str) -> None:
    assert human_count(number) == words


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0 s"),
        (0.004, "4 ms"),
        (0.21, "0.21 s"),
        (3.1, "3.1 s"),
        (59.99, "1 min 00 s"),
        (125, "2 min 05 s"),
        (3_725, "1 h 02 min"),
        (-0.2, "0 s"),
        (-1, "? s"),
    ],
)
def test_durations(seconds: float, words: str) -> None:
    assert human_seconds(seconds) == words


@pytest.mark.parametrize(
    ("usd", "words"),
    [
        (None, "$?"),
        (0, "$0"),
        (0.00001, "<$0.001"),
        (0.004, "$0.004"),
        (0.12, "$0.120"),
        (1234.5, "$1,234.50"),
    ],
)
def test_costs(usd: float | None, words: str) -> None:
    assert human_cost(usd) == words


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (1, "now"),
        (12, "12 s"),
        (120, "2 min"),
        (3 * 3600, "3 h"),
        (86_400, "1 day"),
        (5 * 86_400, "5 days"),
        (800 * 86_400, "2 years"),
    ],
)
def test_ages(seconds: float, words: str) -> None:
    assert human_age(seconds) == words


def test_no_character_is_wider_on_screen_than_it_is_counted() -> None:
    characters = (chr(code) for code in range(0x20, 0x20000) if not 0xD800 <= code < 0xE000)
    shown = (character for character in characters if visible(character) == character)
    assert not [hex(ord(c)) for c in shown if get_character_cell_size(c) > width_of(c)]
