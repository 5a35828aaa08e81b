"""What breakpoints see in the code of a cell before it runs: its text, and what it calls."""

from __future__ import annotations

import ast
import re
import warnings

from rlm_tui.core.breakpoint_kinds import (
    Breakpoint,
    CallsLLM,
    CodeContains,
    CodeMatches,
    Submits,
    compiled,
)
from rlm_tui.core.breakpoints import breakpoint_words

PATTERN_SECONDS = 1.0
"""How long a pattern may search the code of a cell."""

_LLM = frozenset({"llm_query", "llm_query_batched"})
_SUBMIT = frozenset({"SUBMIT"})


def held_by_code(point: Breakpoint, code: str) -> str:
    """Why the breakpoint holds before a cell with this code, in words; "" when it doesn't.

    A pattern that takes longer than a second holds too, and the words say so.
    """
    match point:
        case CodeContains(text=text):
            holds = text in code
        case CodeMatches(pattern=pattern):
            try:
                # Concurrent: the screen goes on while a bad pattern searches.
                holds = bool(compiled(pattern).search(code, timeout=PATTERN_SECONDS, concurrent=True))
            except TimeoutError:
                late = f"no answer within {PATTERN_SECONDS:g} s"
                return f"{breakpoint_words(point)} ({late})"
        case CallsLLM():
            holds = _uses(code, _LLM)
        case Submits():
            holds = _uses(code, _SUBMIT)
        case _:
            return ""
    return breakpoint_words(point) if holds else ""


def _uses(code: str, names: frozenset[str]) -> bool:
    """Whether the code reads one of these names: `map(llm_query, prompts)` calls it too."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # those of a planner's code belong on no terminal
            tree = ast.parse(code)
    except (SyntaxError, ValueError, RecursionError, MemoryError, SystemError):
        # A SystemError: two threads parse at once (the depth of the tree is counted for both together).
        return re.search(rf"\b(?:{'|'.join(names)})\s*\(", code) is not None
    return any(
        isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and node.id in names
        for node in ast.walk(tree)
    )
