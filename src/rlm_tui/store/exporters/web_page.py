"""A run as one web page that needs nothing else: folds, colours of code, a timeline, light and dark.

Texts are content: escaped, made visible, without a script that they could end. The page forbids itself to
load or to run anything (Content-Security-Policy).
"""

from __future__ import annotations

import html
import json
from collections.abc import Iterable, Iterator
from typing import Any

from rlm_tui.core.events import ErrorDetail
from rlm_tui.core.iterations import Call, Cell, Iteration
from rlm_tui.core.text import human_cost, human_seconds, number_of, one_line, visible
from rlm_tui.store.exporters.facts import call_facts, call_name, facts
from rlm_tui.store.exporters.source import Source, asked_of, given_by
from rlm_tui.store.exporters.told import (
    ENDED_WELL,
    Code,
    NotRun,
    Said,
    Shown,
    Thought,
    Told,
    dropped_words,
    printed,
    state_of,
    told,
)
from rlm_tui.store.exporters.web_code import code_block, code_style, diff_block
from rlm_tui.store.exporters.web_style import STYLE
from rlm_tui.store.exporters.web_timeline import timeline

MOST_TEXT = 200_000
MOST_PAGE = 20_000_000
MOST_LATE_TEXT = 2_000
"""Characters of a text on a page that holds MOST_PAGE already: a browser must still open it."""
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
_TONES = {"✓": "good", "✗": "bad", "–": "person", "…": "person"}


def export_html(source: Source) -> Iterator[str]:
    """The page, piece by piece."""
    return _Page(source).pieces()


class _Page:
    """Writes one page, and counts how much of it there is already."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._written = 0

    def pieces(self) -> Iterator[str]:
        trajectory, started = self._source.trajectory, self._source.trajectory.started
        title = _escaped(one_line(started.task if started else self._source.run_id, 100))
        yield "<!doctype html>\n<html lang=en><head><meta charset=utf-8>\n"
        yield f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
        yield '<meta name=viewport content="width=device-width, initial-scale=1">\n'
        yield '<meta name="color-scheme" content="light dark">\n'
        yield f"<title>{title}</title><style>{STYLE}{code_style()}</style></head><body>\n"
        yield f"<h1>{title}</h1>{self._facts()}\n"
        yield from self._asked()
        yield from self._result()
        yield from _notes(self._source)
        yield from timeline(trajectory)
        yield "<h2>Iterations</h2>\n"
        yield "<label class=all><input type=checkbox id=all> all open</label>\n"
        if not trajectory.iterations:
            yield "<p class=faint>There is none.</p>\n"
        for iteration in trajectory.iterations:
            yield from self._iteration(iteration)
        alone = [call for call in trajectory.calls if call.iteration is None and call.parent is None]
        if alone:
            yield "<h2>Asked by the run itself</h2>\n"
            yield from self._calls(alone)
        yield "</body></html>\n"

    def _facts(self) -> str:
        rows = (
            f"<dt>{_escaped(name)}</dt><dd>{_escaped(words)}</dd>"
            for name, words in facts(self._source).items()
        )
        return f"<dl>{''.join(rows)}</dl>"

    def _asked(self) -> Iterator[str]:
        """The instructions and the inputs; long ones are folded."""
        started = self._source.trajectory.started
        if started is None:
            return
        asked = {"instructions": started.instructions} if started.instructions.strip() else {}
        asked |= {name: self._source.whole(value) for name, value in started.inputs.items()}
        if asked:
            yield "<h2>Asked</h2>\n"
        for name, text in asked.items():
            yield self._named(name, text)

    def _named(self, name: str, text: str) -> str:
        body = f"<pre>{self._text(text)}</pre>"
        if len(text) <= 600:
            return f"<p class=name>{_escaped(name)}</p>{body}\n"
        words = f"<b>{_escaped(name)}</b><span class=title>{_escaped(one_line(text, 120))}</span>"
        size = f"<span class=facts>{number_of(len(text), 'character')}</span>"
        return f"<details><summary>{words}{size}</summary>{body}</details>\n"

    def _result(self) -> Iterator[str]:
        finished = self._source.trajectory.finished
        if finished is None:
            return
        yield "<h2>Result</h2>\n"
        if finished.error is not None:
            yield self._error(finished.error)
        if not finished.outputs and finished.error is None:
            yield "<p class=faint>There are no outputs.</p>\n"
        for name, value in finished.outputs.items():
            yield f"<p class=name>{_escaped(name)}</p>{self._value(value)}\n"

    def _value(self, value: Any) -> str:
        match value:
            case list():
                return f"<ul>{''.join(f'<li>{self._item(item)}</li>' for item in value)}</ul>"
            case dict():
                rows = (
                    f"<li><b>{_escaped(str(key))}</b> {self._item(item)}</li>" for key, item in value.items()
                )
                return f"<ul>{''.join(rows)}</ul>"
            case _:
                return f"<pre>{self._item(value)}</pre>"

    def _item(self, value: Any) -> str:
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
        return self._text(text)

    def _iteration(self, iteration: Iteration) -> Iterator[str]:
        cell = iteration.cell
        sign, word = state_of(iteration, going_on=self._source.going_on)
        words = [] if word in ("ok", "submitted") else [word]
        if iteration.plan_seconds > 0:
            words.append(f"plan {human_seconds(iteration.plan_seconds)}")
        if cell is not None:
            words.append(f"cell {human_seconds(cell.seconds)}")
        if (used := iteration.usage) is not None and used.cost_usd:
            words.append(human_cost(used.cost_usd))
        title = _escaped(one_line(iteration.reasoning or iteration.code or iteration.phase, 160))
        yield (
            f'<details{" open" if sign == "✗" else ""}><summary><span class="{_TONES[sign]}">{sign}</span>'
            f"<b>{iteration.n}</b><span class=title>{title}</span>"
            f"<span class=facts>{_escaped(' · '.join(words))}</span></summary>\n"
        )
        for one in told(iteration, self._source.whole):
            yield from self._told(one)
        yield from self._calls(iteration.calls)
        yield "</details>\n"

    def _told(self, one: Told) -> Iterator[str]:
        match one:
            case Thought(text=text):
                if text.strip():
                    yield f"<div class=reasoning>{self._text(text.strip())}</div>\n"
            case NotRun(reasoning=reasoning, code=code):
                title = _escaped(one_line(reasoning or code, 120))
                yield f"<details><summary><b>not run</b><span class=title>{title}</span></summary>"
                yield f"<div class=reasoning>{self._text(reasoning.strip())}</div>"
                yield f"{code_block(code)}</details>\n"
            case Said(who=who, text=text):
                yield f"<p class=person>{_escaped(who)}{': ' if text.strip() else ''}{self._text(text)}</p>\n"
            case Code(code=code, planned=planned):
                if planned is not None:
                    yield "<p class=person>Edited by a person (− the planner wrote, + was run):</p>"
                    yield diff_block(planned, code)
                if code.strip():
                    yield code_block(code)
            case Shown(cell=cell):
                yield self._shown(cell)

    def _shown(self, cell: Cell) -> str:
        told = "".join(
            f"<span class=stderr>{self._text(text)}</span>" if stream == "stderr" else self._text(text)
            for stream, text in printed(cell, MOST_TEXT)
        )
        told += _more(cell.output_length - MOST_TEXT)
        words = f"<pre class=output>{told}</pre>" if told.strip() else ""
        if dropped := dropped_words(cell):
            words += f"<p class=person>{dropped}</p>"
        if cell.error is not None:
            words += self._error(cell.error)
        elif cell.status not in ENDED_WELL:
            words += f"<p class=bad>{_escaped(str(cell.status))}</p>"
        return words

    def _error(self, error: ErrorDetail) -> str:
        words = f"<div class=bad>{_escaped(error.kind)}: {self._text(error.message)}</div>"
        if error.hint:
            words += f"<p class=person>{_escaped(error.hint)}</p>"
        if error.traceback.strip():
            trace = f"<pre>{self._text(error.traceback)}</pre>"
            words += f"<details><summary><b>traceback</b></summary>{trace}</details>"
        return words

    def _calls(self, calls: Iterable[Call]) -> Iterator[str]:
        for call in calls:
            asked = asked_of(call, self._source)
            title = _escaped(one_line(asked, 120))
            tone, sign = ("bad", "✗ ") if call.error is not None else ("plain", "")
            models = f"<p class=faint>{_escaped(call.model)}</p>" if call.model else ""
            yield (
                f'<details class=call><summary><b class="{tone}">{sign}{_escaped(call_name(call))}</b>'
                f"<span class=title>{title}</span>"
                f"<span class=facts>{_escaped(' · '.join(call_facts(call)))}</span></summary>\n{models}"
            )
            if asked:
                yield f"<pre>{self._text(asked)}</pre>"
            if call.error is not None:
                yield self._error(call.error)
            elif answer := given_by(call, self._source):
                yield f"<pre class=output>{self._text(answer)}</pre>"
            yield from self._calls(call.items)
            for nested in call.nested:
                yield from self._iteration(nested)
            yield from self._calls(call.calls)
            yield "</details>\n"

    def _text(self, text: str) -> str:
        """A text for the page, cut where it is long or the page already is."""
        most = MOST_TEXT if self._written < MOST_PAGE else MOST_LATE_TEXT
        self._written += min(len(text), most)
        if len(text) <= most:
            return _escaped(text)
        return _escaped(text[:most]) + _more(len(text) - most)


def _more(characters: int) -> str:
    """What was cut, in words."""
    if characters <= 0:
        return ""
    return f"\n… {number_of(characters, 'more character')}: the export as JSON has them"


def _notes(source: Source) -> Iterator[str]:
    for note in source.trajectory.notes:
        tone = {"info": "faint", "warning": "person", "error": "bad"}[note.level]
        yield f'<p class="{tone}">{_escaped(note.text)}</p>\n'


def _escaped(text: str) -> str:
    return html.escape(visible(text))
