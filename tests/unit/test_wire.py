"""Frames as lines: what is written, what is read, and what is refused by name."""

from __future__ import annotations

import json
import time

import pytest

from rlm_tui.sandbox import wire


def read(data: bytes) -> list[wire.AnyDriverFrame]:
    return wire.FrameReader().feed(data)


def test_a_frame_is_one_line_with_its_type_and_without_unset_fields() -> None:
    line = wire.encode(wire.Bind(name="docs", path="/documents/1-a.txt", encoding="latin-1"))
    assert line.endswith(b"\n")
    assert line.count(b"\n") == 1
    assert json.loads(line) == {
        "type": "bind",
        "name": "docs",
        "path": "/documents/1-a.txt",
        "encoding": "latin-1",
    }
    assert json.loads(wire.encode(wire.Bind(name="x", value=None)))["value"] is None
    assert json.loads(wire.encode(wire.Bye())) == {"type": "bye"}


def test_lone_surrogates_are_replaced_and_pairs_are_joined() -> None:
    line = wire.encode(wire.Bind(name="x", value="a\ud800b \ud83d\ude00"))
    assert json.loads(line.decode("utf-8"))["value"] == "a\ufffdb 😀"


@pytest.mark.parametrize("value", [float("nan"), {"a": float("inf")}, {1, 2}, object(), b"x"])
def test_what_json_cannot_hold_names_its_frame(value: object) -> None:
    with pytest.raises(wire.FrameError, match="bind frame"):
        wire.encode(wire.Bind(name="x", value=value))


def test_a_value_that_holds_itself_is_refused() -> None:
    loop: list[object] = []
    loop.append(loop)
    with pytest.raises(wire.FrameError, match="bind frame"):
        wire.encode(wire.Bind(name="x", value=loop))


def test_a_long_frame_travels_in_parts_of_at_most_a_mebibyte() -> None:
    text = '"\\\n\x01é漢😀' * 400_000
    data = wire.encode(wire.Bind(name="x", value=text))
    lines = data.splitlines()
    assert len(lines) > 1
    assert max(map(len, lines)) < wire.MAX_LINE_BYTES
    parts = [json.loads(line) for line in lines]
    assert {part["type"] for part in parts} == {"part"}
    assert [part["last"] for part in parts] == [False] * (len(parts) - 1) + [True]
    assert len({part["id"] for part in parts}) == 1
    assert json.loads("".join(part["text"] for part in parts))["value"] == text


def test_a_frame_beyond_the_limit_is_not_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire, "MAX_FRAME_BYTES", 2 * wire.MAX_LINE_BYTES)
    with pytest.raises(wire.FrameError, match="bind frame"):
        wire.encode(wire.Bind(name="x", value="y" * 3 * wire.MAX_LINE_BYTES))


def test_driver_frames_become_their_types() -> None:
    lines = [
        {"type": "ready", "protocol": 1, "python": "3.11.7", "platform": "linux", "pid": 2, "unset": []},
        {"type": "output", "id": 1, "stream": "stderr", "text": "x"},
        {"type": "call", "call": 3, "name": "llm_query", "args": ["p"], "kwargs": {"k": [1]}},
        {"type": "variables", "id": 1, "items": [{"name": "a", "type": "int", "size": None, "preview": "1"}]},
        {
            "type": "done",
            "id": 1,
            "status": "submitted",
            "submitted": {"n": 2**100},
            "seconds": 0,
            "dropped": 0,
        },
        {"type": "fault", "message": "broken"},
    ]
    frames = read("".join(json.dumps(line) + "\n" for line in lines).encode())
    assert [type(frame).__name__ for frame in frames] == [
        "Ready",
        "Output",
        "Call",
        "Variables",
        "Done",
        "Fault",
    ]
    done = frames[4]
    assert isinstance(done, wire.Done)
    assert done.submitted == {"n": 2**100}


@pytest.mark.parametrize(
    "line",
    [
        b"not json",
        b'{"type":"unheard"}',
        b'{"no":"type"}',
        b"[]",
        b'{"type":"done","id":1,"status":"fine"}',
        b'{"type":"call","call":1}',
        b'{"type":"output","id":1,"text":"\xff"}',
        b'{"type":"output","id":1,"text":"\\ud800"}',
        b'{"type":"output","id":1,"text":NaN}',
        b'{"type":"call","call":1,"name":"x","args":' + b"[" * 5000 + b"]" * 5000 + b"}",
    ],
)
def test_a_broken_frame_is_an_error_that_shows_it(line: bytes) -> None:
    with pytest.raises(wire.FrameError, match="can't be read") as caught:
        read(line + b"\n")
    assert line[:5].decode("ascii") in str(caught.value)


def test_an_excerpt_of_a_broken_frame_holds_no_escape_sequence() -> None:
    with pytest.raises(wire.FrameError) as caught:
        read(b"\x1b[31mred\x9b\n")
    assert str(caught.value).isprintable()


def test_a_line_without_end_is_refused_before_it_fills_the_memory() -> None:
    reader = wire.FrameReader(max_line=1000)
    assert reader.feed(b"x" * 900) == []
    with pytest.raises(wire.FrameError, match="longer than 1,000 bytes"):
        reader.feed(b"x" * 200)


def test_parts_without_end_are_refused() -> None:
    reader = wire.FrameReader(max_frame=1000)
    part = json.dumps({"type": "part", "id": 1, "last": False, "text": "x" * 400}).encode() + b"\n"
    with pytest.raises(wire.FrameError, match="in parts"):
        reader.feed(part * 3)


def test_a_part_inside_a_part_is_refused() -> None:
    inner = json.dumps({"type": "part", "id": 2, "last": True, "text": "{}"})
    outer = json.dumps({"type": "part", "id": 1, "last": True, "text": inner}).encode() + b"\n"
    with pytest.raises(wire.FrameError, match="inside a part"):
        read(outer)


def test_reading_byte_by_byte_takes_time_in_proportion() -> None:
    def once(size: int) -> float:
        data = json.dumps({"type": "output", "id": 1, "text": "x" * size}).encode() + b"\n"
        reader = wire.FrameReader()
        began = time.perf_counter()
        frames = [
            frame for start in range(0, len(data), 16) for frame in reader.feed(data[start : start + 16])
        ]
        assert len(frames) == 1
        return time.perf_counter() - began

    def seconds(size: int) -> float:
        return min(once(size) for _ in range(3))

    # Eight times the bytes; a reader that joins again for each chunk would take sixty-four times as long.
    assert seconds(800_000) < 25 * seconds(100_000)
