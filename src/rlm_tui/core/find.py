"""Find a text in everything of a run: reasoning, code, output, errors, prompts and answers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import islice
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
CHARACTERS_A_SECOND = 2_000_000
"""So much longer a long text may take."""


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


def find(
    trajectory: Trajectory,
    pattern: regex.Pattern[str],
    whole: Callable[[Value], str],
    is_over: Callable[[], bool] = lambda: False,
) -> Iterator[Hit]:
    """The hits in the order of the run, at most MOST_HITS. Raises FindError if a pattern takes too long.

    `is_over` is asked before each text: nobody wants the rest any more.
    """
    yield from islice(_Search(pattern, whole, is_over).run(trajectory), MOST_HITS)


class _Search:
    """One search, from text to text."""

    def __init__(
        self, pattern: regex.Pattern[str], whole: Callable[[Value], str], is_over: Callable[[], bool]
    ) -> None:
        self._pattern = pattern
        self._whole = whole
        self._is_over = is_over

    def run(self, trajectory: Trajectory) -> Iterator[Hit]:
        yield from self._iterations(trajectory.iterations)
        yield from self._calls((call for call in trajectory.calls if call.iteration is None), 0)
        if trajectory.finished is not None:
            for name, value in trajectory.finished.outputs.items():
                yield from self._text(f"{name}: {value}", "", 0, "result")

    def _iterations(self, iterations: Iterable[Iteration]) -> Iterator[Hit]:
        for one in iterations:
            yield from self._text(self._whole(one.prompt), one.span, one.n, "planner's prompt")
            yield from self._text(one.reasoning, one.span, one.n, "reasoning")
            yield from self._text(one.code, one.span, one.n, "code")
            for cell in (*one.earlier_cells, *one.person_cells, *([one.cell] if one.cell else [])):
                yield from self._text(cell.text, one.span, one.n, "output")
                if cell.error is not None:
                    yield from self._text(
                        f"{cell.error.kind}: {cell.error.message}", one.span, one.n, "error"
                    )
            yield from self._calls(one.calls, one.n)

    def _calls(self, calls: Iterable[Call], n: int) -> Iterator[Hit]:
        for call in calls:
            asked = self._whole(call.prompt)
            for text in [asked] if asked else [str(value) for value in call.arguments.values()]:
                yield from self._text(text, call.span, n, "prompt")
            yield from self._text(
                self._whole(call.answer) or self._whole(call.result), call.span, n, "answer"
            )
            if call.error is not None:
                for hit in self._text(f"{call.error.kind}: {call.error.message}", call.span, n, "error"):
                    yield hit._replace(is_of_call=True)
            yield from self._calls(call.items, n)
            for hit in self._iterations(call.nested):
                yield hit._replace(depth=hit.depth + 1)
            yield from self._calls(call.calls, n)

    def _text(self, text: str, span: str, n: int, where: Where) -> Iterator[Hit]:
        if not text or self._is_over():
            return
        limit = PATTERN_SECONDS + len(text) / CHARACTERS_A_SECOND
        try:
            found = (match for match in self._pattern.finditer(text, timeout=limit) if match.group())
            for match in islice(found, MOST_PER_TEXT):
                start, end = match.span()
                before = text[max(0, start - AROUND) : start].rpartition("\n")[2]
                after = text[end : end + AROUND].partition("\n")[0]
                yield Hit(span, n, where, before, match.group()[: 2 * AROUND], after)
        except TimeoutError as error:
            raise FindError("The pattern takes too long: make it simpler.") from error
