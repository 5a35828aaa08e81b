"""Whatever is sent comes back whole, however the pipe cuts it; whatever is no frame raises `FrameError`."""

from __future__ import annotations

import itertools
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rlm_tui.sandbox import wire

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=200)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=12,
)
outputs = st.builds(
    wire.Output, id=st.integers(0, 2**31), stream=st.sampled_from(["stdout", "stderr"]), text=texts
)
calls = st.builds(wire.Call, call=st.integers(0, 2**31), name=texts, args=st.lists(values, max_size=3))
frames = st.lists(outputs | calls, max_size=6)


def line_of(frame: wire.DriverFrame) -> bytes:
    fields = {name: getattr(frame, name) for name in frame.__struct_fields__}
    kind = type(frame).__name__.lower()
    return json.dumps({"type": kind, **fields}, ensure_ascii=False).encode("utf-8") + b"\n"


@given(sent=frames, cuts=st.lists(st.integers(0, 10_000), max_size=20))
def test_frames_come_back_however_the_bytes_are_cut(sent: list[wire.DriverFrame], cuts: list[int]) -> None:
    data = b"".join(map(line_of, sent))
    edges = [0, *sorted(cut for cut in cuts if cut < len(data)), len(data)]
    reader = wire.FrameReader()
    received: list[Any] = []
    for start, end in itertools.pairwise(edges):
        received += reader.feed(data[start:end])
    assert received == sent
    assert reader.pending_bytes == 0


@given(value=values)
def test_a_host_frame_is_read_back_by_any_json_reader(value: Any) -> None:
    assert json.loads(wire.encode(wire.Bind(name="x", value=value)).decode("utf-8"))["value"] == value


@given(text=st.text(max_size=300))
def test_any_text_becomes_utf_8(text: str) -> None:
    line = wire.encode(wire.Bind(name="x", value=text)).decode("utf-8")
    assert len(json.loads(line)["value"]) <= len(text)


@settings(max_examples=20, deadline=None)
@given(unit=texts.filter(bool), sizes=st.lists(st.integers(1, 80), min_size=2, max_size=3))
def test_interleaved_parts_are_joined_by_their_id(unit: str, sizes: list[int]) -> None:
    wholes = [json.dumps({"type": "output", "id": n, "text": unit * size}) for n, size in enumerate(sizes)]
    pieces = [[whole[start : start + 50] for start in range(0, len(whole), 50)] for whole in wholes]
    lines = []
    for turn in range(max(map(len, pieces))):
        for number, texts_of_one in enumerate(pieces):
            if turn < len(texts_of_one):
                last = turn == len(texts_of_one) - 1
                part = {"type": "part", "id": number, "last": last, "text": texts_of_one[turn]}
                lines.append(json.dumps(part).encode() + b"\n")
    received = wire.FrameReader().feed(b"".join(lines))
    found = {frame.id: frame.text for frame in received if isinstance(frame, wire.Output)}
    assert found == {n: unit * size for n, size in enumerate(sizes)}


@given(garbage=st.binary(min_size=1, max_size=300))
def test_garbage_is_refused_or_waited_for_and_never_anything_else(garbage: bytes) -> None:
    reader = wire.FrameReader()
    try:
        received = reader.feed(garbage)
    except wire.FrameError:
        return
    # Nothing random is a frame: what was not refused are blank lines and a line that has not ended.
    assert received == []


def test_the_reader_is_told_of_by_name_what_it_does_not_know() -> None:
    with pytest.raises(wire.FrameError, match="teleport"):
        wire.FrameReader().feed(b'{"type":"teleport","to":"mars"}\n')
