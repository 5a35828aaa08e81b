"""A run as a Jupyter notebook that runs: its cells as they ran, answered as they were."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

from rlm_tui.core.iterations import Call, Iteration
from rlm_tui.core.text import visible
from rlm_tui.store.exporters.cell_functions import cell_functions
from rlm_tui.store.exporters.markdown import escaped, status_words, totals_words
from rlm_tui.store.exporters.source import Source

_RECORDED = """\
# What the sub-LM and the tools answered in the run; SUBMIT shows what it is given. Nothing is asked.
import json as _json
_recorded = _json.loads({answers!r})

def _answer(name, key):
    for index, (called, asked, answer) in enumerate(_recorded):
        if called == name and asked == key:
            del _recorded[index]
            return answer
    raise LookupError(f"{{name}} was not asked this in the run: {{key[:200]}}")

def llm_query(prompt):
    return _answer("llm_query", prompt)

def llm_query_batched(prompts):
    return [_answer("llm_query", prompt) for prompt in prompts]

def SUBMIT(*values, **outputs):
    print("SUBMIT", *values, outputs or "")
"""
_TOOL = """
def {name}(*values, **arguments):
    return _answer({name!r}, _json.dumps([list(values), arguments], sort_keys=True, default=str))
"""
_DOCUMENT = "{name} = open({path!r}, encoding={encoding!r}).read()\n"


def export_notebook(source: Source) -> Iterator[str]:
    """The notebook in nbformat 4.5; its outputs are those of the run."""
    trajectory = source.trajectory
    cells = [_markdown("head", _head(source)), _code("recorded", _RECORDED.format(answers=_answers(source)))]
    cells += [_code("helpers", cell_functions()), _code("inputs", _inputs(source))]
    for iteration in trajectory.iterations:
        cells += _iteration(iteration)
    if trajectory.finished is not None and trajectory.finished.outputs:
        outputs = json.dumps(trajectory.finished.outputs, ensure_ascii=False, indent=1, default=str)
        cells.append(_markdown("result", f"## Result\n\n```json\n{outputs}\n```\n"))
    book = {
        "nbformat": 4,
        "nbformat_minor": 5,
        "metadata": {
            "kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"},
            "language_info": {"name": "python"},
            "rlm_tui": {"run_id": source.run_id},
        },
        "cells": cells,
    }
    yield json.dumps(book, ensure_ascii=False, indent=1)
    yield "\n"


def _head(source: Source) -> str:
    trajectory, started = source.trajectory, source.trajectory.started
    title = started.task if started else source.run_id
    words = [f"# {escaped(title)}", f"{status_words(trajectory)}: {totals_words(trajectory)}"]
    if started is not None:
        words.append(f"Signature: `{started.signature.replace('`', '')}`")
    words.append(f"Run {escaped(source.run_id)}. The cells below run with the answers that were recorded.")
    return "\n\n".join(words) + "\n"


def _answers(source: Source) -> str:
    return json.dumps([list(one) for one in _recorded(source.trajectory.calls, source)], ensure_ascii=True)


def _recorded(calls: Iterable[Call], source: Source) -> Iterator[tuple[str, str, Any]]:
    for call in calls:
        if call.is_batch:
            yield from _recorded(call.items, source)
        elif call.kind == "llm_query" and call.error is None:
            yield "llm_query", source.whole(call.prompt), source.whole(call.answer)
        elif call.kind == "tool" and call.error is None:
            key = json.dumps([[], call.arguments], sort_keys=True, default=str)
            text = source.whole(call.result) or json.dumps(source.whole(call.answer))
            yield call.name, key, _decoded(text)


def _decoded(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def _inputs(source: Source) -> str:
    started = source.trajectory.started
    if started is None:
        return "pass\n"
    lines = [
        _DOCUMENT.format(name=name, path=document.path, encoding=document.encoding or "utf-8")
        for name, document in started.documents.items()
    ]
    lines += [f"{name} = {source.whole(value)!r}\n" for name, value in started.inputs.items()]
    tools = {
        call.name for call in source.trajectory.calls if call.kind == "tool" and call.name.isidentifier()
    }
    lines += [_TOOL.format(name=name) for name in sorted(tools)]
    return "".join(lines) or "pass\n"


def _iteration(iteration: Iteration) -> Iterator[dict[str, Any]]:
    words = visible(iteration.reasoning).strip() or "(no words)"
    quoted = "\n".join(f"> {escaped(line)}" for line in words.split("\n"))
    yield _markdown(f"plan-{iteration.n}", f"## Iteration {iteration.n}\n\n{quoted}\n")
    for number, cell in enumerate(iteration.person_cells, 1):
        yield _code(f"person-{iteration.n}-{number}", cell.code, cell.text)
    if iteration.skipped is not None:
        yield _markdown(f"skipped-{iteration.n}", "A person skipped this cell.\n")
    elif iteration.code.strip():
        text = "" if iteration.cell is None else iteration.cell.text
        yield _code(f"cell-{iteration.n}", iteration.code, text)


def _markdown(name: str, text: str) -> dict[str, Any]:
    return {"cell_type": "markdown", "id": name, "metadata": {}, "source": text.splitlines(keepends=True)}


def _code(name: str, code: str, printed: str = "") -> dict[str, Any]:
    outputs = [
        {"output_type": "stream", "name": "stdout", "text": visible(printed).splitlines(keepends=True)}
    ]
    return {
        "cell_type": "code",
        "id": name,
        "metadata": {},
        "execution_count": None,
        "source": code.splitlines(keepends=True),
        "outputs": outputs if printed else [],
    }
