"""Where a run is to be held, and the one line that says so: for commands, files of tasks and the screen."""

from __future__ import annotations

import difflib
import unicodedata
from typing import assert_never

from rlm_tui.core.breakpoint_kinds import (
    EXAMPLES,
    FORMS,
    SHOWN_CHARACTERS,
    AtIteration,
    Breakpoint,
    BreakpointError,
    BreakpointForm,
    CallDearer,
    CallLonger,
    CallsLLM,
    CallSlower,
    CellFails,
    CodeContains,
    CodeMatches,
    SetBreakpoint,
    Submits,
    VariableChanges,
    VariableExists,
    quoted,
)
from rlm_tui.core.text import one_line

__all__ = [
    "FORMS",
    "AtIteration",
    "Breakpoint",
    "BreakpointError",
    "BreakpointForm",
    "CallDearer",
    "CallLonger",
    "CallSlower",
    "CallsLLM",
    "CellFails",
    "CodeContains",
    "CodeMatches",
    "SetBreakpoint",
    "Submits",
    "VariableChanges",
    "VariableExists",
    "breakpoint_text",
    "breakpoint_words",
    "parse_breakpoint",
]


_KINDS = [f"{kind}=" if "=" in example else kind for kind, example in EXAMPLES.items()]


def parse_breakpoint(text: str) -> Breakpoint:
    """The breakpoint that the line `text` describes, as in `iteration=4`. Raises BreakpointError."""
    written, equals, value = text.partition("=")
    kind, value = written.strip().lower().replace("_", "-"), value.strip()
    if kind not in EXAMPLES:
        raise BreakpointError(_unknown(written.strip()))
    if "=" not in EXAMPLES[kind]:
        if equals:
            raise BreakpointError(f"{kind} takes no value: write {kind} alone.")
    elif not value:
        raise BreakpointError(f"{kind} needs a value, as in {EXAMPLES[kind]}.")
    return _made(kind, value)


def _made(kind: str, value: str) -> Breakpoint:
    match kind:
        case "code":
            return CodeContains(value)
        case "regex":
            return CodeMatches(value)
        case "llm-query":
            return CallsLLM()
        case "submit":
            return Submits()
        case "error":
            return CellFails()
        case "call-seconds":
            return CallSlower(_number(kind, value))
        case "call-characters":
            return CallLonger(_whole(kind, value))
        case "call-cost":
            return CallDearer(_number(kind, value.removeprefix("$")))
        case "iteration":
            return AtIteration(_whole(kind, value))
        case "variable":
            return VariableExists(_name(value))
        case _:
            return VariableChanges(_name(value))


def breakpoint_text(point: Breakpoint) -> str:
    """The line that `parse_breakpoint` reads as this breakpoint."""
    match point:
        case CodeContains(text=text):
            return f"code={text}"
        case CodeMatches(pattern=pattern):
            return f"regex={pattern}"
        case CallsLLM():
            return "llm-query"
        case Submits():
            return "submit"
        case CellFails():
            return "error"
        case CallSlower(seconds=seconds):
            return f"call-seconds={_plain(seconds)}"
        case CallLonger(characters=characters):
            return f"call-characters={characters}"
        case CallDearer(usd=usd):
            return f"call-cost={_plain(usd)}"
        case AtIteration(n=n):
            return f"iteration={n}"
        case VariableExists(name=name):
            return f"variable={name}"
        case VariableChanges(name=name):
            return f"change={name}"
        case _:
            assert_never(point)


def breakpoint_words(point: Breakpoint) -> str:
    """What holds a run at this breakpoint, for a person: "a call took more than 5 s"."""
    match point:
        case CodeContains(text=text):
            return f"the code contains {one_line(text, SHOWN_CHARACTERS)}"
        case CodeMatches(pattern=pattern):
            return f"the code matches {one_line(pattern, SHOWN_CHARACTERS)}"
        case CallsLLM():
            return "the cell calls llm_query"
        case Submits():
            return "the cell submits"
        case CellFails():
            return "a cell failed"
        case CallSlower(seconds=seconds):
            return f"a call took more than {_plain(seconds)} s"
        case CallLonger(characters=characters):
            return f"a call has more than {characters:,} characters"
        case CallDearer(usd=usd):
            return f"a call cost more than ${_plain(usd)}"
        case AtIteration(n=n):
            return f"iteration {n:,}"
        case VariableExists(name=name):
            return f"the variable {one_line(name, SHOWN_CHARACTERS)} exists"
        case VariableChanges(name=name):
            return f"the variable {one_line(name, SHOWN_CHARACTERS)} changed"
        case _:
            assert_never(point)


def _unknown(written: str) -> str:
    kind = written.lower().replace("_", "-")
    begun = [name for name in EXAMPLES if kind and name.startswith(kind)]
    near = begun or difflib.get_close_matches(kind, EXAMPLES, n=2, cutoff=0.5)
    hint = (
        f"did you mean {' or '.join(EXAMPLES[name] for name in near)}?"
        if near
        else f"write one of {', '.join(_KINDS)}."
    )
    return f"There is no breakpoint {quoted(written)}: {hint}"


def _number(kind: str, value: str) -> float:
    try:
        return float(value)
    except ValueError:
        raise BreakpointError(f"{quoted(value)} is no number: write it as in {EXAMPLES[kind]}.") from None


def _whole(kind: str, value: str) -> int:
    try:
        return int(value)
    except ValueError:
        raise BreakpointError(
            f"{quoted(value)} is no whole number: write it as in {EXAMPLES[kind]}."
        ) from None


def _name(value: str) -> str:
    return unicodedata.normalize("NFKC", value)  # as Python itself reads names


def _plain(number: float) -> str:
    return repr(float(number)).removesuffix(".0")
