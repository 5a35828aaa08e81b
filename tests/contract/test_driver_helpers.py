"""The helpers in the namespace: what they find, how they cut, and that they raise where they fail."""

from __future__ import annotations

import importlib.util
import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.contract.driver_process import DRIVER, DriverProcess


def load_helpers(volume: Path | None = None) -> dict[str, Any]:
    """The helpers' functions, without a process: they are pure but for the volume."""
    specification = importlib.util.spec_from_file_location("driver_under_test", DRIVER)
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    helpers: dict[str, Any] = module.make_helpers(None if volume is None else str(volume))
    return helpers


HELPERS = load_helpers()
TEXTS = st.text(alphabet="ab #\n1€", max_size=80)


def test_all_of_them_are_there_documented_and_not_listed() -> None:
    names = ["peek", "grep", "add_buffer", "get_buffer", "clear_buffer", "save_to_volume", "load_from_volume"]
    names += ["chunk_by_size", "chunk_by_headers", "chunk_by_timestamps", "chunk_by_json_keys"]
    assert sorted(names) == sorted(HELPERS)
    with DriverProcess() as driver:
        finished = driver.run(f"all(f.__doc__ for f in [{', '.join(names)}])")
        assert finished.text() == "True\n"
        assert finished.variables == {}


def test_peek_and_grep() -> None:
    peek, grep = HELPERS["peek"], HELPERS["grep"]
    assert peek("abcdef", 2, 3) == "cde"
    assert len(peek("x" * 9000)) == 2000
    text = "One\ntwo one\n\nthree\nFOUR one one"
    assert grep(text, "one") == ["One", "two one", "FOUR one one"]
    assert grep(text, "three", context=1) == ["\nthree\nFOUR one one"]
    assert grep(text, "three", context=9) == [text]
    assert grep(text, "a.b") == []
    with pytest.raises(ValueError, match="empty"):
        grep(text, "")
    with pytest.raises(ValueError, match="context"):
        grep(text, "one", context=-1)


@given(TEXTS, st.sampled_from(["a", "B", "# ", "1€"]), st.integers(0, 3))
def test_grep_finds_what_a_plain_search_by_lines_finds(text: str, pattern: str, context: int) -> None:
    lines = text.split("\n")
    expected = [
        "\n".join(lines[max(0, n - context) : n + context + 1])
        for n, line in enumerate(lines)
        if pattern.lower() in line.lower()
    ]
    assert HELPERS["grep"](text, pattern, context=context) == expected


@given(TEXTS, st.integers(1, 30), st.integers(0, 29))
def test_chunks_by_size_cover_the_text_exactly(text: str, size: int, overlap: int) -> None:
    chunk = HELPERS["chunk_by_size"]
    if overlap >= size:
        with pytest.raises(ValueError, match="overlap"):
            chunk(text, size, overlap)
        return
    pieces = chunk(text, size, overlap)
    assert all(0 < len(piece) <= size for piece in pieces)
    assert "".join(piece if n == 0 else piece[overlap:] for n, piece in enumerate(pieces)) == text
    assert all(len(piece) == size for piece in pieces[:-1])


@given(TEXTS)
def test_sections_by_header_tile_the_text(text: str) -> None:
    sections = HELPERS["chunk_by_headers"](text)
    starts = [section["start"] for section in sections]
    assert starts == sorted(set(starts))
    if not text:
        assert sections == []
        return
    ends = [*starts[1:], len(text)]
    assert starts[0] == 0
    for section, end in zip(sections, ends, strict=True):
        whole = text[section["start"] : end]
        if section["header"]:
            assert re.match("#{1,3} ", section["header"])
            assert whole in (section["header"] + "\n" + section["content"], section["header"])
        else:
            assert whole == section["content"]
    assert len([line for line in text.split("\n") if re.match("#{1,3} ", line)]) == len(
        [section for section in sections if section["header"]]
    )


def test_entries_of_logs_by_their_times() -> None:
    entries = HELPERS["chunk_by_timestamps"](
        "preamble\n2026-01-02 10:00:00 start\n  more of it\n[2026-01-02T10:00:05] next\n"
        "10:00:07 third\nJan  2 10:00:09 x"
    )
    assert [(entry["timestamp"], entry["content"]) for entry in entries] == [
        ("", "preamble\n"),
        ("2026-01-02 10:00:00", "2026-01-02 10:00:00 start\n  more of it\n"),
        ("2026-01-02T10:00:05", "[2026-01-02T10:00:05] next\n"),
        ("10:00:07", "10:00:07 third\n"),
        ("Jan  2 10:00:09", "Jan  2 10:00:09 x"),
    ]


@given(TEXTS)
def test_entries_tile_the_text(text: str) -> None:
    entries = HELPERS["chunk_by_timestamps"](text, r"^1")
    assert "".join(entry["content"] for entry in entries) == text
    assert all(text[entry["start"] :].startswith(entry["content"]) for entry in entries)


def test_members_of_a_json_object() -> None:
    chunk = HELPERS["chunk_by_json_keys"]
    members = chunk('{"a": [1, {"ü": 2}], "b": "text"}')
    assert [(member["key"], member["type"], json.loads(member["content"])) for member in members] == [
        ("a", "list", [1, {"ü": 2}]),
        ("b", "str", "text"),
    ]
    with pytest.raises(ValueError, match="JSON object"):
        chunk("[1]")
    with pytest.raises(ValueError, match="Expecting"):
        chunk("{")


def test_buffers_last_between_cells() -> None:
    with DriverProcess() as driver:
        driver.run("add_buffer('found', 1)\nadd_buffer('found', 'two')\nadd_buffer('other', 3)")
        assert driver.run("get_buffer('found'), get_buffer('none')").text() == "([1, 'two'], [])\n"
        driver.run("clear_buffer('found')")
        assert driver.run("get_buffer('found'), get_buffer('other')").text() == "([], [3])\n"
        assert driver.run("clear_buffer()\nget_buffer('other')").text() == "[]\n"


def test_the_volume_takes_and_gives_text(tmp_path: Path) -> None:
    with DriverProcess(volume=tmp_path) as driver:
        finished = driver.run("save_to_volume('notes/a.txt', 'é\\r\\nend')")
        assert finished.text() == f"{str(tmp_path / 'notes' / 'a.txt')!r}\n"
        assert (tmp_path / "notes" / "a.txt").read_bytes() == "é\r\nend".encode()
        assert driver.run("load_from_volume('notes/a.txt')").text() == "'é\\r\\nend'\n"
        assert driver.run(f"load_from_volume({str(tmp_path / 'notes/a.txt')!r})").status == "ok"
        assert driver.run("save_to_volume('b.bin', b'\\x00\\xff')").status == "ok"
        assert driver.run("load_from_volume('absent.txt')").error["type"] == "FileNotFoundError"
        assert driver.run("save_to_volume('c.txt', 5)").error["type"] == "TypeError"


@pytest.mark.parametrize(
    "path", ["../out.txt", "a/../../out.txt", "/etc/out.txt", "link/out.txt", "file_link", "", ".", "a\0b"]
)
def test_no_path_leaves_the_volume(tmp_path: Path, path: str) -> None:
    outside = tmp_path / "outside"
    volume = tmp_path / "volume"
    outside.mkdir()
    volume.mkdir()
    (outside / "secret.txt").write_text("secret")
    (volume / "link").symlink_to(outside)
    (volume / "file_link").symlink_to(outside / "secret.txt")
    helpers = load_helpers(volume)
    with pytest.raises(ValueError, match="volume"):
        helpers["save_to_volume"](path, "text")
    with pytest.raises(ValueError, match="volume"):
        helpers["load_from_volume"](path)
    assert (outside / "secret.txt").read_text() == "secret"
    assert [entry.name for entry in outside.iterdir()] == ["secret.txt"]


def test_a_link_inside_the_volume_and_a_volume_that_is_a_link_are_fine(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "volume").symlink_to(tmp_path / "real")
    (tmp_path / "real" / "inner").mkdir()
    (tmp_path / "real" / "link").symlink_to(tmp_path / "real" / "inner")
    helpers = load_helpers(tmp_path / "volume")
    helpers["save_to_volume"]("link/a.txt", "x")
    assert (tmp_path / "real" / "inner" / "a.txt").read_text() == "x"
    path = helpers["save_to_volume"](tmp_path / "volume" / "b.txt", "y")
    assert path == str(tmp_path / "volume" / "b.txt")


def test_without_a_volume_it_is_said() -> None:
    with pytest.raises(RuntimeError, match="No volume"):
        HELPERS["save_to_volume"]("a.txt", "x")


def test_a_long_search_can_be_interrupted() -> None:
    with DriverProcess() as driver:
        driver.run("text = 'ab' * 30_000_000")
        assert driver.run("while True: grep(text, 'abc')", timeout=0.3).status == "timeout"
