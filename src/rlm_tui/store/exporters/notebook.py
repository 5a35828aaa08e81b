"""A run as a Jupyter notebook that runs: its cells as they ran, answered as they were.

A cell that failed in the run may fail here too (it has the tag `raises-exception`); one that did not come to
its end in the run is shown and not run.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Any

from rlm_tui.core.iterations import Cell, Iteration
from rlm_tui.core.text import visible
from rlm_tui.store.exporters.cell_functions import cell_functions
from rlm_tui.store.exporters.facts import facts
from rlm_tui.store.exporters.markdown import escaped, fenced, quoted
from rlm_tui.store.exporters.notebook_answers import answers_code, inputs_code
from rlm_tui.store.exporters.source import Source, json_text
from rlm_tui.store.exporters.told import Code, NotRun, Said, Shown, Thought, printed, told

MOST_OUTPUT = 200_000
_MAY_RAISE = {"metadata": {"tags": ["raises-exception"]}}
_ENDED = ("ok", "error", "submitted")


def export_notebook(source: Source) -> Iterator[str]:
    """The notebook in nbformat 4.5; its outputs are those of the run."""
    trajectory = source.trajectory
    cells = [
        _markdown(_head(source)),
        _code(answers_code(source)),
        _code(cell_functions()),
        _code(inputs_code(source)),
    ]
    cells += [_markdown(quoted(note.text, f"{note.level}: ")) for note in trajectory.notes]
    for iteration in trajectory.iterations:
        cells += _iteration(iteration, source)
    if (finished := trajectory.finished) is not None:
        words = "## Result\n\n"
        if finished.error is not None:
            words += f"**{escaped(finished.error.kind)}**\n\n{quoted(finished.error.message)}\n"
        if finished.outputs:
            words += fenced(json_text(finished.outputs, indent=1), MOST_OUTPUT, "json")
        cells.append(_markdown(words))
    numbered = [{**cell, "id": f"cell-{number}"} for number, cell in enumerate(cells)]
    book = {
        "nbformat": 4,
        "nbformat_minor": 5,
        "metadata": {
            "kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"},
            "language_info": {"name": "python"},
            "rlm_tui": {"run_id": source.run_id},
        },
        "cells": numbered,
    }
    yield json_text(book, indent=1)
    yield "\n"


def _head(source: Source) -> str:
    started = source.trajectory.started
    words = [f"# {escaped(started.task if started else source.run_id)}"]
    rows = (f"| {name} | {escaped(told, 2_000)} |" for name, told in facts(source).items())
    words.append("\n".join(("| | |", "|---|---|", *rows)))
    if started is not None and started.instructions.strip():
        words.append(quoted(started.instructions))
    words.append(
        "The cells below run with the answers that were recorded: no model is asked. They are a model's code "
        "and run here **without a sandbox**: read them first. What they write to the volume lies in "
        "`volume/`, beside this notebook."
    )
    return "\n\n".join(words) + "\n"


def _iteration(iteration: Iteration, source: Source) -> Iterator[dict[str, Any]]:
    """Its words as Markdown, its cells as cells; the code of one stands before what it printed."""
    words = f"## Iteration {iteration.n}\n"
    code: Code | None = None
    for one in told(iteration, source.whole):
        match one:
            case Thought(text=text):
                words += f"\n{quoted(text)}" if text.strip() else ""
            case NotRun(reasoning=reasoning, code=planned):
                words += f"\n*Not run:*\n\n{quoted(reasoning)}\n{fenced(planned, MOST_OUTPUT, 'python')}"
            case Said(who=who, text=text):
                words += f"\n*{who}*\n" if not text.strip() else f"\n*{who}:*\n\n{quoted(text)}"
            case Code(planned=planned):
                if code is not None:
                    words += f"\n{fenced(code.code, MOST_OUTPUT, 'python')}"
                if planned is not None:
                    words += "\n*Edited by a person; the planner wrote:*\n\n"
                    words += fenced(planned, MOST_OUTPUT, "python")
                code = one
            case Shown(cell=cell):
                code = None
                if cell.status not in _ENDED or not _is_python(cell.code):
                    words += f"\n{_not_run_here(cell)}"
                    continue
                yield _markdown(words)
                yield _code(cell.code, cell)
                words = ""
    if code is not None and code.code.strip():
        words += f"\n*It was not run:*\n\n{fenced(code.code, MOST_OUTPUT, 'python')}"
    if words:
        yield _markdown(words)


def _is_python(code: str) -> bool:
    """Whether it can be run at all: Jupyter would take `!` and `%` in what can't for commands of its own."""
    try:
        ast.parse(code)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True


def _not_run_here(cell: Cell) -> str:
    """A cell as words: what did not end in the run might not end here either."""
    why = "It is no Python" if cell.status in _ENDED else f"It did not end in the run ({cell.status})"
    words = f"*{why}, and is not run here:*\n\n{fenced(cell.code, MOST_OUTPUT, 'python')}"
    if cell.text.strip():
        words += f"\n{fenced(cell.text, MOST_OUTPUT, 'text')}"
    if cell.error is not None:
        words += f"\n{quoted(cell.error.message, f'{cell.error.kind}: ')}"
    return words


def _markdown(text: str) -> dict[str, Any]:
    return {"cell_type": "markdown", "metadata": {}, "source": text.strip().splitlines(keepends=True)}


def _code(code: str, cell: Cell | None = None) -> dict[str, Any]:
    return {
        "cell_type": "code",
        "metadata": {},
        "execution_count": None,
        "source": code.splitlines(keepends=True),
        "outputs": [] if cell is None else list(_outputs(cell)),
    } | (_MAY_RAISE if cell is not None and cell.status != "ok" else {})


def _outputs(cell: Cell) -> Iterator[dict[str, Any]]:
    """What the cell printed in the run, stream by stream, and its error."""
    for stream, text in printed(cell, MOST_OUTPUT):
        lines = visible(text).splitlines(keepends=True)
        yield {"output_type": "stream", "name": stream, "text": lines}
    if cell.output_length > MOST_OUTPUT:
        words = "… the rest is in the export as JSON\n"
        yield {"output_type": "stream", "name": "stderr", "text": [words]}
    if (error := cell.error) is not None:
        words = error.traceback.strip() or f"{error.kind}: {error.message}"
        yield {
            "output_type": "error",
            "ename": visible(error.kind),
            "evalue": visible(error.message),
            "traceback": visible(words).split("\n"),
        }
