"""Rows: nothing is wider than the view, nothing is lost without a sign, and every line is found again."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rlm_tui.core.text import visible
from rlm_tui.ui.widgets.output_tail import OutputTail
from rlm_tui.ui.widgets.row import (
    NARROWEST_BODY,
    LineRow,
    TextRow,
    cut_line,
    line_text,
    line_width,
    progress_bar,
    wrap_line,
)
from rlm_tui.ui.widgets.row_blocks import Place, RowBlocks
from rlm_tui.ui.widgets.text_rows import CHUNK_CHARACTERS, ChunkRow, chunk_rows

texts = st.text(max_size=200).map(lambda text: visible(text).replace("\n", " "))
lines = st.lists(st.tuples(texts, st.sampled_from(["text", "dim"])), max_size=5).map(tuple)
widths = st.integers(10, 120)


@given(lines, widths)
def test_a_cut_line_fits_and_says_that_it_was_cut(line, width) -> None:
    cut = cut_line(line, width)
    assert line_width(cut) <= width
    if line_width(line) > width:
        assert line_text(cut).endswith("…")
    else:
        assert cut == line


@given(lines, widths, st.integers(0, 6))
def test_wrapping_anywhere_loses_nothing(line, width, hang) -> None:
    wrapped = wrap_line(line, width, hang=(("-" * hang, "dim"),), words=False)
    assert all(line_width(part) <= width for part in wrapped)
    hung = hang if hang <= width - NARROWEST_BODY else 0
    text = line_text(wrapped[0]) + "".join(line_text(part)[hung:] for part in wrapped[1:])
    assert text == line_text(line)


@given(lines, widths)
def test_wrapping_at_words_loses_blanks_only(line, width) -> None:
    wrapped = wrap_line(line, width)
    assert all(line_width(part) <= width for part in wrapped)
    assert "".join(line_text(part) for part in wrapped).replace(" ", "") == line_text(line).replace(" ", "")


@given(lines, widths)
def test_a_text_row_is_as_high_as_it_says(line, width) -> None:
    row = TextRow(line or (("", "text"),), (("│ ", "dim"),))
    assert len(row.layout(width)) == row.height(width)


@given(lines, st.lists(lines, max_size=4).map(tuple), widths)
def test_a_line_row_never_grows_beyond_its_width(left, right, width) -> None:
    (line,) = LineRow(left, right).layout(width)
    assert line_width(line) <= width


def test_a_line_row_drops_its_last_parts_first() -> None:
    row = LineRow((("x" * 20, "text"),), ((("plan 1 s", "dim"),), (("out 3 K", "dim"),)), least=20)
    assert line_text(row.layout(45)[0]).endswith("plan 1 s · out 3 K")
    assert line_text(row.layout(32)[0]).endswith("plan 1 s")
    assert line_text(row.layout(22)[0]).startswith("x" * 20)


@given(st.integers(1, 500), st.integers(0, 500), st.integers(0, 500), st.integers(0, 500), st.integers(1, 40))
def test_a_progress_bar_fills_its_cells(total, done, failed, in_flight, cells) -> None:
    done = min(done, total)
    failed = min(failed, done)
    in_flight = min(in_flight, total - done)
    bar = progress_bar(total, cells, done=done, failed=failed, in_flight=in_flight)
    assert line_width(bar) == cells
    if done == total:
        assert set(line_text(bar)) == {"█"}
    if in_flight and done < total / 2:
        assert "▓" in line_text(bar)


class Fixed:
    """A row of a height of its own."""

    def __init__(self, height: int) -> None:
        self._height = height
        self.target = None

    def sameness(self):
        return None

    def height(self, width: int) -> int:
        return self._height

    def layout(self, width: int):
        return [(("x", "text"),)] * self._height


steps = st.lists(
    st.tuples(
        st.sampled_from(["set", "append", "remove", "replace_last"]),
        st.integers(0, 6),
        st.lists(st.integers(1, 4), max_size=4),
    ),
    max_size=30,
)


@given(steps)
def test_blocks_find_every_line_after_any_change(changes) -> None:
    blocks = RowBlocks()
    blocks.lay_out(20)
    model: dict[str, list[int]] = {}
    for what, number, heights in changes:
        key = f"block {number}"
        rows = [Fixed(height) for height in heights]
        if what == "set":
            blocks.set(key, rows)
            model[key] = list(heights)
        elif what == "append":
            blocks.append(key, rows)
            model[key] = model.get(key, []) + heights
        elif what == "remove" and key in model:
            blocks.remove(key)
            del model[key]
        elif what == "replace_last" and model.get(key) and heights:
            blocks.replace_last(key, Fixed(heights[0]))
            model[key][-1] = heights[0]
        expected = [
            Place(key, row, line)
            for key, rows_of in model.items()
            for row, height in enumerate(rows_of)
            for line in range(height)
        ]
        assert blocks.height == len(expected)
        assert [blocks.locate(line) for line in range(blocks.height)] == expected
        assert blocks.locate(blocks.height) is None
        for place in expected:
            assert blocks.line_of(place) == expected.index(place._replace(line=0))


pieces = st.lists(st.tuples(st.sampled_from(["stdout", "stderr"]), st.text("ab\n", max_size=12)), max_size=12)


@given(pieces, st.integers(1, 5))
def test_the_tail_of_an_output_is_its_last_lines(printed, kept) -> None:
    """Against a slow model: lines end at a newline, or where the other stream prints."""
    model: list[list[str]] = []
    open_line = False
    for stream, text in printed:
        for character in text:
            if open_line and model[-1][0] != stream:
                open_line = False
                if character == "\n":  # it only ends the other stream's line
                    continue
            if not open_line:
                model.append([stream, ""])
                open_line = True
            if character == "\n":
                open_line = False
            else:
                model[-1][1] += character
    tail = OutputTail(kept, kept)
    for stream, text in printed:
        tail.feed(stream, text)
    tail.settle(reading=False)
    shown = list(tail.lines())
    assert shown == [(stream, text) for stream, text in model[-kept:]]
    assert tail.above == max(0, len(model) - kept)


def test_while_the_person_reads_no_line_moves_away() -> None:
    tail = OutputTail(shown=3, kept=6)
    tail.feed("stdout", "1\n2\n3\n4\n")
    tail.settle(reading=False)
    assert [text for _, text in tail.lines()] == ["2", "3", "4"]
    tail.feed("stdout", "5\n6\n")
    tail.settle(reading=True)
    assert [text for _, text in tail.lines()] == ["2", "3", "4", "5", "6"]
    tail.feed("stdout", "7\n8\n9\n")
    tail.settle(reading=True)
    assert [text for _, text in tail.lines()] == ["4", "5", "6", "7", "8", "9"]
    assert tail.above == 3


def test_a_line_of_megabytes_is_kept_short_with_a_sign() -> None:
    tail = OutputTail()
    for _ in range(100):
        tail.feed("stdout", "x" * 10_000)
    ((_, text),) = tail.lines()
    assert len(text) < 3_000
    assert text.endswith("(998,000 more characters)")


@given(st.lists(st.tuples(st.sampled_from(["a", "b"]), st.text("xy\n", max_size=50)), max_size=8))
def test_chunks_hold_the_whole_text(printed) -> None:
    chunks = list(chunk_rows(printed))
    assert "".join(chunk.text for chunk in chunks) == "".join(text for _, text in printed)


@pytest.mark.parametrize("text", ["word " * 50_000, "line\n" * 50_000, "x" * 200_000, "宽" * 60_000])
def test_chunks_are_small_and_as_high_as_they_say(text) -> None:
    chunks = list(chunk_rows([("text", text)]))
    assert "".join(chunk.text for chunk in chunks) == text
    assert all(len(chunk.text) <= CHUNK_CHARACTERS for chunk in chunks)
    for chunk in chunks[:3]:
        assert len(chunk.layout(80)) == chunk.height(80)
        assert max(line_width(line) for line in chunk.layout(80)) <= 80


def test_a_chunk_shows_control_characters_as_signs() -> None:
    row = ChunkRow("a\x1b[31mb\r\nc\n")
    assert [line_text(line) for line in row.layout(40)] == ["a␛[31mb", "c"]
