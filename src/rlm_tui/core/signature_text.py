"""A signature as text, "docs, query -> modules: list[str]", taken apart without dspy.

This reads names and types so that a form can be drawn and inputs can be checked; whether dspy can use the
types is found by `engine.signatures`.
"""

from __future__ import annotations

import ast
import itertools
import keyword
import re

from msgspec import Struct

_QUOTED = 200


def quoted(text: str, position: int = 0) -> str:
    """`text` in quotes; of a long one the part round `position`."""
    if len(text) <= _QUOTED:
        return repr(text)
    start = max(0, min(position - _QUOTED // 2, len(text) - _QUOTED))
    before, after = "…" if start else "", "…" if start + _QUOTED < len(text) else ""
    return repr(f"{before}{text[start : start + _QUOTED]}{after}")


class SignatureTextError(ValueError):
    """A signature that can't be read. `position` counts characters from 0 in the text that was given."""

    def __init__(self, message: str, text: str, position: int) -> None:
        super().__init__(
            f"The signature {quoted(text, position)} can't be read at character {position + 1}: {message}"
        )
        self.message = message
        self.text = text
        self.position = position


class Field(Struct, frozen=True):
    """One name of a signature with its type as text; `position` is where the name begins, `type_position`
    where its type does.
    """

    name: str
    type: str
    position: int
    type_position: int = 0


class SignatureFields(Struct, frozen=True):
    """What a signature takes and what it gives."""

    inputs: tuple[Field, ...]
    outputs: tuple[Field, ...]


_CLASS = re.compile(r"[A-Za-z_][\w.]*:[A-Za-z_]\w*")
_OPEN = {"(": ")", "[": "]", "{": "}"}


def names_a_class(text: str) -> bool:
    """Whether `text` is no signature but names a class of one, as module:Class."""
    return _CLASS.fullmatch(text.strip()) is not None


def parse_signature(text: str) -> SignatureFields:
    """Take `text` apart. Raises SignatureTextError, which says where and what was expected."""
    if not text.strip():
        raise SignatureTextError(
            'it is empty: write "inputs -> outputs", as in "question -> answer: str"', text, 0
        )
    arrows, commas = _marks(text)
    if not arrows:
        raise SignatureTextError('there is no "->" between the inputs and the outputs', text, len(text))
    if len(arrows) > 1:
        raise SignatureTextError('there is a second "->"', text, arrows[1])
    arrow = arrows[0]
    inputs = _fields(text, 0, arrow, commas, "input")
    outputs = _fields(text, arrow + 2, len(text), commas, "output")
    seen: set[str] = set()
    for field in (*inputs, *outputs):
        if field.name in seen:
            raise SignatureTextError(f"{field.name!r} stands there twice", text, field.position)
        seen.add(field.name)
    return SignatureFields(inputs=inputs, outputs=outputs)


def _marks(text: str) -> tuple[list[int], list[int]]:
    """Where the arrows and the commas are that stand in no bracket and in no quotes."""
    arrows: list[int] = []
    commas: list[int] = []
    waiting: list[tuple[str, int]] = []
    quoted = ""
    quoted_at = 0
    for position, character in enumerate(text):
        if quoted:
            if character == quoted and text[position - 1] != "\\":
                quoted = ""
        elif character in "\"'":
            quoted, quoted_at = character, position
        elif character in _OPEN:
            waiting.append((_OPEN[character], position))
        elif character in ")]}":
            if not waiting or waiting.pop()[0] != character:
                raise SignatureTextError(f"this {character!r} closes nothing", text, position)
        elif not waiting and character == ",":
            commas.append(position)
        elif not waiting and text.startswith("->", position):
            arrows.append(position)
    if quoted:
        raise SignatureTextError("this quote is never closed", text, quoted_at)
    if waiting:
        raise SignatureTextError(f"this {text[waiting[-1][1]]!r} is never closed", text, waiting[-1][1])
    return arrows, commas


def _fields(text: str, start: int, end: int, commas: list[int], role: str) -> tuple[Field, ...]:
    if not text[start:end].strip():
        raise SignatureTextError(f"an {role} is missing", text, start)
    edges = [start - 1, *(comma for comma in commas if start <= comma < end), end]
    return tuple(_field(text, left + 1, right, role) for left, right in itertools.pairwise(edges))


def _field(text: str, start: int, end: int, role: str) -> Field:
    part = text[start:end]
    position = start + len(part) - len(part.lstrip())
    name, colon, type_text = part.strip().partition(":")
    name, type_text = name.strip(), type_text.strip()
    if not name:
        raise SignatureTextError(f"an {role} has no name", text, min(position, len(text)))
    if not name.isidentifier() or keyword.iskeyword(name):
        raise SignatureTextError(f"{name!r} is not a name that Python takes", text, position)
    if colon and not type_text:
        raise SignatureTextError(f"{name!r} has a colon and no type", text, position)
    type_position = text.find(type_text, text.find(":", position)) if type_text else position
    if type_text:
        try:
            ast.parse(type_text, mode="eval")
        except (RecursionError, MemoryError) as error:
            raise SignatureTextError(
                f"the type of {name!r} is nested too deeply", text, type_position
            ) from error
        except (SyntaxError, ValueError) as error:
            raise SignatureTextError(f"{quoted(type_text)} is not a type", text, type_position) from error
    return Field(name=name, type=type_text or "str", position=position, type_position=type_position)
