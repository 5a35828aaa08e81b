"""The wire between host and driver: typed frames <-> lines of JSON.

One frame is one line of UTF-8 JSON with a `type`. No line is longer than 1 MiB: a longer frame travels as
`part` lines whose texts joined are the frame's JSON. What either side sends is JSON that everyone reads: no
NaN, no lone surrogates. Anything else raises `FrameError`, which names the frame; it never crashes the host.
"""

from __future__ import annotations

import itertools
import json
import re
from typing import Any, Literal

import msgspec
from msgspec import UNSET, UnsetType

PROTOCOL = 1
MAX_LINE_BYTES = 1024 * 1024
MAX_FRAME_BYTES = 256 * 1024 * 1024
# A character of JSON text takes at most four bytes once it is a string inside another JSON text.
PART_CHARACTERS = 250_000

_LONE_SURROGATES = re.compile("[\ud800-\udfff]")
_part_ids = itertools.count(1)


class FrameError(Exception):
    """A frame that is broken, unknown, too long or not expressible in JSON; the text names the frame."""


class HostFrame(msgspec.Struct, frozen=True, tag_field="type", kw_only=True):
    """What the host sends. A field that is UNSET is left out of the line."""


class Hello(HostFrame, frozen=True, tag="hello", kw_only=True):
    """The first frame. `volume` is its path as the sandbox sees it; `limits` as in PROTOCOL.md."""

    protocol: int = PROTOCOL
    volume: str | None = None
    limits: dict[str, int | float | None] = {}


class Bind(HostFrame, frozen=True, tag="bind", kw_only=True):
    """Set a variable once: to a JSON `value`, to the text at `path`, to the dict of texts in `pack` (a zip),
    or to one of them, by its `key`.
    """

    name: str
    value: Any = UNSET
    path: str | UnsetType = UNSET
    pack: str | UnsetType = UNSET
    key: str | UnsetType = UNSET
    encoding: str | UnsetType = UNSET


class Execute(HostFrame, frozen=True, tag="execute", kw_only=True):
    """Run one cell. `timeout` in seconds, None for no limit."""

    id: int
    code: str
    tools: list[str] = []
    outputs: list[dict[str, Any]] = []
    timeout: float | None = None


class Reply(HostFrame, frozen=True, tag="reply", kw_only=True):
    """The answer of a tool call: a `value` or an `error` ({type, message})."""

    call: int | str
    value: Any = UNSET
    error: dict[str, str] | str | UnsetType = UNSET


class Interrupt(HostFrame, frozen=True, tag="interrupt", kw_only=True):
    id: int


class Clock(HostFrame, frozen=True, tag="clock", kw_only=True):
    """Stop the time limit of the cell `id`, or let it go on with what was left of it."""

    id: int
    running: bool


class Inspect(HostFrame, frozen=True, tag="inspect", kw_only=True):
    """List the namespace, or page through the text of one value from character `start`."""

    id: int
    name: str | UnsetType = UNSET
    start: int | UnsetType = UNSET
    length: int | UnsetType = UNSET


class Evaluate(HostFrame, frozen=True, tag="evaluate", kw_only=True):
    """Run code that is no part of the trajectory (the console)."""

    id: int
    code: str
    timeout: float | None = None


class Bye(HostFrame, frozen=True, tag="bye", kw_only=True):
    pass


class DriverFrame(msgspec.Struct, frozen=True, tag_field="type", kw_only=True):
    """What the driver sends. Fields that are not known are passed over."""


class Ready(DriverFrame, frozen=True, tag="ready", kw_only=True):
    """The answer to `hello`; `unset` names the limits that this platform refused."""

    protocol: int
    python: str = ""
    platform: str = ""
    pid: int = 0
    unset: list[str] = []


class Output(DriverFrame, frozen=True, tag="output", kw_only=True):
    id: int | None = None
    stream: Literal["stdout", "stderr"] = "stdout"
    text: str = ""


class Call(DriverFrame, frozen=True, tag="call", kw_only=True):
    call: int | str
    name: str
    args: list[Any] = []
    kwargs: dict[str, Any] = {}


class VariableItem(msgspec.Struct, frozen=True, kw_only=True):
    """One name of the namespace; from `text` on only where one value was paged through."""

    name: str
    type: str = ""
    size: int | None = None
    preview: str = ""
    text: str | None = None
    start: int = 0
    total: int | None = None
    whole: bool = True


class Variables(DriverFrame, frozen=True, tag="variables", kw_only=True):
    id: int | None = None
    items: list[VariableItem] = []


class CellError(msgspec.Struct, frozen=True, kw_only=True):
    """What ended a cell: the exception's class name, its message, the cell's own frames, the cell's line."""

    type: str = "Error"
    message: str = ""
    traceback: str = ""
    line: int | None = None


class Done(DriverFrame, frozen=True, tag="done", kw_only=True):
    id: int
    status: Literal["ok", "error", "submitted", "interrupted", "timeout"]
    value: Any = None
    submitted: dict[str, Any] | None = None
    error: CellError | None = None
    seconds: float = 0.0
    dropped: int = 0


class Fault(DriverFrame, frozen=True, tag="fault", kw_only=True):
    message: str


class Part(DriverFrame, frozen=True, tag="part", kw_only=True):
    id: int | str
    last: bool = False
    text: str = ""


AnyDriverFrame = Ready | Output | Call | Variables | Done | Fault
_decoder = msgspec.json.Decoder(Ready | Output | Call | Variables | Done | Fault | Part)


def encode(frame: HostFrame) -> bytes:
    """The frame as one line, or as several `part` lines when one would pass 1 MiB.

    Raises `FrameError` for a value that JSON can't hold.
    """
    fields: dict[str, Any] = {"type": type(frame).__struct_config__.tag}
    fields.update((key, value) for key, value in msgspec.structs.asdict(frame).items() if value is not UNSET)
    try:
        text = json.dumps(fields, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    except (TypeError, ValueError, RecursionError) as error:
        raise FrameError(f"The {fields['type']} frame can't be written as JSON: {error}.") from error
    data = _utf8(text)
    if len(data) < MAX_LINE_BYTES:
        return data + b"\n"
    if len(data) > MAX_FRAME_BYTES:
        raise FrameError(
            f"The {fields['type']} frame is {len(data):,} bytes; at most {MAX_FRAME_BYTES:,} can be sent."
        )
    return b"".join(_parts(data.decode("utf-8")))


class FrameReader:
    """Bytes as they come from the driver -> whole frames, in one pass over the bytes."""

    def __init__(self, max_line: int = MAX_LINE_BYTES, max_frame: int = MAX_FRAME_BYTES) -> None:
        self._max_line = max_line
        self._max_frame = max_frame
        self._line: list[bytes] = []
        self._line_bytes = 0
        self._parts: dict[int | str, list[str]] = {}
        self._parts_characters = 0

    def feed(self, data: bytes) -> list[AnyDriverFrame]:
        """The frames that `data` completes. Raises `FrameError`; the reader is of no use after that."""
        frames: list[AnyDriverFrame] = []
        *whole, rest = data.split(b"\n")
        for piece in whole:
            self._append(piece)
            line = b"".join(self._line)
            self._line.clear()
            self._line_bytes = 0
            if line.strip():
                frame = self._frame(line)
                if frame is not None:
                    frames.append(frame)
        self._append(rest)
        return frames

    @property
    def pending_bytes(self) -> int:
        """Bytes of a line that has not ended yet."""
        return self._line_bytes

    def _append(self, piece: bytes) -> None:
        self._line_bytes += len(piece)
        if self._line_bytes > self._max_line:
            start = b"".join([*self._line, piece[:200]])
            raise FrameError(
                f"The sandbox sent a line longer than {self._max_line:,} bytes: {_excerpt(start)}"
            )
        if piece:
            self._line.append(piece)

    def _frame(self, line: bytes) -> AnyDriverFrame | None:
        frame = _decode(line)
        if not isinstance(frame, Part):
            return frame
        self._parts_characters += len(frame.text)
        if self._parts_characters > self._max_frame:
            raise FrameError(f"The sandbox sent a frame longer than {self._max_frame:,} characters in parts.")
        texts = self._parts.setdefault(frame.id, [])
        texts.append(frame.text)
        if not frame.last:
            return None
        joined = "".join(self._parts.pop(frame.id))
        self._parts_characters -= len(joined)
        whole = _decode(_utf8(joined))
        if isinstance(whole, Part):
            raise FrameError("The sandbox sent a part frame inside a part frame.")
        return whole


def _decode(line: bytes) -> AnyDriverFrame | Part:
    try:
        frame: AnyDriverFrame | Part = _decoder.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, ValueError) as error:
        raise FrameError(
            f"The sandbox sent a frame that can't be read ({error}): {_excerpt(line)}"
        ) from error
    return frame


def _utf8(text: str) -> bytes:
    try:
        return text.encode("utf-8")
    except UnicodeEncodeError:
        # Surrogates that make a pair become their character, lone ones the replacement character.
        paired = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
        return _LONE_SURROGATES.sub("\ufffd", paired).encode("utf-8")


def _parts(text: str) -> list[bytes]:
    number = next(_part_ids)
    starts = range(0, len(text), PART_CHARACTERS)
    return [
        _utf8(
            json.dumps(
                {
                    "type": "part",
                    "id": number,
                    "last": start == starts[-1],
                    "text": text[start : start + PART_CHARACTERS],
                },
                ensure_ascii=False,
                separators=(",", ":"),
            )
        )
        + b"\n"
        for start in starts
    ]


def _excerpt(line: bytes) -> str:
    text = line[:120].decode("utf-8", "replace")
    return ascii(text) + (" …" if len(line) > 120 else "")
