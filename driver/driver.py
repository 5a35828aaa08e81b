"""The process inside every sandbox: runs cells of Python and speaks the wire protocol (PROTOCOL.md).

One file, standard library only, Python 3.9 and later. The main thread runs the person's cells (so a SIGINT
lands in them), the reader thread owns the protocol's input, two small ones send printed text and watch the
clock. What the person's code can get hold of is put back after each cell.
"""

from __future__ import annotations

import ast
import atexit
import builtins
import codecs
import contextlib
import enum
import fcntl
import io
import itertools
import json
import keyword
import linecache
import operator
import os
import platform
import queue
import re
import resource
import select
import signal
import sys
import threading
import time
import traceback
import types
import weakref
from collections.abc import Callable, Iterator
from typing import Any, NoReturn, TypeVar

# The driver's own functions keep working when a cell deletes or replaces a builtin.
globals()["__builtins__"] = dict(vars(builtins))

Frame = dict[str, Any]
Helper = Callable[..., Any]
Function = TypeVar("Function", bound=Helper)
Id = Any  # a number or a text of the host's choice

PROTOCOL = 1
MAX_LINE_BYTES = 1 << 20  # of one line, its newline included
PART_CHARACTERS = 200_000  # a character of JSON text takes at most four bytes inside another JSON text
MAX_FRAME_CHARACTERS = 256 << 20  # of a frame that came in parts
OUTPUT_BYTES = 8 << 20  # of printed text kept per cell, unless hello.limits says otherwise
OUTPUT_PIECE = 65_536  # characters of one output frame
COALESCE_SECONDS = 0.02
BY_FILE_BYTES = 1 << 20  # longer strings in a nested call's arguments go by file
SIGNAL_EVERY = 0.1  # seconds between two tries to stop a cell
SIGNAL_FOR = 2.0  # seconds after which nothing more is tried
HEADROOM_BYTES = 64 << 20  # of address space kept for the driver itself when a cell has used up its own
PREVIEW_CHARACTERS = 200
SHOWN_CHARACTERS = 200_000  # of a last expression's value, as printed
VALUE_CHARACTERS = 10_000  # of the same in done.value
INSPECT_CHARACTERS = 1_000_000  # of a value's text representation (a str is paged whole)
MESSAGE_CHARACTERS = 10_000
TRACEBACK_CHARACTERS = 20_000
VARIABLES = 1_000  # listed at most
SAME_TYPE_CHECKED = 2_000  # items looked at to say "list of str"
NO_DETAILS = {"type": "Error", "message": "", "traceback": "", "line": None}
ALLOWED_TYPES = (None, "str", "int", "float", "bool", "list", "dict", "NoneType")


# ---------------------------------------------------------------- JSON that everyone reads


class BrokenFrame(Exception):
    """A frame that can't be understood; the text names it."""


def clean(text: str) -> str:
    """Text without surrogates: a pair becomes its character, a lone one the replacement character."""
    try:
        text.encode("utf-8")
        return text
    except UnicodeEncodeError:
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def to_json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def plain(value: Any, where: str, depth: int = 0) -> Any:
    """A copy of `value` in JSON's own types; TypeError or ValueError say which part can't be."""
    if value is None or isinstance(value, (bool, str, int)):
        return value
    if isinstance(value, float):
        if value != value or value in (float("inf"), float("-inf")):
            raise ValueError("%s is %r, which JSON has no number for" % (where, value))
        return value
    if depth > 100:
        raise ValueError("%s is nested more than 100 levels deep" % where)
    if isinstance(value, dict):
        for key in value:
            if not isinstance(key, str):
                raise TypeError("%s has the key %s; keys must be str" % (where, preview(key, 60)))
        return {key: plain(item, "%s[%r]" % (where, key[:60]), depth + 1) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item, "%s[%d]" % (where, n), depth + 1) for n, item in enumerate(value)]
    if isinstance(value, (set, frozenset)):
        return [plain(item, where + " (a set)", depth + 1) for item in value]
    if type(value).__module__ == "numpy" and hasattr(value, "tolist"):
        return plain(value.tolist(), where, depth + 1)
    raise TypeError(
        "%s is of type %s; only str, int, float, bool, None, list and dict can be handed over"
        % (where, class_name(type(value)))
    )


def no_constant(name: str) -> NoReturn:
    raise ValueError("%s is not JSON" % name)


def parse_frame(line: bytes | str) -> Frame:
    """One line (or joined parts) as a frame; raises BrokenFrame."""
    try:
        frame = json.loads(line, parse_constant=no_constant)
    except (ValueError, RecursionError) as error:
        raise BrokenFrame("A frame can't be read (%s): %s" % (error, ascii(line[:120]))) from None
    if not isinstance(frame, dict) or not isinstance(frame.get("type"), str):
        raise BrokenFrame("A frame must be an object with a `type`: %s" % ascii(line[:120]))
    return frame


def wanted(frame: Frame, name: str, kinds: tuple[type, ...], *default: Any) -> Any:
    """A field of a frame, checked; raises BrokenFrame naming the frame and the field."""
    if name not in frame or (default and frame[name] is None):
        if default:
            return default[0]
        raise BrokenFrame("The %s frame lacks `%s`." % (frame["type"], name))
    value = frame[name]
    if not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds):
        kind = " or ".join(kind.__name__ for kind in kinds)
        found = type(value).__name__
        raise BrokenFrame("The %s frame's `%s` must be %s, not %s." % (frame["type"], name, kind, found))
    return value


def check_name(name: Any, where: str) -> None:
    """Raises BrokenFrame unless `name` can be a global that the driver doesn't need itself."""
    reserved = name in ("SUBMIT", "__builtins__", "__name__")
    if not isinstance(name, str) or not name.isidentifier() or keyword.iskeyword(name) or reserved:
        raise BrokenFrame("%s: %r can't be the name of a variable." % (where, name))


# ---------------------------------------------------------------- values as text


class _Full(Exception):
    """The budget of a Describer is used up."""


def class_name(cls: type) -> str:
    return str(type.__getattribute__(cls, "__name__"))


def module_root(cls: type) -> str:
    module = type.__getattribute__(cls, "__module__")
    return module.partition(".")[0] if isinstance(module, str) else ""


# Their reprs are bounded or short; no other class's __repr__ is called for a preview.
TRUSTED_MODULES = frozenset(
    "datetime decimal fractions pathlib uuid re ipaddress zoneinfo numpy pandas polars".split()
)
OPEN_AND_CLOSE: dict[Any, tuple[str, str]] = {
    list: ("[", "]"),
    tuple: ("(", ")"),
    set: ("{", "}"),
    frozenset: ("{", "}"),
    dict: ("{", "}"),
}
MAX_DEPTH = 50


class Describer:
    """Writes a value as text within a budget of characters, touching no more of it than is shown.

    `foreign` says whether other classes' __repr__ may be called (only in a cell, where it can be stopped);
    `wide` breaks containers over lines as pprint does. Without `foreign` it runs no code of the person's.
    """

    def __init__(self, budget: int, foreign: bool = False, wide: bool = False) -> None:
        self.left = budget
        self.foreign = foreign
        self.wide = wide
        self.parts: list[str] = []
        self.path: list[int] = []

    def describe(self, value: Any) -> tuple[str, bool]:
        """The text, and whether it is whole."""
        whole = True
        try:
            self.value(value, 0)
        except _Full:
            whole = False
        except RuntimeError:  # changed by another thread, or nested too deeply
            self.parts.append("…")
            whole = False
        return "".join(self.parts), whole

    def put(self, text: str) -> None:
        if len(text) > self.left:
            self.parts.append(text[: self.left])
            self.left = 0
            raise _Full
        self.parts.append(text)
        self.left -= len(text)

    def value(self, value: Any, indent: int) -> None:
        cls = type(value)
        if value is None or cls in (bool, float, complex):
            self.put(repr(value))
        elif issubclass(cls, int):
            self.integer(value, cls)
        elif self.foreign and cls not in OPEN_AND_CLOSE and cls not in (str, bytes, bytearray):
            self.put(guarded_repr(value))
        elif issubclass(cls, str):
            self.put(repr(str.__getitem__(value, slice(0, self.left + 1))))
        elif issubclass(cls, (bytes, bytearray)):
            base: Any = bytes if issubclass(cls, bytes) else bytearray
            self.put(repr(base.__getitem__(value, slice(0, self.left + 1))))
        else:
            for base in OPEN_AND_CLOSE:
                if issubclass(cls, base):
                    self.container(value, cls, base, indent)
                    return
            self.other(value, cls, indent)

    def integer(self, value: int, cls: type) -> None:
        bits = int.bit_length(value)
        self.put(int.__repr__(value) if bits <= 8_000 else "<%s of %d bits>" % (class_name(cls), bits))

    def container(self, value: Any, cls: type, base: Any, indent: int) -> None:
        if id(value) in self.path or len(self.path) >= MAX_DEPTH:
            self.put("%s...%s" % OPEN_AND_CLOSE[base])
            return
        if self.wide and not self.inline(value, indent):
            self.items(value, cls, base, indent + 1, "\n" + " " * (indent + 1))
        elif not self.wide:
            self.items(value, cls, base, indent, " ")

    def inline(self, value: Any, indent: int) -> bool:
        """Puts the value on this line if it is short enough, and says whether it did."""
        narrow = Describer(max(20, 100 - indent))
        narrow.path = list(self.path)
        text, whole = narrow.describe(value)
        if whole:
            self.put(text)
        return whole

    def items(self, value: Any, cls: type, base: Any, indent: int, space: str) -> None:
        opening, closing = OPEN_AND_CLOSE[base]
        size = base.__len__(value)
        if cls is not base or base is frozenset:
            opening, closing = class_name(cls) + "(" + opening, closing + ")"
        if size == 0:
            empty = class_name(cls) + "()" if base in (set, frozenset) else opening + closing
            self.put(empty)
            return
        self.path.append(id(value))
        self.put(opening)
        first = True
        for item in dict.items(value) if base is dict else base.__iter__(value):
            if not first:
                self.put("," + space)
            first = False
            if base is dict:
                self.value(item[0], indent)
                self.put(": ")
                item = item[1]
            self.value(item, indent)
        self.put((",)" if cls is tuple and size == 1 else closing))
        self.path.pop()

    def other(self, value: Any, cls: type, indent: int) -> None:
        """Anything that is no builtin value: its class and its attributes, read without calling its code."""
        root = module_root(cls)
        if cls in (range, slice, type(Ellipsis), type(NotImplemented)) or root in TRUSTED_MODULES:
            self.put(guarded_repr(value))
        elif issubclass(cls, enum.Enum):
            self.put("%s.%s" % (class_name(cls), object.__getattribute__(value, "__dict__").get("_name_")))
        elif issubclass(cls, type):
            self.put("<class %r>" % class_name(value))
        elif issubclass(cls, types.FunctionType):
            self.put(function_line(value))
        elif issubclass(cls, BaseException):
            self.put(class_name(cls))
            self.value(BaseException.__getattribute__(value, "args"), indent)
        else:
            self.attributes(value, cls, indent)

    def attributes(self, value: Any, cls: type, indent: int) -> None:
        try:
            attributes = object.__getattribute__(value, "__dict__")
        except Exception:
            attributes = None
        if type(attributes) is not dict or id(value) in self.path or len(self.path) >= MAX_DEPTH:
            self.put("<%s>" % class_name(cls))
            return
        self.path.append(id(value))
        self.put(class_name(cls) + "(")
        first = True
        for name, item in attributes.items():
            if type(name) is not str:
                continue
            self.put("%s%s=" % ("" if first else ", ", name))
            first = False
            self.value(item, indent)
        self.put(")")
        self.path.pop()


def guarded_repr(value: Any) -> str:
    try:
        return repr(value)
    except Exception as error:
        return "<%s; its repr raised %s>" % (class_name(type(value)), class_name(type(error)))


def preview(value: Any, characters: int = PREVIEW_CHARACTERS) -> str:
    """The value's beginning on one line; costs the same whatever its size."""
    text, whole = Describer(characters + 1).describe(value)
    if "\n" in text or "\r" in text:
        text = " ".join(text.split())
    return text if whole and len(text) <= characters else text[: characters - 1] + "…"


def shown(value: Any) -> str:
    """What a notebook would print for a last expression: its repr, cut at a bound."""
    text, whole = Describer(SHOWN_CHARACTERS, foreign=True).describe(value)
    return text if whole else "%s… (cut at %d characters)" % (text, SHOWN_CHARACTERS)


def function_line(function: types.FunctionType) -> str:
    code = function.__code__
    arguments = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
    return "def %s(%s)" % (code.co_name, ", ".join(arguments))


def type_line(value: Any) -> str:
    """The value's type in a few words: "str", "list of dict", "dict of str" (of its values)."""
    cls = type(value)
    name = class_name(cls)
    if cls in OPEN_AND_CLOSE and 0 < len(value) <= SAME_TYPE_CHECKED:
        with contextlib.suppress(RuntimeError):
            kinds = set(map(type, value.values() if cls is dict else value))
            if len(kinds) == 1:
                return "%s of %s" % (name, class_name(kinds.pop()))
    return name


def size_of(value: Any) -> int | None:
    """Its length where that is known without running the person's code, else None."""
    cls = type(value)
    for base in (str, bytes, bytearray, list, tuple, dict, set, frozenset, range):
        if issubclass(cls, base):
            return base.__len__(value)
    if module_root(cls) in ("numpy", "pandas", "polars", "collections", "array"):
        with contextlib.suppress(Exception):
            return len(value)
    return None


# ---------------------------------------------------------------- helpers the planner finds in its namespace


def peek(text: str, start: int = 0, length: int = 2000) -> str:
    """The part of `text` from character `start`, `length` characters long."""
    return text[start : start + length]


def grep(text: str, pattern: str, *, context: int = 0) -> list[str]:
    """The lines of `text` with `pattern` in them (plain text, any case), each with `context` lines around."""
    if not pattern:
        raise ValueError("grep wants some text to look for; the pattern is empty")
    if context < 0:
        raise ValueError("grep's context must be 0 or more, not %r" % (context,))
    found = []
    after = 0
    for match in re.finditer(re.escape(pattern), text, re.IGNORECASE):
        if match.start() < after:
            continue
        start = text.rfind("\n", 0, match.start()) + 1
        end = text.find("\n", max(match.end() - 1, match.start()))
        end = len(text) if end < 0 else end
        after = end
        for _ in range(context):
            start = text.rfind("\n", 0, start - 1) + 1 if start else 0
            line_end = text.find("\n", end + 1)
            end = end if end >= len(text) else (len(text) if line_end < 0 else line_end)
        found.append(text[start:end])
    return found


def chunk_by_size(text: str, size: int = 4000, overlap: int = 200) -> list[str]:
    """`text` in pieces of `size` characters, each begun with the last `overlap` of the one before."""
    if size < 1 or not 0 <= overlap < size:
        raise ValueError("overlap must be 0 or more and less than size; got %r and %r" % (overlap, size))
    pieces = []
    for start in range(0, len(text), size - overlap):
        pieces.append(text[start : start + size])
        if start + size >= len(text):
            break
    return pieces


def _sections(text: str, pattern: str, name: str) -> list[dict[str, Any]]:
    """`text` cut before each line in which `pattern` matches; what precedes the first has an empty name."""
    starts: list[int] = []
    for match in re.finditer(pattern, text, re.MULTILINE):
        start = text.rfind("\n", 0, match.start()) + 1
        if not starts or start > starts[-1]:
            starts.append(start)
    sections = []
    if text and (not starts or starts[0] > 0):
        sections.append({name: "", "content": text[: starts[0] if starts else len(text)], "start": 0})
    for start, end in itertools.zip_longest(starts, starts[1:], fillvalue=len(text)):
        line_end = text.find("\n", start, end)
        line_end = end if line_end < 0 else line_end
        sections.append({name: text[start:line_end], "content": text[line_end + 1 : end], "start": start})
    return sections


def chunk_by_headers(text: str, pattern: str = r"^#{1,3} ") -> list[dict[str, Any]]:
    """Sections from each line that matches `pattern`: [{"header", "content", "start"}]."""
    return _sections(text, pattern, "header")


TIMESTAMP = (
    r"^\W{0,3}(?:\d{4}-\d\d-\d\d(?:[T ,]+\d\d:\d\d(?::\d\d)?)?|\d\d/[A-Z][a-z]{2}/\d{4}|\d\d:\d\d:\d\d|"
    r"[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d)"
)


def chunk_by_timestamps(text: str, pattern: str = TIMESTAMP) -> list[dict[str, Any]]:
    """Entries of a log, each from a line that begins with a time: [{"timestamp", "content", "start"}].

    `content` is the whole entry, its first line included.
    """
    entries = []
    for section in _sections(text, pattern, "line"):
        match = re.match(pattern, section["line"])
        line = section["line"] + "\n" if section["line"] else ""
        end = section["start"] + len(line) + len(section["content"])
        entries.append(
            {
                "timestamp": match.group().strip(" \t[(<") if match else "",
                "content": text[section["start"] : end],
                "start": section["start"],
            }
        )
    return entries


def chunk_by_json_keys(text: str) -> list[dict[str, str]]:
    """The members of a JSON object: [{"key", "content", "type"}]; `content` is indented JSON."""
    value = json.loads(text)
    if not isinstance(value, dict):
        raise ValueError("chunk_by_json_keys wants a JSON object; this is a %s" % type(value).__name__)
    return [
        {"key": key, "content": json.dumps(item, ensure_ascii=False, indent=2), "type": type(item).__name__}
        for key, item in value.items()
    ]


def make_buffers() -> tuple[Helper, ...]:
    """The three buffer helpers over one store."""
    buffers: dict[str, list[Any]] = {}

    def add_buffer(name: str, value: Any) -> None:
        """Adds `value` to the end of the buffer `name`; buffers last as long as the session."""
        buffers.setdefault(name, []).append(value)

    def get_buffer(name: str) -> list[Any]:
        """What was added to the buffer `name`, as a new list (empty if nothing was)."""
        return list(buffers.get(name, ()))

    def clear_buffer(name: str | None = None) -> None:
        """Empties the buffer `name`, or every buffer."""
        if name is None:
            buffers.clear()
        else:
            buffers.pop(name, None)

    return add_buffer, get_buffer, clear_buffer


def make_volume(root: str | None) -> tuple[Helper, ...]:
    """The two volume helpers for the volume mounted at `root` (None: there is none)."""

    def place(path: str | os.PathLike[str]) -> tuple[str, str]:
        if root is None:
            raise RuntimeError("No volume is mounted in this sandbox, so nothing can be saved or loaded.")
        path = os.fspath(path)
        if not isinstance(path, str) or not path.strip() or "\0" in path:
            raise ValueError("%r is not the path of a file in the volume" % (path,))
        top = os.path.realpath(root)
        # An absolute path may be spelt with the volume's own name, which can itself be a link.
        relative = os.path.relpath(path, root) if os.path.isabs(path) else path
        inside = os.path.realpath(os.path.join(top, relative))
        if inside == top or not inside.startswith(top.rstrip("/") + "/"):
            raise ValueError("%r leaves the volume %s; give a path inside it" % (path, root))
        return inside, os.path.join(root, os.path.relpath(inside, top))

    def save_to_volume(path: str | os.PathLike[str], content: str | bytes) -> str:
        """Writes `content` (str or bytes) to `path` in the volume, making folders; returns the whole path."""
        if not isinstance(content, (str, bytes, bytearray)):
            raise TypeError("save_to_volume writes str or bytes, not %s" % class_name(type(content)))
        data = clean(content).encode("utf-8") if isinstance(content, str) else content
        file, name = place(path)
        os.makedirs(os.path.dirname(file), exist_ok=True)
        with open(file, "wb") as stream:
            stream.write(data)
        return name

    def load_from_volume(path: str | os.PathLike[str]) -> str:
        """The text of the file `path` in the volume, read as UTF-8."""
        with open(place(path)[0], encoding="utf-8", errors="replace", newline="") as stream:
            return stream.read()

    return save_to_volume, load_from_volume


def make_helpers(volume: str | None) -> dict[str, Helper]:
    """Every helper by its name, for a fresh namespace."""
    functions = (peek, grep, chunk_by_size, chunk_by_headers, chunk_by_timestamps, chunk_by_json_keys)
    return {function.__name__: function for function in functions + make_buffers() + make_volume(volume)}


# ---------------------------------------------------------------- stopping a cell


class Stopped(KeyboardInterrupt):
    """Raised in a cell that was interrupted or ran out of time."""


Stopped.__qualname__ = "KeyboardInterrupt"  # as tracebacks name it


class Submitted(BaseException):
    """Ends a cell after SUBMIT; no `except Exception` holds it."""


_shielded: set[int] = set()  # ids of code objects that SIGINT must not leave half done
_open: set[int] = set()  # ids of code objects under which the person's code runs


def shielded(function: Function) -> Function:
    _shielded.add(id(function.__code__))
    return function


def opened(function: Function) -> Function:
    _open.add(id(function.__code__))
    return function


def may_raise(frame: types.FrameType | None) -> bool:
    """Whether a SIGINT that found `frame` running may raise there: not in the driver's own work."""
    while frame is not None:
        if id(frame.f_code) in _shielded:
            return False
        if id(frame.f_code) in _open:
            return True
        frame = frame.f_back
    return False


def is_cell_file(filename: str) -> bool:
    return filename.startswith(("<cell ", "<console "))


def guarded_lines(filename: str) -> set[int]:
    """The lines of a cell inside a `try` whose handlers would swallow a KeyboardInterrupt."""
    lines: set[int] = set()
    for node in ast.walk(ast.parse("".join(linecache.getlines(filename)))):
        if not isinstance(node, ast.Try):
            continue
        for handler in node.handlers:
            named = ast.dump(handler.type) if handler.type else "BaseException"
            if "BaseException" in named or "KeyboardInterrupt" in named:
                for inner in node.body:
                    lines.update(range(inner.lineno, (inner.end_lineno or inner.lineno) + 1))
    return lines


class LineStopper:
    """Raises at the next line of a cell that no `except:` of the cell would swallow."""

    def __init__(self) -> None:
        self.guarded: dict[str, set[int]] = {}

    def arm(self, frame: types.FrameType | None) -> None:
        sys.settrace(self.trace)
        while frame is not None:
            if is_cell_file(frame.f_code.co_filename):
                frame.f_trace = self.trace
            frame = frame.f_back

    def trace(self, frame: types.FrameType, event: str, argument: Any) -> Any:
        if not is_cell_file(frame.f_code.co_filename):
            return None
        if event == "line" and may_raise(frame) and not self.is_guarded(frame):
            raise Stopped
        return self.trace

    def is_guarded(self, frame: types.FrameType | None) -> bool:
        while frame is not None and id(frame.f_code) not in _open:
            filename = frame.f_code.co_filename
            if is_cell_file(filename):
                if filename not in self.guarded:
                    self.guarded[filename] = guarded_lines(filename)
                if frame.f_lineno in self.guarded[filename]:
                    return True
            frame = frame.f_back
        return False


class Cell:
    """One execute or evaluate frame and what became of it."""

    def __init__(self, frame: Frame) -> None:
        self.console = frame["type"] == "evaluate"
        self.id = wanted(frame, "id", (int, str))
        self.code = wanted(frame, "code", (str,))
        self.timeout = wanted(frame, "timeout", (int, float), None)
        self.tools = None if self.console else wanted(frame, "tools", (list,), [])
        self.outputs = self.check_outputs([] if self.console else wanted(frame, "outputs", (list,), []))
        for name in self.tools or ():
            check_name(name, "execute.tools")
        self.filename = "<%s %s>" % ("console" if self.console else "cell", self.id)
        self.stop: str | None = None  # "interrupted" or "timeout" once asked for
        self.raised = False  # whether that reached the cell's code
        self.signals = 0
        self.signal_until = 0.0
        self.next_signal = 0.0
        self.deadline: float | None = None
        self.left: float | None = None  # of the time limit, while the clock is stopped
        self.submission: dict[str, Any] | None = None

    @staticmethod
    def check_outputs(outputs: list[Any]) -> list[Frame]:
        for output in outputs:
            if not isinstance(output, dict) or not isinstance(output.get("name"), str):
                raise BrokenFrame("The execute frame's `outputs` must be objects with a `name`.")
            if output.get("type") not in ALLOWED_TYPES:
                raise BrokenFrame(
                    "The execute frame's `outputs` have an unknown type: %r." % (output["type"],)
                )
        return outputs

    def stopped_words(self) -> str:
        if self.stop == "timeout":
            return "the cell ran longer than %g s and was stopped" % self.timeout
        return "the cell was interrupted"


# ---------------------------------------------------------------- the wire


class Wire:
    """The protocol's private descriptors: lines out from any thread, lines in for the reader."""

    def __init__(self, source: int, sink: int) -> None:
        self.source = source
        self.sink = sink
        self.lock = threading.RLock()
        self.outbox: list[bytes] = []
        self.writing = False
        self.part_ids = itertools.count(1)

    def send(self, *frames: Frame) -> None:
        """Sends frames in one go; each travels in parts if its line would be too long."""
        self.write(b"".join(self.line(clean(to_json(frame))) for frame in frames))

    def line(self, text: str) -> bytes:
        """A frame's JSON as one line, or as the lines of its parts."""
        data = text.encode("utf-8")
        if len(data) < MAX_LINE_BYTES:
            return data + b"\n"
        lines = []
        number = next(self.part_ids)
        for start in range(0, len(text), PART_CHARACTERS):
            piece = text[start : start + PART_CHARACTERS]
            part = {"type": "part", "id": number, "last": start + PART_CHARACTERS >= len(text), "text": piece}
            lines.append(to_json(part).encode("utf-8") + b"\n")
        return b"".join(lines)

    def write(self, line: bytes) -> None:
        with self.lock:
            self.outbox.append(line)
            # A destructor of the person's that prints while a line is half written must wait for its turn.
            if self.writing:
                return
            self.writing = True
            try:
                while self.outbox:
                    rest = memoryview(self.outbox.pop(0))
                    while rest:
                        rest = rest[os.write(self.sink, rest) :]
            except OSError:
                os._exit(1)
            finally:
                self.writing = False

    def lines(self, heard: Callable[[], None]) -> Iterator[bytes]:
        """Lines as they come, without their newline, until the input ends; calls `heard` for every chunk."""
        begun = b""
        while True:
            try:
                chunk = os.read(self.source, 1 << 18)
            except MemoryError:
                time.sleep(0.05)
                continue
            except OSError:
                return
            if not chunk:
                return
            heard()
            *whole, begun = (begun + chunk).split(b"\n")
            for line in (*whole, begun):
                if len(line) >= MAX_LINE_BYTES:
                    raise BrokenFrame("A line is longer than 1 MiB: %s" % ascii(line[:120]))
            yield from whole

    def frames(self, heard: Callable[[], None]) -> Iterator[Frame]:
        """Whole frames; raises BrokenFrame."""
        parts: dict[Id, list[str]] = {}
        characters = 0
        for line in self.lines(heard):
            if not line.strip():
                continue
            frame = patiently(parse_frame, line)
            if frame["type"] == "part":
                part = wanted(frame, "id", (int, str))
                parts.setdefault(part, []).append(wanted(frame, "text", (str,)))
                characters += len(frame["text"])
                if characters > MAX_FRAME_CHARACTERS:
                    raise BrokenFrame("A frame in parts is longer than 256 Mi characters.")
                if not wanted(frame, "last", (bool,)):
                    continue
                joined = "".join(parts.pop(part))
                characters -= len(joined)
                frame = patiently(parse_frame, joined)
                if frame["type"] == "part":
                    raise BrokenFrame("A part frame holds another part frame.")
            yield frame


def patiently(function: Callable[[Any], Any], argument: Any) -> Any:
    """The function's answer, asked for again while a cell holds all the memory, for five seconds."""
    for _ in range(100):
        try:
            return function(argument)
        except MemoryError:
            time.sleep(0.05)
    return function(argument)


# ---------------------------------------------------------------- printed text


class Output:
    """Printed text of every kind, in order, on its way to the host.

    sys.stdout and sys.stderr write here directly. What reaches the descriptors 1 and 2 (os.write, child
    processes, C code) comes through two pipes, emptied before each write so that the order stays true.
    """

    def __init__(self, wire: Wire) -> None:
        self.wire = wire
        self.lock = threading.RLock()
        self.limit = OUTPUT_BYTES
        self.cell: Id = None  # the id printed text belongs to; stays the last cell's between cells
        self.left = 0
        self.dropped = 0
        self.waiting: list[tuple[str, list[str]]] = []
        self.size = 0
        self.sent = 0.0
        self.woken = False
        self.forked = False
        self.readers = {}
        self.wake_reader, self.wake_writer = map(aside, os.pipe())
        self.descriptors = {0: aside(os.open(os.devnull, os.O_RDWR))}
        self.poll = select.poll()
        for descriptor, stream in ((1, "stdout"), (2, "stderr")):
            reader, self.descriptors[descriptor] = map(aside, os.pipe())
            os.set_blocking(reader, False)
            self.readers[reader] = (stream, codecs.getincrementaldecoder("utf-8")("replace"))
            self.poll.register(reader, select.POLLIN)
        self.places = {number: place_of(private) for number, private in self.descriptors.items()}
        self.take_descriptors()

    def take_descriptors(self) -> None:
        """Makes 1 and 2 the pipes and 0 empty, whatever a cell did to them; what it had there is lost."""
        for number, private in self.descriptors.items():
            if place_of(number) != self.places[number]:
                os.dup2(private, number)

    def begin(self, cell: Id) -> None:
        with self.lock:
            self.flush()
            self.cell = cell
            self.left = self.limit

    def end(self) -> int:
        """Sends all there is and returns how many bytes were dropped since this was last asked."""
        with self.lock:
            self.drain(1 << 20)
            for stream, decoder in self.readers.values():
                self.append(stream, decoder.decode(b"", True))
                decoder.reset()
            self.flush()
            dropped, self.dropped = self.dropped, 0
            return dropped

    def add(self, stream: str, text: str) -> None:
        """Takes printed text from Python code; sent at once if nothing was for 20 ms, else a little later."""
        with self.lock:
            self.drain(1 << 18)
            self.append(stream, text)
            if not self.waiting:
                return
            quiet = time.monotonic() - self.sent >= COALESCE_SECONDS
            if quiet and text.endswith("\n"):
                self.flush()
            elif not self.woken:
                self.woken = True
                os.write(self.wake_writer, b"x")

    def drain(self, most: int) -> int:
        """Takes up to `most` bytes out of the pipes; returns how many there were."""
        taken = 0
        while taken < most:
            ready = self.poll.poll(0)
            if not ready:
                break
            for reader, _ in ready:
                try:
                    data = os.read(reader, 65_536)
                except OSError:
                    continue
                taken += len(data)
                stream, decoder = self.readers[reader]
                self.append(stream, decoder.decode(data))
        return taken

    def append(self, stream: str, text: str) -> None:
        if not text or self.cell is None:
            return
        position = 0
        while self.left > 0 and position < len(text):
            piece = text[position : position + OUTPUT_PIECE]
            size = utf8_size(piece)
            if size > self.left:
                data = clean(piece).encode("utf-8")
                piece = data[: self.left].decode("utf-8", "ignore")
                self.dropped += len(data) - len(piece.encode("utf-8"))
                self.left = 0
                position += OUTPUT_PIECE
            else:
                self.left -= size
                position += len(piece)
            if piece:
                self.keep(stream, piece)
        if position < len(text):
            self.dropped += utf8_size(text, position)

    def keep(self, stream: str, piece: str) -> None:
        if self.size and self.size + len(piece) > OUTPUT_PIECE:
            self.flush()
        if self.waiting and self.waiting[-1][0] == stream:
            self.waiting[-1][1].append(piece)
        else:
            self.waiting.append((stream, [piece]))
        self.size += len(piece)

    def flush(self) -> None:
        waiting, self.waiting, self.size = self.waiting, [], 0
        for stream, pieces in waiting:
            self.wire.send({"type": "output", "id": self.cell, "stream": stream, "text": "".join(pieces)})
        if waiting:
            self.sent = time.monotonic()

    def pump(self) -> None:
        """For a thread of its own: sends what comes through the pipes, and what `add` left waiting."""
        poll = select.poll()
        for reader in itertools.chain(self.readers, (self.wake_reader,)):
            poll.register(reader, select.POLLIN)
        while True:
            try:
                woken = self.wake_reader in [reader for reader, _ in poll.poll()]
                with self.lock:
                    much = self.drain(1 << 18) >= OUTPUT_PIECE // 2
                    since = time.monotonic() - self.sent
                    quiet = not woken and since >= COALESCE_SECONDS
                    if quiet:
                        self.flush()
                    if quiet or much:
                        continue
                time.sleep(COALESCE_SECONDS if woken else COALESCE_SECONDS - since)
                with self.lock:
                    if woken:
                        os.read(self.wake_reader, 1)
                        self.woken = False
                    self.flush()
            except MemoryError:
                time.sleep(0.05)


def utf8_size(text: str, start: int = 0) -> int:
    if start == 0 and text.isascii():
        return len(text)
    size = 0
    for position in range(start, len(text), OUTPUT_PIECE):
        piece = text[position : position + OUTPUT_PIECE]
        size += len(piece) if piece.isascii() else len(clean(piece).encode("utf-8"))
    return size


def aside(descriptor: int) -> int:
    """The descriptor moved out of the way of code that closes or counts low numbers; never inherited."""
    moved = fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, 100)
    os.close(descriptor)
    return moved


def place_of(descriptor: int) -> tuple[int, int] | None:
    """Which file a descriptor is; None for a closed one."""
    try:
        status = os.fstat(descriptor)
    except OSError:
        return None
    return status.st_dev, status.st_ino


class TextStream(io.TextIOBase):
    """sys.stdout or sys.stderr of the person's code. Writing raises once the cell was told to stop."""

    encoding = "utf-8"
    errors = "replace"

    def __init__(self, session: Session, name: str, descriptor: int) -> None:
        self.session = session
        self.name = "<%s>" % name
        self.stream = name
        self.descriptor = descriptor
        self.buffer = ByteStream(self)

    @shielded
    def write(self, text: str) -> int:
        if not isinstance(text, str):
            raise TypeError("write() argument must be str, not %s" % type(text).__name__)
        text = str.__getitem__(text, slice(None))  # of a subclass, the plain text
        if self.session.output.forked:
            os.write(self.descriptor, clean(text).encode("utf-8"))
            return len(text)
        self.session.check()
        self.session.output.add(self.stream, text)
        return len(text)

    def writable(self) -> bool:
        return True

    def fileno(self) -> int:
        return self.descriptor

    def reconfigure(self, **options: Any) -> None:
        pass

    def flush(self) -> None:
        pass

    close = flush


class ByteStream(io.RawIOBase):
    """The `buffer` of a TextStream: bytes are read as UTF-8."""

    def __init__(self, text_stream: TextStream) -> None:
        self.text_stream = text_stream
        self.name = text_stream.name
        self.decoder = codecs.getincrementaldecoder("utf-8")("replace")

    def write(self, data: Any) -> int:
        data = bytes(data)
        self.text_stream.write(self.decoder.decode(data))
        return len(data)

    def writable(self) -> bool:
        return True

    def fileno(self) -> int:
        return self.text_stream.descriptor

    def flush(self) -> None:
        pass

    close = flush


# ---------------------------------------------------------------- the session


class Session:
    """One namespace and the frames that work on it."""

    def __init__(self, wire: Wire) -> None:
        self.wire = wire
        self.output = Output(wire)
        self.main_thread = threading.get_ident()
        self.queue: queue.SimpleQueue[tuple[str, Any]] = queue.SimpleQueue()
        self.waiting: dict[Id, Cell] = {}  # id -> Cell that has not begun
        self.current: Cell | None = None
        self.cell_changed = threading.Condition()
        self.watch_wakes = 0.0
        self.abandoned: weakref.WeakSet[threading.Thread] = (
            weakref.WeakSet()
        )  # threads of cells that were stopped
        self.pending: dict[int, queue.SimpleQueue[Any]] = {}  # number of an open tool call -> its SimpleQueue
        self.call_numbers = itertools.count(1)
        self.stopper = LineStopper()
        self.volume: str | None = None
        self.idle: float | None = None
        self.heard = time.monotonic()
        self.address_space: int | None = None
        self.documents: dict[str, tuple[Any, dict[Any, str]]] = {}  # what was bound from files, its texts
        self.tools: dict[str, Helper] = {}
        self.texts: dict[str, tuple[Any, str, bool]] = {}  # for inspect, until the next cell
        self.libc: Any = None
        self.stdin: io.TextIOWrapper | None = None
        self.stdout = TextStream(self, "stdout", 1)
        self.stderr = TextStream(self, "stderr", 2)
        self.module = types.ModuleType("__main__")
        self.namespace = self.module.__dict__
        self.builtins = dict(vars(builtins))
        self.helpers: dict[str, Helper] = {}

    # ---- frames in

    def read(self) -> None:
        """The reader thread: answers what can't wait, queues the rest, ends when the input ends."""
        try:
            for frame in self.wire.frames(self.was_heard):
                self.accept(frame)
        except BrokenFrame as error:
            self.fault(str(error))
        except BaseException as error:
            self.fault("The driver's reader failed: %s: %s" % (type(error).__name__, error))
        self.leave_with_the_host()

    def was_heard(self) -> None:
        self.heard = time.monotonic()

    def accept(self, frame: Frame) -> None:
        kind = frame["type"]
        if kind == "reply":
            slot = self.pending.get(wanted(frame, "call", (int,)))
            if "value" not in frame and frame.get("error") is None:
                raise BrokenFrame("The reply frame lacks `value` or `error`.")
            if slot is not None:
                slot.put(frame)
        elif kind == "interrupt":
            self.interrupt(wanted(frame, "id", (int, str)))
        elif kind == "clock":
            self.set_clock(wanted(frame, "id", (int, str)), wanted(frame, "running", (bool,)))
        elif kind in ("execute", "evaluate"):
            cell = Cell(frame)
            self.waiting[cell.id] = cell
            self.queue.put((kind, cell))
        elif kind == "inspect" and (self.current is not None or self.waiting):
            self.inspect(frame)
        elif kind == "bye":
            self.queue.put((kind, frame))
            if self.current is not None:
                self.stop(self.current, "interrupted")
            time.sleep(SIGNAL_FOR + 1)
            os._exit(0)
        elif kind in ("hello", "bind", "inspect"):
            self.queue.put((kind, frame))
        else:
            raise BrokenFrame("The driver knows no frame of type %s." % ascii(kind[:60]))

    def leave_with_the_host(self) -> NoReturn:
        """Ends the process because nobody is there any more: the cell gets a moment, children get none."""
        cell = self.current
        if cell is not None:
            self.stop(cell, "interrupted")
            until = time.monotonic() + 0.25
            while self.current is cell and time.monotonic() < until:
                time.sleep(0.01)
        if os.getpgrp() == os.getpid():
            with contextlib.suppress(OSError):
                os.killpg(os.getpid(), signal.SIGKILL)
        os._exit(0)

    def fault(self, message: str) -> NoReturn:
        with contextlib.suppress(Exception):
            self.wire.send({"type": "fault", "message": message})
        os._exit(2)

    def serve(self) -> NoReturn:
        """The main thread: frames in the order they came, until bye."""
        greeted = False
        while True:
            kind, item = self.next_frame()
            try:
                if kind == "bye":
                    self.leave()
                elif not greeted and kind != "hello":
                    raise BrokenFrame("The first frame must be hello, not %s." % kind)
                elif kind == "hello":
                    if greeted:
                        raise BrokenFrame("A second hello came; the session has begun already.")
                    greeted = True
                    self.hello(item)
                elif kind == "bind":
                    self.bind(item)
                elif kind == "inspect":
                    self.inspect(item)
                else:
                    self.run(item)
            except BrokenFrame as error:
                self.fault(str(error))

    def next_frame(self) -> tuple[str, Any]:
        while True:
            if self.idle is None:
                return self.queue.get()
            silence = time.monotonic() - self.heard
            try:
                return self.queue.get(timeout=max(0.01, self.idle - silence))
            except queue.Empty:
                if time.monotonic() - self.heard >= self.idle:
                    self.fault("Nothing was heard for %g s, so the driver left." % self.idle)

    def leave(self) -> NoReturn:
        threading.Timer(1, os._exit, (0,)).start()
        with contextlib.suppress(BaseException):
            atexit._run_exitfuncs()
        self.output.end()
        os._exit(0)

    # ---- hello, bind

    def hello(self, frame: Frame) -> None:
        asked = wanted(frame, "protocol", (int,))
        if asked != PROTOCOL:
            words = "The host speaks protocol %d and this driver %d; use a driver of the host's version."
            raise BrokenFrame(words % (asked, PROTOCOL))
        self.volume = wanted(frame, "volume", (str,), None)
        limits = wanted(frame, "limits", (dict,), {})
        limits = dict(limits, type="hello.limits")
        self.idle = wanted(limits, "idle_seconds", (int, float), None)
        self.output.limit = wanted(limits, "output_bytes", (int,), OUTPUT_BYTES)
        refused = [
            name for name, kind in LIMITS.items() if not set_limit(kind, wanted(limits, name, (int,), None))
        ]
        if "address_space_bytes" not in refused:
            self.address_space = limits.get("address_space_bytes")
        self.prepare()
        ready = {
            "type": "ready",
            "protocol": PROTOCOL,
            "python": platform.python_version(),
            "pid": os.getpid(),
        }
        self.wire.send(dict(ready, platform=sys.platform, unset=refused))

    def prepare(self) -> None:
        """The namespace before the first cell, and what the process needs to be a good host to it."""
        self.helpers = make_helpers(self.volume)
        self.namespace.update(self.helpers)
        self.libc = load_libc()
        sys.modules["__main__"] = self.module
        vars(sys).update(__stdout__=self.stdout, __stderr__=self.stderr)
        threading.excepthook = self.thread_ended
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=self.forked)
        self.restore()

    def bind(self, frame: Frame) -> None:
        name = wanted(frame, "name", (str,))
        check_name(name, "bind")
        if "value" in frame:
            value = frame["value"]
            self.documents.pop(name, None)
        else:
            if "pack" in frame:
                path, key = wanted(frame, "pack", (str,)), frame.get("key")
                value = read_pack(name, path, key if isinstance(key, str) else None)
            else:
                encoding = wanted(frame, "encoding", (str,), "utf-8")
                value = read_document(name, wanted(frame, "path", (str,)), encoding)
            self.documents[name] = value, dict(value) if isinstance(value, dict) else {None: value}
        self.texts.clear()
        self.namespace[name] = value

    # ---- cells

    def run(self, cell: Cell) -> None:
        self.begin(cell)
        started = time.perf_counter()
        threads = set(threading.enumerate())
        value = error = None
        try:
            if cell.stop is not None:
                raise Stopped
            self.install(cell)
            value = self.attempt(cell)
        except BaseException as raised:
            error = raised
        if self.output.forked:
            os._exit(0 if error is None else 1)
        self.set_memory(HEADROOM_BYTES)
        if value is not None:
            self.flush_c_streams()
            self.output.add("stdout", value + "\n")
        seconds = time.perf_counter() - started
        details = None
        if error is not None and not isinstance(error, Submitted):
            details = self.details(cell, error)
        self.finish(cell, threads)
        status = "ok" if error is None else "error"
        if cell.submission is not None:
            status, details, value = "submitted", None, None
        elif cell.raised or isinstance(error, Stopped):
            status, value = cell.stop or "interrupted", None
            kind = "TimeoutError" if status == "timeout" else "KeyboardInterrupt"
            details = dict(details or NO_DETAILS, type=kind, message=cell.stopped_words())
        # Nothing may keep the failed cell's values alive: its traceback holds every local of it.
        error = None
        done = {"type": "done", "id": cell.id, "status": status, "seconds": round(seconds, 6)}
        if value is not None:
            done["value"] = value[:VALUE_CHARACTERS]
        if cell.submission is not None:
            done["submitted"] = cell.submission
        if details is not None:
            done["error"] = details
        listing = self.listing(cell.id)
        done["dropped"] = self.output.end()
        self.was_heard()
        self.wire.send(listing, done)

    def begin(self, cell: Cell) -> None:
        self.texts.clear()
        self.output.begin(cell.id)
        self.set_memory(0)
        if signal.getsignal(signal.SIGINT) != self.on_sigint:
            signal.signal(signal.SIGINT, self.on_sigint)
        if cell.timeout is not None:
            cell.deadline = time.monotonic() + cell.timeout
        with self.cell_changed:
            self.waiting.pop(cell.id, None)
            self.current = cell
            if cell.deadline is not None and not time.monotonic() < self.watch_wakes <= cell.deadline:
                self.cell_changed.notify()

    def install(self, cell: Cell) -> None:
        """The cell's tools and SUBMIT as globals; tools no longer listed go."""
        self.namespace["SUBMIT"] = self.submit
        if cell.tools is None:
            return
        for name in set(self.tools) - set(cell.tools):
            if self.namespace.get(name) is self.tools[name]:
                del self.namespace[name]
            del self.tools[name]
        for name in cell.tools:
            if name not in self.tools:
                self.tools[name] = self.make_tool(name)
            self.namespace[name] = self.tools[name]

    @opened
    def attempt(self, cell: Cell) -> str | None:
        """Runs the person's code; returns its last expression's value as text, or None."""
        lines = cell.code.splitlines(True)
        linecache.cache[cell.filename] = (len(cell.code), None, lines, cell.filename)
        tree = ast.parse(cell.code, cell.filename)
        last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
        exec(compile(tree, cell.filename, "exec"), self.namespace)
        text = None
        if last is not None:
            value = eval(compile(ast.Expression(last.value), cell.filename, "eval"), self.namespace)
            if value is not None:
                text = shown(value)
        for stream in (sys.stdout, sys.stderr):
            if stream is not self.stdout and stream is not self.stderr:
                with contextlib.suppress(Exception):
                    stream.flush()
        return text

    def finish(self, cell: Cell, threads: set[threading.Thread]) -> None:
        """Ends the cell's time: from here on nothing can interrupt it, and its open calls are answered."""
        with self.cell_changed:
            self.current = None
        for slot in list(self.pending.values()):
            slot.put("ended")
        if cell.raised:
            for thread in threading.enumerate():
                if thread not in threads:
                    self.abandoned.add(thread)
        if cell.signals:
            sys.settrace(None)
        self.flush_c_streams()
        self.restore()

    def restore(self) -> None:
        """Puts back what a cell may have replaced, closed or deleted."""
        current = vars(builtins)
        if any(map(operator.is_not, map(current.get, self.builtins), self.builtins.values())):
            current.update(self.builtins)
        self.namespace["__builtins__"] = dict(self.builtins)
        self.namespace["__name__"] = "__main__"
        sys.stdout, sys.stderr = self.stdout, self.stderr
        if sys.stdin is not self.stdin or self.stdin.closed:
            sys.stdin = self.stdin = open(os.devnull, encoding="utf-8")
        self.output.take_descriptors()

    def flush_c_streams(self) -> None:
        if self.libc is not None:
            self.libc.fflush(None)

    def set_memory(self, more: int) -> None:
        """The address space a cell may use, and `more` when the driver reports on the cell."""
        if self.address_space is not None:
            with contextlib.suppress(OSError, ValueError):
                hard = resource.getrlimit(resource.RLIMIT_AS)[1]
                resource.setrlimit(resource.RLIMIT_AS, (self.address_space + more, hard))

    def details(self, cell: Cell, error: BaseException) -> Frame:
        """The error as the protocol has it; falls back to the bare type when even that can't be said."""
        if isinstance(error, Stopped):
            error.__suppress_context__ = True
        try:
            return describe_error(cell, error)
        except BaseException:
            return dict(NO_DETAILS, type=class_name(type(error)))

    def thread_ended(self, arguments: Any) -> None:
        """threading.excepthook: the person's frames on stderr, nothing for a thread that was stopped."""
        if issubclass(arguments.exc_type, (SystemExit, Stopped, Submitted)) or arguments.exc_value is None:
            return
        text = format_error(arguments.exc_value)
        sys.stderr.write("Exception in thread %s:\n%s" % (getattr(arguments.thread, "name", "?"), text))

    def forked(self) -> None:
        """In a process that a cell forked: the protocol is the parent's; printing goes by descriptor."""
        self.output.forked = True
        for descriptor in (self.wire.source, self.wire.sink):
            with contextlib.suppress(OSError):
                os.close(descriptor)
        signal.signal(signal.SIGINT, signal.SIG_DFL)

    # ---- stopping

    def interrupt(self, identity: Id) -> None:
        """Stops the cell of that id, running or not yet begun; for any other the interrupt came late."""
        with self.cell_changed:
            if identity in self.waiting:
                self.waiting[identity].stop = "interrupted"
            elif self.current is not None and self.current.id == identity:
                self.stop(self.current, "interrupted")

    def set_clock(self, identity: Id, running: bool) -> None:
        """Stops the time limit of the running cell, or lets it go on; for any other cell it came late."""
        with self.cell_changed:
            cell = self.current
            if cell is None or cell.id != identity:
                return
            now = time.monotonic()
            if not running and cell.deadline is not None:
                cell.left, cell.deadline = max(0.0, cell.deadline - now), None
            elif running and cell.left is not None:
                cell.left, cell.deadline = None, now + cell.left
            self.cell_changed.notify()

    def stop(self, cell: Cell, reason: str) -> None:
        """Asks the running cell to end, again and again for two seconds. From any thread but the main one."""
        with self.cell_changed:
            if self.current is not cell:
                return
            cell.stop = cell.stop or reason
            cell.signal_until = time.monotonic() + SIGNAL_FOR
            self.send_signal(cell)
            self.cell_changed.notify()
        self.release_calls()

    def send_signal(self, cell: Cell) -> None:
        cell.next_signal = time.monotonic() + SIGNAL_EVERY
        with contextlib.suppress(OSError):
            signal.pthread_kill(self.main_thread, signal.SIGINT)

    def release_calls(self) -> None:
        for slot in list(self.pending.values()):
            slot.put("stopped")

    def watch(self) -> None:
        """The clock's thread: stops cells whose time is over, repeats the signal to those that don't heed."""
        while True:
            with self.cell_changed:
                now = time.monotonic()
                cell = self.current
                wake = None
                overdue = False
                if cell is not None and cell.signal_until > now:
                    if now >= cell.next_signal:
                        self.send_signal(cell)
                    wake = cell.next_signal
                elif cell is not None and cell.deadline is not None and cell.stop is None:
                    overdue = now >= cell.deadline
                    wake = cell.deadline
                if cell is None or not overdue:
                    self.watch_wakes = wake or 0.0
                    self.cell_changed.wait(None if wake is None else max(0.0, wake - now))
                    continue
            self.stop(cell, "timeout")

    def on_sigint(self, number: int, frame: types.FrameType | None) -> None:
        """SIGINT in the main thread, from the driver's threads or from outside; late ones are nobody's."""
        cell = self.current
        if cell is None:
            return
        cell.stop = cell.stop or "interrupted"
        cell.signals += 1
        self.release_calls()
        if not may_raise(frame):
            return
        cell.raised = True
        if cell.signals > 1:
            self.stopper.arm(frame)
        raise Stopped

    def check(self) -> None:
        """Raises in a thread whose cell was told to stop. Called by every print and tool call."""
        if len(self.abandoned) and threading.current_thread() in self.abandoned:
            raise Stopped
        cell = self.current
        if cell is not None and cell.stop is not None:
            cell.raised = True
            raise Stopped

    # ---- tools and SUBMIT

    def make_tool(self, name: str) -> Helper:
        def tool(*args: Any, **kwargs: Any) -> Any:
            return self.call(name, args, kwargs)

        tool.__name__ = tool.__qualname__ = name
        tool.__doc__ = "The tool %s, which runs outside the sandbox." % name
        return tool

    @shielded
    def call(self, name: str, args: Any, kwargs: Any) -> Any:
        """Has the host run a tool; returns its value or raises RuntimeError with its error."""
        if self.output.forked:
            raise RuntimeError("%s can't be called in a forked process; use threads" % name)
        cell = self.current
        if cell is None:
            raise RuntimeError(
                "%s was called after its cell had ended; wait for threads inside the cell" % name
            )
        if cell.submission is not None:
            raise Submitted
        if name == "__dspy_call__":
            args, kwargs = self.by_reference(args, []), self.by_reference(kwargs, [])
        number = next(self.call_numbers)
        args = [plain(value, "argument %d of %s" % (n, name)) for n, value in enumerate(args, 1)]
        kwargs = {key: plain(value, "argument %s of %s" % (key, name)) for key, value in kwargs.items()}
        frame = {"type": "call", "call": number, "name": name, "args": args, "kwargs": kwargs}
        line = self.wire.line(clean(to_json(frame)))
        slot = self.pending[number] = queue.SimpleQueue()
        try:
            self.check()
            self.wire.write(line)
            del line
            answer = slot.get()
        finally:
            self.pending.pop(number, None)
        if answer == "ended":
            raise RuntimeError("the cell ended before %s answered" % name)
        if answer == "stopped":
            self.check()
            raise Stopped
        error = answer.get("error")
        if error is None:
            return answer.get("value")
        if isinstance(error, dict):
            kind, message = error.get("type"), error.get("message", "")
            error = "%s: %s" % (kind, message) if kind else message
        raise RuntimeError(error)

    def by_reference(self, value: Any, path: list[int]) -> Any:
        """A nested call's argument with whole documents as {"$document"} and long texts as {"$file"}."""
        if isinstance(value, (str, dict)) and value:
            for name, (document, texts) in self.documents.items():
                if self.namespace.get(name) is not document:
                    continue
                if value is document and (None in texts or same_items(document, texts)):
                    return {"$document": name}
                for key, text in texts.items():
                    if value is text:
                        return {"$document": name, "key": key}
        if isinstance(value, str):
            return self.by_file(value) if len(value) > BY_FILE_BYTES // 4 else value
        if not isinstance(value, (dict, list, tuple)):
            return value
        if id(value) in path:
            raise ValueError("an argument of a nested call holds itself")
        path = [*path, id(value)]
        if not isinstance(value, dict):
            return [self.by_reference(item, path) for item in value]
        if "$document" in value or "$file" in value:
            raise ValueError("the keys $document and $file are reserved in the arguments of a nested call")
        return {key: self.by_reference(item, path) for key, item in value.items()}

    def by_file(self, text: str) -> str | dict[str, str]:
        if self.volume is None or utf8_size(text) <= BY_FILE_BYTES:
            return text
        folder = os.path.join(self.volume, ".rlm")
        name = os.urandom(12).hex() + ".txt"
        try:
            os.makedirs(folder, exist_ok=True)
            if os.path.islink(folder):
                return text
            descriptor = os.open(os.path.join(folder, name), os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with open(descriptor, "w", encoding="utf-8", errors="replace", newline="") as stream:
                stream.write(clean(text))
        except OSError:
            return text  # a full or read-only volume: it travels in parts
        return {"$file": ".rlm/" + name}

    @shielded
    def submit(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Hands over the results, by position or by name, and ends the cell."""
        cell = self.current
        if cell is None:
            raise RuntimeError("SUBMIT was called after its cell had ended")
        if cell.console:
            raise RuntimeError("SUBMIT works in cells of a run only; here nothing is handed over")
        if cell.submission is None:
            self.check()
            cell.submission = check_submission(cell.outputs, args, kwargs)
        raise Submitted

    # ---- variables

    def listing(self, identity: Id) -> Frame:
        """The variables frame of the whole namespace."""
        try:
            items, omitted = self.variables()
        except MemoryError:
            items, omitted = [], len(self.namespace)
        frame = {"type": "variables", "id": identity, "items": items}
        return dict(frame, omitted=omitted) if omitted else frame

    def variables(self) -> tuple[list[Frame], int]:
        names = [item for item in list(self.namespace.items()) if self.is_theirs(*item)]
        omitted = max(0, len(names) - VARIABLES)
        return [self.variable(name, value) for name, value in names[omitted:]], omitted

    def is_theirs(self, name: Any, value: Any) -> bool:
        """Whether a global is the person's data, function or class: no tool, helper, module, import."""
        if not isinstance(name, str) or name.startswith("_") or name == "SUBMIT":
            return False
        if self.helpers.get(name, self) is value or self.tools.get(name, self) is value:
            return False
        cls = type(value)
        if issubclass(cls, (types.ModuleType, types.BuiltinFunctionType)):
            return False
        if issubclass(cls, types.FunctionType):
            return value.__globals__ is self.namespace
        if issubclass(cls, type):
            return bool(type.__getattribute__(value, "__module__") == "__main__")
        return True

    def variable(self, name: str, value: Any) -> Frame:
        cls = type(value)
        kind = "class" if issubclass(cls, type) else type_line(value)
        return {"name": name, "type": kind, "size": size_of(value), "preview": preview(value)}

    def inspect(self, frame: Frame) -> None:
        """Lists the namespace, or answers with one item that holds a piece of its text."""
        identity = wanted(frame, "id", (int, str))
        name = wanted(frame, "name", (str,), None)
        start = max(0, wanted(frame, "start", (int,), 0))
        length = max(0, wanted(frame, "length", (int,), 10_000))
        if name is None:
            self.wire.send(self.listing(identity))
            return
        items = []
        if name in self.namespace:
            value = self.namespace[name]
            text, whole = self.text(name, value)
            item = self.variable(name, value)
            item.update(
                start=start, total=len(text), text=str.__getitem__(text, slice(start, start + length))
            )
            item["whole"] = whole
            items.append(item)
        self.wire.send({"type": "variables", "id": identity, "items": items})

    def text(self, name: str, value: Any) -> tuple[str, bool]:
        """The value as text to page through, and whether that is all of it; built once between two cells."""
        if isinstance(value, str):
            return value, True
        known = self.texts.get(name)
        if known is not None and known[0] is value:
            return known[1:]
        text, whole = Describer(INSPECT_CHARACTERS, wide=True).describe(value)
        if self.current is None:
            self.texts[name] = (value, text, whole)
        return text, whole


def same_items(first: Any, second: dict[Any, str]) -> bool:
    return len(first) == len(second) and all(first.get(key) is value for key, value in second.items())


def read_document(name: str, path: str, encoding: str) -> str:
    try:
        with open(path, encoding=encoding, errors="replace", newline="") as stream:
            return stream.read()
    except (OSError, LookupError, ValueError) as error:
        raise BrokenFrame("The document %s can't be read from %s: %s." % (name, ascii(path), error)) from None
    except MemoryError:
        raise BrokenFrame("The document %s does not fit into the sandbox's memory limit." % name) from None


def read_pack(name: str, path: str, key: str | None) -> str | dict[str, str]:
    """The texts of a zip by their names, or the text of one name."""
    import zipfile

    try:
        with zipfile.ZipFile(path) as pack:
            if key is not None:
                return pack.read(key).decode("utf-8", "replace")
            return {entry: pack.read(entry).decode("utf-8", "replace") for entry in pack.namelist()}
    except (OSError, LookupError, ValueError, zipfile.BadZipFile) as error:
        raise BrokenFrame(
            "The documents %s can't be read from %s: %s." % (name, ascii(path), error)
        ) from None
    except MemoryError:
        raise BrokenFrame("The documents %s do not fit into the sandbox's memory limit." % name) from None


def check_submission(outputs: list[Frame], args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, Any]:
    """The submitted values by name, in JSON's own types; TypeError or ValueError say what was wanted."""
    outputs = outputs or [{"name": "output"}]
    names = [output["name"] for output in outputs]
    fields = [output["name"] + (": " + output["type"] if output.get("type") else "") for output in outputs]
    signature = "SUBMIT(%s)" % ", ".join(fields)
    if len(args) > len(names):
        raise TypeError("%s takes %d values, not %d" % (signature, len(names), len(args)))
    values = {names[position]: value for position, value in enumerate(args)}
    for name, value in kwargs.items():
        if name not in names:
            raise TypeError("%s has no field %r" % (signature, name))
        if name in values:
            raise TypeError("%s got %r twice, by position and by name" % (signature, name))
        values[name] = value
    missing = [name for name in names if name not in values]
    if missing:
        raise TypeError("%s was called without %s" % (signature, ", ".join(missing)))
    submission = {}
    for output in outputs:
        name, kind = output["name"], output.get("type")
        value = plain(values[name], name)
        if kind and not is_of_type(value, kind):
            found = "%s (%s)" % (class_name(type(values[name])), preview(values[name], 80))
            wanted_kind = "None" if kind == "NoneType" else kind
            raise TypeError("SUBMIT: %s must be %s, not %s" % (name, wanted_kind, found))
        submission[name] = value
    return submission


def is_of_type(value: Any, kind: str) -> bool:
    if kind == "NoneType":
        return value is None
    if kind == "bool" or isinstance(value, bool):
        return kind == "bool" and isinstance(value, bool)
    if kind == "float":
        return isinstance(value, (int, float))
    return isinstance(value, {"str": str, "int": int, "list": list, "dict": dict}[kind])


@opened
def describe_error(cell: Cell, error: BaseException) -> Frame:
    try:
        message = str(error)
    except Exception as second:
        message = "<its text could not be made: %s>" % class_name(type(second))
    line = error.lineno if isinstance(error, SyntaxError) and error.filename == cell.filename else None
    frame = error.__traceback__
    while frame is not None:
        if frame.tb_frame.f_code.co_filename == cell.filename:
            line = frame.tb_lineno
        frame = frame.tb_next
    return {
        "type": class_name(type(error)),
        "message": cut(clean(message), MESSAGE_CHARACTERS),
        "traceback": cut(clean(format_error(error)), TRACEBACK_CHARACTERS),
        "line": line,
    }


def cut(text: str, characters: int) -> str:
    if len(text) <= characters:
        return text
    half = characters // 2
    return "%s\n… (%d characters left out)\n%s" % (text[:half], len(text) - 2 * half, text[-half:])


def format_error(error: BaseException) -> str:
    """A traceback of the person's own frames, with their source lines."""
    report = traceback.TracebackException(type(error), error, error.__traceback__)
    keep_their_frames(report, set())
    return "".join(report.format())


def keep_their_frames(report: traceback.TracebackException | None, seen: set[int]) -> None:
    if report is None or id(report) in seen:
        return
    seen.add(id(report))
    report.stack = traceback.StackSummary.from_list(
        [frame for frame in report.stack if is_cell_file(frame.filename)]
    )
    for inner in (report.__cause__, report.__context__, *(getattr(report, "exceptions", None) or ())):
        keep_their_frames(inner, seen)


# ---------------------------------------------------------------- the process


LIMITS = {"address_space_bytes": "RLIMIT_AS", "file_size_bytes": "RLIMIT_FSIZE", "processes": "RLIMIT_NPROC"}


def set_limit(name: str, value: int | None) -> bool:
    """Sets a resource limit (None: leaves it); says whether this platform let it be set."""
    if value is None:
        return True
    try:
        kind = getattr(resource, name)
        value += HEADROOM_BYTES if name == "RLIMIT_AS" else 0
        hard = resource.getrlimit(kind)[1]
        value = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(kind, (value, value))
        return value >= 0
    except (AttributeError, OSError, ValueError, OverflowError):
        return False


def load_libc() -> Any:
    """The C library, for its buffered output; None where it can't be had."""
    try:
        import ctypes

        libc = ctypes.CDLL(None)
        libc.fflush.argtypes = [ctypes.c_void_p]
        # Fewer arenas: each reserves 64 MB of the address space that cells are limited by.
        if hasattr(libc, "mallopt"):
            libc.mallopt(-8, 2)
        return libc
    except (ImportError, OSError, AttributeError, TypeError):
        return None


def die_with_parent() -> None:
    """Linux: SIGKILL when the thread that started this process ends; elsewhere the end of input has to do."""
    if sys.platform.startswith("linux"):
        with contextlib.suppress(Exception):
            import ctypes

            ctypes.CDLL(None).prctl(1, signal.SIGKILL, 0, 0, 0)


def main() -> NoReturn:
    die_with_parent()
    # The default of 8 MB for each thread would use up a 2 GB address space with 200 calls open at once.
    with contextlib.suppress(ValueError, RuntimeError):
        threading.stack_size(2 << 20)
    wire = Wire(aside(os.dup(0)), aside(os.dup(1)))
    session = Session(wire)
    signal.signal(signal.SIGINT, session.on_sigint)
    for target in (session.read, session.output.pump, session.watch):
        threading.Thread(target=target, name="driver-" + target.__name__, daemon=True).start()
    try:
        session.serve()
    except BaseException as error:
        session.fault("The driver failed: %s: %s" % (type(error).__name__, error))


if __name__ == "__main__":
    main()
