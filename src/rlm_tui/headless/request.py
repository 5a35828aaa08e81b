"""From what was asked on the command line to a `RunRequest`, or to one sentence on what is wrong."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rlm_tui.core.content import knowledge_path, resolve_content
from rlm_tui.core.documents import AnyDocument, DocumentError, DocumentSet
from rlm_tui.core.opened_documents import open_documents
from rlm_tui.core.paths import expanded
from rlm_tui.core.settings import Settings, load_settings
from rlm_tui.core.signature_text import names_a_class
from rlm_tui.core.standard_input import STANDARD_INPUT, keep_standard_input
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


def find_documents(task: Task, paths: Sequence[str], *, html: bool = False) -> AnyDocument | None:
    """What fills the document input of `task`: the files, folders and patterns of `paths`, `-` among them for
    standard input; else its own document (dspy's reference is built or renewed).

    One file is a text; anything else is a set. Raises a DocumentError.
    """
    wanted: Sequence[str | Path] = paths or ([task.default_document] if task.default_document else [])
    if not wanted:
        return None
    return open_documents([document_place(str(path)) for path in wanted], html=html)


def document_place(path: str) -> Path:
    """Where a document lies that a command line names. Raises a DocumentError, or OSError."""
    if path == STANDARD_INPUT:
        return keep_standard_input(sys.stdin.buffer, is_terminal=sys.stdin.isatty())
    built_in = resolve_content(path)
    if built_in is not None and built_in == knowledge_path():
        from rlm_tui.engine.dspy_knowledge import ensure_document

        return ensure_document(built_in)
    return built_in if built_in is not None else expanded(path)


def asked_task(asked: str) -> Task:
    """The task of a command line: a name, a file, a signature, or a class as module:Class."""
    if not names_a_class(asked):
        return find_task(asked, TaskRegistry.with_own())
    from rlm_tui.engine.signatures import task_of_class

    return task_of_class(asked)


def check_task(task: Task) -> None:
    """What dspy can't use, said before anything runs. Raises TaskError or SignatureError."""
    from rlm_tui.engine.host_tools import resolve_tools
    from rlm_tui.engine.signatures import build_signature

    resolve_tools(task.tools, taken=[item.name for item in task.inputs])
    known = next((known for known in builtin_tasks() if known.name == task.name), None)
    if known is None or task.signature_class or known.signature != task.signature:
        build_signature(task)


def build_request(
    task_name: str,
    *,
    document: str | Sequence[str] | None,
    inputs: Iterable[str],
    overrides: Mapping[str, Any],
    characters: int | None = None,
    tools: Iterable[str] = (),
    instructions: str = "",
) -> RunRequest:
    """The request for one run. Raises an error whose text is one sentence when it was asked wrongly.

    `document` is a path, or several paths, folders and patterns. With `characters` only the document's first
    ones are given, as a text.
    """
    return make_request(
        with_more(asked_task(task_name), tools, instructions),
        load_settings(overrides=overrides),
        document=document,
        inputs=parse_inputs(inputs),
        characters=characters,
    )


def make_request(
    task: Task,
    settings: Settings,
    *,
    document: str | Sequence[str] | None,
    inputs: Mapping[str, Any],
    characters: int | None = None,
) -> RunRequest:
    """The request for one run of `task`; `inputs` are texts, or values of the right type.

    A text that `inputs` hold for the document takes the place of the task's own. Raises as `build_request`.
    """
    from rlm_tui.engine.session import RunRequest
    from rlm_tui.engine.signatures import fit_inputs

    settings = settings_for(settings, task)
    given_as_text = not document and task.document_input in inputs
    found = (
        None
        if given_as_text
        else find_documents(
            task,
            [document] if isinstance(document, str) else document or [],
            html=settings.documents.convert_html,
        )
    )
    check_task(task)
    given = dict(inputs)
    if characters is not None and found is not None and task.document_input is not None:
        if isinstance(found, DocumentSet):
            raise DocumentError(
                found.path, f"Only one document can be given in part, and {found.name} is a set: name a file."
            )
        with found.path.open(encoding=found.encoding, errors="replace", newline="") as file:
            given.setdefault(task.document_input, file.read(characters))
        found = None
    values, documents = bind_inputs(task, given, found)
    return RunRequest(task=task, inputs=fit_inputs(task, values), documents=documents, settings=settings)
