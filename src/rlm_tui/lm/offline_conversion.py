"""For an output of any type: what to ask the sub-LM, and the Python that makes a value of its answers."""

from __future__ import annotations

import re

from rlm_tui.lm.offline_prompt import InputVariable, OutputField

_SUMS = {"sum": "sum({})", "total": "sum({})", "product": "math.prod({})", "mean": "sum({0}) / len({0})",
         "average": "sum({0}) / len({0})", "maximum": "max({})", "minimum": "min({})"}  # fmt: skip
_COUNT = re.compile(r"(?:^|_)(?:count|number|num|total|n)(?:_of)?(?:_|$)")
_SHARE = re.compile(r"confidence|score|probability|relevance|certainty|likelihood")
_SUMMARY = re.compile(r"summary|overview|abstract|gist|synopsis")
_NAMES = re.compile(
    r"names?$|people|persons|characters|authors|places|cities|countries|companies|organi[sz]ations|entities"
)

_ITEMS = {
    "object": '{"text": line}',
    "integer": "int((figures([line]) or [0])[0])",
    "number": "(figures([line]) or [0.0])[0]",
    "boolean": "bool(line)",
}
# Every conversion may use these; `lines_for`, `material`, `excerpts` and `terms` come from the cells before.
HELPERS = '''\
import math, re

def figures(lines):
    """The numbers that stand in the lines."""
    found = re.findall(r"-?\\d[\\d,]*(?:\\.\\d+)?", "\\n".join(lines))
    return [float(figure.replace(",", "")) for figure in found]

def lines_with(*parts):
    """How many lines of the material hold one of the words."""
    return sum(any(part in line.lower() for part in parts) for line in material.splitlines())

def share_found():
    """The share of the wanted words that the material speaks of; none if nothing was found in it."""
    if not any(lines_for.values()):
        return 0.0
    return round(sum(term in material.lower() for term in terms) / max(1, len(terms)), 2)'''


def question_for(field: OutputField) -> str:
    """What the sub-LM is asked for an output; the request follows it."""
    subject = field.name.replace("_", " ")
    match field.kind:
        case "array" if _NAMES.search(field.name):
            return f"List the names of the {subject} in the passage. One name a line, or NONE."
        case "array":
            return f"Quote the sentences of the passage on {subject}, one a line, or NONE:"
        case "integer" | "number":
            return f"Which number in the passage is the {subject}? Figures only, or NONE."
        case "boolean":
            return f"Answer yes or no, by the passage ({subject}):"
        case "choice":
            return f"Choose the {subject} that fits the passage, one of: {'; '.join(field.choices)}."
        case _ if _SUMMARY.search(field.name):
            return "Summarize the passage in at most 2 sentences."
        case _:
            return f"Quote the sentences of the passage that give the {subject}, at most 2, or NONE:"


def conversion(field: OutputField, inputs: tuple[InputVariable, ...], may_ask: bool = True) -> str:
    """The Python expression of an output's value; with `may_ask` it may make a sub-LM call."""
    lines = f"lines_for[{field.name!r}]"
    match field.kind:
        case "integer":
            return f"int({_number(field, inputs, lines)})"
        case "number":
            return f"float({_number(field, inputs, lines)})"
        case "boolean":
            return f"any(line.startswith('Yes') for line in {lines})"
        case "choice":
            return f"max({list(field.choices)!r}, key={lines}.count)"
        case "object" if field.empty:
            return f"{{**{field.empty!r}, **dict(zip({_text_keys(field)!r}, {lines}))}}"
        case "object":
            return f"{{str(at): {_item(field.items)} for at, line in enumerate({lines}[:20], start=1)}}"
        case "array" if field.empty:
            return (
                f"({lines} + {field.empty!r})[:{len(field.empty)}]"
                if field.items == "string"
                else repr(field.empty)
            )
        case "array" if field.items in ("integer", "number"):
            made = "int(number)" if field.items == "integer" else "number"
            return f"[{made} for number in figures({lines})[:50]]"
        case "array":
            return f"[{_item(field.items)} for line in {lines}[:50]]"
        case _:
            otherwise = (
                r'llm_query("Summarize the passage.\n\nPassage:\n" + excerpts[0])'
                if may_ask
                else '"Nothing on this was found."'
            )
            return f'" ".join({lines}[:3]) or {otherwise}'


def _number(field: OutputField, inputs: tuple[InputVariable, ...], lines: str) -> str:
    given = [one.name for one in inputs if one.type in ("int", "float")]
    words = field.name.split("_")
    if len(given) == len(inputs) and (known := next((word for word in words if word in _SUMS), None)):
        return _SUMS[known].format(f"[{', '.join(given)}]")
    if _COUNT.search(field.name) and (counted := [word for word in words if not _COUNT.fullmatch(word)]):
        return f"lines_with({', '.join(repr(word.removesuffix('s')) for word in counted)})"
    otherwise = "share_found()" if _SHARE.search(field.name) else repr(field.empty)
    return f"(figures({lines}) or [{otherwise}])[0]"


def _text_keys(field: OutputField) -> list[str]:
    return [key for key, value in field.empty.items() if isinstance(value, str)]


def _item(kind: str) -> str:
    return _ITEMS.get(kind, "line")
