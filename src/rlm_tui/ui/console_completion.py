"""What can stand where the person pressed Tab in the console: names, attributes, keys of dictionaries."""

from __future__ import annotations

import builtins
import json
import keyword
import re
from collections.abc import Collection, Iterable
from typing import NamedTuple

MOST_CANDIDATES = 200
LONGEST_KEY = 80

_DOTTED = r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*"
_ATTRIBUTE = re.compile(rf"(?<![\w.\])}}'\"])({_DOTTED})\.(\w*)$")
_KEY = re.compile(rf"(?<![\w.\])}}'\"])({_DOTTED})\[(['\"])([^'\"\\]*)$")
_NAME = re.compile(r"(?<![\w.])([A-Za-z_]\w*)$")
_WORDS = (*keyword.kwlist, *(name for name in dir(builtins) if not name.startswith("_")))


class Wanted(NamedTuple):
    """What is to be completed: `begun` stands at the end of the line already.

    `look_up` is code that prints the candidates as a JSON list, "" where names are enough. `close` follows
    what is completed.
    """

    begun: str
    look_up: str = ""
    close: str = ""


def wanted(line: str) -> Wanted | None:
    """What the end of `line`, up to the cursor, asks for; None where nothing has begun."""
    if found := _KEY.search(line):
        owner, quote, begun = found.groups()
        keys = (
            f"[k for k in {owner} if type(k) is str and len(k) <= {LONGEST_KEY} and k.startswith({begun!r})]"
        )
        return Wanted(begun, _printing(f"{keys} if isinstance({owner}, dict) else []"), f"{quote}]")
    if found := _ATTRIBUTE.search(line):
        owner, begun = found.groups()
        hidden = "True" if begun.startswith("_") else "not n.startswith('_')"
        return Wanted(begun, _printing(f"[n for n in dir({owner}) if n.startswith({begun!r}) and {hidden}]"))
    if found := _NAME.search(line):
        return Wanted(found[1])
    return None


def _printing(candidates: str) -> str:
    return f"print(__import__('json').dumps(({candidates})[:{MOST_CANDIDATES}]))"


def names(begun: str, variables: Iterable[str]) -> list[str]:
    """The variables, then Python's own words, that begin so."""
    own = sorted(name for name in variables if name.startswith(begun))
    others = sorted({word for word in _WORDS if word.startswith(begun)} - set(own))
    return [*own, *others][:MOST_CANDIDATES]


def printed(text: str, begun: str) -> list[str]:
    """The candidates that the code of `Wanted.look_up` printed; what is no such list gives none."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return []
    if not isinstance(found, list):
        return []
    fitting = (one for one in found if isinstance(one, str) and one.startswith(begun))
    return [one for one in fitting if one.isprintable()][:MOST_CANDIDATES]


def shared_beginning(candidates: Collection[str]) -> str:
    """What all of them (one at least) begin with."""
    first, *others = sorted(candidates)
    last = others[-1] if others else first
    length = next((at for at, pair in enumerate(zip(first, last, strict=False)) if pair[0] != pair[1]), None)
    return first[: min(len(first), len(last)) if length is None else length]
