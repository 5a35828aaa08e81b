"""A call in full, as rows to read: how it went, who made it, all that was asked and all that came back."""

from __future__ import annotations

import json
from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass

from rlm_tui.core.call_facts import container_of, seconds_of, usage_of_call
from rlm_tui.core.events import Note, Value
from rlm_tui.core.text import UNKNOWN_SECONDS, human_cost, human_seconds, number_of, one_line, visible
from rlm_tui.core.trajectory import Call
from rlm_tui.ui.widgets.call_list_words import kind_words, tokens_words
from rlm_tui.ui.widgets.call_words import call_asked, state_sign
from rlm_tui.ui.widgets.note_rows import note_rows
from rlm_tui.ui.widgets.result_block import error_rows
from rlm_tui.ui.widgets.row import Line, LineRow, Row, TextRow, cut_line
from rlm_tui.ui.widgets.targets import CallLine
from rlm_tui.ui.widgets.text_highlight import highlighted

MOST_SHOWN = 1_000_000
"""Characters of a text that are shown here; the rest is turned to page by page."""
MOST_ITEMS = 500
CallWith = Callable[[str], Call | None]
"""Finds a call by its span."""
NOT_YET = "The answer is still to come."


@dataclass(frozen=True, slots=True)
class CallTexts:
    """The whole texts of a call, read in a thread. `problems` says which can't be read any more, and why."""

    prompt: str
    answer: str
    result: str
    problems: tuple[str, ...] = ()


def read_texts(call: Call, resolve: Callable[[Value], str]) -> CallTexts:
    """The texts of a call; may block. One that is gone is its head."""
    texts: list[str] = []
    problems: list[str] = []
    for what, value in (("prompt", call.prompt), ("answer", call.answer), ("result", call.result)):
        try:
            texts.append(value.text if value.blob is None else resolve(value))
        except OSError as error:
            texts.append(value.text)
            problems.append(f"Of the {what} only the beginning is left: {error}")
    return CallTexts(texts[0], texts[1], texts[2], tuple(problems))


def call_text(call: Call, texts: CallTexts, now: float, call_with: CallWith) -> str:
    """A call as plain text, to be copied or saved: nothing is left out."""
    parts = [
        f"# Call {place_words(call)}: {call.name}",
        time_words(call, now),
        *facts_of(call, call_with),
    ]
    if call.error is not None:
        error = call.error
        parts += ["## Error", "\n".join(filter(None, (f"{error.kind}: {error.message}", error.hint)))]
        if error.traceback:
            parts.append(error.traceback)
    if call.arguments:
        parts += ["## Arguments", arguments_text(call)]
    if texts.prompt:
        parts += ["## Prompt", texts.prompt]
    if texts.answer:
        parts += ["## Answer", texts.answer]
    elif texts.result:
        parts += ["## Result", texts.result]
    return "\n\n".join(parts) + "\n"


def arguments_text(call: Call) -> str:
    """The arguments of a tool as JSON; a single text as it is."""
    if len(call.arguments) == 1 and isinstance(only := next(iter(call.arguments.values())), str):
        return f"{next(iter(call.arguments))}: {only}"
    try:
        return json.dumps(call.arguments, indent=2, ensure_ascii=False)
    except (TypeError, ValueError):
        return repr(call.arguments)


def place_words(call: Call) -> str:
    """`12`; `12·3` for an item of a batch."""
    if call.number or call.parent is None:
        return str(call.number)
    return f"{call.parent.number}·{(call.index or 0) + 1}"


def time_words(call: Call, now: float) -> str:
    """How long it took or has been in flight, and when it began."""
    took = human_seconds(seconds_of(call, now))
    when = f", began {human_seconds(call.started_at)} into the run"
    if call.seconds == UNKNOWN_SECONDS and not call.started_at:
        when = ""  # a log without times
    return f"in flight for {took}{when}" if call.state == "running" else f"{took}{when}"


@dataclass(slots=True, eq=False)
class TimeRow:
    """How long a call has been in flight, read from the clock whenever it is painted."""

    call: Call
    now: Callable[[], float]

    @property
    def target(self) -> None:
        return None

    def sameness(self) -> Hashable:
        return None

    def height(self, width: int) -> int:
        return 1

    def layout(self, width: int) -> Sequence[Line]:
        return [cut_line((("  ", "text"), (time_words(self.call, self.now()), "dim")), width)]


def facts_of(call: Call, call_with: CallWith) -> list[str]:
    """Who made it, with which model, what it used, where the answer came from."""
    usage = usage_of_call(call)
    words = [who_asked(call, call_with)]
    if call.model:
        words.append(f"asked {visible(call.model)}")
    if call.kind != "tool" or usage is not None:
        into = tokens_words(None if usage is None else usage.prompt_tokens, call)
        out = tokens_words(None if usage is None else usage.completion_tokens, call)
        cost = human_cost(None if usage is None else usage.cost_usd)
        cost = "…" if usage is None and call.state == "running" else cost
        within = ", all that it contains" if call.contains else ""
        requests = f", {number_of(usage.requests, 'request')}" if usage is not None else ""
        words.append(f"tokens {into} in, {out} out · {cost}{requests}{within}")
    if call.origin:
        words.append(f"the answer is from the record of run {visible(call.origin)}: nothing was asked")
    elif call.cached:
        words.append("the answer is from the cache: nothing was asked")
    return words


def who_asked(call: Call, call_with: CallWith) -> str:
    """`item 3 of batch 12, made by the cell of iteration 4 of 20, within the nested RLM of call 7`."""
    words: list[str] = []
    above: Call | None = call
    if call.parent is not None and call.parent.is_batch:
        words.append(f"item {(call.index or 0) + 1} of {call.parent.expected} of batch {call.parent.number}")
    while above is not None:
        iteration = above.iteration
        container = container_of(above, call_with)
        if container is None or container.kind == "sub_rlm":
            by = "planner" if above.by_planner else "cell"
            where = f" of iteration {iteration.n} of {iteration.of}" if iteration is not None else ""
            words.append(f"made by the {by}{where}" if where else "made by the run itself")
        if container is not None and container.kind == "sub_rlm":
            words.append(f"within the nested RLM of call {container.number}")
        above = container
    return ", ".join(words)


def detail_rows(
    call: Call,
    texts: CallTexts,
    notes: Sequence[Note],
    now: Callable[[], float],
    call_with: CallWith,
    more: Sequence[Row] = (),
) -> Iterator[Row]:
    """The rows of a call in full; `more` stands above its prompt."""
    sign = state_sign(call.state)
    title: Line = (sign, (f" {place_words(call)} ", "faint"), (visible(call.name), "call"))
    yield LineRow((*title, (f"  {kind_words(call)}", "dim")))
    yield TimeRow(call, now)
    for fact in facts_of(call, call_with):
        yield TextRow(((fact, "dim"),), (("  ", "text"),))
    for note in notes:
        yield from note_rows(note)
    for problem in texts.problems:
        yield TextRow(((visible(problem), "bad"),))
    if call.error is not None:
        yield from _heading("Error")
        yield from error_rows(call.error, "")
        if call.error.traceback:
            yield from _text(call.error.traceback)
    yield from more
    if call.is_batch:
        yield from _items(call, now())
    if call.arguments:
        yield from _heading("Arguments")
        yield from _text(arguments_text(call))
    if texts.prompt:
        yield from _heading("Prompt", texts.prompt)
        yield from _text(texts.prompt)
    if texts.answer or texts.result:
        answer = texts.answer or texts.result
        yield from _heading("Answer", answer)
        yield from _text(answer)
    elif call.state == "running":
        yield from _heading("Answer")
        yield TextRow(((NOT_YET, "dim"),))


def _heading(words: str, text: str = "") -> Iterator[Row]:
    yield TextRow((("", "text"),))
    length = f"  {len(text):,} characters" if text else ""
    yield LineRow(((words, "accent"), (length, "dim")))


def _text(text: str) -> Iterator[Row]:
    for line in highlighted(text[:MOST_SHOWN]):
        yield TextRow(line)
    if len(text) > MOST_SHOWN:
        words = f"… {len(text) - MOST_SHOWN:,} more characters: p turns to them page by page, w saves all."
        yield TextRow(((words, "held"),))


def _items(call: Call, now: float) -> Iterator[Row]:
    yield from _heading("Items")
    items = sorted(call.items[:MOST_ITEMS], key=lambda item: item.index or 0)
    for item in items:
        asked = one_line(item.error.message, 200) if item.error is not None else call_asked(item, 200)
        left: Line = (
            state_sign(item.state),
            (f" {(item.index or 0) + 1:>4} ", "faint"),
            (asked, "bad" if item.error is not None else "text"),
        )
        took = human_seconds(seconds_of(item, now))
        role = "busy" if item.state == "running" else "dim"
        yield LineRow(left, (((took, role),),), CallLine(item.span))
    if len(call.items) > MOST_ITEMS:
        yield TextRow(
            ((f"… {len(call.items) - MOST_ITEMS:,} more: the table opens into all of them.", "dim"),)
        )
