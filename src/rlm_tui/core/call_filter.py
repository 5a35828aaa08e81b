"""Which calls are listed: a filter that a person types, `kind:batch error seconds>2 "exact text" word -not`.

All terms must hold; `-` before a term turns it round. What nobody said is neither more nor less than a
number, so a call without a price is found by neither `cost>0.01` nor `-cost>0.01`, but by `cost:?`.
"""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable, Iterator
from typing import Literal, NamedTuple

import msgspec

from rlm_tui.core.call_facts import (
    KIND_WORDS,
    has_failed,
    is_cached,
    is_recorded,
    model_of,
    seconds_of,
    texts_of,
    usage_of_call,
)
from rlm_tui.core.events import Usage, Value
from rlm_tui.core.iterations import Call
from rlm_tui.core.text import UNKNOWN_SECONDS, one_line

Number = Literal["number", "iteration", "seconds", "tokens", "in", "out", "cost", "items"]
Flag = Literal["error", "cached", "recorded", "running", "done"]
Comparison = Literal["=", "<", "<=", ">", ">="]
NUMBERS: tuple[Number, ...] = ("number", "iteration", "seconds", "tokens", "in", "out", "cost", "items")
FLAGS: tuple[Flag, ...] = ("error", "cached", "recorded", "running", "done")
TEXTS = ("kind", "model", "name")
FIELDS = (*TEXTS, *NUMBERS)
_COMPARE: dict[Comparison, Callable[[float, float], bool]] = {
    "=": operator.eq,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_TERM = re.compile(r"([A-Za-z_]+)(>=|<=|[:=<>])(.*)", re.DOTALL)
_AMOUNT = re.compile(r"\$?([0-9]+(?:\.[0-9]*)?|\.[0-9]+)([kKmM]?)s?")
_SCALE = {"": 1, "k": 1_000, "m": 1_000_000}


class CallFilterError(ValueError):
    """A filter that can't be read. The message is a sentence that says which part, and what is possible."""


class KindTerm(msgspec.Struct, frozen=True, tag=True):
    """The kind of call: its word or its name."""

    kind: str


class FlagTerm(msgspec.Struct, frozen=True, tag=True):
    """How it went, or where the answer came from."""

    flag: Flag


class NumberTerm(msgspec.Struct, frozen=True, tag=True):
    """A figure compared with `amount`; None asks for calls of which nobody said it."""

    field: Number
    comparison: Comparison
    amount: float | None


class NameTerm(msgspec.Struct, frozen=True, tag=True):
    """Part of the model's or the tool's name, in letters of any case."""

    field: Literal["model", "name"]
    part: str


class TextTerm(msgspec.Struct, frozen=True, tag=True):
    """Text of prompt, answer, arguments or error: `exact` as it is written, else in letters of any case."""

    text: str
    exact: bool


AnyTerm = KindTerm | FlagTerm | NumberTerm | NameTerm | TextTerm


class Wanted(msgspec.Struct, frozen=True):
    """A term, or its opposite."""

    term: AnyTerm
    opposite: bool = False


class Look(NamedTuple):
    """With what calls are looked at: the run's time in seconds, and who knows the whole of a text."""

    now: float
    resolve: Callable[[Value], str]


class CallFilter(msgspec.Struct, frozen=True):
    """The terms of a filter; without any, all calls are listed."""

    terms: tuple[Wanted, ...] = ()

    def matches(self, call: Call, look: Look) -> bool:
        """Whether all terms hold for this call. Texts are looked at last: they may have to be read."""
        texts: list[str] | None = None
        for wanted in self.terms:
            if isinstance(wanted.term, TextTerm):
                continue
            found = _holds(wanted.term, call, look)
            if found is None or found == wanted.opposite:
                return False
        for wanted in self.terms:
            if not isinstance(wanted.term, TextTerm):
                continue
            texts = list(texts_of(call, look.resolve)) if texts is None else texts
            if _says(wanted.term, texts) == wanted.opposite:
                return False
        return True

    @property
    def moves(self) -> bool:
        """Whether what it finds may change with time alone."""
        return any(isinstance(wanted.term, NumberTerm) for wanted in self.terms)


def parse_filter(text: str) -> CallFilter:
    """The filter that a person typed. Raises CallFilterError."""
    return CallFilter(tuple(_wanted(part, quoted, opposite) for part, quoted, opposite in _parts(text)))


def _parts(text: str) -> Iterator[tuple[str, bool, bool]]:
    """The terms of `text`: what stands there, whether in quotes, and whether after a minus."""
    at = 0
    while at < len(text):
        if text[at].isspace():
            at += 1
            continue
        opposite = text[at] == "-" and at + 1 < len(text) and not text[at + 1].isspace()
        at += opposite
        if text[at] == '"':
            end = text.find('"', at + 1)
            if end < 0:
                raise CallFilterError(
                    f'The quote before {one_line(text[at + 1 :], 30)!r} has no end: add a ".'
                )
            if end > at + 1:
                yield text[at + 1 : end], True, opposite
            at = end + 1
            continue
        end = at
        while end < len(text) and not text[end].isspace():
            if text[end] == '"' and end > at and text[end - 1] in ":=":  # model:"two words"
                close = text.find('"', end + 1)
                if close < 0:
                    raise CallFilterError(f'The quote in {one_line(text[at:], 30)!r} has no end: add a ".')
                end = close
            end += 1
        yield text[at:end], False, opposite
        at = end


def _wanted(part: str, quoted: bool, opposite: bool) -> Wanted:
    return Wanted(TextTerm(part, exact=True) if quoted else _term(part), opposite)


def _term(part: str) -> AnyTerm:
    if part.lower() in FLAGS:
        return FlagTerm(part.lower())  # type: ignore[arg-type]
    found = _TERM.fullmatch(part)
    if found is None:
        return TextTerm(part.lower(), exact=False)
    field, sign, given = found[1].lower(), found[2], found[3]
    if len(given) > 1 and given[0] == given[-1] == '"':
        given = given[1:-1]
    shown = one_line(part, 40)
    if field not in FIELDS:
        raise CallFilterError(
            f"There is no field {one_line(found[1], 20)!r}: there are {', '.join(FIELDS)}. "
            f'For the text itself, write it in quotes: "{shown}".'
        )
    if not given:
        raise CallFilterError(f"{shown} lacks what it is compared with, as in {_example(field)}.")
    if field in NUMBERS:
        comparison: Comparison = "=" if sign == ":" else sign  # type: ignore[assignment]
        return NumberTerm(field, comparison, _amount(field, comparison, given))
    if sign not in ":=":
        raise CallFilterError(f"{field} is no number: write {field}:{one_line(given, 20)}.")
    if field == "kind":
        return KindTerm(_kind(given))
    return NameTerm("model" if field == "model" else "name", given.lower())


def _kind(given: str) -> str:
    for kind, word in KIND_WORDS.items():
        if given.lower() in (kind, word.lower()):
            return kind
    words = ", ".join(word.lower() for word in KIND_WORDS.values())
    raise CallFilterError(f"There is no kind {one_line(given, 20)!r}: there are {words}.")


def _amount(field: str, comparison: Comparison, given: str) -> float | None:
    if given == "?" and comparison == "=":
        return None
    found = _AMOUNT.fullmatch(given.replace(",", ""))
    amount = float(found[1]) * _SCALE[found[2].lower()] if found is not None else math.inf
    if not math.isfinite(amount):
        raise CallFilterError(f"{one_line(given, 20)!r} is no number: write it as in {_example(field)}.")
    return amount


def _example(field: str) -> str:
    match field:
        case "kind":
            return "kind:batch"
        case "model":
            return "model:gpt"
        case "name":
            return "name:search"
        case "cost":
            return "cost>0.01"
        case "number" | "iteration" | "items":
            return f"{field}:3"
        case _:
            return f"{field}>2"


def _holds(term: AnyTerm, call: Call, look: Look) -> bool | None:
    """Whether `term` holds; None where nobody said."""
    match term:
        case KindTerm(kind=kind):
            return call.kind == kind
        case FlagTerm(flag=flag):
            return _FLAGGED[flag](call)
        case NumberTerm(field=field, comparison=comparison, amount=amount):
            known = _figure(field, call, look.now)
            if amount is None:
                return known is None
            return None if known is None else _COMPARE[comparison](known, amount)
        case NameTerm(field=field, part=part):
            return part in (model_of(call) if field == "model" else call.name).lower()
        case TextTerm():
            return _says(term, list(texts_of(call, look.resolve)))


_FLAGGED: dict[Flag, Callable[[Call], bool]] = {
    "error": has_failed,
    "cached": is_cached,
    "recorded": is_recorded,
    "running": lambda call: call.state == "running",
    "done": lambda call: call.state != "running",
}


def _figure(field: Number, call: Call, now: float) -> float | None:
    match field:
        case "number":
            return call.number or None
        case "iteration":
            return None if call.iteration is None else call.iteration.n
        case "seconds":
            seconds = seconds_of(call, now)
            return None if seconds == UNKNOWN_SECONDS else seconds
        case "items":
            return call.expected if call.is_batch else None
        case "tokens" | "in" | "out" | "cost":
            return figure_of(field, usage_of_call(call))


def figure_of(field: Literal["tokens", "in", "out", "cost"], usage: Usage | None) -> float | None:
    """A figure of what was used; None where nobody said."""
    if usage is None:
        return None
    match field:
        case "in":
            return usage.prompt_tokens
        case "out":
            return usage.completion_tokens
        case "cost":
            return usage.cost_usd
        case "tokens":
            if usage.prompt_tokens is None and usage.completion_tokens is None:
                return None
            return (usage.prompt_tokens or 0) + (usage.completion_tokens or 0)


def _says(term: TextTerm, texts: list[str]) -> bool:
    if term.exact:
        return any(term.text in text for text in texts)
    return any(term.text in text.lower() for text in texts)
