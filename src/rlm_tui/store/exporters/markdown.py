"""A run to read, as Markdown: what was asked, each iteration, the calls folded, what came out."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Iterator

from rlm_tui.core.iterations import Call, Iteration
from rlm_tui.core.run_record import calls_are_known
from rlm_tui.core.text import human_cost, human_count, human_seconds, number_of, one_line, visible
from rlm_tui.core.trajectory import Trajectory
from rlm_tui.store.exporters.source import Source

MOST_OUTPUT = 20_000
MOST_ANSWER = 4_000
_FENCES = re.compile(r"`{3,}")
_SPECIAL = re.compile(r"([\\`*_{}\[\]|~$])")


def export_markdown(source: Source) -> Iterator[str]:
    """The page, piece by piece."""
    trajectory = source.trajectory
    started = trajectory.started
    yield f"# {escaped(started.task if started else source.run_id)}\n\n"
    yield from _facts(source)
    if started is not None:
        for name, value in started.inputs.items():
            yield f"\n**{escaped(name)}**\n\n{fenced(source.whole(value), MOST_ANSWER)}"
    for note in trajectory.notes:
        yield f"\n> {note.level}: {escaped(note.text)}\n"
    for iteration in trajectory.iterations:
        yield from _iteration(iteration, source, level=2)
    yield from _end(trajectory)


def escaped(text: str) -> str:
    """A text on one line, none of which is markup."""
    return _SPECIAL.sub(r"\\\1", html.escape(one_line(text, 400), quote=False))


def fenced(text: str, most: int, language: str = "") -> str:
    """A text as it is, in a fence that is longer than any in it."""
    shown = visible(text)
    cut = f"\n… {len(shown) - most:,} more characters" if len(shown) > most else ""
    shown = shown[:most] + cut
    fence = "`" * max(3, max((len(found) + 1 for found in _FENCES.findall(shown)), default=3))
    return f"{fence}{language}\n{shown.rstrip()}\n{fence}\n"


def _facts(source: Source) -> Iterator[str]:
    trajectory, started = source.trajectory, source.trajectory.started
    facts = {"run": source.run_id}
    if started is not None:
        facts |= {
            "signature": started.signature,
            "documents": ", ".join(document.name for document in started.documents.values()),
            "planner": "offline demo" if started.offline else started.planner,
            "sub-LM": started.sub_lm,
            "sandbox": started.sandbox.kind
            + ("" if started.sandbox.confined or started.imported else ", unconfined"),
            "began": started.started,
            "fork of": f"{started.forked.run_id} at {started.forked.at}" if started.forked else "",
        }
    facts["status"] = status_words(trajectory)
    facts["totals"] = totals_words(trajectory)
    yield "| | |\n|---|---|\n"
    for name, value in facts.items():
        if value:
            yield f"| {name} | {escaped(value)} |\n"


def status_words(trajectory: Trajectory) -> str:
    """How the run ended, as far as it did."""
    if trajectory.finished is not None:
        return trajectory.finished.status
    return "interrupted" if trajectory.interrupted else "running"


def totals_words(trajectory: Trajectory) -> str:
    """What the run took; what is not known is said to be so."""
    totals = trajectory.totals
    used = totals.prompt_tokens + totals.completion_tokens
    tokens = f"{human_count(used)} tokens"
    calls = number_of(totals.llm_calls, "LLM call")
    return ", ".join(
        (
            number_of(totals.iterations, "iteration"),
            calls if calls_are_known(trajectory.started) else "LLM calls unknown",
            tokens if totals.tokens_known else f"at least {tokens}" if used else "tokens unknown",
            human_cost(totals.cost_usd) if totals.cost_known else "cost unknown",
            human_seconds(totals.seconds),
        )
    )


def _iteration(iteration: Iteration, source: Source, *, level: int) -> Iterator[str]:
    yield f"\n{'#' * min(level, 6)} Iteration {iteration.n}\n"
    if iteration.reasoning.strip():
        quoted = visible(iteration.reasoning).strip().split("\n")
        yield "\n" + "".join(f"> {escaped(line) if line.strip() else ''}\n" for line in quoted)
    for remark in iteration.remarks:
        yield f"\nA person told the planner: {escaped(remark)}\n"
    if iteration.original_code is not None:
        yield "\nEdited by a person; the planner wrote:\n"
        yield f"\n{fenced(iteration.original_code, MOST_OUTPUT, 'python')}"
    if iteration.code.strip():
        yield f"\n{fenced(iteration.code, MOST_OUTPUT, 'python')}"
    if iteration.skipped is not None:
        yield f"\nNot run: a person skipped it. {escaped(iteration.skipped)}\n"
    for cell in (*iteration.person_cells, *([iteration.cell] if iteration.cell is not None else [])):
        if cell is not iteration.cell:
            yield f"\nA person ran:\n\n{fenced(cell.code, MOST_OUTPUT, 'python')}"
        if cell.text.strip():
            yield f"\n{fenced(cell.text, MOST_OUTPUT, 'text')}"
        if cell.error is not None:
            yield f"\n**{escaped(cell.error.kind)}**: {escaped(cell.error.message)}\n"
    yield from _calls(iteration.calls, source, level=level)


def _calls(calls: Iterable[Call], source: Source, *, level: int) -> Iterator[str]:
    for call in calls:
        count = f" × {call.expected}" if call.is_batch else ""
        took = "running" if call.state == "running" else human_seconds(call.seconds)
        yield f"\n<details><summary>{escaped(call.name)}{count}, {took}</summary>\n"
        if call.prompt.length:
            yield f"\n{fenced(source.whole(call.prompt), MOST_ANSWER)}"
        if call.error is not None:
            yield f"\n**{escaped(call.error.kind)}**: {escaped(call.error.message)}\n"
        elif call.answer.length:
            yield f"\n{fenced(source.whole(call.answer), MOST_ANSWER)}"
        yield from _calls(call.items, source, level=level)
        for nested in call.nested:
            yield from _iteration(nested, source, level=level + 1)
        yield from _calls(call.calls, source, level=level)
        yield "\n</details>\n"


def _end(trajectory: Trajectory) -> Iterator[str]:
    finished = trajectory.finished
    if finished is None:
        return
    yield "\n## Result\n"
    if finished.error is not None:
        yield f"\n**{escaped(finished.error.kind)}**: {escaped(finished.error.message)}\n"
    for name, value in finished.outputs.items():
        yield f"\n**{escaped(name)}**\n\n"
        if isinstance(value, list):
            yield "".join(f"- {escaped(str(item))}\n" for item in value)
        elif isinstance(value, dict):
            yield "".join(f"- {escaped(str(key))}: {escaped(str(item))}\n" for key, item in value.items())
        else:
            yield fenced(str(value), MOST_OUTPUT)
