"""What a person writes to filter a list: `task:basic failed seconds>2 "exact words" -offline`."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Literal, NamedTuple, cast

Operator = Literal["", ":", ">", "<", ">=", "<="]

_TERM = re.compile(r"""(-?)(?:([A-Za-z_]+)(>=|<=|:|>|<))?(?:"([^"]*)("?)|(\S+))?""")


class FilterError(ValueError):
    """A filter that can't be meant. The message is one sentence that says what to write."""


class Term(NamedTuple):
    """One part of a filter: with `operator` "" it is a text to be found anywhere."""

    field: str
    operator: Operator
    value: str
    negated: bool = False


def parse_filter(text: str, fields: Collection[str]) -> tuple[Term, ...]:
    """The terms of `text`, all of which have to hold. Raises FilterError.

    A name before a colon that is not one of `fields` is refused: it would find nothing, and not say why. What
    looks like an address or a path (`https://…`) is a text.
    """
    terms = []
    at = 0
    while at < len(text):
        if text[at].isspace():
            at += 1
            continue
        found = _TERM.match(text, at)
        assert found is not None, "every part of the pattern may be empty"
        minus, field, operator, quoted, closed, word = found.groups()
        if quoted is not None and not closed:
            raise FilterError(f'A quotation mark is not closed: write "{quoted.strip()}".')
        at = found.end() if found.end() > at else at + 1
        value = quoted if quoted is not None else word or ""
        if field and operator == ":" and value.startswith("//"):
            value, field, operator = f"{field}:{value}", None, None
        if field and field.lower() not in fields:
            named = ", ".join(sorted(fields))
            raise FilterError(f"There is no field {field}: filter by {named}, or by a text.")
        if field and not value:
            raise FilterError(f"Nothing stands behind {field}{operator}: write what it has to be.")
        if value:
            terms.append(Term((field or "").lower(), cast(Operator, operator or ""), value, bool(minus)))
    return tuple(terms)


def number_of_term(term: Term) -> float:
    """The number behind a comparison; `k` and `M` count thousands and millions. Raises FilterError."""
    factor = {"k": 1e3, "m": 1e6, "g": 1e9}.get(term.value[-1:].lower(), 1.0)
    try:
        number = float(term.value[:-1] if factor != 1.0 else term.value)
    except ValueError:
        number = float("nan")
    if number != number:
        raise FilterError(f"{term.field}{term.operator}{term.value} needs a number, as in {term.field}>2.")
    return number * factor


def compares(number: float | None, term: Term) -> bool:
    """Whether `number` is what the term asks for; one that is not known never is. Raises FilterError."""
    limit = number_of_term(term)
    if number is None:
        return False
    match term.operator:
        case ">":
            return number > limit
        case "<":
            return number < limit
        case ">=":
            return number >= limit
        case "<=":
            return number <= limit
        case _:
            return number == limit
