"""From what was asked on the command line to a `RunRequest`, or to one sentence on what is wrong."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from rlm_tui.core.content import knowledge_path, resolve_content
from rlm_tui.core.documents import Document, describe
from rlm_tui.core.paths import expanded
from rlm_tui.core.settings import load_settings
from rlm_tui.core.signature_text import names_a_class
from rlm_tui.core.task_settings import settings_for
from rlm_tui.core.tasks import Task, TaskRegistry, bind_inputs, builtin_tasks, find_task, with_more

if TYPE_CHECKING:
    from rlm_tui.engine.session import RunRequest


class InputSyntaxError(ValueError):
    """`--input` was not NAME=VALUE."""


def parse_inputs(pairs: Iterable[str]) -> dict[str, str]:
    """`["a=1", "b=x=y"]` as a dict; a value `@FILE` is not special, `-` is the text of standard input."""
    inputs: dict[str, str] = {}
    for pair in pairs:
        name, separator, value = pair.partition("=")
        if not separator or not name.strip():
            raise InputSyntaxError(f"--input {pair!r} is not NAME=VALUE: write --input question='…'.")
        if name.strip() in inputs:
            raise InputSyntaxError(f"--input {name.strip()} is given twice: give it once.")
        inputs[name.strip()] = sys.stdin.read() if value == "-" else value
    return inputs


def find_document(task: Task, path: str | None) -> Document | None:
    """The document of `task`: the one at `path`, else its own (dspy's reference is built or renewed)."""
    wanted = path if path is not None else task.default_document
    if wanted is None:
        return None
    built_in = resolve_content(wanted)
    if built_in is not None and built_in == knowledge_path():
        from rlm_tui.engine.dspy_knowledge import ensure_document

        return describe(ensure_document(built_in))
    return describe(built_in if built_in is not None else expanded(wanted))


def build_request(
    task_name: str,
    *,
    document: str | None,
    inputs: Iterable[str],
    overrides: Mapping[str, Any],
    characters: int | None = None,
    tools: Iterable[str] = (),
    instructions: str = "",
) -> RunRequest:
    """The request for one run. Raises an error whose text is one sentence when it was asked wrongly.

    With `characters` only the document's first ones are given, as a text.
    """
    from rlm_tui.engine.host_tools import resolve_tools
    from rlm_tui.engine.session import RunRequest
    from rlm_tui.engine.signatures import build_signature, fit_inputs, task_of_class

    task = (
        task_of_class(task_name)
        if names_a_class(task_name)
        else find_task(task_name, TaskRegistry.with_own())
    )
    task = with_more(task, tools, instructions)
    settings = settings_for(load_settings(overrides=overrides), task)
    found = find_document(task, document)
    resolve_tools(task.tools, taken=[item.name for item in task.inputs])
    if task.name not in {known.name for known in builtin_tasks()}:
        build_signature(task)  # what dspy can't use is said before anything runs
    given = parse_inputs(inputs)
    if characters is not None and found is not None and task.document_input is not None:
        with found.path.open(encoding=found.encoding, errors="replace") as file:
            given.setdefault(task.document_input, file.read(characters))
        found = None
    values, documents = bind_inputs(task, given, found)
    return RunRequest(task=task, inputs=fit_inputs(task, values), documents=documents, settings=settings)
