"""Find a text in everything of a run: reasoning, code, output, errors, prompts and answers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Literal, NamedTuple

import regex

from rlm_tui.core.breakpoint_kinds import BreakpointError, compiled
from rlm_tui.core.events import Value
from rlm_tui.core.iterations import Call, Iteration
from rlm_tui.core.text import one_line
from rlm_tui.core.trajectory import Trajectory

Where = Literal["reasoning", "code", "output", "error", "planner's prompt", "prompt", "answer", "result"]
AROUND = 60
"""Characters that are shown on either side of a hit."""
MOST_HITS = 5_000
MOST_PER_TEXT = 100
PATTERN_SECONDS = 2.0
"""For one text: a pattern can take for ever."""


class FindError(ValueError):
    """A pattern that can't be used. The message is one sentence that says why."""


class Hit(NamedTuple):
    """One place: `span` is that of the iteration or call, `n` the iteration's number (0: the run's own).

    `depth` counts the nested RLMs that it is in.
    """

    span: str
    n: int
    where: Where
    before: str
    found: str
    after: str
    depth: int = 0
    is_of_call: bool = False

    @property
    def place(self) -> str:
        """Where it is: "3", or "›1" for the first iteration of a nested RLM; "" for the run's own."""
        return "›" * self.depth + (str(self.n) if self.n else "")

    @property
    def line(self) -> str:
        """The hit with what stands round it, on one line."""
        return one_line(f"{self.before}{self.found}{self.after}", 4 * AROUND)


def pattern_of(text: str, *, is_regex: bool) -> regex.Pattern[str]:
    """What is searched for: the text itself in any case, or a regular expression. Raises FindError."""
    if not text:
        raise FindError("Write what is to be found.")
    if not is_regex:
        return regex.compile(regex.escape(text), regex.IGNORECASE)
    try:
        return compiled(text)
    except BreakpointError as error:
        raise FindError(str(error)) from error


def find(trajectory: Trajectory, pattern: regex.Pattern[str], whole: Callable[[Value], str]) -> Iterator[Hit]:
    """The hits in the order of the run, at most MOST_HITS. Raises FindError if a pattern takes too long."""
    for number, hit in enumerate(_hits(trajectory, pattern, whole)):
        if number >= MOST_HITS:
            return
        yield hit


def _hits(
    trajectory: Trajectory, pattern: regex.Pattern[str], whole: Callable[[Value], str]
) -> Iterator[Hit]:
    yield from _iterations(trajectory.iterations, pattern, whole)
    yield from _calls((call for call in trajectory.calls if call.iteration is None), 0, pattern, whole)
    if trajectory.finished is not None:
        for name, value in trajectory.finished.outputs.items():
            yield from _in_text(f"{name}: {value}", "", 0, "result", pattern)


def _iterations(
    iterations: Iterable[Iteration], pattern: regex.Pattern[str], whole: Callable[[Value], str]
) -> Iterator[Hit]:
    for one in iterations:
        yield from _in_text(whole(one.prompt), one.span, one.n, "planner's prompt", pattern)
        yield from _in_text(one.reasoning, one.span, one.n, "reasoning", pattern)
        yield from _in_text(one.code, one.span, one.n, "code", pattern)
        for cell in (*one.earlier_cells, *one.person_cells, *([one.cell] if one.cell else [])):
            yield from _in_text(cell.text, one.span, one.n, "output", pattern)
            if cell.error is not None:
                words = f"{cell.error.kind}: {cell.error.message}"
                yield from _in_text(words, one.span, one.n, "error", pattern)
        yield from _calls(one.calls, one.n, pattern, whole)


def _calls(
    calls: Iterable[Call], n: int, pattern: regex.Pattern[str], whole: Callable[[Value], str]
) -> Iterator[Hit]:
    for call in calls:
        asked = whole(call.prompt) or (str(call.arguments) if call.arguments else "")
        yield from _in_text(asked, call.span, n, "prompt", pattern)
        yield from _in_text(whole(call.answer), call.span, n, "answer", pattern)
        if call.error is not None:
            words = f"{call.error.kind}: {call.error.message}"
            for hit in _in_text(words, call.span, n, "error", pattern):
                yield hit._replace(is_of_call=True)
        yield from _calls(call.items, n, pattern, whole)
        for hit in _iterations(call.nested, pattern, whole):
            yield hit._replace(depth=hit.depth + 1)
        yield from _calls(call.calls, n, pattern, whole)


def _in_text(text: str, span: str, n: int, where: Where, pattern: regex.Pattern[str]) -> Iterator[Hit]:
    try:
        for number, match in enumerate(pattern.finditer(text, timeout=PATTERN_SECONDS)):
            if number >= MOST_PER_TEXT:
                return
            start, end = match.span()
            before = text[max(0, start - AROUND) : start].rpartition("\n")[2]
            after = text[end : end + AROUND].partition("\n")[0]
            yield Hit(span, n, where, before, match.group()[: 2 * AROUND], after)
    except TimeoutError as error:
        raise FindError("The pattern takes too long: make it simpler.") from error
