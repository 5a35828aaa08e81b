"""A run to read, as Markdown: what was asked, each iteration, the calls folded, what came out."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterable, Iterator
from typing import Any

from rlm_tui.core.events import ErrorDetail
from rlm_tui.core.iterations import Call, Cell, Iteration
from rlm_tui.core.text import one_line, visible
from rlm_tui.store.exporters.facts import call_facts, call_name, facts
from rlm_tui.store.exporters.source import Source, asked_of, given_by
from rlm_tui.store.exporters.told import (
    Code,
    NotRun,
    Said,
    Shown,
    Thought,
    Told,
    dropped_words,
    state_of,
    told,
)

MOST_OUTPUT = 20_000
MOST_ANSWER = 8_000
MOST_WORDS = 400
_FENCES = re.compile(r"`{3,}")
_SPECIAL = re.compile(r"([\\`*_{}\[\]|~$])")
_BLOCK = re.compile(r"^[-+=#]")
_NUMBER = re.compile(r"^(\d{1,9})([.)])(?=\s|$)")


def export_markdown(source: Source) -> Iterator[str]:
    """The page, piece by piece."""
    trajectory = source.trajectory
    started = trajectory.started
    yield f"# {escaped(started.task if started else source.run_id)}\n\n"
    yield "| | |\n|---|---|\n"
    for name, words in facts(source).items():
        yield f"| {name} | {escaped(words, 2_000)} |\n"
    if started is not None:
        if started.instructions.strip():
            yield f"\n**Instructions**\n\n{fenced(started.instructions, MOST_ANSWER)}"
        for name, value in started.inputs.items():
            yield f"\n**{escaped(name)}**\n\n{fenced(source.whole(value), MOST_ANSWER)}"
    for note in trajectory.notes:
        yield "\n" + quoted(note.text, f"{note.level}: ")
    for iteration in trajectory.iterations:
        yield from _iteration(iteration, source, level=2)
    if alone := [call for call in trajectory.calls if call.iteration is None and call.parent is None]:
        yield "\n## Asked by the run itself\n"
        yield from _calls(alone, source, level=2)
    yield from _end(source)


def escaped(text: str, most: int = MOST_WORDS) -> str:
    """A text on one line, none of which is markup."""
    line = _SPECIAL.sub(r"\\\1", html.escape(one_line(text, most), quote=False))
    return _NUMBER.sub(r"\1\\\2", _BLOCK.sub(r"\\\g<0>", line))


def quoted(text: str, before: str = "", most: int = MOST_OUTPUT) -> str:
    """Words as a quotation that keeps their lines, none of them cut."""
    lines = _cut(visible(text).strip(), most).split("\n")
    lines[0] = before + lines[0]
    return "  \n".join(f"> {escaped(line, most)}".rstrip() for line in lines) + "\n"


def fenced(text: str, most: int, language: str = "") -> str:
    """A text as it is, in a fence that is longer than any in it."""
    shown = _cut(visible(text), most)
    fence = "`" * max(3, max((len(found) + 1 for found in _FENCES.findall(shown)), default=3))
    return f"{fence}{language}\n{shown.rstrip()}\n{fence}\n"


def _cut(shown: str, most: int) -> str:
    return f"{shown[:most]}\n… {len(shown) - most:,} more characters" if len(shown) > most else shown


def _iteration(iteration: Iteration, source: Source, *, level: int) -> Iterator[str]:
    sign, word = state_of(iteration, going_on=source.going_on)
    ended = "" if word in ("ok", "submitted") else f" {sign} {word}"
    yield f"\n{'#' * min(level, 6)} Iteration {iteration.n}{ended}\n"
    for one in told(iteration, source.whole):
        yield from _told(one)
    yield from _calls(iteration.calls, source, level=level)


def _told(one: Told) -> Iterator[str]:
    match one:
        case Thought(text=text):
            if text.strip():
                yield "\n" + quoted(text)
        case NotRun(reasoning=reasoning, code=code):
            yield f"\n<details><summary>Not run: {_summary(reasoning or code)}</summary>\n"
            yield f"\n{quoted(reasoning)}\n{fenced(code, MOST_OUTPUT, 'python')}\n</details>\n"
        case Said(who=who, text=text):
            yield f"\n*{who}*\n" if not text.strip() else f"\n*{who}:*\n\n{quoted(text)}"
        case Code(code=code, planned=planned):
            if planned is not None:
                yield "\n*Edited by a person; the planner wrote:*\n"
                yield f"\n{fenced(planned, MOST_OUTPUT, 'python')}"
                yield "\n*What was run:*\n"
            if code.strip():
                yield f"\n{fenced(code, MOST_OUTPUT, 'python')}"
        case Shown(cell=cell):
            yield from _shown(cell)


def _shown(cell: Cell) -> Iterator[str]:
    if cell.text.strip():
        yield f"\n{fenced(cell.text, MOST_OUTPUT, 'text')}"
    if words := dropped_words(cell):
        yield f"\n*{words}*\n"
    if cell.error is not None:
        yield from _error(cell.error)


def _error(error: ErrorDetail) -> Iterator[str]:
    """In its own words; those of more than a line in a fence."""
    if "\n" not in error.message.strip() and len(error.message) <= MOST_WORDS:
        yield f"\n**{escaped(error.kind)}**: {escaped(error.message)}\n"
    else:
        yield f"\n**{escaped(error.kind)}**\n\n{fenced(error.message, MOST_OUTPUT, 'text')}"
    if error.traceback.strip():
        yield f"\n<details><summary>Traceback</summary>\n\n{fenced(error.traceback, MOST_OUTPUT, 'text')}"
        yield "\n</details>\n"


def _summary(text: str) -> str:
    """Words in a line of HTML, where nothing is Markdown."""
    return html.escape(one_line(text, 120))


def _calls(calls: Iterable[Call], source: Source, *, level: int) -> Iterator[str]:
    for call in calls:
        words = _summary(f"{call_name(call)}, {', '.join(call_facts(call))}")
        yield f"\n<details><summary>{words}</summary>\n"
        if asked := asked_of(call, source):
            yield f"\n{fenced(asked, MOST_ANSWER)}"
        if call.error is not None:
            yield from _error(call.error)
        elif answer := given_by(call, source):
            yield f"\n{fenced(answer, MOST_ANSWER)}"
        yield from _calls(call.items, source, level=level)
        for nested in call.nested:
            yield from _iteration(nested, source, level=level + 1)
        yield from _calls(call.calls, source, level=level)
        yield "\n</details>\n"


def _end(source: Source) -> Iterator[str]:
    finished = source.trajectory.finished
    if finished is None:
        return
    yield "\n## Result\n"
    if finished.error is not None:
        yield from _error(finished.error)
    for name, value in finished.outputs.items():
        yield f"\n**{escaped(name)}**\n\n"
        if isinstance(value, list):
            yield "".join(f"- {_item(item)}\n" for item in value)
        elif isinstance(value, dict):
            yield "".join(f"- {escaped(str(key))}: {_item(item)}\n" for key, item in value.items())
        else:
            yield fenced(value if isinstance(value, str) else _compact(value), MOST_OUTPUT)


def _item(value: Any) -> str:
    """A value of a list, on as many lines as it has."""
    text = value if isinstance(value, str) else _compact(value)
    lines = _cut(visible(text).strip(), MOST_OUTPUT).split("\n")
    return "  \n  ".join(escaped(line, MOST_OUTPUT) for line in lines)


def _compact(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, default=str)
