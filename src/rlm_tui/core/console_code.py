"""Code as it is typed into the console: whether it is whole, and how its next line is indented."""

from __future__ import annotations

import codeop
import warnings

INDENT = "    "
_ENDS_BLOCK = ("return", "pass", "break", "continue", "raise")


def is_whole(code: str) -> bool:
    """Whether the code is run as it stands; else it goes on in another line.

    An indented block goes on until a blank line. Code that can't become right by more lines is whole: what is
    wrong with it is told when it runs.
    """
    last = code.rstrip(" \t").rpartition("\n")[2]
    if "\n" in code and last[:1] in (" ", "\t"):
        return False
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return codeop.compile_command(code, symbol="exec") is not None
    except (SyntaxError, ValueError, OverflowError, RecursionError, MemoryError):
        return True


def end_words(status: str, error: str, seconds: float) -> str:
    """Why code of the console ended before its end, "" for code that did not; `seconds` is its time limit."""
    match status:
        case "ok" | "submitted":
            return ""
        case "timeout":
            return f"It was stopped after {seconds:g} seconds; what it had set is kept."
        case "interrupted":
            return "You interrupted it; what it had set is kept."
        case _:
            return error.removesuffix(": ") or f"It ended otherwise: {status}."


def next_indentation(line: str) -> str:
    """How the line after `line` begins."""
    stripped = line.strip()
    indentation = line[: len(line) - len(line.lstrip())]
    if stripped.endswith(":"):
        return indentation + INDENT
    first = stripped.split(maxsplit=1)[0] if stripped else ""
    if first in _ENDS_BLOCK and indentation.endswith(INDENT):
        return indentation.removesuffix(INDENT)
    return indentation
