"""A run as HTML for a notebook: what the planner thought and wrote, what its cells printed and asked.

Text of models, documents and sandboxes is content here too: made visible, escaped, and kept from the page's
typesetter of formulas. Nothing is loaded from anywhere, and no script is in it.
"""

from __future__ import annotations

import html
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from rlm_tui.core.run_record import calls_are_known
from rlm_tui.core.text import (
    UNKNOWN_SECONDS,
    human_cost,
    human_count,
    human_seconds,
    known_seconds,
    number_of,
    one_line,
    truncate,
    visible,
)
from rlm_tui.core.trajectory import Call, Cell, Iteration, Trajectory
from rlm_tui.core.turn_steps import CellStep, RemarkStep

if TYPE_CHECKING:
    from rlm_tui.headless.truth import TruthCheck

OUTPUT_CHARACTERS = 4_000
CODE_CHARACTERS = 20_000
TEXT_CHARACTERS = 4_000
WORDS_CELLS = 140
TITLE_CELLS = 400
ITEMS = 12
CALLS = 40
BATCH_ITEMS = 5
ANSWERED = ("submitted", "extracted")

_BOX = "border:1px solid rgba(127,127,127,.35);border-radius:6px;padding:6px 10px;margin:6px 0"
# One light ground for code in light and dark notebooks: its colours are made for it.
_CODE = "background:#f6f8fa;color:#1f2328;padding:6px 8px;border-radius:4px;max-height:24em;overflow:auto"
_PRE = (
    "font-family:var(--jp-code-font-family,monospace);font-size:12px;line-height:1.35;"
    "margin:4px 0;white-space:pre-wrap;word-break:normal;overflow-wrap:anywhere"
)
_OUTPUT = "border-left:3px solid #8aa;padding:2px 8px;max-height:24em;overflow:auto"
_CELL = "text-align:left;vertical-align:top;padding:2px 10px 2px 0"
_FAINT = "opacity:.7"
_BAD = "color:#c0392b"
_GOOD = "color:#1e8449"


def run_html(trajectory: Trajectory, check: TruthCheck | None = None) -> str:
    """The run as far as it is known: its iterations, and once it has ended its answer and numbers."""
    parts = [_head(trajectory)]
    parts += [_note(note.level, note.text) for note in trajectory.notes]
    if trajectory.sandbox.state == "lost":
        parts.append(_line(f"sandbox lost: {trajectory.sandbox.reason}", _BAD))
    parts += [iteration_html(iteration) for iteration in trajectory.iterations]
    parts.append(_now(trajectory) if trajectory.finished is None else _end(trajectory, check))
    return _page("".join(parts))


def iteration_html(iteration: Iteration) -> str:
    """One turn; it can be folded to a line that tells what it was about."""
    took = known_seconds(iteration.plan_seconds, iteration.cell.seconds if iteration.cell else 0.0)
    seconds = human_seconds(UNKNOWN_SECONDS if took is None else took)
    facts = [seconds] if iteration.ended_at is not None else []
    if (asked := _requests(iteration.calls)) > 0:
        facts.append(number_of(asked, "call"))
    if iteration.cell is not None and iteration.cell.status not in (None, "ok"):
        facts.append(str(iteration.cell.status))
    summary = (
        f'<b>{iteration.n}/{iteration.of}</b> <span style="{_FAINT}">{_escaped(" · ".join(facts))}</span> '
        f"{_escaped(_title(iteration))}"
    )
    return (
        f'<details open style="margin:3px 0"><summary style="cursor:pointer">{summary}</summary>'
        f'<div style="padding-left:1.2em">{"".join(_inside(iteration))}</div></details>'
    )


def _title(iteration: Iteration) -> str:
    return one_line(iteration.reasoning or iteration.remark or iteration.phase, TITLE_CELLS)


def table(titles: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table whose first column names what stands in the others."""
    head = "".join(f'<th style="{_CELL}">{_escaped(title)}</th>' for title in titles)
    body = "".join(
        "<tr>" + "".join(f'<td style="{_CELL}">{_escaped(value)}</td>' for value in row) + "</tr>"
        for row in rows
    )
    return _page(f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>")


def _page(inside: str) -> str:
    # MathJax would read "$0 … $1" as a formula.
    return f'<div class="tex2jax_ignore mathjax_ignore" style="{_BOX};font-size:13px">{inside}</div>'


def _head(trajectory: Trajectory) -> str:
    started = trajectory.started
    if started is None:
        return _line("starting", _FAINT)
    sandbox = trajectory.sandbox
    place = f"{sandbox.kind} sandbox" + ("" if sandbox.confined else ", unconfined")
    documents = [one_line(document.name, 60) for document in started.documents.values()]
    told = [started.planner, place, *documents]
    if started.offline:
        told[0] += " (no LM is called)"
    return f"<div><b>{_escaped(started.task)}</b> · {_escaped(' · '.join(told))}</div>"


def _inside(iteration: Iteration) -> Iterator[str]:
    if iteration.remark and iteration.reasoning:
        yield _line(iteration.remark, _BAD)
    if iteration.reasoning.strip() != _title(iteration):
        yield f'<pre style="{_PRE}">{_escaped(truncate(iteration.reasoning, TEXT_CHARACTERS))}</pre>'
    yield from _steps_of_a_person(iteration)
    if iteration.code.strip():
        if iteration.original_code is not None:
            yield _line("edited by a person; the planner wrote:", _FAINT)
            yield f'<pre style="{_PRE};{_CODE};{_FAINT}">{_python(_cut_code(iteration.original_code))}</pre>'
            yield _line("what was run:", _FAINT)
        yield f'<pre style="{_PRE};{_CODE}">{_python(_cut_code(iteration.code))}</pre>'
    if iteration.skipped is not None:
        yield _line(f"not run: a person skipped it. {iteration.skipped}".strip(), _BAD)
    if iteration.calls:
        yield _calls(iteration.calls)
    if iteration.cell is not None:
        yield _printed(iteration.cell)
    if iteration.volume_written:
        yield _line(f"written to the volume: {', '.join(iteration.volume_written[:ITEMS])}", _FAINT)


def _steps_of_a_person(iteration: Iteration) -> Iterator[str]:
    """What a person told the planner, sent back, and ran on their own."""
    cells = {cell.span: cell for cell in iteration.person_cells}
    for step in iteration.steps:
        match step:
            case RemarkStep(text=text, by="person", sent_back=sent_back):
                yield _line(f"a person {'sent the code back' if sent_back else 'said'}: {text}", _GOOD)
            case CellStep(span=span) if span in cells:
                yield _line("a person ran:", _GOOD)
                yield f'<pre style="{_PRE};{_CODE}">{_python(_cut_code(cells[span].code))}</pre>'
                yield _printed(cells[span])
            case _:
                pass


def _cut_code(code: str) -> str:
    return truncate(code, CODE_CHARACTERS)


def _printed(cell: Cell) -> str:
    going = cell.status is None
    text = cell.tail(OUTPUT_CHARACTERS) if going else truncate(cell.text, OUTPUT_CHARACTERS)
    if cell.value is not None and cell.value.text:
        text += ("\n" if text and not text.endswith("\n") else "") + cell.value.text
    parts = []
    if text.strip():
        parts.append(f'<pre style="{_PRE};{_OUTPUT}">{_escaped(text.rstrip())}</pre>')
    if cell.error is not None:
        parts.append(_line(f"{cell.error.kind}: {truncate(cell.error.message, TEXT_CHARACTERS)}", _BAD))
    return "".join(parts)


def _calls(calls: Sequence[Call]) -> str:
    rows = "".join(row for call in calls[:CALLS] for row in _call_rows(call))
    more = len(calls) - CALLS
    if more > 0:
        rows += _row("", f"and {more:,} more", "", "", "")
    titles = "".join(
        f'<th style="{_CELL}">{title}</th>' for title in ("call", "asked", "answer", "tokens", "seconds")
    )
    return f'<table style="font-size:12px"><thead><tr>{titles}</tr></thead><tbody>{rows}</tbody></table>'


def _call_rows(call: Call, indent: str = "") -> Iterator[str]:
    name = indent + call.name + (f" × {call.expected}" if call.is_batch else "")
    if call.is_batch:
        asked, answer = (
            "",
            f"{call.items_done} answered" + (f", {call.items_failed} failed" if call.items_failed else ""),
        )
    else:
        arguments = ", ".join(f"{key}={_shortened(value)!r}" for key, value in call.arguments.items())
        asked, answer = call.prompt.text or arguments, call.answer.text
    if call.error is not None:
        answer = f"{call.error.kind}: {call.error.message}"
    used = call.spent()
    tokens = "" if used is None or used.prompt_tokens is None else human_count(
        used.prompt_tokens + (used.completion_tokens or 0)
    )  # fmt: skip
    seconds = "…" if call.state == "running" else human_seconds(call.seconds)
    yield _row(name, one_line(asked, WORDS_CELLS), one_line(answer, WORDS_CELLS), tokens, seconds)
    for item in call.items[:BATCH_ITEMS]:
        yield from _call_rows(item, indent + "· ")
    if len(call.items) > BATCH_ITEMS:
        yield _row("", f"and {len(call.items) - BATCH_ITEMS:,} more", "", "", "")
    if call.nested or call.calls:
        inside = "".join(iteration_html(iteration) for iteration in call.nested)
        inside += _calls(call.calls) if call.calls else ""
        yield f'<tr><td colspan="5" style="{_CELL}">{inside}</td></tr>'


def _shortened(value: Any) -> Any:
    return value[:WORDS_CELLS] if isinstance(value, str) else value


def _row(*values: str) -> str:
    return "<tr>" + "".join(f'<td style="{_CELL}">{_escaped(value)}</td>' for value in values) + "</tr>"


def _now(trajectory: Trajectory) -> str:
    return _line(f"{trajectory.activity().words} …", _FAINT)


def _end(trajectory: Trajectory, check: TruthCheck | None) -> str:
    finished = trajectory.finished
    assert finished is not None, "the end of a run is shown once it has ended"
    parts = [f"<div><b>{_escaped(name)}</b></div>{_value(value)}" for name, value in finished.outputs.items()]
    if finished.error is not None:
        parts.append(_line(f"{finished.error.message} {finished.error.hint}".strip(), _BAD))
    good = finished.status in ANSWERED
    parts.append(_line(f"{'✓' if good else '✗'} {numbers(trajectory)}", _GOOD if good else _BAD))
    if check is not None:
        parts.append(_line(f"truth: {check.words}", _GOOD if check.found == check.of else _BAD))
    return "".join(parts)


def numbers(trajectory: Trajectory) -> str:
    """How a run ended, and what it took, in one line."""
    totals, finished = trajectory.totals, trajectory.finished
    used = totals.prompt_tokens + totals.completion_tokens
    tokens = f"{human_count(used)} tokens"
    calls = number_of(totals.llm_calls, "sub-LM call")
    return " · ".join(
        (
            finished.status if finished else "running",
            number_of(totals.iterations, "iteration"),
            calls if calls_are_known(trajectory.started) else "sub-LM calls unknown",
            tokens if totals.tokens_known else f"at least {tokens}" if used else "tokens unknown",
            human_cost(totals.cost_usd) if totals.cost_known else "cost unknown",
            human_seconds(totals.seconds),
        )
    )


def _value(value: Any) -> str:
    if isinstance(value, dict):
        items = [f"{key}: {item}" for key, item in value.items()]
    elif isinstance(value, list):
        items = [str(item) for item in value]
    else:
        return f'<pre style="{_PRE}">{_escaped(truncate(str(value), TEXT_CHARACTERS))}</pre>'
    rows = "".join(f"<li>{_escaped(one_line(item, WORDS_CELLS))}</li>" for item in items[:ITEMS])
    more = f"<li>and {len(items) - ITEMS:,} more</li>" if len(items) > ITEMS else ""
    return f'<ul style="margin:2px 0">{rows}{more}</ul>'


def _note(level: str, text: str) -> str:
    return _line(one_line(text, 400), _FAINT if level == "info" else _BAD)


def _line(text: str, style: str) -> str:
    return f'<div style="{style};overflow-wrap:anywhere">{_escaped(text)}</div>'


def _requests(calls: Iterable[Call]) -> int:
    return sum(call.expected if call.is_batch else 1 for call in calls)


def _python(code: str) -> str:
    from pygments import highlight  # type: ignore[import-untyped]
    from pygments.formatters import HtmlFormatter  # type: ignore[import-untyped]
    from pygments.lexers import PythonLexer  # type: ignore[import-untyped]

    colours = HtmlFormatter(nowrap=True, noclasses=True)
    return str(highlight(visible(code).rstrip(), PythonLexer(), colours))


def _escaped(text: str) -> str:
    return html.escape(visible(text))
