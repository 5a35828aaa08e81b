"""The kinds of breakpoint. One that could never hold, or can't be meant, is not made."""

from __future__ import annotations

import keyword
import math
import re
import unicodedata
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from msgspec import Struct

from rlm_tui.core.text import one_line

if TYPE_CHECKING:
    from regex import Pattern

LONGEST_TEXT = 500
LARGEST_NUMBER = 10**12
LARGEST_PATTERN = 10**6
SHOWN_CHARACTERS = 60


class BreakpointError(ValueError):
    """A breakpoint that can't be meant. The message is one sentence that says what to write."""


class CodeContains(Struct, frozen=True, tag="code"):
    """Before a cell whose code has `text` in it."""

    text: str

    def __post_init__(self) -> None:
        _check_text("code", self.text)


class CodeMatches(Struct, frozen=True, tag="regex"):
    """Before a cell in whose code the `regex` pattern is found; `^` and `$` stand at each line."""

    pattern: str

    def __post_init__(self) -> None:
        _check_text("regex", self.pattern)
        compiled(self.pattern)


class CallsLLM(Struct, frozen=True, tag="llm-query"):
    """Before a cell that calls llm_query or llm_query_batched."""


class Submits(Struct, frozen=True, tag="submit"):
    """Before a cell that calls SUBMIT."""


class CellFails(Struct, frozen=True, tag="error"):
    """After a cell that failed."""


class CallSlower(Struct, frozen=True, tag="call-seconds"):
    """After a call that took more than `seconds`."""

    seconds: float

    def __post_init__(self) -> None:
        _check_number("call-seconds", self.seconds)


class CallLonger(Struct, frozen=True, tag="call-characters"):
    """After a call whose prompt and answer together have more than `characters`."""

    characters: int

    def __post_init__(self) -> None:
        _check_number("call-characters", self.characters)


class CallDearer(Struct, frozen=True, tag="call-cost"):
    """After a call that cost more than `usd` dollars. A call whose price is unknown never does."""

    usd: float

    def __post_init__(self) -> None:
        _check_number("call-cost", self.usd)


class AtIteration(Struct, frozen=True, tag="iteration"):
    """Before the plan of the run's own iteration `n`, counted from 1."""

    n: int

    def __post_init__(self) -> None:
        _check_number("iteration", self.n, least=1)


class VariableExists(Struct, frozen=True, tag="variable"):
    """As soon as there is a variable `name`; again when it went away and came back."""

    name: str

    def __post_init__(self) -> None:
        _check_name("variable", self.name)


class VariableChanges(Struct, frozen=True, tag="change"):
    """After each cell that left the variable `name` with another type, size or preview, or deleted it."""

    name: str

    def __post_init__(self) -> None:
        _check_name("change", self.name)


Breakpoint = (
    CodeContains
    | CodeMatches
    | CallsLLM
    | Submits
    | CellFails
    | CallSlower
    | CallLonger
    | CallDearer
    | AtIteration
    | VariableExists
    | VariableChanges
)


class SetBreakpoint(Struct, frozen=True):
    """A breakpoint in the list of a task or a run, switched on or off."""

    breakpoint: Breakpoint
    on: bool = True


class BreakpointForm(NamedTuple):
    """A kind of breakpoint as it is written, an example to begin with, and what it is for."""

    kind: str
    example: str
    words: str


FORMS = (
    BreakpointForm("code", "code=open(", "before a cell whose code has this text"),
    BreakpointForm("regex", r"regex=\bopen\w*\(", "before a cell whose code matches"),
    BreakpointForm("llm-query", "llm-query", "before a cell that calls llm_query"),
    BreakpointForm("submit", "submit", "before a cell that submits"),
    BreakpointForm("error", "error", "after a cell that failed"),
    BreakpointForm("call-seconds", "call-seconds=5", "after a call that took more seconds"),
    BreakpointForm("call-characters", "call-characters=10000", "after a call whose texts are longer"),
    BreakpointForm("call-cost", "call-cost=0.05", "after a call that cost more dollars"),
    BreakpointForm("iteration", "iteration=4", "before the plan of this iteration"),
    BreakpointForm("variable", "variable=answers", "as soon as the variable exists"),
    BreakpointForm("change", "change=answers", "after each cell that changed the variable"),
)
EXAMPLES = {form.kind: form.example for form in FORMS}


@lru_cache(maxsize=64)
def compiled(pattern: str) -> Pattern[str]:
    """The pattern of a breakpoint, to search with a time limit. Raises BreakpointError."""
    import regex  # not above: the first paint of the screen needs no pattern

    counts = [int(count) for count in re.findall(r"\{(\d+)", "".join(pattern.split()))]
    if len(pattern) * math.prod(max(count, 1) for count in counts) > LARGEST_PATTERN:
        # Counts are written out when it is compiled: a short pattern could take all memory.
        raise BreakpointError(f"The pattern {quoted(pattern)} repeats too often: write smaller counts.")
    try:
        return regex.compile(pattern, regex.MULTILINE)
    except regex.error as error:
        raise BreakpointError(f"The pattern {quoted(pattern)} doesn't compile: {error}.") from error
    except Exception as error:
        why = "it is nested too deeply" if isinstance(error, RecursionError) else str(error)
        raise BreakpointError(f"The pattern {quoted(pattern)} doesn't compile: {why}.") from error


def _check_text(kind: str, text: str) -> None:
    if not text or text != text.strip():
        raise BreakpointError(f"{kind} needs a text without blanks at its ends, as in {EXAMPLES[kind]}.")
    if len(text) > LONGEST_TEXT:
        raise BreakpointError(f"{kind} takes at most {LONGEST_TEXT} characters, and here are {len(text):,}.")
    if any(unicodedata.category(sign) in ("Cc", "Cs", "Zl", "Zp") and sign != "\t" for sign in text):
        raise BreakpointError(f"The text of {kind} must be one line without control characters.")


def _check_number(kind: str, number: float, least: int = 0) -> None:
    if not math.isfinite(number) or not least <= number <= LARGEST_NUMBER:
        raise BreakpointError(
            f"{kind} needs a number from {least} to {LARGEST_NUMBER:,}, as in {EXAMPLES[kind]}."
        )


def _check_name(kind: str, name: str) -> None:
    if not name.isidentifier() or keyword.iskeyword(name) or len(name) > LONGEST_TEXT:
        raise BreakpointError(f"{quoted(name)} is no name of a variable: write it as in {EXAMPLES[kind]}.")


def quoted(text: str) -> str:
    """`text` on one line, for a sentence."""
    return repr(one_line(text, SHOWN_CHARACTERS))
