"""Events as lines: any event goes to disk and comes back, and any line is an event or a clear error."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rlm_tui.core import events
from rlm_tui.core.event_codec import EventLineError, decode, decode_all, encode, encode_value
from rlm_tui.core.events import AnyEvent, UnknownEvent
from tests.unit.event_strategies import JSON_VALUES, any_event

ODD_TEXTS = st.text(max_size=20)  # lone surrogates and NUL too
ODD_VALUES = st.recursive(
    st.none()
    | st.floats()
    | ODD_TEXTS
    | st.binary(max_size=4)
    | st.integers(-(2**600), 2**600)
    | st.complex_numbers()
    | st.builds(object),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.tuples(inner, inner)
        | st.dictionaries(ODD_TEXTS | st.integers() | st.tuples(st.integers()), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(any_event())
def test_an_event_comes_back_as_it_was(event: AnyEvent) -> None:
    line = encode(event)
    assert b"\n" not in line
    assert decode(line) == event


@given(st.dictionaries(st.text(max_size=5), JSON_VALUES, max_size=4), st.integers(0, 99), st.floats(0, 100))
def test_an_event_of_a_newer_format_is_kept_whole(raw: dict[str, Any], seq: int, at: float) -> None:
    raw = raw | {"type": "hologram_projected", "seq": seq, "at": at}
    line = encode_value(raw)
    event = decode(line)
    assert isinstance(event, events.UnknownEvent)
    assert (event.seq, event.at, event.raw) == (seq, at, json.loads(line))
    assert json.loads(encode(event)) == json.loads(line)


@settings(deadline=None)
@given(ODD_VALUES, ODD_TEXTS, st.floats(), st.floats())
def test_whatever_json_cannot_hold_is_written_as_what_it_can(
    value: Any, text: str, number: float, cost: float
) -> None:
    told: list[AnyEvent] = [
        events.RunFinished(seq=1, at=number, status="failed", outputs={"value": value}),
        events.CallStarted(kind="tool", name=text, arguments={text: value}),
        events.CallFinished(seconds=number, usage=events.Usage(prompt_tokens=3, cost_usd=cost)),
        events.UnknownEvent(raw={"type": text, "value": value}),
    ]
    for event in told:
        line = encode(event)
        line.decode()
        json.loads(line, parse_constant=pytest.fail)
        assert type(decode(line)) in (type(event), events.UnknownEvent)
    finished = decode(encode(told[2]))
    assert isinstance(finished, events.CallFinished)
    assert finished.usage is not None
    assert finished.usage.prompt_tokens == 3


def test_a_value_that_holds_itself_ends() -> None:
    outputs: dict[str, Any] = {}
    outputs["again"] = outputs
    assert b"again" in encode(events.RunFinished(status="failed", outputs=outputs))


@given(st.binary(max_size=60) | JSON_VALUES.map(lambda value: json.dumps(value).encode()))
def test_any_line_is_an_event_or_an_error_that_names_the_line(line: bytes) -> None:
    failure = None
    try:
        decode(line, 7)
    except EventLineError as error:
        failure = error
    if failure is not None:
        assert str(failure).startswith("Line 7 is not an event of a run: ")
        assert failure.reason


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"", "truncated"),
        (b'{"type":"note","level":"in', "truncated"),
        (b"[1]", "it holds list, not an object"),
        (b'{"seq":1}', "missing required field `type`"),
        (b'{"type":"note","text":"x"}', "missing required field `level`"),
        (b'{"type":"note","level":"loud","text":"x"}', "invalid enum value 'loud'"),
        (b'{"type":"note","level":"info","text":"\xff"}', "not in UTF-8"),
        (b"[" * 100_000, "nests too deeply"),
    ],
)
def test_a_broken_line_says_what_is_wrong(line: bytes, reason: str) -> None:
    with pytest.raises(EventLineError, match=reason.replace("`", ".")):
        decode(line, 3)


def test_unknown_fields_are_left_out() -> None:
    line = b'{"type":"note","seq":4,"level":"info","text":"x","colour":"red"}'
    assert decode(line) == events.Note(seq=4, level="info", text="x")


def test_every_kind_of_event_has_a_type_of_its_own() -> None:
    tags = [kind.__struct_config__.tag for kind in events.Event.__subclasses__()]
    assert len(set(tags)) == len(tags)
    assert all(issubclass(kind, msgspec.Struct) for kind in events.Event.__subclasses__())


@given(
    st.lists(st.sampled_from([b"{damaged", b"", b"{}{}", b'{"a":', b"1}", b"[1", b"2]"]), max_size=3),
    st.data(),
)
def test_all_of_several_lines_are_those_one_by_one_or_none(damaged: list[bytes], data: st.DataObject) -> None:
    events = data.draw(st.lists(any_event(), max_size=4))
    lines = data.draw(st.permutations([*map(encode, events), *damaged]))
    found = decode_all(b"".join(line + b"\n" for line in lines))
    if found is not None and len(found) == len(lines):
        assert found == [decode(line) for line in lines]
    else:
        assert damaged or not lines or any(isinstance(event, UnknownEvent) for event in events)
