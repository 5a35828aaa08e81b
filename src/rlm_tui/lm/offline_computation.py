"""What a computable question turns into: a thought, and code that leaves its result in `answer`."""

from __future__ import annotations

import re
from dataclasses import dataclass

_UNITS = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
    "seventeen eighteen nineteen twenty"
)
_TENS = "thirty forty fifty sixty seventy eighty ninety hundred"
_WORDS = {
    **{name: value for value, name in enumerate(_UNITS.split())},
    **{name: 10 * value for value, name in enumerate(_TENS.split(), start=3)},
}
NUMBER = r"(\d[\d,]*|" + "|".join(sorted(_WORDS, key=len, reverse=True)) + r")\b"


@dataclass(frozen=True)
class Computation:
    """How a question is computed: the planner's thought, and Python that sets `answer`."""

    reasoning: str
    code: str


def computation(reasoning: str, code: str) -> Computation:
    """A computation; it prints its answer, so that it is seen before it is submitted."""
    return Computation(reasoning, f"{code.strip()}\nprint(answer)")


def number(text: str) -> int:
    """The value of what `NUMBER` matched: digits or a word, in small letters."""
    return _WORDS[text] if text in _WORDS else int(text.replace(",", ""))


def quoted(question: str) -> str | None:
    """The text that a question quotes, or names with "the word …"."""
    match = re.search(r"\"([^\"]+)\"|“([^”]+)”|(?<!\w)'([^']+)'(?!\w)|‘([^’]+)’|\bword (\w+)", question)
    return next((group for group in match.groups() if group), None) if match else None
