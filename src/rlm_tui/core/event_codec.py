"""Events as lines of `events.jsonl` and back.

`encode` takes any event: what JSON or UTF-8 can't hold (lone surrogates, NaN, objects) becomes what they can.
`decode` takes any line of this format or a newer one: an unknown type is an `UnknownEvent`, unknown fields
are left out.
"""

from __future__ import annotations

import math
from typing import Any, get_args

import msgspec

from rlm_tui.core.blobs import storable
from rlm_tui.core.events import AnyEvent, UnknownEvent

DEEPEST = 64
_KNOWN = frozenset(str(kind.__struct_config__.tag) for kind in get_args(AnyEvent))
_FREE = {"submitted", "arguments", "outputs", "raw"}
"""Fields that hold any JSON; in all others a number that is none is left out, for they have a default."""


class EventLineError(ValueError):
    """A line that is no event. `number` counts from 1; None where the line stands alone."""

    def __init__(self, reason: str, number: int | None = None) -> None:
        self.reason = reason
        self.number = number
        place = "The line" if number is None else f"Line {number}"
        super().__init__(f"{place} is not an event of a run: {reason}.")


def encode(event: AnyEvent) -> bytes:
    """`event` as one line of JSON in UTF-8, without its line end. Never raises."""
    if isinstance(event, UnknownEvent) and _is_foreign(event.raw):
        return _encoder.encode(_clean(event.raw))
    try:
        line = _encoder.encode(event)
    except (TypeError, ValueError, OverflowError, RecursionError):
        return _encoder.encode(_cleaned(event))
    # msgspec writes NaN as null, which a reader of a number would refuse.
    return line if b"null" not in line else _encoder.encode(_cleaned(event))


def encode_value(value: Any) -> bytes:
    """Any value as JSON, by the same rules. Never raises."""
    return _encoder.encode(_clean(value))


def decode(line: bytes | str, number: int | None = None) -> AnyEvent:
    """The event on `line`. Raises EventLineError, which names the line by `number`."""
    try:
        return _decoder.decode(line)
    except msgspec.ValidationError as error:
        reason = _words(error)
    except (ValueError, RecursionError) as error:
        raise EventLineError(_words(error), number) from None
    try:
        raw = msgspec.json.decode(line)
    except (ValueError, RecursionError) as error:
        raise EventLineError(_words(error), number) from None
    if not isinstance(raw, dict):
        raise EventLineError(f"it holds {type(raw).__name__}, not an object", number)
    if not _is_foreign(raw):
        raise EventLineError(reason, number)
    return UnknownEvent(
        seq=_of_type(raw.get("seq"), int, -1),
        at=_of_type(raw.get("at"), float, 0.0),
        span=_of_type(raw.get("span"), str, ""),
        parent=_of_type(raw.get("parent"), str, ""),
        raw=raw,
    )


def decode_all(lines: bytes) -> list[AnyEvent] | None:
    """The events on all of `lines`, in less time than one by one; None if one of them has to be looked at.

    They are read as one array. msgspec's `decode_lines` would take two events on a line, or one over several.
    """
    try:
        return _several.decode(b"[" + lines.removesuffix(b"\n").replace(b"\n", b",") + b"]")
    except (ValueError, RecursionError):
        return None


def _is_foreign(raw: dict[str, Any]) -> bool:
    return isinstance(raw.get("type"), str) and raw["type"] not in _KNOWN


def _words(error: Exception) -> str:
    match error:
        case UnicodeDecodeError():
            return "it is not in UTF-8"
        case RecursionError():
            return "it nests too deeply"
        case _:
            text = str(error).rstrip(".")
            return text if text.startswith("JSON") else text[:1].lower() + text[1:]


def _of_type(value: Any, kind: type, otherwise: Any) -> Any:
    if kind is float and type(value) is int:
        return float(value)
    return value if type(value) is kind else otherwise


def _cleaned(event: AnyEvent) -> dict[str, Any]:
    return {"type": event.__struct_config__.tag, **_typed(event)}


def _typed(value: Any) -> Any:
    """A value whose type is known: structs become objects, and what is None or no number is left out."""
    match value:
        case msgspec.Struct():
            return {
                name: _clean(field) if name in _FREE else _typed(field)
                for name in value.__struct_fields__
                if (field := getattr(value, name)) is not None and not _no_number(field)
            }
        case dict():
            return {_text(_word(key)): _typed(item) for key, item in value.items()}
        case list():
            return [_typed(item) for item in value]
        case _:
            return _clean(value)


def _no_number(value: Any) -> bool:
    return isinstance(value, float) and not math.isfinite(value)


def _clean(value: Any, depth: int = 0) -> Any:
    """Anything, as JSON."""
    if depth > DEEPEST:
        return "…"
    match value:
        case None | bool():
            return value
        case int():
            return value if value.bit_length() <= 512 else _text(hex(value))
        case float():
            return value if math.isfinite(value) else str(value)
        case str():
            return _text(value)
        case dict():
            return {_text(_word(key)): _clean(item, depth + 1) for key, item in value.items()}
        case list() | tuple() | set() | frozenset():
            return [_clean(item, depth + 1) for item in value]
        case _:
            return _text(_word(value))


def _word(value: Any) -> str:
    try:
        return value if isinstance(value, str) else repr(value)
    except Exception:
        return f"<{type(value).__name__}>"


def _text(text: str) -> str:
    return storable(text).decode()


_encoder = msgspec.json.Encoder()
_decoder: msgspec.json.Decoder[AnyEvent] = msgspec.json.Decoder(AnyEvent)
_several: msgspec.json.Decoder[list[AnyEvent]] = msgspec.json.Decoder(list[AnyEvent])
