"""Inputs arrive as text, from a form or a command line; here they become the values that a task's types ask
for.
"""

from __future__ import annotations

import ast
import json
from typing import Any, Literal, Optional, Union, get_args, get_origin

import msgspec
from msgspec import Struct

_NAMES: dict[str, Any] = {
    "str": str,
    "int": int,
    "float": float,
    "bool": bool,
    "None": None,
    "list": list,
    "List": list,
    "dict": dict,
    "Dict": dict,
    "tuple": tuple,
    "Tuple": tuple,
    "set": set,
    "Any": Any,
    "object": Any,
    "Optional": Optional,
    "Union": Union,
    "Literal": Literal,
}
_TOO_DEEP = "it is nested too deeply"
_YES = frozenset({"true", "yes", "on", "1"})
_NO = frozenset({"false", "no", "off", "0"})


class InputForm(Struct, frozen=True):
    """How an input is edited: `choices` are what a choice offers. `unknown` is what only dspy knows."""

    kind: Literal["switch", "choice", "number", "json", "text", "unknown"]
    choices: tuple[str, ...] = ()


class InputTypeError(ValueError):
    """A text that doesn't hold a value of the wanted type; the message says what would."""


def python_type(text: str) -> Any:
    """The type that `text` writes ("list[str]", "int | None"), or None for one that only dspy may know."""
    try:
        return _evaluate(ast.parse(text.strip(), mode="eval").body)
    except (SyntaxError, ValueError, TypeError, LookupError, RecursionError, MemoryError):
        return None


def _evaluate(node: ast.expr) -> Any:
    match node:
        case ast.Name(id=name):
            return _NAMES[name]
        case ast.Attribute(value=ast.Name(id="typing"), attr=name):
            return _NAMES[name]
        case ast.Constant(value=None):
            return None
        case ast.BinOp(left=left, op=ast.BitOr(), right=right):
            return Union[_evaluate(left), _evaluate(right)]  # noqa: UP007
        case ast.Subscript(value=ast.Name(id="Literal"), slice=inner):
            return Literal[ast.literal_eval(inner)]
        case ast.Subscript(value=base, slice=ast.Tuple(elts=inner)):
            return _evaluate(base)[tuple(_evaluate(item) for item in inner)]
        case ast.Subscript(value=base, slice=inner_node):
            return _evaluate(base)[_evaluate(inner_node)]
        case ast.Constant(value=bool() | int() | float() | str()) | _:
            raise ValueError(ast.dump(node))


def form_of(type_text: str) -> InputForm:
    """How an input of this type is best edited."""
    wanted = python_type(type_text)
    if wanted is bool:
        return InputForm("switch")
    if wanted is None:
        return InputForm("unknown")
    parts = get_args(wanted) if get_origin(wanted) is Union else (wanted,)
    found = [choice for part in parts for choice in _choices(part)]
    if len(parts) == sum(1 for part in parts if _choices(part)):
        return InputForm("choice", tuple(dict.fromkeys(found)))
    if any((get_origin(part) or part) in (list, dict, tuple, set) for part in parts):
        return InputForm("json")
    return InputForm("number" if wanted in (int, float) else "text")


def _choices(part: Any) -> list[str]:
    """The values that a type allows, as they are written; nothing for one that allows any."""
    if get_origin(part) is Literal:
        return [_written(value) for value in get_args(part)]
    if part is bool:
        return ["true", "false"]
    return ["null"] if part is type(None) else []


def _written(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, default=str)


def input_problem(text: str, type_text: str) -> str:
    """What is wrong with `text` as a value of the type, in one sentence; "" if nothing is."""
    if form_of(type_text).kind == "json" and (broken := _broken(text)):
        return f"This is no JSON yet, at {broken}."
    try:
        convert_input(text, type_text)
    except InputTypeError as error:
        return f"{error}."[0].upper() + f"{error}."[1:]
    return ""


def convert_input(text: str, type_text: str) -> Any:
    """`text` as a value of the type; types that only dspy knows are left as text. Raises InputTypeError."""
    wanted = python_type(type_text)
    if wanted is None or wanted is str:
        return text
    if wanted is bool:
        return _boolean(text)
    if wanted is int or wanted is float:
        return _number(text, wanted)
    if get_origin(wanted) is Literal:
        return _choice(text, get_args(wanted))
    try:
        return msgspec.json.decode(text.encode("utf-8", "replace"), type=wanted)
    except TypeError:
        # A union that msgspec can't tell apart, as of two lists: dspy checks no input, so JSON will do.
        return _json(text)
    except RecursionError:
        raise InputTypeError(_TOO_DEEP) from None
    except msgspec.DecodeError as error:
        # A Literal["a", "b"] or a `str | None` is written without quotes in a form.
        try:
            return msgspec.convert(text, wanted, strict=False)
        except msgspec.ValidationError:
            raise InputTypeError(_wanted(text, type_text, wanted, error)) from error


def check_value(value: Any, type_text: str) -> Any:
    """A value that is no text any more, checked against the type. Raises InputTypeError."""
    wanted = python_type(type_text)
    if wanted is None:
        return value
    try:
        return msgspec.convert(value, wanted)
    except TypeError:
        return value  # a union that msgspec can't tell apart, as above
    except RecursionError:
        raise InputTypeError(_TOO_DEEP) from None
    except msgspec.ValidationError as error:
        raise InputTypeError(f"it wants {type_text} and was given {type(value).__name__}: {error}") from error


def _boolean(text: str) -> bool:
    word = text.strip().lower()
    if word in _YES:
        return True
    if word in _NO:
        return False
    raise InputTypeError(f"it wants true or false and was given {_shown(text)}")


def _number(text: str, wanted: type[int] | type[float]) -> int | float:
    try:
        return wanted(text.strip())
    except ValueError:
        word = "a whole number" if wanted is int else "a number"
        raise InputTypeError(f"it wants {word} and was given {_shown(text)}") from None


def _wanted(text: str, type_text: str, wanted: Any, error: Exception) -> str:
    origin = getattr(wanted, "__origin__", wanted)
    example = {list: ', as in ["one", "two"],', dict: ', as in {"name": "value"},'}.get(origin, "")
    is_json = form_of(type_text).kind == "json"
    why = _broken(text) if is_json else ""
    if not why and isinstance(error, msgspec.ValidationError):
        why = str(error)
    reason = f" ({why})" if why else ""
    kind = "JSON for " if is_json else ""
    return f"it wants {kind}{type_text}{example} and was given {_shown(text)}{reason}"


def _broken(text: str) -> str:
    """Where a text ends to be JSON, and why."""
    try:
        json.loads(text)
    except ValueError as error:
        if isinstance(error, json.JSONDecodeError):
            line = f"line {error.lineno}, " if "\n" in text else ""
            return f"{line}character {error.colno}: {error.msg[0].lower()}{error.msg[1:]}"
    except RecursionError:
        pass  # what is wrong with it is said elsewhere
    return ""


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except RecursionError:
        raise InputTypeError(_TOO_DEEP) from None
    except ValueError as error:
        raise InputTypeError(f"it wants JSON and was given {_shown(text)} ({_broken(text)})") from error


def _choice(text: str, values: tuple[Any, ...]) -> Any:
    word = text.strip()
    for value in values:
        if word == _written(value) or (isinstance(value, str) and word == json.dumps(value)):
            return value
    listed = ", ".join(_written(value) for value in values)
    raise InputTypeError(f"it wants one of {listed} and was given {_shown(text)}")


def _shown(text: str) -> str:
    return repr(text if len(text) <= 60 else text[:60] + "…")
